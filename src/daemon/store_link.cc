#include "daemon/store_link.h"

#include "daemon/seat_settings.h"
#include "daemon/store_parts.h"

namespace hansa {

namespace {

constexpr Duration store_farewell = Milliseconds{300};  // for telling the store that we stop

}  // namespace

// Again when the cluster's epoch has grown, even while this host was away.
void StoreLink::State::entered(const std::string& cluster, std::uint64_t epoch) {
    was_in = true;
    const std::uint64_t known = home.identity().epoch;
    if (epoch > known && !home.identity().cluster.empty())
        ports.report.publish(happened::Warned{
            "the store of cluster " + cluster + " was recovered from an older state: epoch " +
            std::to_string(epoch) + ", after " + std::to_string(known) +
            "; everything is read anew, and what this host exports is written again"});
    home.belong_to(cluster, epoch, ports.workers, [this](Result<void> belongs) {
        if (!belongs) events.on_fatal(std::move(belongs).error());
    });
    seating.epoch_is(epoch);
    if (machine) machine->epoch_is(epoch);
}

// Whatever the refusal is, it is about who we are, not about how busy the store is.
void StoreLink::State::refused(const Error& error) {
    events.on_fatal(Error{Code::conflict, error.text});
}

// This machine has no member of the store any more: its agents are clients like others', and
// the one that looks after the machine may be given a seat of its own.
void StoreLink::State::found_elsewhere(const StorePlace& place) {
    urls = place.urls;
    if (!place.server_name.empty()) server_name = place.server_name;
    show_identity();
    mesh.advertise({});
    seating.beside({}, {});
    seating.alone_at({});
    endpoints.own_is({});
    endpoints.begin_with(place.urls);
    take_part({.had_member = true});
}

// Of a store elsewhere.
void StoreLink::State::take_part(Seating::Before before) {
    voters.begin();
    if (machine && !machine->holds_lock()) return;
    auto peer_urls = seat_urls(settings).peers_told;
    if (!is_reached_by_others(peer_urls)) peer_urls.clear();
    seats.use(seat_offer(settings, std::move(peer_urls)));
    seating.take_part(before);
}

void StoreLink::State::join() {
    const bool waits = settings.expect && home.identity().cluster.empty();
    if (waits && !seating.has_member()) return meet();
    endpoints.begin_with(settings.seeds);
}

void StoreLink::State::found(StorePlace place) {
    if (place.elsewhere) return found_elsewhere(place);
    const bool ours = machine && machine->serves();
    urls = place.clients_told;
    if (!place.server_name.empty()) server_name = place.server_name;
    show_identity();
    endpoints.own_is({place.urls, place.clients_told});
    mesh.advertise(ours ? place.clients_told : std::vector<std::string>{});
    const bool is_reached = ours && is_reached_by_others(place.clients_told);
    seating.beside(is_reached ? place.urls.front() : std::string{},
                   ours ? machine->timing() : std::string{});
    const bool is_alone = ours && !is_reached && !place.urls.empty();
    seating.alone_at(is_alone ? place.urls.front() : std::string{});
    // Whoever shares the store of this machine has no seat of its own to give, and a store that
    // only this machine reaches has none for others.
    if (!is_reached) return;
    seats.use(seat_offer(settings, place.peers_told));
    voters.begin();
}

void StoreLink::State::show_identity() {
    const Credentials& now = credentials.current();
    const StoreIdentity identity{now.roots_pem(), now.chain_pem(), now.tls_key.pem(), server_name};
    store->use_identity(identity);
    seating.use_identity(identity);
}

// Their connections stand, and only whoever serves the store can end them.
void StoreLink::State::taken_back(const RevocationList& list, const std::string& text) {
    const bool serves = machine && machine->serves();
    ports.report.publish(happened::Noted{
        "list " + std::to_string(list.epoch) + " of who is revoked is told to the cluster" +
        (serves ? "; every connection to its store is made anew" : "")});
    mesh.announce(list, text);
    if (serves) machine->cut_connections();
}

// A store elsewhere will never believe the certificates that this machine makes for itself.
void StoreLink::State::distrusted(const Error& why) {
    if (settings.seeds.empty() || credentials.source() != TrustSource::machine) return;
    if (was_in) return;  // it is the right store; somebody else stands at its address for now
    if (settings.expect) return;  // whoever still waits for the others is no store yet
    events.on_fatal(
        Error{Code::conflict,
              why.text + "; this host's own certificates (cluster " + credentials.cluster() +
                  ") serve this machine only: give --join TOKEN (made there with \"hansa token "
                  "create\"), or --tls-cert, --tls-key and --tls-ca"});
}

// What answers may be about to end, too.
void StoreLink::State::unaccepted() {
    if (!was_in) events.on_unaccepted();
}

void StoreLink::State::refresh_credentials() {
    auto changed = credentials.refresh();
    const std::string trouble = changed ? std::string() : changed.error().text;
    if (!trouble.empty() && trouble != refresh_trouble)
        ports.report.publish(
            happened::Warned{"this host's certificate is not renewed: " + trouble});
    refresh_trouble = trouble;
    if (changed && *changed) {
        show_identity();
        mesh.use(credentials.current());
    }
    refresh = ports.loop.after(credentials.until_refresh(), [this] { refresh_credentials(); });
}

Result<std::unique_ptr<StoreLink>> StoreLink::open(Ports ports, const Settings& settings,
                                                   Home& home, HostCredentials& credentials,
                                                   const PolicyState& rules, Events events) {
    auto memory = TrustFile::open({ports.loop, ports.workers, ports.files, ports.report},
                                  home.trust_directory() + "/exporters.json");
    if (!memory) return std::move(memory).error();
    return std::unique_ptr<StoreLink>(new StoreLink(std::make_unique<State>(
        ports, settings, home, credentials, std::move(*memory), rules, std::move(events))));
}

StoreLink::StoreLink(std::unique_ptr<State> state) : state_(std::move(state)) {}

StoreLink::~StoreLink() = default;

void StoreLink::start() {
    const std::vector<std::string>& seeds = state_->settings.seeds;
    if (state_->credentials.source() != TrustSource::elsewhere)
        state_->server_name = store_server_name;
    state_->store->on_distrust(
        [state = state_.get()](const Error& why) { state->distrusted(why); });
    state_->store->on_unaccepted([state = state_.get()] { state->unaccepted(); });
    state_->show_identity();
    state_->refresh =
        state_->ports.loop.after(state_->credentials.until_refresh(),
                                 [state = state_.get()] { state->refresh_credentials(); });
    state_->ports.policy.follow(
        state_->ports.report,
        [state = state_.get()](const PolicyState& now) { state->mesh.use(state->policy_of(now)); });
    state_->mesh.start();
    state_->revocations.start();  // before there is a store of ours, which then begins with it
    if (seeds.empty()) {
        state_->start_machine_store();
    } else {
        state_->take_part({});
        state_->join();
    }
}

void StoreLink::publish(std::vector<Export> exports) {
    std::vector<Wanted> wanted;
    wanted.reserve(exports.size());
    for (Export& one : exports)
        wanted.push_back({std::move(one.id), std::move(one.fields), std::move(one.meta)});
    state_->mesh.publish(std::move(wanted));
}

void StoreLink::collect(std::vector<CollectRequest> requests) {
    state_->mesh.collect(std::move(requests));
}

std::vector<std::string> StoreLink::urls() const {
    return state_->settings.seeds.empty() ? state_->urls : state_->settings.seeds;
}

std::optional<SeatFigures> StoreLink::seat_figures() const {
    return state_->seating.figures();
}

ClusterDesk& StoreLink::desk() {
    return state_->desk;
}

KeyValue* StoreLink::key_value() {
    return &state_->mesh.values();
}

KeyWatcher* StoreLink::key_watcher() {
    return state_.get();
}

MeshRest StoreLink::rest() const {
    const MeshStanding standing = state_->mesh.standing();
    return {standing.exports_acknowledged, standing.collect_folded,
            !standing.exports_refused.empty()};
}

// Of a temporary prefix nothing stays: nobody could ever renew what it left in the store.
void StoreLink::State::leave_mesh(Action left) {
    if (has_left) return ports.loop.post(std::move(left));
    if (!settings.tmp_prefix || settings.seeds.empty())
        return mesh.stop(store_farewell, std::move(left));
    mesh.leave(Mesh::Departure::withdraw_exports, store_farewell,
               [this, left = std::move(left)](Result<void> released) {
                   if (!released)
                       ports.report.publish(happened::Warned{"the host name is not released: " +
                                                             released.error().text});
                   left();
               });
}

void StoreLink::stop(Action stopped) {
    state_->leave_mesh([this, stopped = std::move(stopped)] {
        state_->memory->finish([this, stopped] {
            state_->home.finish([this, stopped] {
                state_->seating.stop([this, stopped] {
                    if (!state_->machine) return stopped();
                    state_->machine->stop(stopped);
                });
            });
        });
    });
}

}  // namespace hansa
