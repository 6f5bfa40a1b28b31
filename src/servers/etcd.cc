#include "servers/etcd.h"

#include <algorithm>
#include <csignal>
#include <utility>

namespace hansa {

EtcdServer::EtcdServer(Loop& loop, Processes& processes, EtcdConfig config, EtcdServerEvents events,
                       EtcdServerTimes times)
    : loop_(loop),
      processes_(processes),
      config_(std::move(config)),
      events_(std::move(events)),
      times_(times) {}

EtcdServer::~EtcdServer() = default;

Result<void> EtcdServer::start() {
    return launch();
}

Result<void> EtcdServer::launch() {
    Command command;
    command.arguments = etcd_command_line(config_);
    ChildEvents events;
    events.on_line = [this](std::string line) { read_line(line); };
    events.on_exit = [this](Exit exit) { ended(exit); };
    fault_.clear();
    auto child = processes_.start(command, Lifetime::tied_to_us, std::move(events));
    if (!child) {
        auto error = std::move(child).error();
        if (error.code != Code::missing) return std::move(error).during("starting etcd");
        return Error{Code::missing, config_.program +
                                        " is not installed; install the package etcd-server, or " +
                                        "run with --standalone"};
    }
    child_ = *std::move(child);
    return {};
}

void EtcdServer::read_line(const std::string& line) {
    if (events_.on_log) events_.on_log(line);
    if (stopping_) return;
    auto read = read_etcd_log(line);
    if (!read.fault.empty()) fault_ = std::move(read.fault);
    if (!read.serving || serving_) return;
    serving_ = true;
    serving_since_ = loop_.clock().now();
    if (events_.on_serving) events_.on_serving();
}

void EtcdServer::ended(const Exit& exit) {
    gone_ = std::move(child_);
    const bool was_serving = std::exchange(serving_, false);
    if (stopping_) {
        timer_.reset();
        if (stopped_) std::exchange(stopped_, nullptr)();
        return;
    }
    if (was_serving && loop_.clock().now() - serving_since_ >= times_.stable_after) pause_ = {};
    // etcd ends well by itself in one case only: its cluster does not know it any more.
    if (exit.ok()) {
        if (events_.on_removed) events_.on_removed();
        return;
    }
    retry_in("etcd ended: " + exit.describe() + (fault_.empty() ? "" : ": " + fault_));
}

void EtcdServer::retry_in(const std::string& why) {
    pause_ = std::clamp(pause_ * 2, times_.back_off_first, times_.back_off_max);
    timer_ = loop_.after(pause_, [this] { start_again(); });
    if (events_.on_ended) events_.on_ended(why, pause_);
}

void EtcdServer::start_again() {
    gone_.reset();
    if (auto launched = launch(); !launched) retry_in(launched.error().text);
}

void EtcdServer::stop(Action stopped) {
    stopping_ = true;
    serving_ = false;
    timer_.reset();
    stopped_ = std::move(stopped);
    if (!child_) {
        loop_.post([this, alive = std::weak_ptr<bool>(alive_)] {
            if (alive.lock() && stopped_) std::exchange(stopped_, nullptr)();
        });
        return;
    }
    child_->signal(SIGTERM);
    timer_ = loop_.after(times_.stop_limit, [this] {
        if (child_) child_->signal(SIGKILL);
    });
}

}  // namespace hansa
