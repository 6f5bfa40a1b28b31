#include "mesh/exporters.h"

#include <tuple>

#include "base/text.h"

namespace hansa {
namespace {

Verdict refused(std::string cause, std::string why) {
    return {Verdict::What::refuse, std::move(cause), std::move(why)};
}

std::string at(Milliseconds time) {
    // What does not fit a wall clock is shown as its end.
    constexpr Milliseconds last{9'000'000'000'000};
    return iso8601(WallTime{std::min(time, last)});
}

// A certificate that is as young as the one we know, or younger.
Result<void> not_older(const VerifiedPeer& peer, const RememberedExporter& known) {
    const Milliseconds issued = since_1970(peer.issued);
    if (issued >= known.issued) return {};
    if (peer.claims.uuid == known.uuid)
        return Error{Code::denied, "its certificate of " + at(issued) +
                                       " is older than one that it has shown before"};
    return Error{Code::denied, "the name went over to host " + known.uuid +
                                   ", whose certificate was issued after that of " +
                                   peer.claims.uuid};
}

// Nobody's certificate can be judged before we know whose authority counts.
Verdict not_in_a_cluster() {
    Verdict verdict = refused("denied", "this host has not entered the cluster");
    verdict.may_be_late = true;
    return verdict;
}

std::string expired(const ExportManifest& manifest, Milliseconds now) {
    std::string text = "its manifest of " + at(manifest.time) + " was good until " +
                       at(manifest.until) + ", and now it is " + at(now);
    return text + ": the store shows an old state, or the clocks differ";
}

}  // namespace

void Exporters::use(TrustTerms terms, WallTime now) {
    terms_ = std::move(terms);
    for (auto& [host, known] : known_) {
        known.peer.reset();
        if (auto peer = verified(host, known.good, now)) known.peer = std::move(*peer);
        if (known.shown != known.good) (void)verify(host, known, now);
    }
}

bool Exporters::show(const std::string& host, std::string text, WallTime now) {
    Known& known = known_[host];
    if (known.shown == text) return false;
    known.shown = std::move(text);
    return verify(host, known, now);
}

std::set<std::string> Exporters::look_again(WallTime now) {
    std::set<std::string> found;
    if (terms_.cluster.empty()) return found;
    for (auto& [host, known] : known_) {
        const bool bad = !known.peer || known.shown != known.good;
        if (bad && !known.shown.empty() && verify(host, known, now)) found.insert(host);
    }
    return found;
}

// Takes the key set that is shown when it is good. True when that makes a difference.
bool Exporters::verify(const std::string& host, Known& known, WallTime now) {
    auto peer = verified(host, known.shown, now);
    known.why_not = peer ? std::string{} : peer.error().text;
    if (!peer) return false;
    known.good = known.shown;
    known.peer = std::move(*peer);
    return true;
}

Result<VerifiedPeer> Exporters::verified(const std::string& host, const std::string& text,
                                         WallTime now) const {
    if (text.empty()) return Error{Code::missing, "no key set of it is there"};
    if (terms_.cluster.empty()) return Error{Code::denied, "it is not known yet whom to believe"};
    auto peer =
        verify_key_set(text, terms_.cluster, host, terms_.roots, now, terms_.lapse, terms_.revoked);
    if (!peer) return peer;
    const RememberedExporter* known = remembered(host);
    if (!known) return peer;
    if (auto young = not_older(*peer, *known); !young) return std::move(young).error();
    return peer;
}

const RememberedExporter* Exporters::remembered(const std::string& host) const {
    const auto& exporters = keeper_.kept().exporters;
    const auto found = exporters.find(host);
    return found == exporters.end() ? nullptr : &found->second;
}

const VerifiedPeer* Exporters::find(const std::string& host) const {
    const auto found = known_.find(host);
    return found != known_.end() && found->second.peer ? &*found->second.peer : nullptr;
}

bool Exporters::is_cut_off(const std::string& host) const {
    const auto found = known_.find(host);
    return found != known_.end() && !found->second.good.empty() && !found->second.peer;
}

Verdict Exporters::unknown(const std::string& host) const {
    const auto found = known_.find(host);
    if (found == known_.end() || found->second.shown.empty()) {
        Verdict verdict = refused("unsigned", "no key set of it is there");
        verdict.may_be_late = true;
        return verdict;
    }
    return refused("denied", found->second.why_not);
}

Verdict Exporters::without_manifest(const std::string& host) const {
    if (!remembered(host)) return refused("unsigned", "no manifest vouches for them");
    return refused("withheld", "its manifest is gone");
}

Verdict Exporters::judge(const std::string& host, const ExportManifest* manifest,
                         const std::function<std::string()>& digest, WallTime now) {
    return manifest ? judge_there(host, *manifest, digest, now) : without_manifest(host);
}

SealScope Exporters::scope_of(const std::string& host, const VerifiedPeer& peer) const {
    return {terms_.cluster, peer.claims.uuid, host};
}

Verdict Exporters::judge_there(const std::string& host, const ExportManifest& manifest,
                               const std::function<std::string()>& digest, WallTime wall) {
    const Milliseconds now = since_1970(wall);
    if (manifest.signature.empty()) return refused("unsigned", "its manifest is not signed");
    if (terms_.cluster.empty()) return not_in_a_cluster();
    const VerifiedPeer* peer = find(host);
    if (!peer) return unknown(host);
    if (manifest.key != key_name(peer->key)) {
        Verdict verdict = refused("bad_signature",
                                  "its manifest is signed with key " + printable(manifest.key, 40) +
                                      ", but its key set shows " + key_name(peer->key));
        verdict.may_be_late = true;
        return verdict;
    }
    if (!peer->key.verifies(statement_of(scope_of(host, *peer), manifest), manifest.signature))
        return refused("bad_signature", "the signature of its manifest is wrong");
    if (wall > peer->until + terms_.lapse)
        return refused("expired", "its certificate was good until " + iso8601(peer->until));

    const RememberedExporter* last = remembered(host);
    RememberedExporter seen{
        peer->claims.uuid, manifest.incarnation, manifest.seq, since_1970(peer->issued), {},
        manifest.time};
    if (last && seen.uuid != last->uuid && seen.issued == last->issued && seen.time <= last->time)
        return refused("rollback", "the name went over to host " + last->uuid + " at " +
                                       at(last->time) + ", and this is older");
    if (last && last->uuid == seen.uuid) {
        if (std::tie(seen.incarnation, seen.seq) < std::tie(last->incarnation, last->seq))
            return refused("rollback", "its manifest " + std::to_string(seen.incarnation) + "/" +
                                           std::to_string(seen.seq) + " is older than " +
                                           std::to_string(last->incarnation) + "/" +
                                           std::to_string(last->seq) + ", which was seen before");
        seen.digest = last->digest;
    }
    const auto keep = [&] {
        if (!last || !(*last == seen)) keeper_.keep(host, seen);
    };
    keep();
    if (manifest.until - manifest.time > manifest_life_max)
        return refused("expired", "its manifest wants to be good for more than a day");
    if (manifest.digest.empty()) {
        if (now > manifest.until) return refused("expired", expired(manifest, now));
        return {Verdict::What::keep};
    }
    // What was accepted before may be taken up again by a later run although its exporter has
    // gone: it is stale then, and no older than what was enforced.
    if (now > manifest.until && manifest.digest != seen.digest)
        return refused("expired", expired(manifest, now));
    if (digest() != manifest.digest)
        return refused("digest", "what stands there is not what it vouches for");
    seen.digest = manifest.digest;
    last = remembered(host);
    keep();
    return {};
}

Verdict Exporters::judge(const std::string& host, const ResourceId& id,
                         const ExportVersion& version, WallTime now) const {
    const VerifiedPeer* peer = find(host);
    if (!peer) return unknown(host);
    if (version.seal.signature.empty()) return refused("unsigned", "it is not signed");
    if (!peer->key.verifies(statement_of(scope_of(host, *peer), id, version),
                            version.seal.signature))
        return refused("bad_signature", "its signature is wrong");
    if (since_1970(now) > version.seal.until)
        return refused("expired", "it was good until " + at(version.seal.until));
    return {};
}

}  // namespace hansa
