// Sockets of this machine: questions and answers between its processes, and TCP ports.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "sys/files.h"
#include "sys/loop.h"

namespace hansa {

// The process at the other end, as the kernel tells it (unix(7), SO_PEERCRED, SO_PEERGROUPS).
struct LocalPeer {
    int pid = 0;
    UserId user = static_cast<UserId>(-1);  // which no account has: not known
    std::vector<GroupId> groups;            // all of it
};

struct AskLimits {
    std::size_t question_max = 64 * 1024;             // bytes
    std::size_t answer_max = std::size_t{256} << 20;  // bytes
    Duration time = Seconds{5};                       // for the whole exchange
    std::size_t clients_max = 64;                     // at once; more are turned away
};

class Sockets {
 public:
    // Gives the answer to the other end; any time later, once, on the loop thread.
    using Answer = std::function<void(std::string text)>;
    using Handler = std::function<void(const LocalPeer& peer, std::string question, Answer answer)>;

    virtual ~Sockets() = default;

    // Listens at `path`, mode 0600, or 0660 for `group`; a socket left there by a dead process is
    // replaced, one that answers is Code::conflict. One question and one answer a connection. The
    // file goes with the handle. Loop thread only.
    [[nodiscard]] virtual Result<Held> serve(const std::string& path, Handler handler,
                                             std::optional<GroupId> group = {}) = 0;

    // Asks whoever serves at `path` and waits. Code::missing when nobody serves there,
    // Code::unavailable when no answer comes in time, Code::denied when we may not. Blocking; any
    // thread.
    virtual Result<std::string> ask(const std::string& path, const std::string& question,
                                    const AskLimits& limits = {}) = 0;

    // A TCP port of 127.0.0.1 that was free a moment ago.
    virtual Result<std::uint16_t> free_port() = 0;

    // Whether a TCP server could listen at host:port now; the text of Code::conflict names the
    // process that does, where it can be known.
    virtual Result<void> port_is_free(const std::string& host, std::uint16_t port) = 0;
};

}  // namespace hansa
