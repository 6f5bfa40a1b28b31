// A machine without an identity: asks an authority for its first certificate, with a join token.
//
// Owned by Node; loop thread only; never blocks. Asks until somebody answers; what nobody can
// change by waiting (a token that is used up, an authority of another cluster) ends it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/host_port.h"
#include "base/random.h"
#include "mesh/backoff.h"
#include "report/report.h"
#include "sys/secure_sockets.h"
#include "trust/enrolment.h"

namespace hansa {

// Where to ask with this token: its own addresses, then the usual port of each seed's host.
std::vector<HostPort> places_to_ask(const std::vector<std::string>& addresses,
                                    const std::vector<std::string>& seeds);

class Joiner {
 public:
    struct Ports {
        Loop& loop;
        SecureSockets& sockets;
        Random& random;
        Report& report;
    };
    struct Wishes {
        Token token;
        std::vector<HostPort> places;
        std::string name;
        std::string uuid;
        PrivateKey key;  // kept on disk by the caller: the same key again is the same use
    };
    // Code::denied: refused, with the authority's words. Called once, never from within start().
    using Done = std::function<void(Result<Grant>)>;

    Joiner(Ports ports, Wishes wishes, Done done)
        : ports_(ports), wishes_(std::move(wishes)), done_(std::move(done)) {}

    void start() { ask(); }

 private:
    void ask();
    void answered(Result<Grant> grant);
    void again(const std::string& why);

    Ports ports_;
    Wishes wishes_;
    Done done_;
    Backoff backoff_{{.first = Milliseconds{250}, .max = Milliseconds{15'000}}};
    std::string told_;
    Held asking_;
    Held timer_;
};

}  // namespace hansa
