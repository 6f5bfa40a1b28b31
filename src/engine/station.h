// What the runner remembers about one vertex, beside its phase (Board).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/line_watch.h"
#include "engine/retry.h"
#include "report/event.h"
#include "sys/loop.h"

namespace hansa {

using Ticket = std::uint64_t;  // of one run; 0: none

struct Station {
    enum class Hold : std::uint8_t {
        none,
        token,      // of its limit; the agenda knows when
        semaphore,  // the ticket stands in a queue
        former,     // an older run of the same resource has to end first
    };

    std::string name;  // for people and reports
    std::optional<Phase> announced;
    Hold hold = Hold::none;
    bool again = false;     // became dirty while it ran
    bool refresh = false;   // for the next run
    bool obsolete = false;  // redefined while it ran: that run answers nothing
    bool armed = false;     // its watches are set up
    bool has_token = false;
    std::uint32_t failures = 0;   // attempts in a row
    std::uint32_t fruitless = 0;  // series of attempts in a row
    Instant calm_until;           // after a fruitless series: wake-ups wait until then
    Ticket ticket = 0;            // while it waits for semaphores, and while it runs
    std::unique_ptr<Bucket> bucket;
    std::vector<Held> watches;
    std::vector<std::unique_ptr<LineWatch>> commands;
    Duration poll{0};  // 0: by events
    Duration tick{0};  // 0: no clock
    Instant next_tick;
};

}  // namespace hansa
