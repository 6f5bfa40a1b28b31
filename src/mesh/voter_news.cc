#include "mesh/voter_news.h"

#include <algorithm>

#include "mesh/follow_key.h"
#include "mesh/keys.h"
#include "mesh/seats.h"

namespace hansa {
namespace {

constexpr Duration begin_after = Seconds{1};

}  // namespace

void VoterNews::begin() {
    if (follower_ || beginning_) return;
    beginning_ = ports_.loop.after(begin_after, [this] {
        const Held ended = std::move(beginning_);
        follow();
    });
}

void VoterNews::follow() {
    auto events = follow_key(
        keys::seat_voters(),
        {.on_record =
             [this](const std::optional<Record>& record) { take(record ? record->value : ""); },
         .on_written = [this](const Record& record) { hear_clock(record.value); },
         .on_error =
             [this](const Error& error) {
                 ports_.report.publish(happened::Refused{"store_error", "voters: " + error.text});
             }});
    follower_ = std::make_unique<Follower>(ports_.loop, ports_.store, ports_.random,
                                           keys::seat_voters(), FollowerTimes{}, std::move(events));
    follower_->store_is(ports_.store.status().state);
}

void VoterNews::store_is(StoreStatus::State state) {
    if (follower_) follower_->store_is(state);
}

void VoterNews::take(const std::string& text) {
    if (text.empty()) return;
    auto record = decode_voters(text);
    if (!record) return ports_.report.publish(happened::Refused{"bad_record", record.error().text});
    record->clock.reset();  // is no news of voters
    if (record_ == *record) return;
    const bool are_others = !record_ || record_->voters != record->voters;
    record_ = std::move(*record);
    if (are_others) events_.on_voters();
    if (events_.on_record) events_.on_record(*record_);
}

// What was read late tells no time.
void VoterNews::hear_clock(const std::string& text) const {
    if (!events_.on_clock) return;
    if (const auto record = decode_voters(text); record && record->clock)
        events_.on_clock(*record->clock);
}

std::vector<std::string> VoterNews::domain_of(const StoreMember& member) const {
    if (!record_) return {};
    for (const VoterPlace& voter : record_->voters)
        if (share_url(voter.urls, member.client_urls)) return domain_steps(voter.domain);
    return {};
}

std::size_t VoterNews::turn_of(const HostName& host) const {
    if (!record_) return 0;
    const std::vector<VoterPlace>& voters = record_->voters;
    const auto found = std::find_if(voters.begin(), voters.end(), [&](const VoterPlace& voter) {
        return voter.host == host.text();
    });
    return static_cast<std::size_t>(found - voters.begin());
}

}  // namespace hansa
