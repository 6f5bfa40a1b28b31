#include "daemon/ending.h"

#include <csignal>

#include "sys/linux/surroundings.h"

namespace hansa {

std::vector<Held> Ending::listen(LinuxLoop& loop) {
    std::vector<Held> held;
    held.push_back(loop.on_signal(SIGINT, [this] { on_signal("SIGINT"); }));
    held.push_back(loop.on_signal(SIGTERM, [this] { on_signal("SIGTERM"); }));
    if (!is_ignored(SIGHUP))
        held.push_back(loop.on_signal(SIGHUP, [this] { on_signal("SIGHUP"); }));
    return held;
}

void Ending::on_signal(const std::string& name) {
    ++signals_;
    if (signals_ >= 3) {
        report_.publish(happened::Stopping{name + " again: leaving at once", signals_});
        steps_.leave();
        return;
    }
    if (signals_ == 2) {
        report_.publish(happened::Stopping{name + " again: cutting what runs", signals_});
        begun_ = true;
        steps_.cancel();
        return;
    }
    if (begun_) return;
    begun_ = true;
    report_.publish(happened::Stopping{
        "Interrupted by " + name + ": what runs may finish, nothing more is started", signals_});
    steps_.stop();
}

void Ending::finish(const std::string& why, ExitCode code) {
    if (begun_) return;
    begun_ = true;
    code_ = code;
    if (!why.empty()) report_.publish(happened::Stopping{why, signals_});
    steps_.stop();
}

}  // namespace hansa
