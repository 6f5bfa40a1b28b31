// How a host leaves its cluster for good (`hansa leave`): its seat is given away first, then what
// it exports is withdrawn and its name released, then its agent ends. What it has applied stays.
//
// The command asks again and again, and each question is one step: so a command that is broken off
// breaks the leaving off too, and the host wants its seat again. A seat is given away by saying
// that none is wanted; the steward does the rest, as it does for anybody who starts with --seat no.
//
// Owned by StoreLink. Loop thread only.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "daemon/survey.h"
#include "sys/sockets.h"

namespace hansa {

struct LeaveStep {
    enum class Do {
        nothing,    // it cannot be done now; `says` why
        give_seat,  // and look again
        go,
    };
    Do what = Do::nothing;
    std::string says = {};  // for people
};

// `serves_seat`: an etcd of this host's seat still runs. Pure.
LeaveStep decide_leave(const ClusterReading& reading, const std::string& uuid, bool serves_seat);

class Leaving {
 public:
    struct Steps {
        std::function<void(Survey::Done)> survey;
        std::function<bool()> serves_seat;
        std::function<void(bool)> refuse_seats;  // true: this host wants none from now on
        std::function<void(std::function<void(Result<void>)>)> leave;  // within 3 s
        std::function<std::vector<std::string>()> kept;                // files that stay
        std::function<void(const Result<void>& released)> end;
    };

    // `loop` must outlive it.
    Leaving(Loop& loop, std::string uuid, Steps steps)
        : loop_(loop), uuid_(std::move(uuid)), steps_(std::move(steps)) {}

    // One step. {"state": "seat", "says": …} a second later, {"state": "left", "kept": […]}, or
    // {"error": …}.
    void ask(Sockets::Answer answer);

 private:
    void take(const ClusterReading& reading, Sockets::Answer answer);
    void give_seat(const std::string& says, Sockets::Answer answer);
    void go(Sockets::Answer answer);

    Loop& loop_;
    const std::string uuid_;
    const Steps steps_;
    bool gone_ = false;
    Held pause_;
    Held patience_;  // until the command counts as broken off
    Lifeline lifeline_;
};

}  // namespace hansa
