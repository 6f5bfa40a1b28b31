// SecureSockets over OpenSSL and non-blocking TCP sockets. Names are looked up by a worker; the
// first addresses_of_name_max of a name's addresses are tried in the order that the look-up gives.
#pragma once

#include "sys/linux/loop.h"
#include "sys/secure_sockets.h"
#include "sys/task.h"

namespace hansa {

inline constexpr std::size_t addresses_of_name_max = 8;

// What a name stands for, as numeric addresses; at least one. Blocking.
using LookUp = std::function<Result<std::vector<HostPort>>(const HostPort& name)>;
Result<std::vector<HostPort>> look_up(const HostPort& name);

class LinuxSecureSockets final : public SecureSockets {
 public:
    // Both must outlive the sockets and every handle.
    LinuxSecureSockets(LinuxLoop& loop, Workers& workers, LookUp names = &look_up)
        : loop_(loop), workers_(workers), names_(std::move(names)) {}

    Result<Served> serve(const HostPort& at, Service service) override;
    [[nodiscard]] Held ask(Question question, Done done) override;

 private:
    LinuxLoop& loop_;
    Workers& workers_;
    LookUp names_;
};

}  // namespace hansa
