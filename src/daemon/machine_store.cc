#include "daemon/machine_store.h"

#include <algorithm>

#include "base/text.h"
#include "daemon/home.h"
#include "daemon/recovery/bench_places.h"
#include "daemon/seat_settings.h"
#include "daemon/settings.h"
#include "daemon/store_epoch.h"
#include "trust/authority.h"

namespace hansa {

namespace {

constexpr std::uint64_t notice_bytes_max = 64 * 1024;
constexpr Duration pause_first = Milliseconds{20};  // a holder says its name within moments
constexpr Duration pause_max = Seconds{1};
constexpr Duration patience = Seconds{1};  // with a port that an etcd before ours may still hold
// The wall clock may be set, and it goes on while the machine sleeps: it is asked each minute
// whether the certificate is to be renewed.
constexpr Duration renewal_look = Seconds{60};
constexpr Duration renewal_retry = Seconds{60};

std::string url_of(const std::string& host, std::uint16_t port) {
    return "https://" + HostPort{host, port}.text();
}

StorePlace place_of(const StoreNotice& notice) {
    if (!notice.elsewhere.empty())
        return {notice.elsewhere, notice.server_name, notice.elsewhere, {}, true};
    const auto& told = notice.clients_told.empty() ? notice.client_urls : notice.clients_told;
    return {notice.client_urls, notice.server_name, told};
}

constexpr const char* restore_advice =
    "restore a copy with \"hansa cluster restore\": docs/manual/recovery.md";

std::string text_of_others(const std::vector<std::string>& urls) {
    return "; other members are known: " + join(urls, ", ") +
           "; with them this machine may be given a seat again";
}

}  // namespace

std::vector<std::string> at_address(std::vector<std::string> urls, const std::string& address) {
    for (std::string& url : urls) url = url_of(address, place_of_url(url).port);
    return urls;
}

MachineStore::MachineStore(Ports ports, Wishes wishes, Certify certify, Events events)
    : ports_(ports),
      wishes_(std::move(wishes)),
      certify_(std::move(certify)),
      events_(std::move(events)) {}

MachineStore::~MachineStore() = default;

void MachineStore::start() {
    if (auto made = make_directories(ports_.files, wishes_.directory); !made)
        return give_up(std::move(made).error().during("the machine's store"));
    // Another user's store is never joined: nobody else may put a notice there.
    if (auto ours = check_private(ports_.files, ports_.accounts, wishes_.directory); !ours)
        return give_up(std::move(ours).error().during("the machine's store"));
    watch_notice();
    look();
}

void MachineStore::watch_notice() {
    auto watch = ports_.watcher.watch(notice_path(), WatchDepth::entry, [this] { look(); });
    if (watch) {
        notice_watch_ = std::move(*watch);
        return;
    }
    ports_.report.publish(happened::Warned{
        notice_path() + " is not watched: " + watch.error().text + "; it is read each second"});
    poll_notice();
}

void MachineStore::poll_notice() {
    poll_ = ports_.loop.after(pause_max, [this] {
        poll_notice();
        look();
    });
}

// Serves when the lock is free, else follows whoever has it. Called whenever that may change.
void MachineStore::look() {
    if (given_up_ || lock_) return;
    timer_.reset();
    if (!wishes_.may_serve) return follow();
    auto lock = ports_.locks.take(lock_path());
    if (lock) {
        lock_ = std::move(*lock);
        trying_since_ = ports_.loop.clock().now();
        pause_ = {};
        if (auto cleared = clear_benches(ports_.files, wishes_.directory); !cleared)
            ports_.report.publish(happened::Warned{cleared.error().text});
        return serve();
    }
    if (lock.error().code == Code::conflict) return follow();
    cannot_serve(std::move(lock).error().during("the machine's lock"));
}

void MachineStore::look_later() {
    pause_ = std::clamp(pause_ * 2, pause_first, pause_max);
    timer_ = ports_.loop.after(pause_, [this] { lock_ ? serve() : look(); });
}

void MachineStore::serve() {
    holder_watch_.reset();
    if (has_data()) {
        had_data_ = true;
    } else if (had_data_) {
        return vanished();
    } else {
        auto others = last_notice().elsewhere;
        if (wishes_.belongs || !others.empty())
            if (auto known = events_.others(); !known.empty()) others = std::move(known);
        if (!others.empty()) return dwell_elsewhere(std::move(others));
        if (wishes_.belongs)
            return lost(
                "the store is empty, but this host belongs to a cluster: there is no "
                "data in " +
                data_path());
    }
    dial({});
    if (is_outdated()) return put_aside();
    if (auto started = start_server(); !started) {
        server_.reset();
        cannot_serve(std::move(started).error());
    }
}

Result<void> MachineStore::start_server() {
    auto config = plan_server();
    if (!config) return std::move(config).error();
    tell_waiting("starting etcd at " + config->client_urls.front());
    server_ = std::make_unique<EtcdServer>(
        ports_.loop, ports_.processes, std::move(*config),
        EtcdServerEvents{
            .on_serving = [this] { serving(); },
            .on_ended = [this](const std::string& why, Duration pause) { ended(why, pause); },
            .on_removed = [this] { removed(); },
            .on_log = events_.on_log,
        });
    return server_->start();
}

// Code::unavailable may pass by itself within moments; the rest may not.
void MachineStore::cannot_serve(Error why) {
    const bool may_pass = why.code == Code::unavailable && is_patient();
    if (!joined_ && !may_pass) return give_up(std::move(why));
    if (!may_pass && why.text != warned_) {
        warned_ = why.text;
        ports_.report.publish(happened::Warned{
            "this agent cannot serve the machine's store: " + why.text + "; it is tried again"});
    }
    look_later();
}

bool MachineStore::is_patient() const {
    return trying_since_ && ports_.loop.clock().now() - *trying_since_ < patience;
}

void MachineStore::give_up(Error why) {
    given_up_ = true;
    timer_.reset();
    lock_.reset();
    events_.on_fatal(std::move(why));
}

// What was founded here and never recovered is of epoch 0.
bool MachineStore::is_outdated() const {
    if (wishes_.epoch == 0 || !has_data()) return false;
    const auto epoch = read_store_epoch(ports_.files, wishes_.directory);
    return epoch && *epoch < wishes_.epoch;
}

void MachineStore::epoch_is(std::uint64_t epoch) {
    wishes_.epoch = std::max(wishes_.epoch, epoch);
    if (!server_ || given_up_ || !is_outdated()) return;
    timer_.reset();
    server_->stop([this] {
        gone_ = std::move(server_);
        put_aside();
    });
}

void MachineStore::put_aside() {
    renewal_.reset();
    const auto aside = put_data_aside(ports_.files, data_path(), ports_.loop.clock().wall());
    const std::string what =
        "the store in " + wishes_.directory +
        " is of an older epoch than its cluster, which was recovered elsewhere and is at epoch " +
        std::to_string(wishes_.epoch) + ": it does not serve any more, and its data " +
        (aside ? "is kept in " + *aside : "stays: " + aside.error().text);
    auto others = events_.others();
    if (others.empty() || !aside)
        return give_up(Error{Code::conflict, what + "; start this host with --seeds that say where "
                                                    "the cluster is"});
    ports_.report.publish(happened::Warned{what});
    dwell_elsewhere(std::move(others));
}

// The notice goes first: an end in between leaves data whose etcd says once more that it was
// removed.
void MachineStore::removed() {
    const std::vector<std::string> others = events_.others();
    if (others.empty()) {
        given_up_ = true;
        return events_.on_fatal(
            Error{Code::conflict,
                  "the machine's etcd was removed from its cluster, and no other member "
                  "is known; move " +
                      wishes_.directory + " away to found a new one"});
    }
    StoreNotice notice = last_notice();
    notice.elsewhere = others;
    write(notice);
    gone_ = std::move(server_);
    renewal_.reset();
    if (auto cleared = ports_.files.remove_tree(data_path()); !cleared)
        ports_.report.publish(
            happened::Warned{"clearing " + data_path() + ": " + cleared.error().text});
    ports_.report.publish(happened::Noted{"this machine gave its seat in the store up"});
    dwell_elsewhere(others);
}

bool MachineStore::has_data() const {
    return static_cast<bool>(ports_.files.status(data_path() + "/member"));
}

void MachineStore::dwell_elsewhere(std::vector<std::string> urls) {
    joined_ = true;
    StoreNotice notice = last_notice();
    notice.pid = ports_.locks.holder(lock_path()).value_or(LockHolder{}).pid;
    notice.serving = true;
    notice.elsewhere = urls;
    if (notice.server_name.empty()) notice.server_name = store_server_name;
    write(notice);
    dial(place_of(notice));
}

// It would end again and again. Where others have the data this machine's member is as good as
// removed, which the steward is told once this host is a client; where nobody has, what is left of
// it is all there is.
void MachineStore::damaged(const std::string& why) {
    const std::string what = "the data of the machine's store in " + data_path() +
                             " is damaged: " + why + "; it is not started again";
    auto others = events_.others();
    if (others.empty()) {
        be_down(what + ", and stays as it is, for no other member is known that would have it " +
                "whole; what was applied here is kept up. Stop the agent and " + restore_advice);
        return never_again();
    }
    const auto aside = put_data_aside(ports_.files, data_path(), ports_.loop.clock().wall());
    if (!aside) be_down(what + "; " + aside.error().text);
    never_again();
    if (!aside) return;
    ports_.report.publish(
        happened::Warned{what + " and kept in " + *aside + text_of_others(others)});
    dwell_elsewhere(std::move(others));
}

// The same process would begin empty, at the same URLs. REQUIRES: no server, or one that has ended.
void MachineStore::vanished() {
    const std::string what =
        "the data of the machine's store is gone from " + data_path() + ": it is not started again";
    if (server_) never_again();
    auto others = events_.others();
    if (others.empty()) return lost(what);
    ports_.report.publish(happened::Warned{what + text_of_others(others)});
    dwell_elsewhere(std::move(others));
}

void MachineStore::lost(const std::string& what) {
    const std::string whole =
        what + "; no other member is known, and none is founded in its place. ";
    renewal_.reset();
    if (!joined_) return give_up(Error{Code::conflict, whole + "To go on, " + restore_advice});
    be_down(whole + "What was applied here is kept up. Stop the agent and " + restore_advice);
}

// The server has ended, and its callback is on the stack.
void MachineStore::never_again() {
    server_->stop([] {});
    gone_ = std::move(server_);
    timer_.reset();
    renewal_.reset();
}

// In place of what the link says: that it knows of no endpoint.
void MachineStore::be_down(const std::string& why) {
    ports_.report.publish(happened::Warned{why});
    dial({});
    ports_.report.publish(happened::StoreChanged{happened::StoreChanged::State::away, why});
    told_.clear();
    if (server_) return write_notice(false);
    StoreNotice notice = last_notice();
    if (notice.client_urls.empty()) return;  // nobody was ever told of a store
    notice.pid = ports_.locks.holder(lock_path()).value_or(LockHolder{}).pid;
    notice.serving = false;
    write(notice);
}

void MachineStore::ended(const std::string& why, Duration pause) {
    if (had_data_ && !has_data()) return vanished();
    if (tells_of_damage(why)) return damaged(why);
    be_down(why + "; it is started again in " + readable(pause));
    // A port that we chose was free when we looked and somebody was faster: choose another. Where
    // the operator chose it, the server goes on trying until it is free again.
    if (!wishes_.client_urls.empty() || !wishes_.peer_urls.empty()) return;
    const EtcdConfig& config = server_->config();
    if (is_free(config.client_urls.front()) && is_free(config.peer_urls.front())) return;
    // Its callback is on the stack, so it is destroyed later; but it must not start again first.
    server_->stop([] {});
    serve_anew(pause);
}

// REQUIRES: the server is stopping or has ended, for its callback may be on the stack.
void MachineStore::serve_anew(Duration pause) {
    trying_since_.reset();
    if (joined_) trying_since_ = ports_.loop.clock().now() + pause;  // else nobody dials it yet
    timer_ = ports_.loop.after(pause, [this] {
        server_.reset();
        serve();
    });
}

void MachineStore::cut_connections() {
    if (!server_ || given_up_) return;
    timer_.reset();
    server_->stop([this] { serve_anew({}); });
}

bool MachineStore::is_free(const std::string& url) {
    const HostPort at = place_of_url(url);
    return static_cast<bool>(ports_.sockets.port_is_free(at.host, at.port));
}

Result<EtcdConfig> MachineStore::plan_server() {
    const StoreNotice before = last_notice();  // whose URLs others of this machine still dial
    auto client =
        choose_url(wishes_.client_urls, before.client_urls, etcd_client_port, "--client-urls");
    if (!client) return std::move(client).error();
    auto peer = choose_url(wishes_.peer_urls, before.peer_urls, etcd_peer_port, "--server-urls");
    if (!peer) return std::move(peer).error();

    EtcdConfig config;
    config.name = "machine";
    config.data_directory = data_path();
    config.client_urls = wishes_.client_urls.empty() ? std::vector{*client} : wishes_.client_urls;
    config.peer_urls = wishes_.peer_urls.empty() ? std::vector{*peer} : wishes_.peer_urls;
    if (!wishes_.advertise.empty()) {
        config.clients_told = at_address(config.client_urls, wishes_.advertise);
        config.peers_told = at_address(config.peer_urls, wishes_.advertise);
    }
    config.token = make_uuid(ports_.random);
    // All members must have the same times, so what was founded once stays as it is.
    timing_ = has_data() ? before.timing : wishes_.timing;
    config.timing = etcd_timing(timing_);
    if (auto certified = certify(config); !certified) return std::move(certified).error();
    return config;
}

Result<void> MachineStore::certify(EtcdConfig& config) {
    std::vector<std::string> urls = config.client_urls;
    for (const auto* more : {&config.peer_urls, &config.clients_told, &config.peers_told})
        urls.insert(urls.end(), more->begin(), more->end());
    auto certificate = certify_(urls);
    if (!certificate) return std::move(certificate).error();
    config.client_tls = certificate->client_tls;
    config.peer_tls = certificate->peer_tls;
    config.member_name = member_common_name;
    server_name_ = certificate->server_name;
    renew_at_ = certificate->renew_at;
    begins_ = certificate->begins;
    renewal_ = ports_.loop.after(renewal_look, [this] { renew_certificate(); });
    return {};
}

// The files alone: etcd reads them for each handshake, and nobody's connection is cut.
void MachineStore::renew_certificate() {
    renewal_ = ports_.loop.after(renewal_look, [this] { renew_certificate(); });
    const WallTime now = ports_.loop.clock().wall();
    if (!server_ || (now < renew_at_ && now >= begins_)) return;
    EtcdConfig renewed = server_->config();
    auto certified = certify(renewed);
    if (certified) return;
    ports_.report.publish(
        happened::Warned{"the store's certificate is not renewed: " + certified.error().text});
    renewal_ = ports_.loop.after(renewal_retry, [this] { renew_certificate(); });
}

Result<std::string> MachineStore::choose_url(const std::vector<std::string>& wished,
                                             const std::vector<std::string>& remembered,
                                             std::uint16_t usual, const char* flag) {
    for (const std::string& url : wished) {
        const HostPort at = place_of_url(url);
        auto could_listen = ports_.sockets.port_is_free(at.host, at.port);
        if (could_listen) continue;
        return Error{Code::unavailable, std::string(flag) + " " + url + ": " +
                                            could_listen.error().text +
                                            "; free it, or give another port"};
    }
    if (!wished.empty()) return wished.front();
    if (!remembered.empty() && place_of_url(remembered.front()).host == wishes_.listen) {
        if (is_free(remembered.front())) return remembered.front();
        // Others dial it, so it is not given up for what may be the last moments of an etcd.
        if (is_patient()) return Error{Code::unavailable, remembered.front() + " is taken"};
    }
    const std::string usual_url = url_of(wishes_.listen, usual);
    if (is_free(usual_url)) return usual_url;
    auto other = ports_.sockets.free_port();
    if (!other) return std::move(other).error();
    return url_of(wishes_.listen, *other);
}

void MachineStore::serving() {
    joined_ = true;
    had_data_ = true;
    warned_.clear();
    pause_ = {};
    write_notice(true);
    const EtcdConfig& config = server_->config();
    dial({config.client_urls, server_name_,
          config.clients_told.empty() ? config.client_urls : config.clients_told,
          config.peers_told.empty() ? config.peer_urls : config.peers_told});
}

void MachineStore::write_notice(bool serving) {
    const EtcdConfig& config = server_->config();
    write({ports_.locks.holder(lock_path()).value_or(LockHolder{}).pid,
           config.client_urls,
           config.peer_urls,
           server_name_,
           serving,
           config.clients_told,
           {},
           timing_});
}

void MachineStore::write(const StoreNotice& notice) {
    FileAttributes attributes;
    attributes.mode = 0600;
    if (auto written = ports_.files.write(notice_path(), encode(notice), attributes); !written)
        ports_.report.publish(happened::Warned{
            "other agents of this machine cannot find its store: " + written.error().text});
}

// Of whoever held the lock before, or ours; empty where there is none.
StoreNotice MachineStore::last_notice() const {
    if (auto text = ports_.files.read(notice_path(), notice_bytes_max))
        if (auto notice = decode_notice(*text)) return std::move(*notice);
    return {};
}

// Nowhere, while nobody serves: another store may come to stand at an address that was ours.
void MachineStore::dial(StorePlace place) {
    if (place.urls.empty() && dialled_.urls.empty()) return;
    dialled_ = place;
    events_.on_place(std::move(place));
}

void MachineStore::follow() {
    holder_ = ports_.locks.holder(lock_path());
    if (!holder_) return follow_nobody();
    if (holder_->user != ports_.accounts.self() && holder_->user != 0)
        return give_up(
            Error{Code::denied, "the machine's store is run by user " +
                                    ports_.accounts.user_name(holder_->user) +
                                    "; another user's store is never joined: give --prefix or "
                                    "--seeds"});
    auto watch = ports_.locks.await_end(*holder_, [this] { look(); });
    if (!watch) return look_later();  // it has ended between the two questions
    holder_watch_ = std::move(*watch);
    joined_ = true;
    pause_ = {};
    read_notice();
}

// The lock is free, or its holder has not said its name yet, or cannot be seen from here.
void MachineStore::follow_nobody() {
    dial({});
    if (!wishes_.may_serve)
        return tell_waiting("waiting for an agent of this machine that runs a store");
    look_later();
    if (pause_ == pause_max)
        tell_waiting("waiting for whoever holds " + lock_path() +
                     ": it does not say which process it is");
}

void MachineStore::read_notice() {
    tell_waiting("joining through the agent with pid " + std::to_string(holder_->pid));
    auto text = ports_.files.read(notice_path(), notice_bytes_max);
    if (!text) return;  // not written yet; the watch will tell
    auto notice = decode_notice(*text);
    if (!notice) {
        ports_.report.publish(
            happened::Warned{notice_path() + ": " + notice.error().text + "; it is not used"});
        return;
    }
    // Only the holder's own word counts: what stands at an old address may be anybody's.
    const bool serves = notice->pid == holder_->pid && notice->serving;
    if (serves) had_data_ = notice->elsewhere.empty();
    dial(serves ? place_of(*notice) : StorePlace{});
}

void MachineStore::tell_waiting(const std::string& what) {
    if (what == told_) return;
    told_ = what;
    ports_.report.publish(happened::StoreChanged{happened::StoreChanged::State::starting, what});
}

void MachineStore::stop(Action stopped) {
    given_up_ = true;
    timer_.reset();
    poll_.reset();
    renewal_.reset();
    holder_watch_.reset();
    notice_watch_.reset();
    if (!server_) {
        lock_.reset();
        return ports_.loop.post(std::move(stopped));
    }
    server_->stop([this, stopped = std::move(stopped)] {
        lock_.reset();
        stopped();
    });
}

}  // namespace hansa
