// A client of the simulated store: a peer that writes four times a second and follows what is
// written, by way of one voter at a time.
//
// Which endpoint comes first, how long it may be silent and when the next round begins are the real
// rules (mesh/endpoints.h, mesh/backoff.h) with the real times (mesh/etcd/options.h); the
// connection itself is a model of mesh/etcd/link.h.
#pragma once

#include <optional>
#include <vector>

#include "mesh/etcd/options.h"
#include "seat_etcd.h"
#include "seat_world.h"

namespace hansa {

class SimSeatClient {
 public:
    SimSeatClient(const SeatWorld& world, SimEtcd& etcd, std::size_t host);

    // Once a step of the world, whatever state the host is in.
    void step();

    std::size_t host() const { return host_; }
    bool is_connected() const { return on_.has_value(); }
    Instant acknowledged() const { return acknowledged_; }  // the last write
    Instant viewed() const { return viewed_; }              // anything new, last
    // All voters that it knew gave their seats up while it was away, or the only one while it
    // rested: a person has to tell it another.
    bool is_stranded() const;
    // For people: whom it knows, and whom it is connected to.
    std::string situation() const;
    // Endpoints that it knows and that would leave it waiting.
    std::size_t silent_endpoints() const;

 private:
    enum class Reply { refused, silent, no_leader, good };

    Reply reply_of(std::size_t host) const;
    void begin_life();
    void connect();
    void watch_endpoint();
    void leave();
    void read_members();
    void use();

    const SeatWorld& world_;
    SimEtcd& etcd_;
    const std::size_t host_;
    const EtcdTimes times_;
    SeededRandom random_;
    std::uint64_t life_ = 0;
    std::vector<std::size_t> endpoints_;  // hosts, the best first
    std::size_t next_ = 0;
    std::size_t tried_ = 0;   // in this round
    std::size_t rounds_ = 0;  // in vain, since an endpoint was good
    std::optional<std::size_t> on_;
    std::optional<Instant> dialled_;  // who is silent so far
    std::optional<Instant> leaderless_;
    Instant heard_, rests_until_, down_since_, next_write_, next_list_;
    Instant acknowledged_, viewed_;
    std::uint64_t seen_ = 0;
};

}  // namespace hansa
