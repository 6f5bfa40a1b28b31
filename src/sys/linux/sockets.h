// Local questions and answers over unix(7) stream sockets; TCP ports by bind(2) and /proc.
#pragma once

#include "sys/linux/loop.h"
#include "sys/sockets.h"

namespace hansa {

class LinuxSockets final : public Sockets {
 public:
    // `loop` must outlive the sockets and every handle.
    explicit LinuxSockets(LinuxLoop& loop, AskLimits limits = {}) : loop_(loop), limits_(limits) {}

    [[nodiscard]] Result<Held> serve(const std::string& path, Handler handler,
                                     std::optional<GroupId> group = {}) override;
    Result<std::string> ask(const std::string& path, const std::string& question,
                            const AskLimits& limits = {}) override;
    // Somebody serves at `path`, or we may not know. Any thread.
    static bool is_served(const std::string& path);

    Result<std::uint16_t> free_port() override;
    Result<void> port_is_free(const std::string& host, std::uint16_t port) override;

 private:
    LinuxLoop& loop_;
    AskLimits limits_;
};

}  // namespace hansa
