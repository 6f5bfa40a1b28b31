#include "mesh/announcer.h"

#include "mesh/follow_key.h"
#include "mesh/keys.h"
#include "mesh/revocations.h"

namespace hansa {

Announcer::Announcer(Loop& loop, Store& store, Random& random, Report& report)
    : loop_(loop), store_(store), random_(random), report_(report) {}

void Announcer::use(std::vector<Certificate> roots) {
    roots_ = std::move(roots);
    weigh();
    settle();
}

void Announcer::announce(const RevocationList& list, std::string text) {
    list_ = list;
    text_ = std::move(text);
    backoff_.reset();
    retry_.reset();
    if (!follower_) follow();
    weigh();
    settle();
}

// A list that nobody here believes is not written again and again: of an authority that is not this
// cluster's.
void Announcer::weigh() {
    counts_ = !text_.empty() && !roots_.empty() &&
              static_cast<bool>(read_revocations(text_, roots_, loop_.clock().wall()));
}

void Announcer::store_is(StoreStatus::State state) {
    if (follower_) follower_->store_is(state);
}

void Announcer::follow() {
    auto events = follow_key(
        keys::revocations(),
        {.on_record = [this](const std::optional<Record>& shown) { take(shown); },
         .on_error =
             [this](const Error& error) {
                 report_.publish(happened::Refused{
                     "store_error", "reading the list of who is revoked: " + error.text});
             }});
    follower_ = std::make_unique<Follower>(loop_, store_, random_, keys::revocations(),
                                           FollowerTimes{}, std::move(events));
    follower_->store_is(store_.status().state);
}

void Announcer::take(std::optional<Record> shown) {
    shown_ = std::move(shown);
    settle();
}

void Announcer::settle() {
    if (!counts_ || !shown_ || putting_ || retry_) return;
    if (*shown_ && is_good(**shown_)) return;
    put();
}

// Ours, or one of a later epoch: then this authority's own files are older than what it once
// said, and a list of theirs would take nobody back. Nor would another one of the same epoch.
bool Announcer::is_good(const Record& shown) {
    auto list = read_revocations(shown.value, roots_, loop_.clock().wall());
    if (!list || list->epoch < list_.epoch) return false;
    if (list->epoch > list_.epoch && list->epoch > newer_told_) {
        newer_told_ = list->epoch;
        report_.publish(happened::Warned{
            "the cluster knows list " + std::to_string(list->epoch) +
            " of who is revoked, and this authority only " + std::to_string(list_.epoch) +
            ": restore revocations.json beside its keys, or nobody it revokes is"});
    }
    if (list->epoch == list_.epoch && !same(list->revoked, list_.revoked) &&
        other_told_ != list->epoch) {
        other_told_ = list->epoch;
        report_.publish(
            happened::Warned{"the cluster knows another list " + std::to_string(list->epoch) +
                             " of who is revoked than this authority: its keys are used with two "
                             "revocations.json; keep one, and revoke in it whoever is on either"});
    }
    return true;
}

void Announcer::put() {
    const std::string key = keys::revocations();
    Transaction transaction;
    transaction.when.push_back(*shown_ ? Compare::modified(key, (*shown_)->modified)
                                       : Compare::absent(key));
    transaction.then.push_back(Operation::put(key, text_));
    putting_ = true;
    store_.commit(std::move(transaction), lifeline_.guard([this](Result<Committed> done) {
        putting_ = false;
        if (done)
            episode_.ended_well();
        else if (episode_.failed(done.error(), store_.status().state))
            report_.publish(happened::Refused{
                "store_error", "telling the cluster who is revoked: " + done.error().text});
        // Whatever came of it, the watch tells; until then, and while somebody writes against us,
        // no more than that.
        retry_ = loop_.after(backoff_.next(random_), [this] {
            const Held ended = std::move(retry_);
            settle();
        });
    }));
}

}  // namespace hansa
