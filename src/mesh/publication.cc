#include "mesh/publication.h"

#include <algorithm>
#include <optional>

#include "base/check.h"
#include "base/text.h"

namespace hansa {
namespace {

constexpr std::size_t operation_overhead = 64;      // of one operation on the wire (bytes)
constexpr std::size_t transaction_overhead = 4096;  // comparisons, manifest

// Numbers far beyond what publications can have counted to are garbage: nothing could be counted on
// from there. They are written again from zero.
bool plausible(std::uint64_t number) {
    return number < number_max / 2;
}

std::size_t cost(const Operation& operation) {
    return operation.key.size() + operation.value.size() + operation_overhead;
}

// One key of the subtree: what readers see there now and what they shall see.
struct Item {
    std::string key;
    bool stored = false;
    bool clean = false;               // a plain record or an announced one; readers agree on it
    std::optional<ExportBody> shown;  // empty: nothing, or garbage
    const Wanted* wanted = nullptr;

    bool settled() const {
        if (!wanted) return !stored;
        return clean && shown && shown->meta == travelling(wanted->meta) &&
               shown->fields == wanted->fields;
    }
};

class Planner {
 public:
    Planner(const Subtree& known, std::span<const Wanted> wanted, const Exporter& me,
            const StoreLimits& limits)
        : me_(me), limits_(limits), exports_(wanted.size()) {
        auto manifest = decode_manifest(keys::manifest_of(me.host), known.manifest);
        if (manifest && plausible(manifest->generation) && plausible(manifest->seq)) {
            announced_ = manifest->generation;
            seq_ = manifest->seq;
        } else {
            manifest_broken_ = !known.manifest.empty();
        }
        std::map<std::string, const Wanted*> by_key;
        for (const Wanted& each : wanted) by_key[keys::exported(me.host, each.id)] = &each;
        for (const auto& [key, value] : known.records) {
            const auto found = by_key.find(key);
            look(key, value, found == by_key.end() ? nullptr : found->second);
            if (found != by_key.end()) by_key.erase(found);
        }
        for (const auto& [key, each] : by_key)
            items_.push_back({key, false, false, std::nullopt, each});
    }

    Result<PublicationPlan> plan(Fence fence) {
        std::erase_if(items_, [](const Item& item) { return item.settled(); });
        PublicationPlan made;
        for (const Item& item : items_) ++(item.wanted ? made.written : made.removed);
        if (items_.empty() && fence == Fence::none && !manifest_broken_) return made;

        std::vector<Operation> direct;
        std::size_t bytes = transaction_overhead;
        for (const Item& item : items_) {
            auto operation = write(item, 0);
            if (!operation) return std::move(operation).error();
            bytes += cost(*operation);
            direct.push_back(std::move(*operation));
            if (direct.size() >= limits_.operations_max || bytes > limits_.bytes_max) {
                direct.clear();
                return plan_chunks(std::move(made));
            }
        }
        close_step(made, std::move(direct));
        return made;
    }

 private:
    void look(const std::string& key, const std::string& value, const Wanted* wanted) {
        Item item{key, true, false, std::nullopt, wanted};
        auto record = decode_export(key, value);
        if (record && plausible(record->seq)) {
            seq_ = std::max(seq_, record->seq);
            item.clean = record->generation <= announced_ && record->body;
            if (const ExportBody* shown = record->visible(announced_)) item.shown = *shown;
        }
        items_.push_back(std::move(item));
    }

    // The final operation for an item, or, with a generation, the one that prepares it.
    Result<Operation> write(const Item& item, std::uint64_t generation) const {
        const bool prepare = generation != 0;
        if (!item.wanted && (!prepare || !item.shown)) return Operation::remove(item.key);
        ExportRecord record;
        record.id = keys::parse_export(item.key)->id.value();
        record.from = me_.host.text();
        record.incarnation = me_.incarnation;
        record.seq = seq_ + 1;
        record.generation = generation;
        if (item.wanted) record.body = {item.wanted->fields, travelling(item.wanted->meta)};
        if (prepare) record.before = item.shown;
        auto value = encode(record);
        if (!value) return std::move(value).error();
        return Operation::put(item.key, std::move(*value));
    }

    Result<PublicationPlan> plan_chunks(PublicationPlan made) {
        const std::uint64_t next = announced_ + 1;
        std::vector<Operation> prepared;
        std::vector<Operation> cleared;
        for (const Item& item : items_) {
            auto operation = write(item, next);
            if (!operation) return std::move(operation).error();
            if (cost(*operation) + transaction_overhead > limits_.bytes_max)
                return Error{Code::invalid,
                             printable(item.key) +
                                 ": its old and new version together do not fit one request of "
                                 "the store (" +
                                 std::to_string(limits_.bytes_max) +
                                 " bytes); change fewer exports at once, or start etcd with a "
                                 "larger --max-request-bytes"};
            if (!item.wanted && item.shown) cleared.push_back(Operation::remove(item.key));
            prepared.push_back(std::move(*operation));
        }
        pack(made, std::move(prepared));
        announced_ = next;
        close_step(made, {});
        pack(made, std::move(cleared));
        return made;
    }

    void pack(PublicationPlan& made, std::vector<Operation> operations) {
        std::vector<Operation> step;
        std::size_t bytes = transaction_overhead;
        for (Operation& operation : operations) {
            if (step.size() + 1 >= limits_.operations_max ||
                bytes + cost(operation) > limits_.bytes_max) {
                close_step(made, std::move(step));
                step = {};
                bytes = transaction_overhead;
            }
            bytes += cost(operation);
            step.push_back(std::move(operation));
        }
        if (!step.empty()) close_step(made, std::move(step));
    }

    void close_step(PublicationPlan& made, std::vector<Operation> operations) {
        const ExportManifest manifest{me_.host.text(), me_.incarnation, ++seq_, announced_,
                                      exports_};
        operations.push_back(Operation::put(keys::manifest_of(me_.host), encode(manifest)));
        made.steps.push_back({std::move(operations)});
    }

    const Exporter& me_;
    const StoreLimits& limits_;
    const std::size_t exports_;
    std::uint64_t announced_ = 0;
    std::uint64_t seq_ = 0;
    bool manifest_broken_ = false;
    std::vector<Item> items_;
};

}  // namespace

Subtree Subtree::of(const Reading& reading, const HostName& host) {
    Subtree made;
    const std::string manifest_key = keys::manifest_of(host);
    for (const Record& record : reading.records) {
        if (record.key == manifest_key) {
            made.manifest = record.value;
            made.manifest_modified = record.modified;
        } else {
            made.records.emplace(record.key, record.value);
        }
    }
    return made;
}

void Subtree::apply(const std::vector<Operation>& operations, Revision revision,
                    const HostName& host) {
    const std::string manifest_key = keys::manifest_of(host);
    for (const Operation& operation : operations) {
        check(operation.type != Operation::Type::remove_prefix, "a step touches single keys");
        if (operation.type == Operation::Type::remove) {
            records.erase(operation.key);
        } else if (operation.key == manifest_key) {
            manifest = operation.value;
            manifest_modified = revision;
        } else {
            records[operation.key] = operation.value;
        }
    }
}

Result<void> check_quota(std::span<const Wanted> wanted, const Exporter& me,
                         const ExportQuota& quota) {
    if (wanted.size() > quota.exports_max)
        return Error{Code::invalid, "exports of " + me.host.text() + ": " +
                                        std::to_string(wanted.size()) +
                                        " resources; a host may "
                                        "export " +
                                        std::to_string(quota.exports_max)};
    std::size_t bytes = 0;
    for (const Wanted& each : wanted) {
        ExportRecord record;
        record.id = each.id;
        record.from = me.host.text();
        record.incarnation = me.incarnation;
        record.body = {each.fields, travelling(each.meta)};
        auto value = encode(record);
        if (!value) return std::move(value).error().during("exports of " + me.host.text());
        if (keys::exported(me.host, each.id).size() > keys::length_max)
            return Error{Code::invalid, "exports of " + me.host.text() + ": " +
                                            printable(each.id.text(), 80) +
                                            ": its name is too long for a key of the store"};
        bytes += value->size();
    }
    if (bytes > quota.bytes_max)
        return Error{Code::invalid, "exports of " + me.host.text() + ": " + std::to_string(bytes) +
                                        " bytes; a host may export " +
                                        std::to_string(quota.bytes_max)};
    return {};
}

Result<PublicationPlan> plan_publication(const Subtree& known, std::span<const Wanted> wanted,
                                         const Exporter& me, const StoreLimits& limits,
                                         Fence fence) {
    check(limits.operations_max >= 2, "a transaction holds a record and the manifest");
    return Planner(known, wanted, me, limits).plan(fence);
}

}  // namespace hansa
