#include "mesh/fold.h"

#include <algorithm>
#include <functional>

#include "base/check.h"
#include "base/text.h"

namespace hansa {
namespace {

// Foreign keys that are remembered, so that each is told only once.
constexpr std::size_t garbage_max = 1000;

}  // namespace

ExportFold::ExportFold(const Catalog& catalog, HostName self, ExportJudge& exporters,
                       CollectPolicy policy)
    : catalog_(catalog),
      self_(std::move(self)),
      exporters_(exporters),
      policy_(std::move(policy)) {}

Amendment ExportFold::want(const std::vector<CollectRequest>& requests, WallTime now) {
    requests_ = requests;
    by_kind_.clear();
    for (std::size_t index = 0; index < requests_.size(); ++index) {
        const Kind* kind = catalog_.find(requests_[index].kind);
        if (kind)
            by_kind_[kind->name()].push_back(index);
        else
            refuse("unknown_kind", requests_[index].origin.text() + ": collects \"" +
                                       printable(requests_[index].kind, 40) +
                                       "\", which is no kind here");
    }
    Work work{now};
    for (const auto& [name, host] : hosts_) touch_all(name, host, work);
    return settle(std::move(work));
}

Amendment ExportFold::replace(const Reading& reading, WallTime now) {
    ++round_;
    Work work{now};
    for (const Record& record : reading.records) put(record, work);
    remove_unseen(work);
    revision_ = reading.revision;
    return settle(std::move(work));
}

Amendment ExportFold::apply(const EventBatch& batch, WallTime now) {
    Work work{now, News::happened};
    for (const StoreEvent& event : batch.events) {
        if (event.type == StoreEvent::Type::put)
            put(event.record, work);
        else
            remove(event.record, work);
    }
    revision_ = std::max(revision_, batch.revision);
    return settle(std::move(work));
}

void ExportFold::forget() {
    check(collected_ == 0, "what is collected is asked for");
    hosts_.clear();
    garbage_.clear();
    turned_.clear();
    revision_ = 0;
}

Amendment ExportFold::judge_again(const std::set<std::string>& hosts, WallTime now) {
    return settle(Work{now, News::read, hosts});
}

Amendment ExportFold::judge_all_again(WallTime now) {
    Work work{now};
    for (const auto& [name, host] : hosts_) work.hosts.insert(name);
    return settle(std::move(work));
}

Amendment ExportFold::use(const std::string& name, Use use, WallTime now) {
    const auto found = hosts_.find(name);
    if (found == hosts_.end() || found->second.use == use) return {};
    found->second.use = use;
    Work work{now};
    work.hosts.insert(name);
    touch_all(name, found->second, work);
    return settle(std::move(work));
}

// A reading is the truth, also where it is older than the copy: the store was set back then. What
// its exporters signed decides what that means.
bool ExportFold::is_news(const Record& record, const Version& held, News news) {
    if (news == News::happened) return record.modified > held.modified;
    return !held.value || record.modified != held.modified || record.created != held.created ||
           record.value != *held.value;
}

void ExportFold::put(const Record& record, Work& work) {
    const auto key = keys::parse_export(record.key);
    if (!key) {
        if (garbage_.size() >= garbage_max && !garbage_.contains(record.key)) return;
        Revision& known = garbage_[record.key];
        if (known != record.modified)
            refuse("bad_record", printable(record.key) + ": not a key of this program; remove it");
        known = record.modified;
        return;
    }
    if (!key->id) return put_manifest(key->host, record, work);

    Host& host = hosts_[key->host];
    if (host.entries.empty()) turned_.insert(key->host);
    Entry& entry = host.entries[*key->id];
    entry.round = round_;
    if (!is_news(record, entry.stored, work.news)) return;
    entry.leaf = leaf_of(record.key, record.value);
    store(key->host, host, *key->id,
          {std::make_shared<const std::string>(record.value), record.created, record.modified},
          work);
}

void ExportFold::put_manifest(const std::string& name, const Record& record, Work& work) {
    Host& host = hosts_[name];
    host.manifest_round = round_;
    if (work.news == News::happened && record.modified <= host.manifest_modified) return;
    host.manifest_modified = record.modified;
    auto manifest = decode_manifest(record.key, record.value);
    if (manifest)
        host.manifest = std::move(*manifest);
    else
        refuse("bad_record", manifest.error().text, name);
    if (!manifest) host.manifest.reset();
    work.hosts.insert(name);
}

void ExportFold::remove(const Record& record, Work& work) {
    const auto key = keys::parse_export(record.key);
    if (!key) {
        garbage_.erase(record.key);
        return;
    }
    const auto host = hosts_.find(key->host);
    if (host == hosts_.end()) return;
    if (!key->id) {
        if (record.modified <= host->second.manifest_modified) return;
        return lose_manifest(key->host, host->second, work);
    }
    const auto entry = host->second.entries.find(*key->id);
    if (entry == host->second.entries.end() || record.modified <= entry->second.stored.modified)
        return;
    store(key->host, host->second, *key->id, {nullptr, 0, record.modified}, work);
}

void ExportFold::remove_unseen(Work& work) {
    for (auto& [name, host] : hosts_) {
        for (auto& [id, entry] : host.entries)
            if (entry.round != round_ && entry.stored.value)
                store(name, host, id, {nullptr, 0, 0}, work);
        if (host.manifest_round == round_ || host.manifest_modified == 0) continue;
        lose_manifest(name, host, work);
    }
}

void ExportFold::lose_manifest(const std::string& name, Host& host, Work& work) {
    host.manifest_modified = 0;
    host.manifest.reset();
    host.told_cause.clear();  // each loss is told
    work.hosts.insert(name);
}

void ExportFold::store(const std::string& name, Host& host, const ResourceId& id, Version version,
                       Work& work) {
    Entry& entry = host.entries.at(id);
    entry.stored = std::move(version);
    if (!entry.stored.value && !entry.accepted.value) work.records.emplace(name, id);  // forgotten
    host.unaccepted.insert(id);
    host.digest.reset();
    work.hosts.insert(name);
}

void ExportFold::touch_all(const std::string& name, const Host& host, Work& work) const {
    for (const auto& [id, entry] : host.entries) work.records.emplace(name, id);
}

Amendment ExportFold::settle(Work work) {
    for (const std::string& name : work.hosts)
        if (const auto host = hosts_.find(name); host != hosts_.end())
            judge(name, host->second, work);
    Amendment amendment;
    for (const auto& [name, id] : work.records) {
        Host& host = hosts_.at(name);
        const auto entry = host.entries.find(id);
        settle(name, host, id, entry->second, amendment, work.now);
        if (entry->second.stored.value || entry->second.accepted.value) continue;
        host.entries.erase(entry);
        if (host.entries.empty()) turned_.insert(name);
    }
    return amendment;
}

std::vector<std::string> ExportFold::hosts() const {
    std::vector<std::string> found;
    for (const auto& [name, host] : hosts_)
        if (!host.entries.empty()) found.push_back(name);
    return found;
}

bool ExportFold::exports(const std::string& host) const {
    const auto found = hosts_.find(host);
    return found != hosts_.end() && !found->second.entries.empty();
}

std::size_t ExportFold::differences(const Reading& reading,
                                    const std::set<std::string>& touched) const {
    std::map<std::string, Revision> held;
    for (const auto& [name, host] : hosts_) {
        const HostName parsed = *HostName::parse(name);
        if (host.manifest_modified != 0) held[keys::manifest_of(parsed)] = host.manifest_modified;
        for (const auto& [id, entry] : host.entries)
            if (entry.stored.value) held[keys::exported(parsed, id)] = entry.stored.modified;
    }
    std::size_t count = 0;
    for (const Record& record : reading.records) {
        if (!keys::parse_export(record.key)) continue;
        const auto found = held.find(record.key);
        const bool same = found != held.end() && found->second == record.modified;
        if (!same && !touched.contains(record.key)) ++count;
        if (found != held.end()) held.erase(found);
    }
    for (const auto& [key, modified] : held)
        if (!touched.contains(key)) ++count;
    return count;
}

void ExportFold::refuse(std::string cause, std::string text, std::string exporter) {
    refusals_.push_back({std::move(cause), std::move(text), std::move(exporter)});
}

std::vector<happened::Judged> ExportFold::take_judgements() {
    return std::exchange(judgements_, {});
}

std::vector<happened::Refused> ExportFold::take_refusals() {
    return std::exchange(refusals_, {});
}

}  // namespace hansa
