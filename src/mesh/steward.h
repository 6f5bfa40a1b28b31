// Carries out, one step at a time, what decide() says about seats (seat_step.h).
//
// One runs in the agent beside each member of the store while that member is a voter. Each tick it
// reads the members afresh and asks every one of them for its status; tells the others whom it
// cannot reach; and, if its own member leads, decides and acts, and takes care of the store where
// nothing is to be done about seats (upkeep.h). Nothing rests on being the only
// one that does: what is written compares the steward's key and the book, and a call is made only
// after everything that speaks for it was read once more.
//
// Cost: a reading of the list and a status of each member, each tick; while nothing changes nothing
// is written but the time, once a minute. The names and leased records of all peers are followed,
// not polled, by the agent of each voter: whoever comes to lead decides at once.
//
// Owned by the agent. Loop thread only; never blocks.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/host.h"
#include "mesh/caretaker.h"
#include "mesh/follower.h"
#include "mesh/lifeline.h"
#include "mesh/seat_register.h"
#include "mesh/seat_step.h"
#include "report/report.h"

namespace hansa {

// Whether what was decided is to be told anew in the steward's record: other words, or after a
// while other numbers. Pure.
bool is_news(const StewardRecord& told, const SeatStep& step, Milliseconds wall);

class Steward {
 public:
    struct Ports {
        Loop& loop;
        Store& store;
        Electorate& electorate;
        Random& random;
        Report& report;
    };

    struct Self {
        HostName host;
        std::string uuid;
        std::string endpoint;  // where the member beside us serves clients
    };

    // Every port must outlive it. Begins at once. `settings` are written where there are none.
    Steward(Ports ports, Self self, SeatSettings settings);
    ~Steward();

    // What was last decided, and from what.
    const SeatStep& step() const { return step_; }
    const SeatFacts& facts() const { return facts_; }
    bool leads() const;  // its member does

    void store_is(StoreStatus::State state);

 private:
    struct Round;  // one reading of everything

    void follow();
    void hold_lease();
    void tick();
    void tick_later();
    void look_again();
    void read(std::function<void()> then);
    void on_list(const std::shared_ptr<Round>& round, Answer<std::vector<MemberInfo>> answer);
    void ask_each(const std::shared_ptr<Round>& round);
    void weigh(Round& round);
    bool is_due_to_tell(const SeatMember& member, Instant now);
    void observe(const Round& round);
    void tell_sighting();
    void put_settings();

    void decide_now();
    void act();
    void keep_up();
    void campaign();
    void resign();
    void write(const SeatBook& book);
    void call(const SeatOrder& order);
    void move_leader(MemberId target);
    void acted(const char* doing, const Result<void>& done);
    void tell_all();
    void commit(const char* doing, Transaction transaction);
    void tell();
    void tell_voters();
    std::vector<VoterPlace> voters() const;

    Ask ask(Duration limit) const { return {self_.endpoint, limit}; }
    bool is_voter(const std::string& uuid) const;
    std::string uuid_of(const MemberInfo& member) const;

    const Ports ports_;
    const Self self_;
    const SeatSettings settings_;

    SeatRegister register_;
    std::vector<std::unique_ptr<Follower>> followers_;
    std::optional<HealthBook> health_;
    SeatTiming timing_;  // of `health_`
    SeatFacts facts_;
    SeatStep step_;
    std::string told_;
    bool condemned_ = false;  // as this host was told about its own member
    std::vector<std::string> watched_;
    std::map<MemberId, Instant> voters_since_;     // as far as we have seen
    std::map<std::string, std::uint32_t> misses_;  // in a row, by uuid
    std::map<MemberId, MemberStatus> statuses_;    // of those that answered the last reading
    std::string sighting_;                         // as it was put
    StewardRecord record_;                         // likewise
    bool telling_ = false;
    Instant clock_due_{};  // in this term, to be told again
    LeaseId lease_ = 0;
    Revision term_ = 0;  // create revision of the steward's key, while it is ours
    bool reading_ = false;
    bool acting_ = false;
    std::string trouble_;

    Caretaker caretaker_;
    Held lease_kept_;
    Held timer_;
    Lifeline lifeline_;
};

}  // namespace hansa
