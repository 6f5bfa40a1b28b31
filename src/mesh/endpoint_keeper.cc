#include "mesh/endpoint_keeper.h"

#include <algorithm>
#include <utility>

#include "mesh/backoff.h"

namespace hansa {

EndpointKeeper::EndpointKeeper(Ports ports, std::vector<StoreMember> cached,
                               std::vector<std::string> domain, EndpointTimes times)
    : ports_(std::move(ports)),
      times_(times),
      seed_(ports_.random.next()),
      here_{std::move(domain), false},
      kept_(cached) {
    known_.cached = std::move(cached);
}

void EndpointKeeper::begin_with(Urls seeds) {
    known_.seeds = std::move(seeds);
    hand_over();
    look_up_after(times_.look_up_after);
}

void EndpointKeeper::own_is(OwnStore own) {
    if (!own.dialled.empty()) {
        own_last_ = own.dialled;
        own_last_.insert(own_last_.end(), own.told.begin(), own.told.end());
    }
    known_.own = std::move(own.dialled);
    std::erase_if(known_.members, [this](const StoreMember& member) { return is_own(member); });
    hand_over();
}

EndpointKeeper::Urls EndpointKeeper::others() const {
    Urls urls;
    for (const StoreMember& member : known_.members.empty() ? known_.cached : known_.members)
        if (!is_own(member))
            urls.insert(urls.end(), member.client_urls.begin(), member.client_urls.end());
    return urls;
}

void EndpointKeeper::store_is(StoreStatus::State state) {
    const bool connected = state == StoreStatus::State::connected;
    if (connected == connected_) return;
    connected_ = connected;
    next_list_.reset();
    next_look_up_.reset();
    if (!connected) return look_up_after(times_.look_up_after);
    // Who knows of one member elsewhere, and loses that one, has lost the store.
    const bool hangs_by_a_thread = known_.own.empty() && used_.size() < 2;
    list_after(hangs_by_a_thread ? Duration{0} : times_.list_after);
}

void EndpointKeeper::members_changed() {
    if (!connected_) return;  // they are read as soon as it is
    const auto within = static_cast<std::uint64_t>(times_.list_within.count());
    list_at(Duration{static_cast<std::int64_t>(ports_.random.below(within))});
}

void EndpointKeeper::list_after(Duration delay) {
    list_at(jittered(delay, ports_.random));
}

void EndpointKeeper::list_at(Duration delay) {
    next_list_ = ports_.loop.after(delay, [this] {
        const Held ended = std::move(next_list_);
        list();
    });
}

void EndpointKeeper::list() {
    if (listing_) return list_after(times_.list_after);  // that answer may be older than the news
    listing_ = true;
    ports_.list(lifeline_.guard([this](Result<MemberListing> listing) {
        listing_ = false;
        if (connected_ && !next_list_) list_after(times_.list_every);
        if (listing) take(std::move(*listing));
    }));
}

void EndpointKeeper::take(MemberListing listing) {
    const auto voters = std::count_if(listing.members.begin(), listing.members.end(),
                                      [](const StoreMember& member) { return !member.learner; });
    ports_.expect(static_cast<std::size_t>(voters));
    here_.beside = is_loopback_url(listing.endpoint);
    auto members = dialable(listing.members, here_);
    std::erase_if(members, [this](const StoreMember& member) { return is_own(member); });
    // A store whose addresses mean nothing here is reached as it was reached until now.
    if (members.empty() && own_last_.empty()) return;
    for (StoreMember& member : members)
        if (ports_.domain_of) member.domain = ports_.domain_of(member);
    std::sort(members.begin(), members.end(),
              [](const auto& a, const auto& b) { return a.client_urls < b.client_urls; });
    if (members.empty()) known_.cached.clear();  // none but our own: what was kept is history
    known_.members = members;
    apply();
    if (members == kept_) return;
    kept_ = std::move(members);
    ports_.keep(kept_);
}

bool EndpointKeeper::is_own(const StoreMember& member) const {
    if (own_last_.empty()) return false;
    return std::all_of(
        member.client_urls.begin(), member.client_urls.end(), [this](const std::string& url) {
            return is_loopback_url(url) ||
                   std::find(own_last_.begin(), own_last_.end(), url) != own_last_.end();
        });
}

void EndpointKeeper::look_up_after(Duration delay) {
    if (!ports_.look_up || known_.seeds.empty()) return;
    next_look_up_ = ports_.loop.after(jittered(delay, ports_.random), [this] {
        const Held ended = std::move(next_look_up_);
        look_up();
    });
}

void EndpointKeeper::look_up() {
    ports_.look_up(lifeline_.guard([this](Urls found) {
        if (connected_) return;
        if (!found.empty()) known_.found = std::move(found);
        apply();
        look_up_after(times_.look_up_every);
    }));
}

// The same list once more would only cut a rest short in which others are tried.
void EndpointKeeper::apply() {
    if (order_endpoints(known_, here_, seed_) != used_) hand_over();
}

void EndpointKeeper::hand_over() {
    used_ = order_endpoints(known_, here_, seed_);
    ports_.use(used_);
}

}  // namespace hansa
