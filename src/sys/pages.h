// Pages over plain HTTP for programs that read them, as a monitoring system reads /metrics. Shows
// and never takes: GET and HEAD, no body, one answer a connection.
//
// Loop thread only; never blocks. Real: sys/linux.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "base/host_port.h"
#include "base/result.h"
#include "base/time.h"
#include "sys/loop.h"

namespace hansa {

struct Page {
    unsigned status = 200;
    std::string type = "text/plain; charset=utf-8";
    std::string body = {};
};

struct PageLimits {
    std::size_t request_max = 8 * 1024;  // bytes, of line and headers
    Duration time = Seconds{5};          // for a whole exchange
    std::size_t clients_max = 16;        // at once; more are turned away
};

class Pages {
 public:
    // The page at a path such as "/metrics"; what follows a '?' is cut off.
    using Show = std::function<Page(const std::string& path)>;

    struct Served {
        Held held;  // its end closes the port
        std::uint16_t port = 0;
    };

    virtual ~Pages() = default;

    // Port 0 of `at`: a free one. Code::conflict when the port is taken, Code::invalid for a host
    // that is not ours.
    virtual Result<Served> serve(const HostPort& at, Show show, PageLimits limits = {}) = 0;
};

}  // namespace hansa
