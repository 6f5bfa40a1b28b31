// What every resource may carry beside its own fields (graph.md 1, "meta").
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"

namespace hansa {

struct SemaphoreUse {
    std::string name;  // "name", or "name:count" above 1: different counts are different ones
    std::uint32_t count = 1;
    friend bool operator==(const SemaphoreUse&, const SemaphoreUse&) = default;
};

struct Meta {
    bool noop = false;
    std::int64_t retry = 0;   // further attempts after a failure; -1 for ever
    Milliseconds delay{0};    // before the first further attempt; doubles up to 60 s
    Milliseconds timeout{0};  // of one check or apply; 0: none
    Seconds poll{0};          // 0: events instead
    double limit = 0;         // applies per second; 0: no limit
    std::uint32_t burst = 0;  // tokens; REQUIRES > 0 where limit > 0
    std::vector<SemaphoreUse> sema;
    bool autoedge = true;
    bool autogroup = true;
    bool reverse = false;
    bool sensitive = false;              // nothing of what it holds is ever told
    bool exported = false;               // `export`, or a name written with "@@"
    std::vector<std::string> export_to;  // host globs; empty: every host
    bool also_here = false;              // an exported resource is applied here too

    friend bool operator==(const Meta&, const Meta&) = default;
};

}  // namespace hansa
