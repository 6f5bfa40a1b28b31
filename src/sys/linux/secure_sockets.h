// SecureSockets over OpenSSL and non-blocking TCP sockets. Names are looked up by a worker.
#pragma once

#include "sys/linux/loop.h"
#include "sys/secure_sockets.h"
#include "sys/task.h"

namespace hansa {

class LinuxSecureSockets final : public SecureSockets {
 public:
    // Both must outlive the sockets and every handle.
    LinuxSecureSockets(LinuxLoop& loop, Workers& workers) : loop_(loop), workers_(workers) {}

    Result<Served> serve(const HostPort& at, Service service) override;
    [[nodiscard]] Held ask(Question question, Done done) override;

 private:
    LinuxLoop& loop_;
    Workers& workers_;
};

}  // namespace hansa
