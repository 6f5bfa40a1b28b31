#include "mesh/collect.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "mesh/follow_key.h"

namespace hansa {
namespace {

constexpr Seconds look_around_every{30};

bool same_terms(const TrustTerms& a, const TrustTerms& b) {
    return a.cluster == b.cluster && a.lapse == b.lapse &&
           std::equal(a.roots.begin(), a.roots.end(), b.roots.begin(), b.roots.end(),
                      [](const Certificate& one, const Certificate& other) {
                          return one.fingerprint() == other.fingerprint();
                      });
}

// A peer that arrives may publish before its own record is there, and one that restarts is away
// for moments: neither is worth a word.
constexpr Duration worth_telling = Seconds{2};

}  // namespace

Collector::Collector(Loop& loop, Store& store, Random& random, const Catalog& catalog,
                     Report& report, HostName self, CollectorTimes times, TrustKeeper& keeper,
                     CollectPolicy policy, CollectorEvents events)
    : loop_(loop),
      store_(store),
      random_(random),
      report_(report),
      self_(std::move(self)),
      times_(times),
      events_(std::move(events)),
      exporters_(keeper),
      taken_back_(keeper),
      fold_(catalog, self_, exporters_, std::move(policy)),
      present_{self_.text()} {
    store_is(store.status().state);
}

void Collector::want(std::vector<CollectRequest> requests) {
    if (requests == requests_) return;
    requests_ = std::move(requests);
    on_exports(fold_.want(requests_, wall()));
    if (requests_.empty()) unfollow();
    if (!requests_.empty() && !exports_) follow();
    events_.on_moved();
}

void Collector::unfollow() {
    exports_.reset();
    key_sets_.reset();
    peers_.reset();
    revocations_.reset();
    revocations_shown_.reset();
    exporters_.use({}, wall());  // until it is known who is revoked
    for (const auto& [host, absence] : std::exchange(absent_, {})) forget(host, absence);
    expiry_.reset();
    look_around_.reset();
    fold_.forget();
}

void Collector::use(TrustTerms terms) {
    if (same_terms(terms, terms_)) return;
    terms_ = std::move(terms);
    tell_revocations(taken_back_.use(terms_.cluster, terms_.roots, wall()));
    judge_all_again();
}

void Collector::use(CollectPolicy policy) {
    on_exports(fold_.use(std::move(policy), wall()));
    events_.on_moved();
}

bool Collector::folded(Revision revision) const {
    if (!gathered_.empty()) return false;
    return requests_.empty() ||
           (exports_ && exports_->folded() && key_sets_->folded() && revocations_->folded() &&
            fold_.revision() >= revision && !fold_.is_late(self_.text()));
}

FollowerEvents Collector::followed_exports() {
    FollowerEvents events;
    events.on_all = [this](const Reading& reading) {
        on_exports(fold_.replace(reading, wall()));
        find_absent();
    };
    events.on_events = [this](const EventBatch& batch) {
        on_exports(fold_.apply(batch, wall()));
        look_at_turned();
        events_.on_moved();
    };
    events.on_check = [this](const Reading& reading, const std::set<std::string>& touched) {
        return check_exports(reading, touched);
    };
    return events;
}

FollowerEvents Collector::followed_key_sets() {
    FollowerEvents events;
    events.on_all = [this](const Reading& reading) { on_key_sets(reading); };
    events.on_events = [this](const EventBatch& batch) { on_key_set_events(batch); };
    events.on_check = [this](const Reading& reading, const std::set<std::string>& touched) {
        return check_key_sets(reading, touched);
    };
    return events;
}

FollowerEvents Collector::followed_peers() {
    FollowerEvents events;
    events.on_all = [this](const Reading& reading) { on_peers(reading); };
    events.on_events = [this](const EventBatch& batch) { on_peer_events(batch); };
    events.on_check = [this](const Reading& reading, const std::set<std::string>& touched) {
        return check_peers(reading, touched);
    };
    return events;
}

FollowerEvents Collector::followed_revocations() {
    return follow_key(
        keys::revocations(),
        {.on_record =
             [this](const std::optional<Record>& record) {
                 take_revocations(record ? record->value : std::string{});
             },
         .on_error = {},
         .on_difference = [this] { count_difference("the list of who is revoked"); }});
}

void Collector::take_revocations(const std::string& text) {
    if (revocations_shown_ == text) return events_.on_moved();
    const bool first = !revocations_shown_;
    const Revoked before = taken_back_.revoked();
    revocations_shown_ = text;
    tell_revocations(taken_back_.show(text, wall()));
    if (first || !same(before, taken_back_.revoked())) judge_all_again();
    events_.on_moved();
}

void Collector::tell_revocations(const Result<void>& taken) {
    const std::string trouble = taken ? std::string{} : taken.error().text;
    if (!trouble.empty() && trouble != revocations_refused_)
        report_.publish(happened::Refused{"revocations", "the list of who is revoked: " + trouble});
    revocations_refused_ = trouble;
}

void Collector::follow() {
    const auto begin = [this](const std::string& prefix, FollowerEvents events) {
        events.on_error = [this](const Error& error) {
            report_.publish(happened::Refused{"store_error", "collecting: " + error.text});
        };
        return std::make_unique<Follower>(loop_, store_, random_, prefix, times_.follow,
                                          std::move(events));
    };
    exports_ = begin(keys::exports(), followed_exports());
    peers_ = begin(keys::peers(), followed_peers());
    key_sets_ = begin(keys::identities(), followed_key_sets());
    revocations_ = begin(keys::revocations(), followed_revocations());
    look_around();
}

void Collector::on_key_sets(const Reading& reading) {
    std::map<std::string, Revision> shown;
    std::set<std::string> changed;
    for (const Record& record : reading.records) {
        const auto host = keys::parse_identity(record.key);
        if (!host) continue;
        shown[host->text()] = record.modified;
        if (exporters_.show(host->text(), record.value, wall()) || fold_.is_late(host->text()))
            changed.insert(host->text());
    }
    for (const auto& [host, modified] : key_sets_shown_)
        if (!shown.contains(host)) (void)exporters_.show(host, {}, wall());
    key_sets_shown_ = std::move(shown);
    judge_again(changed);
}

void Collector::on_key_set_events(const EventBatch& batch) {
    std::set<std::string> changed;
    for (const StoreEvent& event : batch.events) {
        const auto host = keys::parse_identity(event.record.key);
        if (!host) continue;
        const bool put = event.type == StoreEvent::Type::put;
        if (put)
            key_sets_shown_[host->text()] = event.record.modified;
        else
            key_sets_shown_.erase(host->text());
        const std::string text = put ? event.record.value : std::string{};
        if (exporters_.show(host->text(), text, wall()) || fold_.is_late(host->text()))
            changed.insert(host->text());
    }
    judge_again(changed);
}

void Collector::judge_again(const std::set<std::string>& hosts) {
    if (hosts.empty()) return events_.on_moved();
    on_exports(fold_.judge_again(hosts, wall()));
    if (exports_ && peers_) find_absent();
    events_.on_moved();
}

// Nobody is believed before it is known who is revoked.
void Collector::judge_all_again() {
    if (!revocations_shown_) return;
    TrustTerms now = terms_;
    now.revoked = taken_back_.revoked();
    exporters_.use(std::move(now), wall());
    on_exports(fold_.judge_all_again(wall()));
    if (exports_ && peers_) find_absent();
    events_.on_moved();
}

bool Collector::check_key_sets(const Reading& reading, const std::set<std::string>& touched) {
    std::map<std::string, Revision> there;
    for (const Record& record : reading.records)
        if (const auto host = keys::parse_identity(record.key))
            there[host->text()] = record.modified;
    std::map<std::string, Revision> held = key_sets_shown_;
    std::set<std::string> late;
    for (const auto* each : {&there, &key_sets_shown_})
        for (const auto& [host, modified] : *each)
            if (touched.contains(keys::identity_of(*HostName::parse(host)))) late.insert(host);
    for (const std::string& host : late) {
        held.erase(host);
        there.erase(host);
    }
    if (held == there) return true;
    count_difference("key sets");
    return false;
}

// While the store is away, or has only just come back, nobody can have renewed anything, and key
// sets cannot have come. Before we are in a cluster nobody can be judged.
void Collector::look_around() {
    if (const auto good_now = exporters_.look_again(wall()); !good_now.empty())
        judge_again(good_now);
    const auto answers_for = [this](Duration least) {
        return store_since_ && loop_.clock().now() - *store_since_ >= least;
    };
    std::set<std::string> live;
    if (answers_for(times_.life.settling))
        for (const std::string& host : present_)
            if (!absent_.contains(host)) live.insert(host);
    const bool judges = !terms_.cluster.empty() && key_sets_->folded() && revocations_shown_;
    if (judges && answers_for(lateness_max)) fold_.review(live, wall());
    on_exports({});
    look_around_after(fold_.any_late() ? lateness_max : look_around_every);
}

void Collector::store_is(StoreStatus::State state) {
    const bool answers = state == StoreStatus::State::connected;
    if (answers && !store_since_) store_since_ = loop_.clock().now();
    if (!answers) store_since_.reset();
    if (exports_) exports_->store_is(state);
    if (key_sets_) key_sets_->store_is(state);
    if (revocations_) revocations_->store_is(state);
    if (peers_) peers_->store_is(state);
    review();
}

void Collector::on_exports(Amendment amendment) {
    for (happened::Refused& refused : fold_.take_refusals()) report_.publish(std::move(refused));
    for (happened::Judged& judged : fold_.take_judgements()) report_.publish(std::move(judged));
    gather(std::move(amendment));
    if (look_around_ && !looks_soon_ && fold_.any_late()) look_around_after(lateness_max);
}

void Collector::look_around_after(Duration delay) {
    looks_soon_ = delay < look_around_every;
    look_around_ = loop_.after(delay, [this] {
        const Held ended = std::move(look_around_);
        look_around();
    });
}

void Collector::on_peers(const Reading& reading) {
    std::set<std::string> present{self_.text()};
    for (const Record& record : reading.records)
        if (const auto host = keys::parse_peer(record.key)) present.insert(host->text());
    present_ = std::move(present);
    for (const std::string& host : present_) set_present(host);
    find_absent();
}

void Collector::on_peer_events(const EventBatch& batch) {
    bool gone = false;
    for (const StoreEvent& event : batch.events) {
        const auto host = keys::parse_peer(event.record.key);
        if (!host || *host == self_) continue;
        if (event.type == StoreEvent::Type::put) {
            present_.insert(host->text());
            set_present(host->text());
        } else {
            present_.erase(host->text());
            gone = true;
        }
    }
    if (gone) find_absent();
}

bool Collector::is_there(const std::string& host) const {
    return present_.contains(host) && !exporters_.is_cut_off(host);
}

// How long what it signed last is good: it is not gone before that.
Duration Collector::vouched_for(const std::string& host) const {
    return exporters_.is_cut_off(host) ? Duration{0} : fold_.good_until(host) - wall();
}

// A peer that returns is current at once.
void Collector::set_present(const std::string& host) {
    const auto absent = absent_.find(host);
    if (absent == absent_.end() || !is_there(host)) return;
    if (absent->second.told)
        report_.publish(happened::PeerTurned{happened::PeerTurned::State::back, host, {}});
    absent_.erase(absent);
    gather(fold_.use(host, ExportFold::Use::collect, wall()));
    events_.on_moved();
}

// Counted from now: when its lease ended, or when its exports were first seen.
void Collector::find_absent() {
    if (!exports_->folded() || !peers_->folded()) return;
    (void)fold_.take_turned();
    const std::vector<std::string> hosts = fold_.hosts();
    std::erase_if(absent_, [&](const auto& absent) {
        if (std::binary_search(hosts.begin(), hosts.end(), absent.first)) return false;
        forget(absent.first, absent.second);
        return true;
    });
    for (const std::string& host : hosts) {
        if (is_there(host))
            set_present(host);
        else
            absent_.try_emplace(host, Absence{loop_.clock().now()});
    }
    review();
}

// The same for the few hosts that began or ceased to export.
void Collector::look_at_turned() {
    if (!peers_->folded()) return;  // then all are looked at
    const std::set<std::string> turned = fold_.take_turned();
    for (const std::string& host : turned) {
        if (!fold_.exports(host)) {
            if (const auto absent = absent_.extract(host)) forget(host, absent.mapped());
        } else if (!is_there(host)) {
            absent_.try_emplace(host, Absence{loop_.clock().now()});
        }
    }
    if (!turned.empty()) review();
}

bool Collector::check_exports(const Reading& reading, const std::set<std::string>& touched) {
    const std::size_t found = fold_.differences(reading, touched);
    if (found > 0) count_difference(counted(found, "export"));
    return found == 0;
}

bool Collector::check_peers(const Reading& reading, const std::set<std::string>& touched) {
    std::set<std::string> listed{self_.text()};
    for (const Record& record : reading.records)
        if (const auto host = keys::parse_peer(record.key)) listed.insert(host->text());
    std::vector<std::string> found;
    std::set_symmetric_difference(listed.begin(), listed.end(), present_.begin(), present_.end(),
                                  std::back_inserter(found));
    std::erase_if(found, [&touched](const std::string& host) {
        return touched.contains(keys::peer(*HostName::parse(host)));
    });
    if (!found.empty()) count_difference(counted(found.size(), "peer"));
    return found.empty();
}

void Collector::count_difference(std::string what) {
    report_.publish(happened::Refused{
        "fold_difference", "a full reading of the store differs from the copy in " + what +
                               "; the copy is read anew, please report this"});
}

LifeFacts Collector::facts(const Absence& absence) const {
    return {absence.since, store_since_, absence.expired};
}

// Judges every host that is absent, and waits for the next one to expire.
void Collector::review() {
    const Instant now = loop_.clock().now();
    std::optional<Instant> next;
    for (auto& [host, absence] : absent_) {
        const bool was_expired = absence.expired;
        const Duration vouched = was_expired ? Duration{0} : vouched_for(host);
        const bool over = judge(facts(absence), now, times_.life) == Life::expired;
        absence.expired = over && vouched <= Duration{0};
        if (absence.expired) gather(fold_.use(host, ExportFold::Use::drop, wall()));
        tell(host, absence, was_expired);
        auto later = next_judgement(facts(absence), now, times_.life);
        if (over && !absence.expired) later = now + vouched;
        if (!absence.told) later = std::min(later.value_or(Instant::max()), told_at(absence));
        if (later && (!next || *later < *next)) next = later;
    }
    arm(next);
    events_.on_moved();
}

void Collector::tell(const std::string& host, Absence& absence, bool was_expired) {
    using State = happened::PeerTurned::State;
    if (!absence.told && (absence.expired || loop_.clock().now() >= told_at(absence))) {
        absence.told = true;
        report_.publish(happened::PeerTurned{State::stale, host, times_.life.grace});
    }
    if (absence.expired && !was_expired)
        report_.publish(happened::PeerTurned{State::expired, host, times_.life.grace});
}

Instant Collector::told_at(const Absence& absence) {
    return absence.since + worth_telling;
}

// It has ended and exports nothing any more: there is nothing to say or to drop.
void Collector::forget(const std::string& host, const Absence& absence) {
    (void)fold_.use(host, ExportFold::Use::collect, wall());
    if (absence.told)
        report_.publish(happened::PeerTurned{happened::PeerTurned::State::forgotten, host, {}});
}

void Collector::arm(std::optional<Instant> next) {
    expiry_.reset();
    if (!next) return;
    expiry_ = loop_.after(*next - loop_.clock().now(), [this] {
        const Held ended = std::move(expiry_);
        review();
    });
}

void Collector::gather(Amendment amendment) {
    if (amendment.empty()) return;
    if (gathered_.empty()) loop_.post(lifeline_.guard([this] { emit(); }));
    for (Declaration& upsert : amendment.upserts) {
        InstanceId id = upsert.instance();
        gathered_.insert_or_assign(std::move(id), std::move(upsert));
    }
    for (InstanceId& removal : amendment.removals)
        gathered_.insert_or_assign(std::move(removal), std::nullopt);
}

void Collector::emit() {
    Amendment amendment;
    for (auto& [id, declaration] : std::exchange(gathered_, {})) {
        if (declaration)
            amendment.upserts.push_back(std::move(*declaration));
        else
            amendment.removals.push_back(id);
    }
    events_.on_amendment(amendment);
    report_.publish(happened::Collected{fold_.collected(), amendment.upserts.size(),
                                        amendment.removals.size()});
    events_.on_moved();
}

std::vector<StalePeer> Collector::stale() const {
    std::vector<StalePeer> found;
    const Instant now = loop_.clock().now();
    for (const auto& [host, absence] : absent_)
        found.push_back({host, absence.expired ? Life::expired : Life::stale, now - absence.since});
    return found;
}

}  // namespace hansa
