// A TCP socket that listens.
#pragma once

#include <cstdint>

#include "base/host_port.h"
#include "base/result.h"
#include "sys/linux/fd.h"

namespace hansa {

struct Listener {
    Fd socket;  // does not block
    std::uint16_t port = 0;
};

// Port 0: a free one. Code::conflict when the port is taken, Code::invalid for a host that is not
// ours. REQUIRES: `at` is numeric or a name of this machine: it is looked up here and now.
Result<Listener> listen_at(const HostPort& at);

}  // namespace hansa
