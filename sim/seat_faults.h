// What befalls the machines of a simulated fleet: drawn from a seed, one independent of the others,
// so that any of them can be left out when a failing seed is made smaller.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "seat_agent.h"

namespace hansa {

enum class SeatFault {
    crash,  // a machine, with its agent and its etcd
    crash_leader,
    kill_etcd,    // alone; its agent starts it again
    lose_domain,  // all machines of a top-level domain
    isolate,      // one machine, both ways
    deafen,       // nothing reaches a machine
    mute,         // nothing of a machine reaches anybody
    split,        // the fleet, in two
    cut_pair,     // two machines, one way
    stop_agent,   // SIGSTOP, while its etcd runs on
    stop_steward,
    stop_in_call,  // of whoever is about to change the member list
    pause,         // a machine, with its agent and its etcd
    pause_leader,
    wipe,          // the data of a voter, of which its etcd ends; its marker stays
    wipe_all,      // the marker too, while its machine is down
    copy_host,     // all of it is replaced by what another voter has
    copy_cluster,  // or by what a member of another cluster had
    lame,          // an etcd that does not start
    slow,          // a machine that copies slowly
    storm,         // a machine that restarts once a second
    resize,        // the ideal number of seats; stays
    refuse,        // a peer wants no seat
    join,          // one more peer; stays
    leave,         // a peer is removed for good
    fill,          // the store is full
    bloat,         // files are large and mostly free
    corrupt,       // one voter holds other data
    stray,         // somebody adds a learner by hand
    succession,    // a voter dies for good while a learner copies the store
};
inline constexpr int seat_faults = 30;

struct SimSeatFault {
    SeatFault what = SeatFault::crash;
    Duration at{};  // after the beginning
    Duration lasts{};
    std::uint64_t pick = 0;  // of a host, a number and so on
};

std::string text_of(const SimSeatFault& fault);

// So many faults within `time`, each over before its end.
std::vector<SimSeatFault> draw_faults(std::uint64_t seed, std::size_t count, Duration time,
                                      const SeatTiming& timing);

// Applies the faults of a list as time passes, and undoes them.
class SeatFaultBringer {
 public:
    SeatFaultBringer(SeatWorld& world, SimEtcd& etcd, std::vector<SimSeatAgent>& agents,
                     std::vector<SimSeatFault> faults);

    // Called for every host that joins.
    std::function<void(std::size_t host)> joined;
    // Called with everything that begins.
    std::function<void(SeatFault what)> begun;

    void step();
    void heal();  // everything that is left

    std::uint64_t applied() const { return applied_; }
    // Of those that end by themselves.
    bool has_open() const { return !endings_.empty(); }

 private:
    struct Ending {
        Instant at;
        std::function<void()> end;
    };

    // False: not possible now; some are tried again, others left out.
    bool begin(const SimSeatFault& fault);
    bool befall_host(const SimSeatFault& fault);
    bool befall_lines(const SimSeatFault& fault);
    bool stop(std::size_t host, const SimSeatFault& fault);
    bool pause(std::size_t host, const SimSeatFault& fault);
    bool crash_all(const std::vector<std::size_t>& hosts, const SimSeatFault& fault);
    bool change_directory(std::size_t host, const SimSeatFault& fault);
    bool copy_host(std::size_t host, std::uint64_t pick);
    bool leave(std::size_t host);
    bool fill(const SimSeatFault& fault);
    bool bloat(std::size_t host, const SimSeatFault& fault);
    bool corrupt(std::size_t host);
    bool stray(std::uint64_t pick);
    bool succession(const SimSeatFault& fault);
    void storm(std::size_t host, const SimSeatFault& fault);
    // Voters whose data is there and will be back, besides `without`, are a majority.
    bool can_spare(std::size_t without) const;
    std::size_t some_host(std::uint64_t pick) const;  // often one that holds a seat
    void ends(const SimSeatFault& fault, std::function<void()> end);

    SeatWorld& world_;
    SimEtcd& etcd_;
    std::vector<SimSeatAgent>& agents_;
    std::vector<SimSeatFault> faults_;  // by time, those to come
    std::vector<Ending> endings_;
    const Instant began_;
    std::uint64_t cuts_ = 0;
    std::uint64_t applied_ = 0;
};

}  // namespace hansa
