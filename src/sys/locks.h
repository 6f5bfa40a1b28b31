// Locks between the processes of this machine, and who holds them.
//
// take() and holder() from any thread; the rest on the loop thread only.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "sys/files.h"
#include "sys/loop.h"

namespace hansa {

// Held as long as the object lives; the kernel lets go when the process ends, however it ends.
class HeldLock {
 public:
    virtual ~HeldLock() = default;
};

struct LockHolder {
    int pid = 0;
    UserId user = 0;  // as the kernel tells it, not as the lock file claims
};

class Locks {
 public:
    virtual ~Locks() = default;

    // Takes the lock whose file is `path` (made with mode 0600 where missing). Never waits:
    // Code::conflict when somebody else holds it.
    virtual Result<std::unique_ptr<HeldLock>> take(const std::string& path) = 0;

    // Who holds it now; nothing when nobody does or the holder has not yet said its name.
    virtual std::optional<LockHolder> holder(const std::string& path) const = 0;

    // Calls `freed` once when that process has ended. Code::missing when it has already.
    [[nodiscard]] virtual Result<Held> await_end(const LockHolder& holder, Action freed) = 0;
};

}  // namespace hansa
