// Locks of a simulation: between the agents of one simulated machine, which share it. Whoever
// holds a lock is a process without a name. Owned by the test; outlives every lock and handle.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "sys/locks.h"

namespace hansa {

class SimLocks final : public Locks {
 public:
    Result<std::unique_ptr<HeldLock>> take(const std::string& path) override {
        auto& held = held_[path];
        if (!held.expired()) return Error{Code::conflict, path + " is held by another process"};
        auto mark = std::make_shared<int>(0);
        held = mark;
        return std::unique_ptr<HeldLock>(std::make_unique<Mark>(std::move(mark)));
    }
    std::optional<LockHolder> holder(const std::string&) const override { return std::nullopt; }
    [[nodiscard]] Result<Held> await_end(const LockHolder&, Action) override {
        return Error{Code::missing, "no process of that name"};
    }

 private:
    struct Mark final : HeldLock {
        explicit Mark(std::shared_ptr<int> its) : alive(std::move(its)) {}
        std::shared_ptr<int> alive;  // shared with the table, which only looks
    };
    std::map<std::string, std::weak_ptr<int>> held_;
};

}  // namespace hansa
