#include "mesh/seat_register.h"

#include <algorithm>

#include "mesh/endpoints.h"
#include "mesh/keys.h"

namespace hansa {
namespace {

bool is_below(const std::string& prefix, const std::string& key) {
    return key.starts_with(prefix);
}

}  // namespace

void SeatRegister::replace(const std::string& prefix, const Reading& reading) {
    std::vector<std::string> gone;
    for (auto at = records_.lower_bound(prefix);
         at != records_.end() && is_below(prefix, at->first); ++at)
        gone.push_back(at->first);
    for (const Record& record : reading.records) take(record);
    for (const std::string& key : gone) {
        const bool is_there =
            std::binary_search(reading.records.begin(), reading.records.end(), Record{key, {}},
                               [](const Record& a, const Record& b) { return a.key < b.key; });
        if (!is_there) drop(key);
    }
}

void SeatRegister::apply(const EventBatch& batch) {
    for (const StoreEvent& event : batch.events) {
        if (event.type == StoreEvent::Type::put)
            take(event.record);
        else
            drop(event.record.key);
    }
}

bool SeatRegister::agrees(const std::string& prefix, const Reading& reading,
                          const std::set<std::string>& touched) const {
    std::map<std::string, Revision> there;
    for (const Record& record : reading.records)
        if (!touched.contains(record.key)) there[record.key] = record.modified;
    std::map<std::string, Revision> here;
    for (auto at = records_.lower_bound(prefix);
         at != records_.end() && is_below(prefix, at->first); ++at)
        if (!touched.contains(at->first)) here[at->first] = at->second.modified;
    return here == there;
}

void SeatRegister::take(const Record& record) {
    records_.insert_or_assign(record.key, record);
    const auto keep = [&](auto decoded, const auto& put) {
        if (decoded) return put(std::move(*decoded));
        faults_.push_back(record.key + ": " + decoded.error().text);
    };
    const std::string& key = record.key;
    if (const auto host = keys::parse_name(key))
        keep(decode_name(key, record.value),
             [&](NameRecord name) { names_.insert_or_assign(host->text(), std::move(name)); });
    else if (const auto living = keys::parse_peer(key))
        keep(decode_peer(key, record.value), [&](PeerRecord peer) {
            if (peer.seat) offers_.insert_or_assign(peer.uuid, *peer.seat);
            peers_.insert_or_assign(living->text(), std::move(peer));
        });
    else if (key == keys::seat_book())
        keep(decode_seat_book(record.value), [&](SeatBook book) { book_ = std::move(book); });
    else if (key == keys::seat_settings())
        keep(decode_seat_settings(record.value), [&](SeatSettings set) {
            settings_ = std::move(set);
            has_settings_ = true;
        });
    else if (key == keys::seat_steward())
        keep(decode_steward(record.value), [&](StewardRecord who) { steward_ = std::move(who); });
    else if (const auto leaver = keys::parse_leaving(key))
        keep(decode_leaving(record.value), [&](LeavingRecord asked) {
            leaving_.insert_or_assign(leaver->text(), std::move(asked));
        });
    else if (is_below(keys::seat_sightings(), key))
        keep(decode_sighting(record.value),
             [&](Sighting seen) { sightings_.insert_or_assign(key, std::move(seen)); });
}

void SeatRegister::drop(const std::string& key) {
    records_.erase(key);
    if (const auto host = keys::parse_name(key)) {
        const auto name = names_.find(host->text());
        if (name == names_.end()) return;
        offers_.erase(name->second.uuid);
        names_.erase(name);
    } else if (const auto gone = keys::parse_peer(key)) {
        peers_.erase(gone->text());
    } else if (key == keys::seat_book()) {
        book_ = {};
    } else if (key == keys::seat_settings()) {
        settings_ = {};
        has_settings_ = false;
    } else if (key == keys::seat_steward()) {
        steward_.reset();
    } else if (const auto leaver = keys::parse_leaving(key)) {
        leaving_.erase(leaver->text());
    } else {
        sightings_.erase(key);
    }
}

// Whoever has claimed a name and not given it back, whether it lives or not. One that lives and
// offers nothing wants no seat; of one that was never seen alive nothing is known, and it counts as
// somebody who would take one. Who is to be removed wants none either.
std::vector<SeatApplicant> SeatRegister::applicants() const {
    std::vector<SeatApplicant> applicants;
    for (const auto& [host, name] : names_) {
        SeatApplicant peer;
        peer.uuid = name.uuid;
        peer.name = host;
        const auto living = peers_.find(host);
        peer.is_alive = living != peers_.end() && living->second.uuid == name.uuid;
        bool is_low = false;
        if (const auto offer = offers_.find(name.uuid); offer != offers_.end()) {
            peer.domain = domain_steps(offer->second.domain);
            peer.wish = offer->second.wish;
            peer.weight = offer->second.weight;
            peer.peer_urls = offer->second.peer_urls;
            is_low = offer->second.disk_low;
        } else if (peer.is_alive) {
            peer.wish = SeatWish::no;
        }
        if (is_leaving(host)) peer.wish = SeatWish::no;
        if (peer.peer_urls.empty())
            peer.hindrance = "it offers no address for a member";
        else if (std::any_of(peer.peer_urls.begin(), peer.peer_urls.end(),
                             [](const std::string& url) { return is_loopback_url(url); }))
            peer.hindrance = "other hosts do not reach it: it listens on loopback (--listen)";
        else if (is_low)
            peer.hindrance = "its disk is nearly full";
        applicants.push_back(std::move(peer));
    }
    return applicants;
}

void SeatRegister::fill(SeatFacts& facts, Revision term) const {
    facts.ideal = settings_.ideal;
    facts.peers = applicants();
    facts.book = book_;
    facts.steward.clear();
    if (!steward_) return;
    facts.steward = steward_->uuid;
    if (facts.steward == facts.me && steward_created() != term) facts.steward += " before";
}

Revision SeatRegister::modified(const std::string& key) const {
    const auto found = records_.find(key);
    return found == records_.end() ? 0 : found->second.modified;
}

Revision SeatRegister::settings_modified() const {
    return modified(keys::seat_settings());
}

Revision SeatRegister::book_modified() const {
    return modified(keys::seat_book());
}

Revision SeatRegister::steward_created() const {
    const auto found = records_.find(keys::seat_steward());
    return found == records_.end() ? 0 : found->second.created;
}

std::string SeatRegister::voters_text() const {
    const auto found = records_.find(keys::seat_voters());
    return found == records_.end() ? std::string{} : found->second.value;
}

// A record of somebody else who had the name says nothing about who has it now.
bool SeatRegister::is_leaving(const std::string& host) const {
    const auto asked = leaving_.find(host);
    const auto name = names_.find(host);
    return asked != leaving_.end() && name != names_.end() &&
           asked->second.uuid == name->second.uuid;
}

std::map<std::string, Sighting> SeatRegister::sightings() const {
    std::map<std::string, Sighting> seen;
    for (const auto& [key, sighting] : sightings_) seen.insert_or_assign(sighting.uuid, sighting);
    return seen;
}

}  // namespace hansa
