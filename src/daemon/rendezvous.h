// Where hosts that found a cluster together (--expect) meet before there is one: each listens where
// its etcd will serve clients, asks the others, and one of them founds (mesh/founding.h).
//
// Both sides show certificates of one authority and are checked against it; neither says anything
// before. Owned by StoreLink; loop thread only. Its port is closed before on_found is called, and
// when it ends.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/host_port.h"
#include "mesh/founding.h"
#include "mesh/lifeline.h"
#include "report/report.h"
#include "sys/secure_sockets.h"
#include "trust/key_set.h"

namespace hansa {

class Rendezvous {
 public:
    struct Ports {
        Loop& loop;
        SecureSockets& sockets;
        Report& report;
    };
    struct Wishes {
        FounderWord me;
        HostPort listen;               // where our etcd will serve clients
        std::vector<HostPort> others;  // of all that found together but us
    };
    struct Events {
        std::function<void()> on_found;       // ours is to found; the port is free
        std::function<void()> on_store;       // a store of ours serves at one of them: to be joined
        std::function<void(Error)> on_fatal;  // once: an operator must look
    };
    using Mine = std::function<const Credentials&()>;

    Rendezvous(Ports ports, Wishes wishes, Mine mine, Events events);

    // Code::unavailable when the port is taken, Code::invalid for an address that is not ours.
    Result<void> start();

    // Somebody has founded, or we end.
    void stop();

 private:
    void ask_all();
    void ask(const HostPort& at);
    void heard(const std::string& address, Result<std::string> answer);
    void settle();
    void end_with(std::function<void()> end);
    Result<std::vector<Certificate>> judge(const std::string& chain_pem) const;
    Result<void> judge_asked(const std::string& chain_pem);
    TlsIdentity identity() const;

    const Ports ports_;
    const Wishes wishes_;
    const Mine mine_;
    const Events events_;
    std::map<std::string, std::optional<FounderWord>> heard_;  // by address
    std::map<std::string, Held> asking_;
    std::string told_;
    SecureSockets::Served served_;
    Held timer_;
};

}  // namespace hansa
