// The half of ExportFold that decides what is collected of what was accepted.
#include <algorithm>
#include <functional>

#include "base/text.h"
#include "mesh/fold.h"

namespace hansa {
namespace {

bool matches(const std::string& glob, const std::string& text) {
    return glob.empty() || glob_matches(glob, text);
}

bool is_for(const ExportBody& body, const HostName& self) {
    const std::vector<std::string>& globs = body.meta.export_to;
    return globs.empty() || std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) {
               return glob_matches(glob, self.text());
           });
}

PolicySubject subject_of(const Declaration& declaration, const Reach& reach) {
    PolicySubject subject;
    subject.kind = declaration.id.kind;
    subject.name = declaration.id.name;
    subject.pattern = declaration.origin.place;
    subject.path = reach.path;
    subject.symlink = reach.symlink;
    subject.mode = reach.mode;
    subject.owner = reach.owner;
    subject.group = reach.group;
    subject.bytes = reach.bytes;
    subject.removes = reach.removes;
    return subject;
}

std::size_t combine(std::size_t seed, std::size_t more) {
    return seed ^ (more + 0x9e3779b97f4a7c15ULL + (seed << 6) + (seed >> 2));
}

}  // namespace

// Where the accepted version cannot be taken, what was collected from an earlier one stays, as far
// as it is still asked for; but not under another policy, which nobody can ask about it.
void ExportFold::settle(const std::string& name, Host& host, const ResourceId& id, Entry& entry,
                        Amendment& amendment, WallTime now) {
    host.pending.erase(id);
    const std::set<std::string> places = places_for(name, id);
    const std::set<std::string> kept = rejudging_ ? std::set<std::string>{} : places;
    if (!entry.accepted.value || host.use == Use::drop || places.empty())
        return take_out(name, id, entry, amendment);
    forget_judged(name, id, entry, places);

    const auto decoded =
        decode_export(keys::exported(*HostName::parse(name), id), *entry.accepted.value);
    if (!decoded) {
        if (entry.refused != entry.accepted.modified)
            refuse("bad_record", decoded.error().text, name);
        entry.refused = entry.accepted.modified;
        forget_judged(name, id, entry, kept);
        return show(name, id, entry, {{}, kept}, nullptr, amendment);
    }
    if (decoded->generation > host.announced) host.pending.insert(id);
    const ExportVersion* version = decoded->visible(host.announced);
    if (!version || !is_for(version->body, self_)) return take_out(name, id, entry, amendment);
    if (!is_good(name, id, entry, *version, now))
        return show(name, id, entry, {{}, kept}, nullptr, amendment);
    Choice choice = choose(name, id, entry, version->body);
    show(name, id, entry, std::move(choice), &version->body, amendment);
}

void ExportFold::take_out(const std::string& name, const ResourceId& id, Entry& entry,
                          Amendment& amendment) {
    forget_judged(name, id, entry, {});
    show(name, id, entry, {}, nullptr, amendment);
}

// Whatever was said about places other than these is over.
void ExportFold::forget_judged(const std::string& name, const ResourceId& id, Entry& entry,
                               const std::set<std::string>& still) {
    std::erase_if(entry.judged, [&](const std::string& place) {
        if (still.contains(place)) return false;
        judged({id, name, place}, happened::Judged::Verdict::gone, {});
        return true;
    });
}

bool ExportFold::is_good(const std::string& name, const ResourceId& id, Entry& entry,
                         const ExportVersion& version, WallTime now) {
    if (entry.verified_in == entry.accepted.modified && entry.verified == version.seal.signature)
        return true;
    const Verdict verdict = exporters_.judge(name, id, version, now);
    if (verdict.what == Verdict::What::accept) {
        entry.verified_in = entry.accepted.modified;
        entry.verified = version.seal.signature;
        return true;
    }
    if (entry.refused != entry.accepted.modified)
        refuse(verdict.cause, InstanceId{id, name, {}}.text() + ": " + verdict.why, name);
    entry.refused = entry.accepted.modified;
    for (const std::string& place : places_for(name, id)) {
        entry.judged.insert(place);
        judged({id, name, place}, happened::Judged::Verdict::refused, {{}, {}, verdict.why, {}});
    }
    return false;
}

std::set<std::string> ExportFold::places_for(const std::string& host, const ResourceId& id) const {
    std::set<std::string> places;
    const auto of_kind = by_kind_.find(id.kind);
    if (of_kind == by_kind_.end()) return places;
    for (const std::size_t index : of_kind->second) {
        const CollectRequest& request = requests_[index];
        if (matches(request.name_glob, id.name) && matches(request.from_glob, host))
            places.insert(request.pattern);
    }
    return places;
}

ExportFold::Choice ExportFold::choose(const std::string& host, const ResourceId& id, Entry& entry,
                                      const ExportBody& body) {
    const Kind& kind = *catalog_.find(id.kind);
    Choice choice;
    std::string denied;
    for (const std::string& place : places_for(host, id)) {
        entry.judged.insert(place);
        Declaration declaration{id, body.meta, body.fields, {}};
        declaration.meta.export_to.clear();
        declaration.origin.exporter = host;
        declaration.origin.place = place;
        declaration.origin.rank = static_cast<std::uint64_t>(entry.accepted.created);
        if (!place.empty()) {
            auto moved = kind.relocate(std::move(declaration), place);
            if (!moved) {
                if (entry.refused != entry.accepted.modified)
                    refuse("bad_record", moved.error().text, host);
                entry.refused = entry.accepted.modified;
                judged({id, host, place}, happened::Judged::Verdict::refused,
                       {{}, {}, moved.error().text, {}});
                continue;
            }
            declaration = std::move(*moved);
        }
        auto admitted = admit(host, entry, declaration);
        if (admitted) {
            choice.wanted.push_back(std::move(declaration));
            continue;
        }
        denied += (denied.empty() ? "" : "; ") + admitted.error().text;
        if (!rejudging_) choice.kept.insert(place);
    }
    if (!denied.empty()) denied = std::to_string(entry.accepted.modified) + " " + denied;
    if (!denied.empty() && denied != entry.denied)
        refuse("denied",
               InstanceId{id, host, {}}.text() + ": " + denied.substr(denied.find(' ') + 1), host);
    entry.denied = std::move(denied);
    return choice;
}

// What the policy says to a declaration in its place; it may tie it down, or make it a noop.
Result<void> ExportFold::admit(const std::string& host, const Entry& entry,
                               Declaration& declaration) {
    const VerifiedPeer* peer = exporters_.find(host);
    if (!peer) return Error{Code::denied, "nobody is known by the name of its exporter"};
    const auto reach = catalog_.find(declaration.id.kind)->reach(declaration);
    if (!reach) return reach.error();
    PolicySubject subject = subject_of(declaration, *reach);
    const std::size_t own = entry.places.contains(declaration.origin.place) ? 1 : 0;
    subject.collected = collected_ - own;
    PolicyDecision decision = policy_.policy.decide(
        {host, peer->claims.domain, peer->claims.labels, policy_.accepted.contains(host)}, subject,
        policy_.host);
    using Told = happened::Judged::Verdict;
    const std::string text = decision.rule + ": " + decision.why;
    const PolicyVerdict verdict = decision.verdict;
    declaration.beneath = decision.beneath;
    if (verdict == PolicyVerdict::quarantine) declaration.meta.noop = true;
    judged(declaration.instance(),
           verdict == PolicyVerdict::allow        ? Told::allowed
           : verdict == PolicyVerdict::quarantine ? Told::quarantined
                                                  : Told::denied,
           std::move(decision));
    if (verdict == PolicyVerdict::deny) return Error{Code::denied, text};
    if (verdict == PolicyVerdict::quarantine && reach->looks_by_command)
        return Error{Code::denied, text +
                                       "; it is not even shown as noop, for to look at it is to "
                                       "run a command that it names"};
    return {};
}

void ExportFold::judged(const InstanceId& id, happened::Judged::Verdict verdict,
                        PolicyDecision decision) {
    const VerifiedPeer* peer = exporters_.find(id.exporter);
    judgements_.push_back({verdict, id.text(), id.place, id.exporter, peer ? peer->claims.uuid : "",
                           peer ? key_name(peer->key) : "", std::move(decision.rule),
                           std::move(decision.why)});
}

void ExportFold::show(const std::string& name, const ResourceId& id, Entry& entry, Choice choice,
                      const ExportBody* body, Amendment& amendment) {
    const std::size_t before = entry.places.size();
    std::map<std::string, std::size_t> places;
    for (Declaration& declaration : choice.wanted) {
        std::size_t print = std::hash<std::string>{}(text_of(*body));
        print = combine(print, std::hash<std::uint64_t>{}(declaration.origin.rank));
        print = combine(print, std::hash<std::string>{}(declaration.beneath));
        print = combine(print, declaration.meta.noop ? 1 : 0);
        const std::string& place = declaration.origin.place;
        const auto old = entry.places.find(place);
        const bool same = old != entry.places.end() && old->second == print;
        places.emplace(place, print);
        if (!same) amendment.upserts.push_back(std::move(declaration));
    }
    for (const auto& [place, print] : entry.places) {
        if (places.contains(place)) continue;
        if (choice.kept.contains(place)) {
            places.emplace(place, print);
            continue;
        }
        amendment.removals.push_back({id, name, place});
    }
    collected_ += places.size() - before;
    entry.places = std::move(places);
}

Amendment ExportFold::use(CollectPolicy policy, WallTime now) {
    policy_ = std::move(policy);
    rejudging_ = true;
    Work work{now};
    for (const auto& [name, host] : hosts_) touch_all(name, host, work);
    Amendment amendment = settle(std::move(work));
    rejudging_ = false;
    return amendment;
}

}  // namespace hansa
