// Questions and answers between machines, over TLS: one question and one answer a connection.
//
// The port moves bytes and lets each side prove that it holds the key of the certificate it shows;
// it trusts nobody. Who asks is given the other side's chain before anything of its own leaves and
// says whether that is the right one. Who serves is given the asker's chain, if it showed one, and
// judges it as it judges the question: neither is worth anything before.
// Real: sys/linux (OpenSSL, TLS 1.3 only). Simulated: sys/sim. Loop thread only; never blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/host_port.h"
#include "base/result.h"
#include "base/time.h"
#include "sys/loop.h"

namespace hansa {

struct TlsIdentity {
    std::string chain_pem;  // leaf first; as far up as the other side shall see
    std::string key_pem;    // of the leaf; a secret
};

struct SecureLimits {
    std::size_t question_max = 64 * 1024;  // bytes
    std::size_t answer_max = 256 * 1024;   // bytes
    Duration time = Seconds{5};            // for the whole exchange with one address
    std::size_t clients_max = 64;          // at once; see Unheard
};

struct SecurePeer {
    std::string address;    // HOST:PORT, as the kernel tells it
    std::string chain_pem;  // leaf first; empty: it showed none
};

// Why a client went without its question being heard.
enum class Unheard {
    silent,       // its time was up
    gave_way,     // it was the oldest that had not asked yet when all places were taken
    turned_away,  // all places were taken by clients that had asked
    broken,       // it left, or spoke something else
};

class SecureSockets {
 public:
    // Gives the answer to the other end; any time later, once. An empty one hangs up.
    using Answer = std::function<void(std::string text)>;
    using Handler = std::function<void(const SecurePeer& peer, std::string question, Answer)>;
    // Asked for each client, so that a renewed certificate needs no new port.
    using Identity = std::function<TlsIdentity()>;
    // Told of each such client, where it came from. May be empty.
    using Lost = std::function<void(const std::string& address, Unheard why)>;
    // Whether the one with this chain may hear our question.
    using Judge = std::function<Result<void>(const std::string& chain_pem)>;
    using Done = std::function<void(Result<std::string> answer)>;

    struct Service {
        Identity identity;
        Handler handler;
        SecureLimits limits = {};
        Lost lost = {};
    };
    struct Served {
        Held held;  // its end closes the port and hangs up on everybody
        std::uint16_t port = 0;
    };

    struct Question {
        std::vector<HostPort> addresses;      // tried in this order until one answers
        std::string text;                     // at most question_max bytes
        std::optional<TlsIdentity> identity;  // ours, for a server that wants to know
        Judge judge;
        SecureLimits limits = {};
    };

    virtual ~SecureSockets() = default;

    // Port 0 of `at`: a free one. Code::conflict when the port is taken, Code::invalid for a host
    // that is not ours.
    virtual Result<Served> serve(const HostPort& at, Service service) = 0;

    // Calls `done` once, later, unless the handle is gone by then. Code::denied when no answer
    // came and a judge refused somebody, with the judge's words; else Code::unavailable.
    [[nodiscard]] virtual Held ask(Question question, Done done) = 0;
};

}  // namespace hansa
