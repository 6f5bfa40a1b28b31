// A watch command that is kept running: each line it prints is a wake-up.
//
// Loop thread only. When the command ends, or cannot be started, that is told and it is started
// again, after a pause that doubles from 1 s to 60 s and begins anew once it has run for a minute.
// Starting again is a wake-up too: nobody watched meanwhile.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "sys/loop.h"
#include "sys/processes.h"

namespace hansa {

class LineWatch {
 public:
    struct Ports {
        Loop& loop;
        Processes& processes;
    };
    struct Events {
        Action on_line;
        std::function<void(std::string what)> on_trouble;  // "exit status 1; again in 2 s"
    };

    // Starts at once. Destroying it ends the command; no event comes afterwards.
    LineWatch(Ports ports, Command command, Events events);
    ~LineWatch();
    LineWatch(const LineWatch&) = delete;

 private:
    void start();
    void ended(const std::string& how);

    Ports ports_;
    Command command_;
    Events events_;
    std::shared_ptr<LineWatch*> self_;  // shared with the child's events, which may come late
    std::unique_ptr<Child> child_;
    Held restart_;
    Duration pause_;
    Instant started_;
};

}  // namespace hansa
