#include "daemon/seat_holder.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "daemon/home.h"
#include "daemon/recovery/bench_places.h"
#include "daemon/seat_settings.h"
#include "daemon/store_epoch.h"
#include "mesh/endpoints.h"
#include "trust/authority.h"

namespace hansa {
namespace {

constexpr std::size_t marker_bytes_max = 8 << 10;
constexpr Duration look_every = Seconds{1};
constexpr Duration answer_limit = Seconds{2};

}  // namespace

SeatHolder::SeatHolder(Ports ports, Wishes wishes, Certify certify, Events events)
    : ports_(ports),
      wishes_(std::move(wishes)),
      certify_(std::move(certify)),
      events_(std::move(events)),
      epoch_(wishes_.owner.epoch) {}

bool SeatHolder::has_data() const {
    return static_cast<bool>(ports_.files.status(data_path() + "/member"));
}

void SeatHolder::start() {
    if (auto cleared = clear_benches(ports_.files, wishes_.directory); !cleared)
        warn(cleared.error().text);
    auto text = ports_.files.read(marker_path(), marker_bytes_max);
    if (text) return begin_with(*text);
    if (text.error().code == Code::missing) return;  // it never was a member
    holds_none_ = true;
    warn(text.error().text +
         ": whether this host has a member of the store is not known, and it holds no seat; make "
         "that file readable and start the agent again");
}

void SeatHolder::begin_with(const std::string& text) {
    auto marker = decode_member_marker(text);
    is_foreign_ = !marker;
    if (!marker)
        return warn(marker_path() + ": " + marker.error().text + ": its data is not used; move " +
                    wishes_.directory + " away");
    const MemberFate fate = fate_of(*marker, has_data(), wishes_.owner);
    is_foreign_ = fate == MemberFate::other_host || fate == MemberFate::other_cluster;
    if (is_foreign_)
        return warn(marker_path() + " is of another " +
                    (fate == MemberFate::other_host ? "host (uuid " + marker->uuid
                                                    : "cluster (" + printable(marker->cluster)) +
                    "): its data is not used; move " + wishes_.directory + " away");
    if (fate == MemberFate::unfounded) return (void)ports_.files.remove(marker_path());
    marker_ = std::move(*marker);
    if (fate == MemberFate::outlived) return put_aside();
    if (fate == MemberFate::lost) {
        be_lost(true);
        return warn(text_of_loss());
    }
    if (auto launched = launch({}); !launched) warn(launched.error().text);
}

void SeatHolder::expect(std::vector<std::string> endpoints, const std::string& cluster,
                        const std::string& timing) {
    is_expected_ = true;
    endpoints_ = std::move(endpoints);
    cluster_ = cluster;
    timing_ = timing;
    if (!timer_) look();
}

void SeatHolder::expect_nothing() {
    is_expected_ = false;
}

void SeatHolder::found(const std::string& cluster, const std::string& timing) {
    if (server_ || stopping_ || holds_none_) return;
    auto founded = found_now(cluster, timing);
    if (founded) return;
    warn("founding the store: " + founded.error().text);
    timer_ = ports_.loop.after(look_every, [this, cluster, timing] { found(cluster, timing); });
}

Result<void> SeatHolder::found_now(const std::string& cluster, const std::string& timing) {
    if (auto cleared = clear_data(); !cleared) return cleared;
    if (auto kept =
            keep({cluster, wishes_.owner.uuid, 0, wishes_.client_urls, wishes_.peer_urls, timing});
        !kept)
        return kept;
    auto launched = launch({});
    if (!launched) {
        (void)ports_.files.remove(marker_path());
        marker_.reset();
    }
    return launched;
}

// What a founder's etcd calls itself; until then the marker vouches for whatever is here.
void SeatHolder::learn_id() {
    if (!marker_) return;  // removed before it was known
    ports_.electorate.status({marker_->client_urls.front(), answer_limit},
                             lifeline_.guard([this](Answer<MemberStatus> answer) {
                                 if (!marker_ || marker_->member != 0) return;
                                 if (!answer) {
                                     timer_ = ports_.loop.after(look_every, [this] { learn_id(); });
                                     return;
                                 }
                                 MemberMarker marker = *marker_;
                                 marker.member = answer.result->id;
                                 if (auto kept = keep(marker); !kept) warn(kept.error().text);
                             }));
}

void SeatHolder::had_member(std::vector<std::string> endpoints) {
    if (marker_) return;  // which knows better
    may_be_listed_ = true;
    endpoints_ = std::move(endpoints);
    if (!timer_) look();
}

void SeatHolder::look() {
    timer_.reset();
    if (!waits() || endpoints_.empty() || server_ || stopping_ || holds_none_) return;
    timer_ = ports_.loop.after(look_every, [this] { look(); });
    const std::string& endpoint = endpoints_[next_++ % endpoints_.size()];
    ports_.electorate.list({endpoint, answer_limit},
                           lifeline_.guard([this](Answer<std::vector<MemberInfo>> answer) {
                               if (answer) on_list(*answer.result);
                           }));
}

void SeatHolder::be_lost(bool lost) {
    if (lost == lost_) return;
    lost_ = lost;
    events_.on_lost(lost);
}

bool SeatHolder::still_listed(const std::vector<MemberInfo>& members) const {
    return std::any_of(members.begin(), members.end(), [this](const MemberInfo& member) {
        return marker_ ? member.id == marker_->member
                       : member.started && (member.name == wishes_.owner.uuid ||
                                            share_url(member.peer_urls, wishes_.peers_told));
    });
}

void SeatHolder::on_list(const std::vector<MemberInfo>& members) {
    if (server_ || stopping_) return;
    if (lost_ || may_be_listed_) {
        const bool listed = still_listed(members);
        be_lost(listed);
        if (listed) return;
        may_be_listed_ = false;
        marker_.reset();
    }
    if (!is_expected_) return;
    for (const MemberInfo& member : members) {
        if (member.started || !share_url(member.peer_urls, wishes_.peers_told)) continue;
        if (auto joined = join(member, members); !joined) warn(joined.error().text);
        return;
    }
}

// What stands there without belonging to the member that is to begin is of an earlier one.
Result<void> SeatHolder::clear_data() {
    if (auto made = make_directories(ports_.files, wishes_.directory); !made) return made;
    if (is_foreign_) return put_foreign_aside();
    auto cleared = ports_.files.remove_tree(data_path());
    if (!cleared && cleared.error().code != Code::missing)
        return std::move(cleared).error().during("clearing " + data_path());
    return {};
}

// The marker goes last: data without one would be taken for what an earlier member left.
Result<void> SeatHolder::put_foreign_aside() {
    const WallTime now = ports_.loop.clock().wall();
    auto data = put_data_aside(ports_.files, data_path(), now);
    if (!data) return std::move(data).error();
    auto marker = put_data_aside(ports_.files, marker_path(), now);
    if (!marker) return std::move(marker).error();
    is_foreign_ = false;
    warn("a member of this host begins in " + wishes_.directory +
         "; what lay there and was not its own is kept" +
         (data->empty() ? "" : " in " + *data + ", its marker") + " in " + *marker);
    return {};
}

Result<void> SeatHolder::join(const MemberInfo& mine, const std::vector<MemberInfo>& members) {
    if (auto cleared = clear_data(); !cleared) return cleared;
    if (auto kept = keep({cluster_, wishes_.owner.uuid, mine.id, wishes_.client_urls,
                          wishes_.peer_urls, timing_, epoch_});
        !kept)
        return kept;
    std::vector<EtcdMember> whole;
    for (const MemberInfo& member : members)
        for (const std::string& url : member.peer_urls)
            whole.push_back({member.id == mine.id ? wishes_.owner.uuid : member.name, url});
    return launch(std::move(whole));
}

Result<void> SeatHolder::keep(const MemberMarker& marker) {
    FileAttributes attributes;
    attributes.mode = 0600;
    if (auto written = ports_.files.write(marker_path(), encode(marker), attributes); !written)
        return std::move(written).error();
    marker_ = marker;
    return {};
}

// Etcd looks at entry and list only where its directory is empty. A founder's list is itself.
EtcdConfig SeatHolder::config_of(std::vector<EtcdMember> members) const {
    EtcdConfig config;
    config.name = wishes_.owner.uuid;
    config.data_directory = data_path();
    config.client_urls = marker_->client_urls;
    config.peer_urls = marker_->peer_urls;
    config.clients_told = wishes_.clients_told;
    config.peers_told = wishes_.peers_told;
    config.members = std::move(members);
    config.entry = marker_->member == 0 ? EtcdConfig::Entry::founding : EtcdConfig::Entry::joining;
    config.token = marker_->cluster;
    config.member_name = member_common_name;
    config.timing = etcd_timing(marker_->timing);
    return config;
}

Result<void> SeatHolder::launch(std::vector<EtcdMember> members) {
    EtcdConfig config = config_of(std::move(members));
    std::vector<std::string> urls = wishes_.clients_told;
    urls.insert(urls.end(), wishes_.peers_told.begin(), wishes_.peers_told.end());
    auto certificate = certify_(urls);
    if (!certificate) return std::move(certificate).error().during("a seat in the store");
    config.client_tls = certificate->client_tls;
    config.peer_tls = certificate->peer_tls;
    had_data_ = has_data();
    server_ = std::make_unique<EtcdServer>(
        ports_.loop, ports_.processes, std::move(config),
        EtcdServerEvents{
            .on_serving =
                [this] {
                    had_data_ = true;
                    if (marker_->member == 0) learn_id();
                    events_.on_serving();
                },
            .on_ended = [this](const std::string& why, Duration pause) { ended(why, pause); },
            .on_removed = [this] { removed(); },
            .on_log = events_.on_log,
        });
    timer_.reset();
    ports_.report.publish(happened::Noted{
        marker_->member == 0
            ? "this host founds the store"
            : "this host's member " + text_of_member(marker_->member) + " of the store starts"});
    return server_->start();
}

std::string SeatHolder::text_of_loss() const {
    return "the data of this host's member " + text_of_member(marker_->member) + " is gone from " +
           data_path() +
           ": it is not started empty, for it would forget what it acknowledged; the steward takes "
           "it out of the store, and then it may have a seat again";
}

void SeatHolder::ended(const std::string& why, Duration pause) {
    if (tells_of_damage(why)) return damaged(why);
    if (had_data_ && !has_data()) {
        server_->stop([] {});
        gone_ = std::move(server_);  // its callback is on the stack
        warn(text_of_loss());
        return be_lost(true);
    }
    warn("this host's member of the store: " + why + "; it is started again in " + readable(pause));
}

// It would end again and again. As a loss it is known to the steward at once, and replaced.
void SeatHolder::damaged(const std::string& why) {
    server_->stop([] {});
    gone_ = std::move(server_);  // its callback is on the stack
    warn("the data of this host's member " + text_of_member(marker_->member) + " in " +
         data_path() + " is damaged: " + why +
         "; it is not started again, the steward takes it out of the store, and then it may have "
         "a seat again");
    be_lost(true);
}

// The data goes before the marker: an end in between leaves a marker without data, which is never
// started, and not data that nobody vouches for.
void SeatHolder::removed() {
    gone_ = std::move(server_);
    if (auto cleared = ports_.files.remove_tree(data_path()); !cleared)
        warn("clearing " + data_path() + ": " + cleared.error().text);
    if (auto cleared = ports_.files.remove(marker_path()); !cleared)
        warn("clearing " + marker_path() + ": " + cleared.error().text);
    marker_.reset();
    ports_.report.publish(happened::Noted{"this host gave its seat in the store up"});
    events_.on_gone();
}

void SeatHolder::cut_connections() {
    if (!serves() || stopping_) return;
    server_->stop([this] {
        timer_ = ports_.loop.after(Duration{0}, [this] {
            server_.reset();
            if (!has_data()) {
                warn(text_of_loss());
                return be_lost(true);
            }
            if (auto launched = launch({}); !launched) warn(launched.error().text);
        });
    });
}

void SeatHolder::epoch_is(std::uint64_t epoch) {
    epoch_ = std::max(epoch_, epoch);
    if (!marker_ || marker_->epoch >= epoch_ || stopping_ || retiring_) return;
    timer_.reset();
    if (!server_) return put_aside();
    retiring_ = true;
    server_->stop([this] {
        gone_ = std::move(server_);
        retiring_ = false;
        put_aside();
        events_.on_gone();
        if (const Action stopped = std::exchange(stopped_, nullptr)) stopped();
    });
}

// The marker goes last: data without one is never looked at again, and a marker without data is
// put aside at the next start.
void SeatHolder::put_aside() {
    const std::string what = "this host's member " + text_of_member(marker_->member) +
                             " of the store is of epoch " + std::to_string(marker_->epoch) +
                             ", and the cluster, which was recovered since, is at epoch " +
                             std::to_string(epoch_) + ": it does not serve any more";
    auto aside = put_data_aside(ports_.files, data_path(), ports_.loop.clock().wall());
    if (!aside) return warn(what + "; " + aside.error().text);
    if (auto cleared = ports_.files.remove(marker_path()); !cleared) warn(cleared.error().text);
    marker_.reset();
    be_lost(false);
    warn(what + (aside->empty() ? "" : "; its data is kept in " + *aside));
}

void SeatHolder::stop(Action stopped) {
    stopping_ = true;
    timer_.reset();
    if (retiring_) {
        stopped_ = std::move(stopped);
        return;
    }
    if (!server_) return ports_.loop.post(std::move(stopped));
    server_->stop(std::move(stopped));
}

void SeatHolder::warn(const std::string& what) {
    if (what == told_) return;
    told_ = what;
    ports_.report.publish(happened::Warned{what});
}

}  // namespace hansa
