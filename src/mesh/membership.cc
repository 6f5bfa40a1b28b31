#include "mesh/membership.h"

#include <utility>

#include "mesh/keys.h"

namespace hansa {
namespace {

std::optional<Record> only(Reading reading) {
    if (reading.records.empty()) return std::nullopt;
    return std::move(reading.records.front());
}

}  // namespace

Membership::Membership(Loop& loop, Store& store, Random& random, HostName host,
                       MembershipOptions options, MembershipEvents events)
    : loop_(loop),
      store_(store),
      random_(random),
      host_(std::move(host)),
      options_(std::move(options)),
      events_(std::move(events)),
      new_cluster_id_(options_.admission.new_cluster_id.empty()
                          ? make_uuid(random)
                          : options_.admission.new_cluster_id),
      epoch_(options_.admission.epoch),
      may_replace_(options_.admission.replaces) {
    hold_lease();
    look();
}

Compare Membership::name_is_ours() const {
    return Compare::holds(keys::name_of(host_), name_value_);
}

void Membership::look() {
    if (looking_ || claiming_ || ended_) return;
    looking_ = true;
    answers_due_ = may_replace_ ? 3 : 2;
    facts_ = {};
    look_failed_.reset();
    const auto ask = [this](const std::string& key, std::optional<Record> AdmissionFacts::*fact) {
        store_.read(ReadScope::key, key, lifeline_.guard([this, fact](Result<Reading> reading) {
            if (reading) {
                if (fact == &AdmissionFacts::cluster) told_by_ = reading->store;
                facts_.*fact = only(std::move(*reading));
            } else {
                look_failed_ = std::move(reading).error();
            }
            if (--answers_due_ == 0) on_looked();
        }));
    };
    ask(keys::cluster(), &AdmissionFacts::cluster);
    ask(keys::name_of(host_), &AdmissionFacts::name);
    if (may_replace_) ask(keys::peer(host_), &AdmissionFacts::peer);
}

void Membership::on_looked() {
    looking_ = false;
    if (ended_) return;
    if (look_failed_) {
        failed(entering_, *look_failed_);
        return look_later(look_backoff_.next(random_));
    }
    // Once in a cluster, this one and no other.
    Admission wish = options_.admission;
    if (!cluster_id_.empty()) wish.cluster_id = cluster_id_;
    wish.epoch = epoch_;
    wish.replaces = may_replace_;
    const auto step = decide_admission(facts_, {host_, options_.uuid, options_.where}, wish,
                                       new_cluster_id_, loop_.clock().wall());
    if (!step) return turned_away(step.error());
    // A name goes from a dead host to a live one: it waits for what shows that we live.
    if (step->replaced && lease_ == 0) return look_later(look_backoff_.next(random_));
    name_value_ = step->name_value;
    if (!step->claim) {
        events_.on_claiming(name_is_ours(), step->cluster_id);
        return enter(*step);
    }
    if (!wish.cluster_id.empty() && !facts_.name) was_forgotten_ = true;
    claim(*step);
}

void Membership::claim(const AdmissionStep& step) {
    Transaction transaction = *step.claim;
    Shown with;
    if (step.replaced) {
        with = {record_value(), lease_};
        add_record(transaction, with.value);
    }
    claiming_ = true;
    store_.commit(std::move(transaction),
                  lifeline_.guard([this, step, with](Result<Committed> committed) {
                      on_claimed(step, with, std::move(committed));
                  }));
    events_.on_claiming(name_is_ours(), step.cluster_id);
}

void Membership::turned_away(const Error& why) {
    if (why.code == Code::unavailable) {
        if (events_.on_outdated) events_.on_outdated(told_by_, why);
        return look_later(look_backoff_.next(random_));
    }
    if (entered_) {
        // Nobody was faster here: a conflict is news.
        failed(turned_away_,
               {Code::denied, why.text + "; it was ours until now: if no other machine "
                                         "replaces this host, find out who can write "
                                         "to the store"});
        return look_later(look_backoff_.next(random_));
    }
    ended_ = true;
    lease_kept_.reset();
    events_.on_refused(why);
}

void Membership::look_later(Duration delay) {
    look_retry_ = loop_.after(delay, [this] {
        const Held ended = std::move(look_retry_);
        look();
    });
}

void Membership::on_claimed(const AdmissionStep& step, const Shown& with,
                            Result<Committed> committed) {
    claiming_ = false;
    if (ended_) return;
    if (committed && committed->applied) {
        if (step.replaced) put_ = with;
        enter(step);
        if (step.replaced) events_.on_replaced(*step.replaced);
        return;
    }
    // Of two that replace the same dead host the second one has met a live one.
    if (committed && step.replaced) may_replace_ = false;
    // Code::missing: the lease has ended already; its keeper notices and gets another one.
    if (!committed && committed.error().code != Code::missing) failed(entering_, committed.error());
    // Somebody was faster, or the claim's fate is unknown: what is there now decides.
    look_later(committed ? Duration{0} : look_backoff_.next(random_));
}

void Membership::enter(const AdmissionStep& step) {
    look_backoff_.reset();
    entering_.ended_well();
    turned_away_.ended_well();
    const bool is_news = !entered_ || step.epoch > epoch_;
    entered_ = true;
    may_replace_ = false;
    cluster_id_ = step.cluster_id;
    epoch_ = step.epoch;
    if (is_news) events_.on_entered(cluster_id_, epoch_);
    if (std::exchange(was_forgotten_, false)) events_.on_claimed_again();
    put_record();
}

void Membership::advertise(std::vector<std::string> urls) {
    urls_ = std::move(urls);
    put_record();
}

void Membership::offer(SeatOffer seat) {
    seat_ = std::move(seat);
    put_record();
}

void Membership::verify() {
    if (!look_retry_) look();
}

void Membership::store_returned() {
    if (look_retry_) {
        look_retry_.reset();
        look();
    }
    if (put_retry_) {
        put_retry_.reset();
        put_record();
    }
}

void Membership::hold_lease() {
    LeaseHandlers handlers;
    handlers.on_granted = [this](LeaseId lease) { on_granted(lease); };
    handlers.on_lost = [this] {
        lease_ = 0;
        lease_was_lost_ = true;
    };
    handlers.on_refused = [this](const Error& why) { failed(leasing_, why); };
    lease_kept_ = store_.keep_lease(options_.lease, std::move(handlers));
}

void Membership::on_granted(LeaseId lease) {
    lease_ = lease;
    leasing_.ended_well();
    put_record();
    if (!entered_ && look_retry_) {  // a claim may have waited for it
        look_retry_.reset();
        look();
    }
    if (lease_was_lost_) {
        lease_was_lost_ = false;
        if (entered_) verify();  // the store itself may be another one, recovered since
        events_.on_renewed();
    }
}

std::string Membership::record_value() const {
    return encode(PeerRecord{host_.text(), options_.uuid, options_.incarnation, options_.version,
                             options_.where, urls_, seat_});
}

void Membership::add_record(Transaction& transaction, const std::string& value) const {
    transaction.then.push_back(Operation::put(keys::peer(host_), value, lease_));
    // Whoever lives is not removed: what an operator began is over.
    if (lease_ != put_.lease)
        transaction.then.push_back(Operation::remove(keys::seat_leaving(host_)));
}

void Membership::put_record() {
    if (ended_ || putting_ || put_retry_ || lease_ == 0 || !entered_) return;
    const Shown now{record_value(), lease_};
    if (now == put_) return;
    Transaction transaction;
    transaction.when.push_back(name_is_ours());
    add_record(transaction, now.value);
    putting_ = true;
    store_.commit(std::move(transaction), lifeline_.guard([this, now](Result<Committed> committed) {
        on_put(now, std::move(committed));
    }));
}

void Membership::on_put(const Shown& put, Result<Committed> committed) {
    putting_ = false;
    if (ended_) return;
    if (committed && committed->applied) {
        put_backoff_.reset();
        putting_trouble_.ended_well();
        put_ = put;
        return put_record();  // something may have changed meanwhile
    }
    // Code::missing: the lease has ended already; its keeper notices and gets another one.
    const Code code = committed ? Code::conflict : committed.error().code;
    if (!committed && code != Code::missing) failed(putting_trouble_, committed.error());
    if (code == Code::conflict) verify();
    put_retry_ = loop_.after(put_backoff_.next(random_), [this] {
        const Held ended = std::move(put_retry_);
        put_record();
    });
}

void Membership::failed(Episode& episode, const Error& why) {
    if (episode.failed(why, store_.status().state)) events_.on_error(why);
}

void Membership::leave(std::function<void(Result<void>)> done) {
    ended_ = true;
    look_retry_.reset();
    put_retry_.reset();
    lease_kept_.reset();
    // A claim that is under way may yet be carried out.
    if (!entered_ && !claiming_) return loop_.post([done = std::move(done)] { done({}); });
    Transaction transaction;
    transaction.when.push_back(name_is_ours());
    transaction.then.push_back(Operation::remove(keys::name_of(host_)));
    transaction.then.push_back(Operation::remove(keys::peer(host_)));
    transaction.then.push_back(Operation::remove(keys::seat_copy(host_)));
    store_.commit(std::move(transaction), [done = std::move(done)](Result<Committed> committed) {
        if (!committed) return done(std::move(committed).error());
        done({});
    });
}

void Membership::stop(Action done) {
    ended_ = true;
    look_retry_.reset();
    put_retry_.reset();
    lease_kept_.reset();
    if (lease_ == 0) return loop_.post(std::move(done));
    store_.revoke(lease_, [done = std::move(done)](Result<void>) { done(); });
}

}  // namespace hansa
