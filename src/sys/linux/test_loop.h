// Tests only: a real loop driven until something holds, and a fresh directory.
#pragma once

#include <stdlib.h>

#include <functional>
#include <string>

#include "base/check.h"
#include "sys/linux/files.h"
#include "sys/linux/loop.h"

namespace hansa::test {

constexpr Seconds patience{30};

inline bool run_until(LinuxLoop& loop, const std::function<bool()>& holds) {
    Instant deadline = loop.clock().now() + patience;
    while (!holds()) {
        if (loop.clock().now() > deadline) return false;
        loop.step(Milliseconds{20});
    }
    return true;
}

inline void run_for(LinuxLoop& loop, Duration duration) {
    Instant end = loop.clock().now() + duration;
    while (loop.clock().now() < end) loop.step(Milliseconds{5});
}

class FreshDirectory {
 public:
    FreshDirectory() {
        char name[] = "/tmp/hansa-test-XXXXXX";
        check(::mkdtemp(name) != nullptr, "/tmp can be written to");
        path_ = name;
    }
    ~FreshDirectory() {
        auto removed = LinuxFiles().remove_tree(path_);
        check(removed || removed.error().code == Code::missing, "the test directory can go");
    }
    FreshDirectory(const FreshDirectory&) = delete;
    FreshDirectory& operator=(const FreshDirectory&) = delete;

    const std::string& path() const { return path_; }

 private:
    std::string path_;
};

}  // namespace hansa::test
