#include "mesh/publication.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/check.h"
#include "base/text.h"

namespace hansa {
namespace {

constexpr std::size_t operation_overhead = 64;      // of one operation on the wire (bytes)
constexpr std::size_t transaction_overhead = 4096;  // comparisons, manifest

// Numbers far beyond what publications can have counted to are garbage: nothing could be counted on
// from there.
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
    bool clean = false;                  // readers agree on it, and its signature lasts
    std::optional<ExportVersion> shown;  // empty: nothing, or garbage
    const Wanted* wanted = nullptr;

    bool settled() const {
        if (!wanted) return !stored;
        return clean && shown && shown->body.meta == travelling(wanted->meta) &&
               shown->body.fields == wanted->fields;
    }
};

class Planner {
 public:
    explicit Planner(const PublicationOrder& order) : order_(order), me_(order.me) {
        for (const auto& [key, record] : order.known.records)
            if (record.leaf) leaves_.emplace(key, *record.leaf);
        look_at_manifest();
        std::map<std::string, const Wanted*> by_key;
        for (const Wanted& each : order.wanted) by_key[keys::exported(me_.host, each.id)] = &each;
        for (const auto& [key, record] : order.known.records) {
            const auto found = by_key.find(key);
            look(key, record.value, found == by_key.end() ? nullptr : found->second);
            if (found != by_key.end()) by_key.erase(found);
        }
        for (const auto& [key, each] : by_key)
            items_.push_back({key, false, false, std::nullopt, each});
    }

    Result<PublicationPlan> plan() {
        std::erase_if(items_, [](const Item& item) { return item.settled(); });
        PublicationPlan made;
        made.repairs = !intact_;
        for (const Item& item : items_) ++(item.wanted ? made.written : made.removed);
        const bool something =
            !order_.wanted.empty() || !order_.known.manifest.empty() || order_.published_before;
        const bool due = order_.fence == Fence::needed || manifest_due_ || !order_.identity.empty();
        if (items_.empty() && !(something && due)) return made;

        const std::size_t identities = order_.identity.empty() ? 0 : 1;
        if (intact_ && items_.size() + identities >= order_.limits.operations_max)
            return plan_generation(std::move(made));
        std::vector<Operation> direct;
        if (identities != 0)
            direct.push_back(Operation::put(keys::identity_of(me_.host), order_.identity));
        for (const Item& item : items_) {
            auto operation = write(item, 0);
            if (!operation) return std::move(operation).error();
            direct.push_back(std::move(*operation));
        }
        if (fits(direct)) {
            close_step(made, std::move(direct), Vouch::yes);
            return made;
        }
        if (intact_) return plan_generation(std::move(made));
        pack(made, std::move(direct), Vouch::no);
        close_step(made, {}, Vouch::yes);
        return made;
    }

 private:
    enum class Vouch { no, yes };

    void look_at_manifest() {
        const Subtree& known = order_.known;
        const auto manifest = decode_manifest(keys::manifest_of(me_.host), known.manifest);
        const bool ours = manifest && plausible(manifest->generation) && plausible(manifest->seq) &&
                          plausible(manifest->incarnation) && made_here(*manifest);
        const Floor& floor = order_.floor;
        next_ = {std::max(me_.incarnation, floor.incarnation), 0, floor.used, floor.generation};
        if (ours) {
            // A clock that was set back since the last run must not make us look older than it.
            next_.incarnation = std::max(next_.incarnation, manifest->incarnation);
            next_.used = std::max(next_.used, manifest->seq);
            next_.generation = std::max(next_.generation, manifest->generation);
        }
        const bool fresh = known.manifest.empty() && known.records.empty() && floor.seq == 0 &&
                           !order_.published_before;
        const bool latest = ours && std::tie(manifest->incarnation, manifest->seq) >=
                                        std::tie(floor.incarnation, floor.seq);
        intact_ = fresh || (latest && manifest->digest == digest_now());
        manifest_due_ = !intact_ || (!fresh && is_due(*manifest));
    }

    bool made_here(const ExportManifest& manifest) const { return me_.signer.made(manifest); }

    // A new run shows itself, so that nobody takes a state from before it for the present one.
    bool is_due(const ExportManifest& manifest) const {
        const Milliseconds left = manifest.until - order_.now;
        return manifest.incarnation != next_.incarnation || left < order_.times.manifest_life / 2 ||
               left > order_.times.manifest_life;
    }

    void look(const std::string& key, const std::string& value, const Wanted* wanted) {
        Item item{key, true, false, std::nullopt, wanted};
        const auto record = decode_export(key, value);
        if (record) {
            const ExportVersion* shown = record->visible(next_.generation);
            if (shown && is_good(record->id, *shown)) item.shown = *shown;
            item.clean = item.shown && record->generation <= next_.generation && record->version &&
                         (intact_ || !record->before) && lasts(shown->seal);
        }
        items_.push_back(std::move(item));
    }

    // Below a manifest of ours that vouches for it everything is as we wrote it.
    bool is_good(const ResourceId& id, const ExportVersion& version) const {
        return intact_ || me_.signer.made(id, version);
    }

    bool lasts(const Seal& seal) const {
        return seal.until - order_.now >= order_.times.record_least;
    }

    // The final operation for an item, or, with a generation, the one that prepares it.
    Result<Operation> write(const Item& item, std::uint64_t generation) const {
        const bool prepare = generation != 0;
        if (!item.wanted && (!prepare || !item.shown)) return Operation::remove(item.key);
        ExportRecord record;
        record.id = keys::parse_export(item.key)->id.value();
        record.from = me_.host.text();
        record.generation = generation;
        if (item.wanted) {
            ExportVersion version{{item.wanted->fields, travelling(item.wanted->meta)},
                                  {next_.incarnation, next_.used + 1, {}, {}}};
            version.seal.until = order_.now + order_.times.record_life;
            me_.signer.sign(record.id, version);
            record.version = std::move(version);
        }
        if (prepare) record.before = item.shown;
        auto value = encode(record);
        if (!value) return std::move(value).error();
        return Operation::put(item.key, std::move(*value));
    }

    bool fits(const std::vector<Operation>& operations) const {
        std::size_t bytes = transaction_overhead;
        for (const Operation& operation : operations) bytes += cost(operation);
        return operations.size() < order_.limits.operations_max && bytes <= order_.limits.bytes_max;
    }

    Result<PublicationPlan> plan_generation(PublicationPlan made) {
        const std::uint64_t generation = next_.generation + 1;
        std::vector<Operation> prepared;
        std::vector<Operation> cleared;
        if (!order_.identity.empty())
            prepared.push_back(Operation::put(keys::identity_of(me_.host), order_.identity));
        for (const Item& item : items_) {
            auto operation = write(item, generation);
            if (!operation) return std::move(operation).error();
            if (cost(*operation) + transaction_overhead > order_.limits.bytes_max)
                return Error{Code::invalid,
                             printable(item.key) +
                                 ": its old and new version together do not fit one request of "
                                 "the store (" +
                                 std::to_string(order_.limits.bytes_max) +
                                 " bytes); change fewer exports at once, or start etcd with a "
                                 "larger --max-request-bytes"};
            if (!item.wanted && item.shown) cleared.push_back(Operation::remove(item.key));
            prepared.push_back(std::move(*operation));
        }
        pack(made, std::move(prepared), Vouch::yes);
        next_.generation = generation;
        close_step(made, {}, Vouch::yes);
        pack(made, std::move(cleared), Vouch::yes);
        return made;
    }

    void pack(PublicationPlan& made, std::vector<Operation> operations, Vouch vouch) {
        std::vector<Operation> step;
        for (Operation& operation : operations) {
            step.push_back(std::move(operation));
            if (fits(step)) continue;
            operation = std::move(step.back());
            step.pop_back();
            if (!step.empty()) close_step(made, std::move(step), vouch);
            step = {};
            step.push_back(std::move(operation));
        }
        if (!step.empty()) close_step(made, std::move(step), vouch);
    }

    void close_step(PublicationPlan& made, std::vector<Operation> operations, Vouch vouch) {
        const std::string below = keys::exports_of(me_.host);
        for (const Operation& operation : operations) {
            if (operation.type == Operation::Type::remove)
                leaves_.erase(operation.key);
            else if (operation.key.starts_with(below))
                leaves_.insert_or_assign(operation.key, leaf_of(operation.key, operation.value));
        }
        next_.seq = ++next_.used;
        ExportManifest manifest;
        manifest.from = me_.host.text();
        manifest.incarnation = next_.incarnation;
        manifest.seq = next_.seq;
        manifest.generation = next_.generation;
        manifest.exports = order_.wanted.size();
        manifest.time = order_.now;
        manifest.until = order_.now + order_.times.manifest_life;
        if (vouch == Vouch::yes) manifest.digest = digest_now();
        me_.signer.sign(manifest);
        operations.push_back(Operation::put(keys::manifest_of(me_.host), encode(manifest)));
        made.steps.push_back({std::move(operations), next_});
    }

    std::string digest_now() const {
        std::vector<Leaf> leaves;
        leaves.reserve(leaves_.size());
        for (const auto& [key, leaf] : leaves_) leaves.push_back(leaf);
        return digest_of(std::move(leaves));
    }

    const PublicationOrder& order_;
    const Exporter& me_;
    std::map<std::string, Leaf> leaves_;  // after the steps so far
    Floor next_;                          // of the next step
    bool intact_ = false;                 // the store holds what we left there
    bool manifest_due_ = false;
    std::vector<Item> items_;
};

}  // namespace

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
        // As large as it will be: the signature's bytes do not matter here.
        const Seal seal{me.incarnation, number_max, Milliseconds{number_max},
                        std::string(signature_bytes, '?')};
        record.version = {{each.fields, travelling(each.meta)}, seal};
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

Result<PublicationPlan> plan_publication(const PublicationOrder& order) {
    check(order.limits.operations_max >= 2, "a transaction holds a record and the manifest");
    return Planner(order).plan();
}

}  // namespace hansa
