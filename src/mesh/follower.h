// Keeps somebody's copy of a prefix of the store up to date: one full read, then every event that
// came after it. The watch begins before the read and at the same time: one that begins after it
// would be told 100 ms late of what is committed in between (store.h), which is the usual case
// where many peers arrive, and where one collects what it publishes itself.
//
// Owned by whoever holds the copy. Loop thread only; never blocks. No event is missed or told
// twice; when the store has forgotten the history in between (compaction), everything is read
// again. From time to time a full read is compared with the copy; that must find no difference.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "mesh/backoff.h"
#include "mesh/episode.h"
#include "mesh/lifeline.h"
#include "mesh/store.h"
#include "sys/loop.h"

namespace hansa {

struct FollowerEvents {
    // Everything below the prefix, in place of what was told before.
    std::function<void(const Reading&)> on_all;
    std::function<void(const EventBatch&)> on_events;

    // A full read to compare the copy with, keys in `touched` aside: they changed while it was
    // made. False: the copy is wrong, and on_all follows.
    std::function<bool(const Reading&, const std::set<std::string>& touched)> on_check;

    // The store refuses to be read, time after time where that may pass: why, for people.
    std::function<void(const Error&)> on_error;
};

struct FollowerTimes {
    Duration check_every = Seconds{300};  // with a jitter of 20 %
    // An event about a commit that a full read saw arrives within this time after the read.
    Duration settling = Seconds{5};
};

class Follower {
 public:
    // Every reference must outlive the follower. Reads at once.
    Follower(Loop& loop, Store& store, Random& random, std::string prefix, FollowerTimes times,
             FollowerEvents events);

    // The first full read has been told.
    bool folded() const { return folded_; }

    // The store answers, or does not. While it is away nothing is compared.
    void store_is(StoreStatus::State state);

 private:
    void begin();
    void read_all();
    void on_read(Result<Reading> reading);
    void join();
    void on_events(const EventBatch& batch);
    void tell(const EventBatch& batch);
    void read_again();
    void plan_check();
    void begin_check();
    void settle_check(const Reading& reading);

    Loop& loop_;
    Store& store_;
    Random& random_;
    const std::string prefix_;
    const FollowerTimes times_;
    FollowerEvents events_;

    bool folded_ = false;
    bool reading_ = false;
    std::optional<Revision> watched_since_;
    std::optional<Reading> read_;    // waits for the watch to stand
    bool joined_ = false;            // read and watch; events are told as they come
    Revision known_ = 0;             // of the reading that was told
    std::vector<EventBatch> early_;  // came before that
    bool checking_ = false;
    bool away_ = false;  // was, at some time since the check began
    std::set<std::string> touched_;
    Backoff backoff_;
    Episode episode_;
    Held watch_;
    Held retry_;
    Held check_;
    Lifeline lifeline_;
};

}  // namespace hansa
