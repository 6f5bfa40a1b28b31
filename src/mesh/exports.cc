#include "mesh/exports.h"

#include <algorithm>

namespace hansa {
namespace {

constexpr Duration audit_every = Seconds{300};  // jittered

}  // namespace

Publisher::Publisher(Loop& loop, Store& store, Random& random, Report& report, Exporter me,
                     ExportQuota quota, PublisherEvents events)
    : loop_(loop),
      store_(store),
      random_(random),
      report_(report),
      me_(std::move(me)),
      quota_(quota),
      events_(std::move(events)) {}

void Publisher::declare(std::vector<Wanted> wanted) {
    if (auto fits = check_quota(wanted, me_, quota_); !fits) {
        refuse("quota", fits.error().text + "; what was exported before stays");
        events_.on_moved();
        return;
    }
    refusal_.clear();
    wanted_ = std::move(wanted);
    declared_ = true;
    pending_ = true;
    announce_ = true;
    begun_ = loop_.clock().now();
    // A plan under way is broken off after its current step; the next one takes account of it.
    if (busy_)
        replan_ = true;
    else
        plan_.reset();
    advance();
}

void Publisher::enter(Compare name_is_ours) {
    name_is_ours_ = std::move(name_is_ours);
    advance();
}

void Publisher::recheck() {
    if (!declared_) return;
    pending_ = true;
    plan_.reset();
    known_.reset();
    advance();
}

void Publisher::store_returned() {
    if (!pause_) return;
    pause_.reset();
    advance();
}

bool Publisher::settled() const {
    return !refusal_.empty() || (declared_ && !pending_);
}

void Publisher::advance() {
    if (busy_ || pause_ || !declared_ || !pending_) return;
    if (!known_) return read();
    if (!name_is_ours_) return;
    if (!plan_ && !make_plan()) return;
    if (step_ == plan_->steps.size()) return finish_plan();
    commit_step();
}

void Publisher::read() {
    busy_ = true;
    store_.read(ReadScope::prefix, keys::exports_of(me_.host),
                lifeline_.guard([this](Result<Reading> reading) { on_read(std::move(reading)); }));
}

void Publisher::on_read(Result<Reading> reading) {
    busy_ = false;
    if (!reading) return pause(reading.error());
    known_ = Subtree::of(*reading, me_.host);
    // A store that was set back will never be at the revision of our last commit before that.
    revision_ = std::min(revision_, reading->revision);
    advance();
}

bool Publisher::make_plan() {
    auto plan = plan_publication(*known_, wanted_, me_, store_.limits(), fence_);
    step_ = 0;
    if (plan) {
        plan_ = std::move(*plan);
        return true;
    }
    pending_ = false;
    refuse("quota", plan.error().text);
    events_.on_moved();
    return false;
}

void Publisher::commit_step() {
    Transaction transaction;
    transaction.when.push_back(*name_is_ours_);
    transaction.when.push_back(
        Compare::modified(keys::manifest_of(me_.host), known_->manifest_modified));
    transaction.then = plan_->steps[step_].operations;
    busy_ = true;
    store_.commit(std::move(transaction), lifeline_.guard([this](Result<Committed> committed) {
        on_committed(std::move(committed));
    }));
}

void Publisher::on_committed(Result<Committed> committed) {
    busy_ = false;
    if (!committed) {
        fence_ = Fence::needed;
        return pause(committed.error());
    }
    if (!committed->applied) {
        // Nothing was done: the name is not ours (yet), or somebody wrote below it.
        pause({Code::conflict, "the store holds something else than expected"});
        return events_.on_fenced();
    }
    backoff_.reset();
    fence_ = Fence::none;
    revision_ = committed->revision;
    if (!plan_) return advance();  // rechecked meanwhile: all is read again
    known_->apply(plan_->steps[step_].operations, committed->revision, me_.host);
    ++step_;
    if (replan_) plan_.reset();
    replan_ = false;
    advance();
}

void Publisher::finish_plan() {
    const PublicationPlan done = std::move(*plan_);
    plan_.reset();
    pending_ = false;
    backoff_.reset();
    episode_.ended_well();
    plan_audit();
    const bool tell = announce_ || done.written + done.removed > 0;
    announce_ = false;
    if (tell)
        report_.publish(happened::Published{wanted_.size(), done.written, done.removed,
                                            loop_.clock().now() - begun_});
    events_.on_moved();
}

void Publisher::pause(const Error& why) {
    known_.reset();
    plan_.reset();
    replan_ = false;
    if (episode_.failed(why, store_.status().state))
        report_.publish(happened::Refused{"store_error", "exporting: " + why.text});
    pause_ = loop_.after(backoff_.next(random_), [this] {
        const Held ended = std::move(pause_);
        advance();
    });
}

void Publisher::refuse(std::string cause, std::string text) {
    refusal_ = text;
    report_.publish(happened::Refused{std::move(cause), std::move(text)});
}

void Publisher::plan_audit() {
    audit_ = loop_.after(jittered(audit_every, random_), [this] { audit(); });
}

// Who is at rest stays so, unless something is amiss.
void Publisher::audit() {
    plan_audit();
    if (!declared_ || pending_ || busy_ || !known_) return;
    store_.read(ReadScope::prefix, keys::exports_of(me_.host),
                lifeline_.guard([this](Result<Reading> reading) {
                    if (!reading || !declared_ || pending_ || !known_) return;
                    if (Subtree::of(*reading, me_.host) == *known_) return;
                    recheck();
                    events_.on_moved();
                }));
}

void Publisher::halt() {
    declared_ = false;
    pending_ = false;
    audit_.reset();
    pause_.reset();
}

}  // namespace hansa
