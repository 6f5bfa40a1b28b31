// Machines, the lines between them and the faults of both, for simulations of seats.
//
// Plain state with simulated time; who acts on it is SimEtcd (the members) and SimSeatAgent (the
// agents). Hosts are numbered; a host has an agent, and perhaps an etcd process with data.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "mesh/member_marker.h"
#include "mesh/seat_facts.h"

namespace hansa {

// An etcd process of a host and the data below it, which outlives it.
struct SimProcess {
    bool running = false;
    MemberId data_of = 0;           // whose data is there; 0: none
    bool of_other_cluster = false;  // that data
    std::uint64_t index = 0;        // how far its log reaches
    std::uint64_t bytes = 0;        // of its file
    bool is_odd = false;            // its copy differs from what the log says
    std::optional<Instant> starts;
    std::optional<Instant> busy_until;         // its file is written anew: it answers nobody
    std::optional<Instant> copied;             // a learner: when it has all of the store
    std::map<MemberId, Instant> active_since;  // its connections to the other members

    bool is_busy() const { return busy_until.has_value(); }
};

struct SimHost {
    std::string uuid;
    std::vector<std::string> domain;
    SeatWish wish = SeatWish::yes;
    Instant wish_since;
    std::int64_t weight = 0;
    bool registered = true;
    bool up = true;
    bool agent_stopped = false;
    bool paused = false;     // all its processes are stopped; whoever is connected hears nothing
    bool data_lost = false;  // its agent says: the marker tells of data, and there is none
    bool lame = false;       // its etcd does not start
    std::uint64_t rate = 0;  // entries a second that it can copy; 0: no limit
    Milliseconds clock_offset{0};
    std::uint64_t lives = 1;             // of the agent
    Instant lease_until;                 // of its record
    std::optional<MemberMarker> marker;  // beside the data
    SimProcess etcd;

    bool agent_runs() const { return up && !agent_stopped && !paused; }
    bool etcd_runs() const { return etcd.running && !paused; }
};

// Nothing passes from any of `from` to any of `to`.
struct SimCut {
    std::uint64_t id = 0;
    std::vector<bool> from, to;
};

struct SeatWorldOptions {
    std::size_t hosts = 5;
    std::size_t domains = 3;  // top-level ones; 0: none is named
    bool racks = false;
    std::size_t ideal = 3;
    SeatTiming timing = default_timing();
    std::uint64_t writes_per_second = 0;
    std::uint64_t store_bytes = 0;
};

inline constexpr const char* sim_cluster = "c1";
// A host's wall clock is off by up to this.
inline constexpr Milliseconds clock_skew_max{5000};

class SeatWorld {
 public:
    SeatWorld(const SeatWorldOptions& options, std::uint64_t seed);

    bool passes(std::size_t from, std::size_t to) const;
    bool linked(std::size_t a, std::size_t b) const { return passes(a, b) && passes(b, a); }

    std::optional<std::size_t> host_of(const std::string& uuid) const;
    std::size_t registered_for_seats() const;
    std::string age() const { return readable(now - began); }  // for people

    // The agent, and with it its etcd, die; data stays.
    void crash(std::size_t host);
    void start(std::size_t host);

    std::size_t join(const SeatWorldOptions& options);  // one more host

    const SeatWorldOptions options;
    SeededRandom random;
    std::vector<SimHost> hosts;
    std::vector<SimCut> cuts;
    std::size_t ideal;
    // So no point of time is near that of an Instant that was never set.
    static constexpr Instant began{Seconds{1000}};
    Instant now = began;
};

}  // namespace hansa
