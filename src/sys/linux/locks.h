// Locks by flock(2); the holder's process id stands in the lock file.
#pragma once

#include "sys/linux/loop.h"
#include "sys/locks.h"

namespace hansa {

class LinuxLocks final : public Locks {
 public:
    // `loop` must outlive the locks and every handle.
    explicit LinuxLocks(LinuxLoop& loop) : loop_(loop) {}

    Result<std::unique_ptr<HeldLock>> take(const std::string& path) override;
    std::optional<LockHolder> holder(const std::string& path) const override;
    [[nodiscard]] Result<Held> await_end(const LockHolder& holder, Action freed) override;

 private:
    LinuxLoop& loop_;
};

}  // namespace hansa
