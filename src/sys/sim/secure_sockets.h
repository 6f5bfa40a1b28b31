// A network in memory between the hosts of a simulation, for SecureSockets.
//
// Who shows a chain is believed to hold its key: what a stolen certificate without its key is
// worth is tested on the real side. Owned by the test; the loop outlives it, and it outlives every
// SimSecureSockets and every handle. Loop thread only.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "sys/secure_sockets.h"
#include "sys/sim/loop.h"

namespace hansa {

enum class NetworkFault {
    refuse,        // as if nobody listened there
    silent,        // nothing arrives, nothing comes back
    lose_answers,  // questions arrive, answers do not
};

class SimNetwork {
 public:
    explicit SimNetwork(SimLoop& loop, Duration latency = Milliseconds{1})
        : loop_(loop), latency_(latency) {}

    void set_fault(const HostPort& at, NetworkFault fault) { faults_[at.text()] = fault; }
    void heal(const HostPort& at) { faults_.erase(at.text()); }

 private:
    friend class SimSecureSockets;
    friend class SimAsking;
    struct Server;
    struct Port;

    SimLoop& loop_;
    Duration latency_;
    std::map<std::string, NetworkFault> faults_;              // by address
    std::map<std::string, std::shared_ptr<Server>> servers_;  // shared with late answers
    std::uint16_t next_port_ = 40'000;
};

// One host's side of it.
class SimSecureSockets final : public SecureSockets {
 public:
    SimSecureSockets(SimNetwork& network, std::string address)
        : network_(network), address_(std::move(address)) {}

    Result<Served> serve(const HostPort& at, Service service) override;
    [[nodiscard]] Held ask(Question question, Done done) override;

 private:
    SimNetwork& network_;
    std::string address_;  // that servers see
};

}  // namespace hansa
