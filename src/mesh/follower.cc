#include "mesh/follower.h"

#include <memory>

namespace hansa {

Follower::Follower(Loop& loop, Store& store, Random& random, std::string prefix,
                   FollowerTimes times, FollowerEvents events)
    : loop_(loop),
      store_(store),
      random_(random),
      prefix_(std::move(prefix)),
      times_(times),
      events_(std::move(events)) {
    begin();
}

void Follower::store_is(StoreStatus::State state) {
    if (state != StoreStatus::State::connected) away_ = true;
    if (state != StoreStatus::State::connected || !retry_) return;
    retry_.reset();
    begin();
}

void Follower::begin() {
    joined_ = false;
    watched_since_.reset();
    read_.reset();
    early_.clear();
    WatchHandlers handlers;
    handlers.on_events = [this](const EventBatch& batch) { on_events(batch); };
    handlers.on_lost = [this](Revision) { read_again(); };
    handlers.on_begun = [this](Revision since) {
        watched_since_ = since;
        join();
    };
    watch_ = store_.watch(prefix_, 0, std::move(handlers));
    read_all();
}

void Follower::read_all() {
    if (reading_) return;
    reading_ = true;
    store_.read(ReadScope::prefix, prefix_, lifeline_.guard([this](Result<Reading> reading) {
        reading_ = false;
        on_read(std::move(reading));
    }));
}

void Follower::on_read(Result<Reading> reading) {
    if (!reading) {
        if (episode_.failed(reading.error(), store_.status().state))
            events_.on_error(reading.error());
        retry_ = loop_.after(backoff_.next(random_), [this] {
            const Held ended = std::move(retry_);
            begin();
        });
        return;
    }
    backoff_.reset();
    episode_.ended_well();
    read_ = std::move(*reading);
    join();
}

// A reading from before the watch began would leave a gap: then it is made once more.
void Follower::join() {
    if (!read_ || !watched_since_) return;
    const Reading reading = std::move(*read_);
    read_.reset();
    if (reading.revision < *watched_since_) return read_all();
    joined_ = folded_ = true;
    known_ = reading.revision;
    const std::vector<EventBatch> early = std::move(early_);
    early_.clear();
    plan_check();
    events_.on_all(reading);
    for (const EventBatch& batch : early) tell(batch);
}

void Follower::on_events(const EventBatch& batch) {
    if (joined_)
        tell(batch);
    else
        early_.push_back(batch);
}

// Without what the reading held already.
void Follower::tell(const EventBatch& batch) {
    if (batch.revision <= known_) return;
    EventBatch news{batch.revision, {}};
    for (const StoreEvent& event : batch.events)
        if (event.record.modified > known_) news.events.push_back(event);
    if (checking_)
        for (const StoreEvent& event : news.events) touched_.insert(event.record.key);
    events_.on_events(news);
}

// Not from within the watch's own callback, which must not destroy the watch.
void Follower::read_again() {
    retry_ = loop_.after(Duration{0}, [this] {
        const Held ended = std::move(retry_);
        watch_.reset();
        begin();
    });
}

void Follower::plan_check() {
    checking_ = false;
    touched_.clear();
    check_ = loop_.after(jittered(times_.check_every, random_), [this] {
        const Held ended = std::move(check_);
        begin_check();
    });
}

void Follower::begin_check() {
    checking_ = true;
    away_ = store_.status().state != StoreStatus::State::connected;
    if (away_ || retry_ || !joined_) return plan_check();
    store_.read(ReadScope::prefix, prefix_, lifeline_.guard([this](Result<Reading> reading) {
        // `checking_` is over when everything was read anew meanwhile.
        if (!checking_) return;
        if (!reading) return plan_check();
        // Only keys and revisions are compared; values would be held for nothing.
        for (Record& record : reading->records) record.value = {};
        auto kept = std::make_shared<Reading>(std::move(*reading));  // shared: an Action is copied
        check_ = loop_.after(times_.settling, [this, kept] {
            const Held ended = std::move(check_);
            settle_check(*kept);
        });
    }));
}

void Follower::settle_check(const Reading& reading) {
    // Events may be late for longer than usual after the store was away.
    const bool comparable = !away_ && !retry_ && joined_;
    const bool same = !comparable || events_.on_check(reading, touched_);
    plan_check();
    if (!same) read_again();
}

}  // namespace hansa
