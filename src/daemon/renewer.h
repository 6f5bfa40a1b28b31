// Renews this host's certificate in time, through the enrolment port of its authority.
//
// Owned by Node; loop thread only; never blocks. Asks at two thirds of the life, spread over a
// twelfth of it so that hosts that joined together do not ask together; after a failure again
// and again, saying how much time is left. The same key all the time.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/host_port.h"
#include "base/random.h"
#include "mesh/backoff.h"
#include "report/report.h"
#include "sys/secure_sockets.h"
#include "trust/enrolment.h"

namespace hansa {

// The present certificate and what is needed to ask for the next.
struct Renewable {
    std::string chain_pem;  // leaf first, without the root
    std::string root_pem;
    PrivateKey key;
    std::vector<HostPort> places;
};

// When to ask for the next one: `spread` in [0, 1) says where in the time that is left for it.
WallTime renewal_due(const Certificate& leaf, double spread);

// Between attempts: for a day's certificate from 1 s to half an hour, for a short one less.
Backoff::Times renewal_pauses(const Certificate& leaf);

// The wall clock may be set, and the machine may sleep: it is looked at again that often.
inline constexpr Duration renewal_glance = Seconds{600};

// "expires in 3 h", "expired 2 min ago; …": what a person must know when no renewal comes.
std::string time_left(const Certificate& leaf, WallTime now);

class Renewer {
 public:
    struct Ports {
        Loop& loop;
        SecureSockets& sockets;
        Random& random;
        Report& report;
    };
    // Keeps a new certificate where the next start finds it.
    using Renewed = std::function<Result<void>(const Grant&)>;

    // `renewed` is called with each new certificate, again and again until it is kept: then it is
    // the present one.
    Renewer(Ports ports, Renewed renewed) : ports_(ports), renewed_(std::move(renewed)) {}

    // Code::invalid when the chain cannot be read. May be called again with another one.
    Result<void> keep(Renewable present);

    // The store does not accept the present one: asks at once, but no more often than each 30 s.
    // `refused` is called when the authority says that this host was revoked, with its words; no
    // other refusal ends anything, since it may pass or be a stranger's. REQUIRES: keep() was
    // called.
    void doubt(std::function<void(const Error&)> refused);

 private:
    void wait();
    void ask();
    void answered(Result<Grant> grant);
    void take(Grant grant);
    void failed(const std::string& why);
    void again(const std::string& what, Action action);

    Ports ports_;
    Renewed renewed_;
    std::optional<Renewable> present_;
    std::optional<Certificate> leaf_;
    WallTime due_;
    Backoff backoff_;
    Held asking_;
    Held timer_;
    std::function<void(const Error&)> refused_;  // empty: this is no question of doubt()
    Instant next_doubt_ = Instant::min();
    bool taking_ = false;  // a certificate that was granted, and cannot be kept yet
};

}  // namespace hansa
