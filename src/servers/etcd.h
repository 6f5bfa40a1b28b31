// An etcd that we run ourselves: started, watched, started again, stopped.
//
// Owned by the node that founded or joined a cluster. Loop thread only; nothing blocks. The child
// is tied to us: however we end, it ends too, so that no store is left behind without its owner.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "servers/etcd_config.h"
#include "sys/loop.h"
#include "sys/processes.h"

namespace hansa {

struct EtcdServerTimes {
    Duration back_off_first = Milliseconds(100);
    Duration back_off_max = Seconds(10);
    Duration stable_after = Seconds(30);  // of service: the next back-off begins anew
    Duration stop_limit = Seconds(5);     // between SIGTERM and SIGKILL
};

struct EtcdServerEvents {
    // Clients are served; again after each restart.
    std::function<void()> on_serving;
    // It has ended by itself; `why` is for people. It will be started again in `pause`.
    std::function<void(const std::string& why, Duration pause)> on_ended;
    // It has ended because its cluster removed it: its data directory is of no use any more and
    // must be wiped before it may join again. Not started again.
    std::function<void()> on_removed;
    // One line of its log, as it came.
    std::function<void(const std::string& line)> on_log;
};

class EtcdServer {
 public:
    // `loop` and `processes` must outlive it. Destroying it kills the child without waiting.
    EtcdServer(Loop& loop, Processes& processes, EtcdConfig config, EtcdServerEvents events,
               EtcdServerTimes times = {});
    ~EtcdServer();

    EtcdServer(const EtcdServer&) = delete;
    EtcdServer& operator=(const EtcdServer&) = delete;

    // Code::missing with advice when there is no etcd on this machine. Once.
    Result<void> start();

    // Ends the child with SIGTERM (a leader hands over first), then SIGKILL; `stopped` runs once,
    // later, when it is gone. No other event comes any more.
    void stop(Action stopped);

    bool serving() const { return serving_; }
    int pid() const { return child_ ? child_->pid() : 0; }  // 0: not running
    const EtcdConfig& config() const { return config_; }

 private:
    Result<void> launch();
    void read_line(const std::string& line);
    void ended(const Exit& exit);
    void start_again();
    void retry_in(const std::string& why);

    Loop& loop_;
    Processes& processes_;
    const EtcdConfig config_;
    const EtcdServerEvents events_;
    const EtcdServerTimes times_;

    std::unique_ptr<Child> child_;
    std::unique_ptr<Child> gone_;  // the one before: its last event may be on the stack
    bool serving_ = false;
    Instant serving_since_;
    std::string fault_;  // the last one in the log of this run
    Duration pause_{0};
    Held timer_;  // the next start, or the limit of stopping
    bool stopping_ = false;
    Action stopped_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with what was posted
};

}  // namespace hansa
