// How a host that is dead for good is taken out of the cluster (`hansa peers remove`): its seat is
// given away first, then its name, key set and exports go in one transaction.
//
// Like leaving.h it is asked again and again, and each question is one step. What is kept between
// them stands in the store (keys::seat_leaving()): a host that is to be removed counts as one that
// wants no seat, and the steward does the rest. So a command that is broken off may be given again,
// on any host; and the host itself takes the wish back by coming back.
//
// Whoever lives is never removed: its agent would claim the name again at once.
//
// Owned by ClusterDesk. Loop thread only; never blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "daemon/survey.h"
#include "sys/sockets.h"

namespace hansa {

struct RemovalStep {
    enum class Do {
        nothing,  // it cannot be done; `says` why
        ask,      // record the wish, and look again
        wait,     // it is recorded; look again
        go,
    };
    Do what = Do::nothing;
    std::string says = {};  // for people
    NameRecord name = {};   // of the host; not for `nothing`
    Revision name_modified = 0;
    std::string seat = {};  // "voter", "learner", or "-"
};

// Pure.
RemovalStep decide_removal(const ClusterReading& reading, const std::string& host);

class Removal {
 public:
    struct Ports {
        Loop& loop;
        Store& store;
        std::function<void(Survey::Done)> survey;
    };

    // `loop` and `store` must outlive it. `me`: whose agent is asked.
    Removal(Ports ports, std::string me) : ports_(std::move(ports)), me_(std::move(me)) {}

    // One step. {"state": "seat", "says": …} a second later, {"state": "removed", …}, or
    // {"error": …}.
    void ask(const std::string& host, Sockets::Answer answer);

    // {"state": "plan", …}: what would go. Changes nothing.
    void tell(const std::string& host, Sockets::Answer answer);

 private:
    // What stands in the store of a host.
    struct Belongings {
        std::size_t exports = 0;
        std::size_t records = 0;  // with its name
    };
    using Counted = std::function<void(Result<Belongings>)>;
    using Then = std::function<void(const RemovalStep&, Sockets::Answer)>;

    void decide(const std::string& host, Sockets::Answer answer, Then then);
    void record(const RemovalStep& step, Sockets::Answer answer);
    void wait(const RemovalStep& step, Sockets::Answer answer);
    void count(const std::string& host, Counted then);
    void go(const RemovalStep& step, const Belongings& had, Sockets::Answer answer);

    const Ports ports_;
    const std::string me_;
    std::map<std::uint64_t, Held> pauses_;  // of those who are to ask again
    std::uint64_t last_pause_ = 0;
    Lifeline lifeline_;
};

}  // namespace hansa
