#include "mesh/mesh.h"

#include "base/check.h"
#include "base/text.h"
#include "mesh/keys.h"

namespace hansa {
namespace {

constexpr Duration withdrawal_patience = Seconds{5};

// Certificates that name a cluster decide what signatures are for; with those from elsewhere it is
// the store's own.
std::string cluster_for(const Credentials& credentials, const std::string& cluster_id) {
    const auto claims = credentials.chain.front().claims();
    return claims && !claims->cluster.empty() ? claims->cluster : cluster_id;
}

}  // namespace

Mesh::Mesh(Loop& loop, Store& store, Random& random, const Catalog& catalog, Report& report,
           HostName host, MeshOptions options, MeshEvents events)
    : loop_(loop),
      store_(store),
      random_(random),
      report_(report),
      host_(std::move(host)),
      options_(std::move(options)),
      events_(std::move(events)),
      may_withdraw_(!options_.membership.admission.cluster_id.empty()),
      publisher_(loop, store, random, report,
                 {host_, options_.membership.incarnation, options_.trust.credentials,
                  options_.trust.keeper, options_.quota, options_.times_of_exports},
                 {[this] { on_published(); },
                  [this] {
                      if (membership_) membership_->verify();
                  }}),
      collector_(loop, store, random, catalog, report, host_, options_.times, options_.trust.keeper,
                 options_.trust.policy,
                 {[this](const Amendment& amendment) { events_.on_amendment(amendment); },
                  [this] { events_.on_moved(); }}),
      announcer_(loop, store, random, report),
      values_(loop, store, host_),
      value_watch_(loop, store, random, host_) {}

Mesh::~Mesh() {
    store_.on_status([](const StoreStatus&) {});
}

void Mesh::start() {
    store_.on_status([this](const StoreStatus& status) { on_status(status); });
    MembershipEvents events;
    events.on_claiming = [this](Compare name_is_ours, const std::string& cluster_id) {
        enter(std::move(name_is_ours), cluster_id);
    };
    events.on_outdated = events_.on_outdated;
    events.on_entered = [this](const std::string& cluster_id, std::uint64_t epoch) {
        publisher_.store_returned();  // its first commit may have overtaken the claim
        events_.on_entered(cluster_id, epoch);
        events_.on_moved();
    };
    events.on_claimed_again = [this] {
        report_.publish(happened::Warned{
            "the cluster did not know this host any more: it had left or was removed (\"hansa "
            "peers "
            "remove\"), or the store is of an older state; it has joined again as \"" +
            host_.text() +
            "\", and what it exports is published anew; if it shall not be here: \"hansa "
            "leave\""});
    };
    events.on_replaced = [this](const NameRecord& before) {
        report_.publish(happened::Noted{"this host is \"" + host_.text() +
                                        "\" from now on, which " + printable(before.uuid, 80) +
                                        " was since " + printable(before.since, 40) + ", at " +
                                        printable(before.where, 120)});
    };
    events.on_refused = [this](const Error& refusal) {
        publisher_.halt();
        events_.on_refused(refusal);
    };
    // Who was taken for gone may find its exports cleared away.
    events.on_renewed = [this] { publisher_.recheck(); };
    events.on_error = [this](const Error& failed) { error("joining", failed); };
    membership_ = std::make_unique<Membership>(loop_, store_, random_, host_, options_.membership,
                                               std::move(events));
    // That no endpoint is known yet is no news: whoever is to find one says what it waits for.
    const StoreStatus status = store_.status();
    if (status.state == StoreStatus::State::connecting)
        take_status(status);
    else
        on_status(status);
    withdrawal_patience_ = loop_.after(withdrawal_patience, [this] {
        const Held ended = std::move(withdrawal_patience_);
        events_.on_moved();
    });
}

Compare Mesh::name_is_ours() const {
    if (membership_) return membership_->name_is_ours();
    return Compare::holds(keys::name_of(host_), {});  // no record is empty
}

void Mesh::enter(Compare name_is_ours, const std::string& cluster_id) {
    trust_cluster_ = cluster_for(options_.trust.credentials, cluster_id);
    publisher_.enter(std::move(name_is_ours), trust_cluster_);
    hand_over_terms();  // judges what has come, while the store takes what we export
}

void Mesh::hand_over_terms() {
    if (trust_cluster_.empty()) return;
    const MeshTrust& trust = options_.trust;
    collector_.use(TrustTerms{trust_cluster_, trust.credentials.roots, {}, trust.lapse});
    announcer_.use(trust.credentials.roots);
}

void Mesh::use(Credentials credentials) {
    options_.trust.credentials = credentials;
    hand_over_terms();
    publisher_.use(std::move(credentials));
}

void Mesh::announce(const RevocationList& list, std::string text) {
    announcer_.announce(list, std::move(text));
}

void Mesh::use(CollectPolicy policy) {
    collector_.use(std::move(policy));
}

void Mesh::on_status(const StoreStatus& status) {
    using Shown = happened::StoreChanged::State;
    const bool read_only = status.state == StoreStatus::State::no_quorum;
    if (!read_only) read_only_since_.reset();
    if (read_only && !read_only_since_) read_only_since_ = loop_.clock().wall();
    happened::StoreChanged shown{Shown::starting, status.detail,
                                 read_only_since_.value_or(WallTime{})};
    if (status.state == StoreStatus::State::connected) shown.state = Shown::connected;
    if (status.state == StoreStatus::State::away) shown.state = Shown::away;
    if (read_only) shown.state = Shown::read_only;
    report_.publish(std::move(shown));
    take_status(status);
}

void Mesh::take_status(const StoreStatus& status) {
    const bool connected = status.state == StoreStatus::State::connected;
    collector_.store_is(status.state);
    announcer_.store_is(status.state);
    if (connected) {
        publisher_.store_returned();
        value_watch_.store_returned();
        membership_->store_returned();
    }
    events_.on_moved();
}

void Mesh::publish(std::vector<Wanted> exports) {
    // Even nothing is declared: an earlier run may have left something there.
    exports_declared_ = exports_declared_ || !exports.empty();
    withdrawal_declared_ = may_withdraw_ && exports.empty();
    publisher_.declare(std::move(exports));
}

void Mesh::collect(std::vector<CollectRequest> collects) {
    collector_.want(std::move(collects));
}

void Mesh::advertise(std::vector<std::string> urls) {
    if (membership_) membership_->advertise(std::move(urls));
}

void Mesh::offer(SeatOffer seat) {
    if (membership_) membership_->offer(std::move(seat));
}

MeshStanding Mesh::standing() const {
    MeshStanding standing;
    standing.entered = membership_ && membership_->entered();
    // Who has not been let in yet may still be refused, whatever the store has answered.
    standing.exports_acknowledged = !exports_due() || (standing.entered && publisher_.settled());
    standing.collect_folded =
        !collector_.wanted() || (standing.entered && collector_.folded(publisher_.revision()));
    standing.exports_refused = publisher_.refusal();
    standing.collected = collector_.collected();
    standing.stale = collector_.stale();
    standing.distrusted = collector_.distrusted();
    return standing;
}

// What is exported is awaited for as long as it takes. Whoever exports nothing does not depend on
// the store: what an earlier run may have left there is awaited while the store answers, or may
// soon, and no longer.
bool Mesh::exports_due() const {
    if (exports_declared_) return true;
    if (!withdrawal_declared_) return false;
    const StoreStatus::State state = store_.status().state;
    return state == StoreStatus::State::connected ||
           (state == StoreStatus::State::connecting && withdrawal_patience_);
}

Held Mesh::watch_key(const std::string& key, Action changed) {
    return value_watch_.watch_key(key, std::move(changed));
}

void Mesh::error(const std::string& doing, const Error& error) {
    report_.publish(happened::Refused{"store_error", doing + ": " + error.text});
}

// `done`, called by whoever is first: the answer, or the end of the patience.
std::function<void(Result<void>)> Mesh::once(Duration patience,
                                             std::function<void(Result<void>)> done) {
    auto finish = lifeline_.guard([this, done = std::move(done)](Result<void> result) {
        if (!patience_) return;
        const Held ended = std::move(patience_);
        done(std::move(result));
    });
    patience_ = loop_.after(patience, [finish]() mutable {
        finish(Error{Code::unavailable, "the store did not answer in time"});
    });
    return finish;
}

void Mesh::stop(Duration patience, Action done) {
    publisher_.halt();
    if (!membership_) return loop_.post(std::move(done));
    auto finish = once(patience, [done = std::move(done)](Result<void>) { done(); });
    membership_->stop([finish] { finish({}); });
}

// What is withdrawn is withdrawn with a signature: records that are merely gone are taken for
// withheld.
void Mesh::leave(Departure departure, Duration patience, std::function<void(Result<void>)> done) {
    if (!membership_) {
        publisher_.halt();
        return loop_.post([done = std::move(done)] { done({}); });
    }
    auto finish = once(patience, std::move(done));
    leaving_ = [this, finish = std::move(finish)] {
        publisher_.halt();
        membership_->leave(finish);
    };
    if (departure == Departure::keep_exports) return go();
    publisher_.declare({});
    on_published();
}

void Mesh::on_published() {
    if (leaving_ && publisher_.settled()) go();
    events_.on_moved();
}

void Mesh::go() {
    if (const Action leaving = std::exchange(leaving_, nullptr)) leaving();
}

}  // namespace hansa
