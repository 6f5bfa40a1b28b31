#include "mesh/exports.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace hansa {
namespace {

constexpr Duration audit_every = Seconds{300};  // jittered
// An exporter that was away may find its own certificate expired; its key set is right all the
// same.
constexpr Duration own_lapse = Seconds{30 * 86400};
// Whoever wrote below us last is forgiven after so long.
constexpr Duration grudge = Seconds{60};

}  // namespace

Publisher::Publisher(Loop& loop, Store& store, Random& random, Report& report,
                     PublisherOptions options, PublisherEvents events)
    : loop_(loop),
      store_(store),
      random_(random),
      report_(report),
      options_(std::move(options)),
      events_(std::move(events)),
      me_{options_.host, options_.incarnation, signer_for({})} {}

void Publisher::declare(std::vector<Wanted> wanted) {
    if (auto fits = check_quota(wanted, me_, options_.quota); !fits) {
        refuse("quota", fits.error().text + "; what was exported before stays");
        if (!declared_) declared_ = adopts_ = upkeep_ = true;
        advance();
        events_.on_moved();
        return;
    }
    refusal_.clear();
    adopts_ = false;
    wanted_ = std::move(wanted);
    declared_ = true;
    pending_ = true;
    announce_ = true;
    begun_ = loop_.clock().now();
    plan_anew();
    advance();
}

void Publisher::enter(Compare name_is_ours, const std::string& cluster) {
    name_is_ours_ = std::move(name_is_ours);
    if (cluster != cluster_) {
        cluster_ = cluster;
        appoint_signer();
    }
    advance();
}

void Publisher::use(Credentials credentials) {
    options_.credentials = std::move(credentials);
    appoint_signer();
    if (!declared_) return;
    upkeep_ = true;
    advance();
}

Signer Publisher::signer_for(const std::string& cluster) const {
    const Credentials& mine = options_.credentials;
    return {{cluster, mine.uuid, options_.host.text()}, mine.signing_key};
}

// What was planned for another signer is planned anew.
void Publisher::appoint_signer() {
    if (cluster_.empty()) return;
    const Credentials& mine = options_.credentials;
    me_.signer = signer_for(cluster_);
    identity_ = make_key_set(mine, cluster_);
    plan_anew();
}

// A plan under way is broken off after its current step; the next one takes account of it.
void Publisher::plan_anew() {
    if (busy_)
        replan_ = true;
    else
        plan_.reset();
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
    if (busy_ || pause_ || !declared_ || !(pending_ || upkeep_)) return;
    if (!known_) return read();
    if (!name_is_ours_) return;
    if (!plan_ && !make_plan()) return;
    if (step_ == plan_->steps.size()) return finish_plan();
    commit_step();
}

void Publisher::read() {
    busy_ = true;
    looking_ = {2, {}, {}, {}};
    const auto took = [this](Result<Reading> reading, const std::function<void(Reading)>& take) {
        if (reading)
            take(std::move(*reading));
        else
            looking_.failed = std::move(reading).error();
        if (--looking_.answers_due == 0) on_read();
    };
    store_.read(ReadScope::prefix, keys::exports_of(me_.host),
                lifeline_.guard([this, took](Result<Reading> reading) {
                    took(std::move(reading),
                         [this](Reading found) { looking_.exports = std::move(found); });
                }));
    store_.read(ReadScope::key, keys::identity_of(me_.host),
                lifeline_.guard([this, took](Result<Reading> reading) {
                    took(std::move(reading), [this](Reading found) {
                        if (!found.records.empty()) looking_.identity = found.records[0].value;
                    });
                }));
}

void Publisher::on_read() {
    busy_ = false;
    if (looking_.failed) return pause(*looking_.failed);
    known_ = Subtree::of(*looking_.exports, me_.host);
    identity_there_ = std::move(looking_.identity);
    watch(looking_.exports->revision + 1);
    // A store that was set back will never be at the revision of our last commit before that.
    revision_ = std::min(revision_, looking_.exports->revision);
    looking_ = {};
    advance();
}

void Publisher::watch(Revision from) {
    commits_.clear();
    early_.clear();
    WatchHandlers handlers;
    handlers.on_events = [this](const EventBatch& batch) { on_events(batch); };
    handlers.on_lost = [this](Revision) {
        unwatched_ = loop_.after(Duration{0}, [this] {
            const Held ended = std::move(unwatched_);
            recheck();
        });
    };
    watch_ = store_.watch(keys::exports_of(me_.host), from, handlers);
    handlers.on_events = [this](const EventBatch& batch) { on_identity(batch); };
    identity_watch_ = store_.watch(keys::identity_of(me_.host), from, std::move(handlers));
}

// Our own write comes in here as well; it is known by what it says.
void Publisher::on_identity(const EventBatch& batch) {
    const StoreEvent* last = nullptr;
    for (const StoreEvent& event : batch.events)
        if (event.record.key == keys::identity_of(me_.host)) last = &event;
    if (!last || !declared_ || !known_) return;
    identity_there_ = last->type == StoreEvent::Type::put ? last->record.value : std::string{};
    if (identity_there_ == identity_) return;
    if (!busy_) return repair(last->record.key);
    upkeep_ = true;
    plan_anew();
}

void Publisher::on_events(const EventBatch& batch) {
    if (busy_) {  // perhaps of the commit that is not answered yet
        early_.insert(early_.end(), batch.events.begin(), batch.events.end());
        return;
    }
    judge_events(batch.events);
    commits_.erase(commits_.begin(), commits_.upper_bound(batch.revision));
}

void Publisher::judge_events(const std::vector<StoreEvent>& events) {
    if (!declared_ || !known_) return;
    for (const StoreEvent& event : events)
        if (!commits_.contains(event.record.modified)) return repair(event.record.key);
}

void Publisher::repair(const std::string& key) {
    const Instant now = loop_.clock().now();
    if (now - repaired_ > grudge) repairs_.reset();
    repaired_ = now;
    report_.publish(happened::Refused{
        "foreign_write", printable(key) + ": somebody else wrote to what this host exports; it is "
                                          "put right, but find out who can write to the store"});
    known_.reset();
    plan_.reset();
    upkeep_ = true;
    pause_ = loop_.after(repairs_.next(random_), [this] {
        const Held ended = std::move(pause_);
        advance();
    });
}

// Empty: the key set that stands there says the same as ours.
std::string Publisher::identity_due() {
    if (identity_there_ == identity_) return {};
    const Credentials& mine = options_.credentials;
    const auto there = verify_key_set(identity_there_, cluster_, me_.host.text(), mine.roots,
                                      loop_.clock().wall(), own_lapse, {});
    const bool same = there && there->key == mine.signing_key.verifying_key() &&
                      there->serial == mine.chain.front().serial();
    if (!same) return identity_;
    identity_ = identity_there_;
    return {};
}

Result<PublicationPlan> Publisher::planned() {
    return plan_publication({*known_, wanted_, me_, store_.limits(), fence_, floor_,
                             since_1970(loop_.clock().wall()), options_.times, identity_due(),
                             published_before()});
}

// Without it collectors would take a manifest that nobody renews for one that is held back. True
// when there is something that this host left, and nobody else.
bool Publisher::adopt() {
    wanted_.clear();
    const auto manifest = decode_manifest(keys::manifest_of(me_.host), known_->manifest);
    for (const auto& [key, stored] : known_->records) {
        const auto record = decode_export(key, stored.value);
        const ExportVersion* shown =
            record && manifest ? record->visible(manifest->generation) : nullptr;
        if (shown) wanted_.push_back({record->id, shown->body.fields, shown->body.meta});
    }
    const auto plan = planned();
    if (manifest && plan && !plan->repairs) return true;
    wanted_.clear();
    return false;
}

bool Publisher::make_plan() {
    if (std::exchange(adopts_, false) && !adopt()) {
        declared_ = upkeep_ = false;
        return false;
    }
    auto plan = planned();
    step_ = 0;
    if (plan) {
        plan_ = std::move(*plan);
        return true;
    }
    pending_ = upkeep_ = false;
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
    floor_.used = plan_->steps[step_].floor.used;
    const bool is_last = step_ + 1 == plan_->steps.size();
    sent_ = is_last ? Count{plan_->written, plan_->removed} : Count{};
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
    done_.written += sent_.written;
    done_.removed += sent_.removed;
    if (!plan_) return advance();  // rechecked meanwhile: all is read again
    const PublicationStep& step = plan_->steps[step_];
    known_->apply(step.operations, committed->revision, me_.host);
    if (step.operations.front().key == keys::identity_of(me_.host))
        identity_there_ = step.operations.front().value;
    floor_ = step.floor;
    remember();
    commits_.insert(committed->revision);
    ++step_;
    if (replan_) plan_.reset();
    replan_ = false;
    judge_events(std::exchange(early_, {}));
    advance();
}

bool Publisher::published_before() const {
    return options_.keeper.kept().exporters.contains(me_.host.text());
}

// The collector adds the rest, where there is one.
void Publisher::remember() {
    if (published_before()) return;
    const Credentials& mine = options_.credentials;
    options_.keeper.keep(
        me_.host.text(),
        {mine.uuid, floor_.incarnation, 0, since_1970(mine.chain.front().not_before()), {}});
}

void Publisher::finish_plan() {
    plan_.reset();
    pending_ = upkeep_ = false;
    backoff_.reset();
    episode_.ended_well();
    plan_audit();
    renew_in_time();
    const Count done = std::exchange(done_, {});
    const bool tell = announce_ || done.written + done.removed > 0;
    announce_ = false;
    if (tell)
        report_.publish(happened::Published{wanted_.size(), done.written, done.removed,
                                            loop_.clock().now() - begun_});
    events_.on_moved();
}

// Before half of the manifest's life is over, each at a moment of its own, so that a fleet that
// started together does not write together.
void Publisher::renew_in_time() {
    renewal_.reset();
    if (known_->manifest.empty()) return;
    const Duration life = options_.times.manifest_life;
    const auto jitter = static_cast<std::uint64_t>((life / 10).count());
    const Duration delay =
        life * 2 / 5 + Duration{static_cast<std::int64_t>(jitter == 0 ? 0 : random_.below(jitter))};
    renewal_ = loop_.after(delay, [this] {
        const Held ended = std::move(renewal_);
        fence_ = Fence::needed;
        upkeep_ = true;
        plan_anew();
        advance();
    });
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
    pending_ = upkeep_ = false;
    audit_.reset();
    pause_.reset();
    renewal_.reset();
    watch_.reset();
    identity_watch_.reset();
}

}  // namespace hansa
