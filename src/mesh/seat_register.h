// What the store says about seats, kept up to date from readings and events: who has joined and
// what it offers, the book, the settings, the steward's key, and what agents of voters see. Pure.
//
// Records that cannot be read count as absent, and are told of once each.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "mesh/identity.h"
#include "mesh/seat_facts.h"
#include "mesh/seat_records.h"
#include "mesh/store.h"

namespace hansa {

class SeatRegister {
 public:
    // Everything below `prefix`, which is keys::names(), keys::peers() or keys::seats(), in place
    // of what was there.
    void replace(const std::string& prefix, const Reading& reading);
    void apply(const EventBatch& batch);  // of any of them

    // Whether a full reading below that prefix says the same, `touched` aside.
    bool agrees(const std::string& prefix, const Reading& reading,
                const std::set<std::string>& touched) const;

    // Fills in peers, book, ideal and steward. `term`: the create revision of the steward's key if
    // this process wrote it, 0 otherwise: a key of an earlier life of ours is somebody else's.
    void fill(SeatFacts& facts, Revision term) const;

    const SeatSettings& settings() const { return settings_; }
    const std::map<std::string, NameRecord>& names() const { return names_; }  // by host
    const std::map<std::string, PeerRecord>& peers() const { return peers_; }  // that live, by host
    const std::optional<StewardRecord>& steward() const { return steward_; }
    Revision settings_modified() const;  // 0: there are none
    Revision book_modified() const;      // 0: there is none
    Revision steward_created() const;
    std::map<std::string, Sighting> sightings() const;  // by uuid
    bool is_leaving(const std::string& host) const;     // it is to be removed
    bool has_settings() const { return has_settings_; }
    std::string voters_text() const;  // empty: none stands there

    // What could not be read since the last call, for people.
    std::vector<std::string> take_faults() { return std::exchange(faults_, {}); }

 private:
    void take(const Record& record);
    void drop(const std::string& key);
    std::vector<SeatApplicant> applicants() const;
    Revision modified(const std::string& key) const;

    std::map<std::string, Record> records_;
    std::map<std::string, NameRecord> names_;       // by host
    std::map<std::string, PeerRecord> peers_;       // by host
    std::map<std::string, SeatOffer> offers_;       // by uuid; outlives the leased record
    std::map<std::string, Sighting> sightings_;     // by key
    std::map<std::string, LeavingRecord> leaving_;  // by host
    SeatSettings settings_;
    bool has_settings_ = false;
    std::optional<StewardRecord> steward_;
    SeatBook book_;
    std::vector<std::string> faults_;
};

}  // namespace hansa
