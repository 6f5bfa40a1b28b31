#include "mesh/fold.h"

#include <algorithm>
#include <functional>

#include "base/text.h"

namespace hansa {
namespace {

// Foreign keys that are remembered, so that each is told only once.
constexpr std::size_t garbage_max = 1000;

bool matches(const std::string& glob, const std::string& text) {
    return glob.empty() || glob_matches(glob, text);
}

bool is_for(const ExportBody& body, const HostName& self) {
    const std::vector<std::string>& globs = body.meta.export_to;
    return globs.empty() || std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) {
               return glob_matches(glob, self.text());
           });
}

}  // namespace

ExportFold::ExportFold(const Catalog& catalog, HostName self)
    : catalog_(catalog), self_(std::move(self)) {}

Amendment ExportFold::want(const std::vector<CollectRequest>& requests) {
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
    Touched touched;
    for (const auto& [name, host] : hosts_) touch_all(name, host, touched);
    return settle(touched);
}

Amendment ExportFold::replace(const Reading& reading) {
    ++round_;
    Touched touched;
    for (const Record& record : reading.records) put(record, Source::reading, touched);
    remove_unseen(touched);
    revision_ = reading.revision;
    return settle(touched);
}

Amendment ExportFold::apply(const EventBatch& batch) {
    Touched touched;
    for (const StoreEvent& event : batch.events) {
        if (event.type == StoreEvent::Type::put)
            put(event.record, Source::event, touched);
        else
            remove(event.record, touched);
    }
    revision_ = std::max(revision_, batch.revision);
    return settle(touched);
}

Amendment ExportFold::use(const std::string& name, Use use) {
    const auto found = hosts_.find(name);
    if (found == hosts_.end() || found->second.use == use) return {};
    found->second.use = use;
    Touched touched;
    touch_all(name, found->second, touched);
    return settle(touched);
}

// A reading is the truth, also where it is older than the copy: the store was set back then.
bool ExportFold::is_news(const Record& record, const Entry& held, Source source) {
    if (source == Source::event) return record.modified > held.modified;
    return record.modified != held.modified || record.created != held.created ||
           record.value != held.value;
}

void ExportFold::put(const Record& record, Source source, Touched& touched) {
    const auto key = keys::parse_export(record.key);
    if (!key) {
        if (garbage_.size() >= garbage_max && !garbage_.contains(record.key)) return;
        Revision& known = garbage_[record.key];
        if (known != record.modified)
            refuse("bad_record", printable(record.key) + ": not a key of this program; remove it");
        known = record.modified;
        return;
    }
    if (!key->id) return put_manifest(key->host, record, source, touched);

    Host& host = hosts_[key->host];
    if (host.entries.empty()) turned_.insert(key->host);
    Entry& entry = host.entries[*key->id];
    entry.round = round_;
    if (entry.present && !is_news(record, entry, source)) return;
    entry.present = true;
    entry.value = record.value;
    entry.created = record.created;
    entry.modified = record.modified;
    touched.emplace(key->host, *key->id);
}

void ExportFold::put_manifest(const std::string& name, const Record& record, Source source,
                              Touched& touched) {
    Host& host = hosts_[name];
    host.manifest_round = round_;
    if (source == Source::event && record.modified <= host.manifest_modified) return;
    host.manifest_modified = record.modified;
    const auto manifest = decode_manifest(record.key, record.value);
    if (manifest)
        announce(name, host, manifest->generation, touched);
    else
        refuse("bad_record", manifest.error().text);
}

void ExportFold::remove(const Record& record, Touched& touched) {
    const auto key = keys::parse_export(record.key);
    if (!key) {
        garbage_.erase(record.key);
        return;
    }
    const auto host = hosts_.find(key->host);
    if (host == hosts_.end()) return;
    if (!key->id) {
        if (record.modified <= host->second.manifest_modified) return;
        host->second.manifest_modified = 0;
        return announce(key->host, host->second, 0, touched);
    }
    const auto entry = host->second.entries.find(*key->id);
    if (entry == host->second.entries.end() || record.modified <= entry->second.modified) return;
    entry->second.present = false;
    touched.emplace(key->host, *key->id);
}

void ExportFold::remove_unseen(Touched& touched) {
    for (auto& [name, host] : hosts_) {
        for (auto& [id, entry] : host.entries) {
            if (entry.round == round_) continue;
            entry.present = false;
            touched.emplace(name, id);
        }
        if (host.manifest_round == round_) continue;
        host.manifest_modified = 0;
        announce(name, host, 0, touched);
    }
}

void ExportFold::announce(const std::string& name, Host& host, std::uint64_t generation,
                          Touched& touched) {
    if (host.announced == generation) return;
    // Backwards, any record may be affected; forwards only those that wait for it.
    if (generation < host.announced)
        touch_all(name, host, touched);
    else
        for (const ResourceId& id : host.pending) touched.emplace(name, id);
    host.announced = generation;
}

void ExportFold::touch_all(const std::string& name, const Host& host, Touched& touched) const {
    for (const auto& [id, entry] : host.entries) touched.emplace(name, id);
}

Amendment ExportFold::settle(const Touched& touched) {
    Amendment amendment;
    for (const auto& [name, id] : touched) {
        Host& host = hosts_.at(name);
        const auto entry = host.entries.find(id);
        settle(name, host, id, entry->second, amendment);
        if (entry->second.present) continue;
        host.entries.erase(entry);
        if (host.entries.empty()) turned_.insert(name);
    }
    return amendment;
}

void ExportFold::settle(const std::string& name, Host& host, const ResourceId& id, Entry& entry,
                        Amendment& amendment) {
    std::vector<Declaration> wanted;
    std::size_t fingerprint = 0;
    host.pending.erase(id);
    if (entry.present && host.use == Use::collect && !matching(name, id).empty()) {
        const Record record{keys::exported(*HostName::parse(name), id), {}, 0, entry.modified, 0};
        const auto decoded = decode_export(record.key, entry.value);
        if (!decoded) {
            // What was collected from an earlier version stays.
            if (entry.refused != entry.modified) refuse("bad_record", decoded.error().text);
            entry.refused = entry.modified;
            return;
        }
        if (decoded->generation > host.announced) host.pending.insert(id);
        const ExportBody* body = decoded->visible(host.announced);
        if (body && is_for(*body, self_)) {
            wanted = declarations(name, id, entry, *body);
            fingerprint = std::hash<std::string>{}(text_of(*body)) ^
                          std::hash<Revision>{}(entry.created) * 0x9e3779b97f4a7c15ULL;
        }
    }

    std::vector<std::string> places;
    for (const Declaration& declaration : wanted) places.push_back(declaration.origin.place);
    for (const std::string& place : entry.places)
        if (!std::binary_search(places.begin(), places.end(), place))
            amendment.removals.push_back({id, name, place});
    for (Declaration& declaration : wanted) {
        const bool there =
            std::binary_search(entry.places.begin(), entry.places.end(), declaration.origin.place);
        if (!there || fingerprint != entry.shown)
            amendment.upserts.push_back(std::move(declaration));
    }
    collected_ += places.size() - entry.places.size();
    entry.places = std::move(places);
    entry.shown = fingerprint;
}

std::vector<const CollectRequest*> ExportFold::matching(const std::string& host,
                                                        const ResourceId& id) const {
    std::vector<const CollectRequest*> found;
    const auto of_kind = by_kind_.find(id.kind);
    if (of_kind == by_kind_.end()) return found;
    for (const std::size_t index : of_kind->second) {
        const CollectRequest& request = requests_[index];
        if (matches(request.name_glob, id.name) && matches(request.from_glob, host))
            found.push_back(&request);
    }
    return found;
}

// One for each place, ordered by place.
std::vector<Declaration> ExportFold::declarations(const std::string& host, const ResourceId& id,
                                                  const Entry& entry, const ExportBody& body) {
    std::set<std::string> places;
    for (const CollectRequest* request : matching(host, id)) places.insert(request->pattern);
    const Kind& kind = *catalog_.find(id.kind);

    std::vector<Declaration> made;
    for (const std::string& place : places) {
        Declaration declaration{id, body.meta, body.fields, {}};
        declaration.meta.export_to.clear();
        declaration.origin.exporter = host;
        declaration.origin.place = place;
        declaration.origin.rank = static_cast<std::uint64_t>(entry.created);
        if (place.empty()) {
            made.push_back(std::move(declaration));
            continue;
        }
        auto moved = kind.relocate(std::move(declaration), place);
        if (moved)
            made.push_back(std::move(*moved));
        else if (entry.refused != entry.modified)
            refuse("bad_record", moved.error().text);
    }
    return made;
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
            if (entry.present) held[keys::exported(parsed, id)] = entry.modified;
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

void ExportFold::refuse(std::string cause, std::string text) {
    refusals_.push_back({std::move(cause), std::move(text)});
}

std::vector<happened::Refused> ExportFold::take_refusals() {
    return std::exchange(refusals_, {});
}

}  // namespace hansa
