// Holds a simulated fleet against the invariants of seats.md section 5 that concern seats: 2, 3, 5,
// 6, 7, 9, 12, 13, 14, 18, and that no call takes the majority away. It looks at the machines
// themselves, not at what agents believe.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "seat_agent.h"
#include "seat_history.h"

namespace hansa {

struct SeatCounts {
    std::uint64_t calls = 0;
    std::uint64_t refused = 0;
    std::uint64_t late = 0;
    std::uint64_t seated = 0, unseated = 0, undone = 0;
    std::uint64_t quorum_lost = 0;  // steps without a majority
    std::uint64_t steps = 0;
    std::uint64_t alarms = 0;

    std::uint64_t role_changes() const { return seated + unseated; }
    SeatCounts& operator+=(const SeatCounts& other);
};

class SeatChecker {
 public:
    SeatChecker(const SeatWorld& world, const SimEtcd& etcd, const SeatHistory& history)
        : world_(world), etcd_(etcd), history_(history) {}

    void before_call(const SimCall& call);
    void after_call(const SimCall& call);
    void after_step();

    // Empty: all is well.
    const std::string& violation() const { return violation_; }
    const SeatCounts& counts() const { return counts_; }
    Instant last_call() const { return last_call_; }

 private:
    void violated(const std::string& what);
    void check_pace(const SimCall& call);
    void check_removal(const SimCall& call);
    void note_role(std::size_t host);
    void check_learner();
    void check_alarm();
    bool lags_without(const SimSeatMember& leaver) const;
    void check_eviction(const SimCall& call);
    void check_promotion(const SimCall& call);
    bool is_live(const SimSeatMember& member) const;
    // And has been for long enough that the steward may know.
    bool is_known_live(const SimSeatMember& member) const;
    std::size_t live_voters() const;

    const SeatWorld& world_;
    const SimEtcd& etcd_;
    const SeatHistory& history_;
    std::string violation_;
    SeatCounts counts_;
    bool could_elect_ = true;
    bool target_was_live_ = false;
    bool target_was_learner_ = false;
    bool target_was_odd_ = false;
    bool target_may_stay_ = false;  // it has its data, and wants its seat
    std::optional<Instant> target_away_since_;
    bool rest_lags_ = false;  // a majority of those that stay lacks much of what was written
    std::optional<Instant> change_ended_;
    bool was_first_half_ = false;  // the last call, of a replacement
    std::optional<Instant> late_at_;
    Instant last_call_{};
    MemberId attended_ = 0;  // a learner, by one steward without a pause, since then
    std::size_t attended_by_ = 0;
    Instant attended_since_{};
    std::size_t target_host_ = 0;
    MemberId cleared_by_ = 0;  // whose agent could clear an alarm, without a pause, since then
    Instant cleared_since_{};
    std::set<MemberId> added_;  // by a call
    std::map<std::size_t, std::deque<Instant>> roles_;
    std::map<std::size_t, Instant> live_since_;  // by host
    // The same of members that are not live, or only for a moment.
    std::map<std::size_t, Instant> away_since_;
};

}  // namespace hansa
