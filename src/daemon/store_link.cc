#include "daemon/store_link.h"

#include <optional>

#include "daemon/copy_keeper.h"
#include "daemon/disk_room.h"
#include "daemon/endpoint_sources.h"
#include "daemon/leaving.h"
#include "daemon/rendezvous.h"
#include "daemon/revocation_watch.h"
#include "daemon/seat_settings.h"
#include "daemon/seat_teller.h"
#include "daemon/seating.h"
#include "mesh/endpoint_keeper.h"
#include "mesh/etcd/store.h"
#include "mesh/mesh.h"
#include "mesh/seats.h"
#include "mesh/trust_file.h"
#include "mesh/voter_news.h"
#include "sys/linux/names.h"
#include "sys/linux/rotated_file.h"
#include "sys/linux/surroundings.h"

namespace hansa {

namespace {

constexpr std::uint64_t etcd_log_bytes_max = std::uint64_t{8} << 20;
constexpr Duration leave_patience = Seconds{3};
constexpr Duration store_farewell = Milliseconds{300};  // for telling the store that we stop

// Our own etcd accepts more than another's would.
StoreLimits limits_for(const Settings& settings) {
    if (!settings.seeds.empty()) return {};
    return {.operations_max = etcd_operations_max, .bytes_max = etcd_bytes_max};
}

std::string remedy_for(const Settings& settings, const Home& home) {
    const std::string afresh = ", or move " + home.directory() + " away to join this one afresh";
    if (!settings.seeds.empty()) return "point --seeds at its own cluster" + afresh;
    return "restore " + home.cluster_directory() + ", where its own cluster was kept" + afresh;
}

// Seeds are joined, and founded in only when told so (of --expect there is one store, in which
// whoever comes first does it); the machine's own store is founded in by
// whoever comes first.
Admission admission_for(const Settings& settings, const Home& home, const std::string& certified) {
    const bool may_found = settings.seeds.empty() || settings.found || settings.expect;
    return {home.identity().cluster, may_found ? Founding::if_empty : Founding::never,
            remedy_for(settings, home), certified, home.identity().epoch};
}

}  // namespace

struct StoreLink::State : KeyWatcher {
    State(Ports given, const Settings& wanted, Home& own, HostCredentials& shown,
          std::unique_ptr<TrustFile> exporters, const PolicyState& rules, Events listeners)
        : ports(given),
          settings(wanted),
          home(own),
          credentials(shown),
          events(std::move(listeners)),
          memory(std::move(exporters)),
          cache({ports.workers, ports.files, ports.accounts, ports.report},
                home.directory() + "/endpoints.json"),
          store(make_etcd_store(ports.loop, ports.random, {limits_for(settings), {}, {}})),
          endpoints(endpoint_ports(), cache.read(), domain_steps(settings.domain)),
          voters({ports.loop, *store, ports.random, ports.report},
                 {.on_voters = [this] { endpoints.members_changed(); },
                  .on_record = [this](const VotersRecord& told) { copies.hear(told); }}),
          seating({ports.loop, *store, ports.files, ports.processes, ports.random, ports.report},
                  settings, home, credentials,
                  {.on_own =
                       [this](auto found_here) {
                           endpoints.own_is(std::move(found_here));
                           seats.look_anew();
                       },
                   .turn = [this] { return voters.turn_of(settings.host); }}),
          mesh(ports.loop, *store, ports.random, ports.catalog, ports.report, settings.host,
               options(rules), mesh_events()),
          revocations({ports.loop, ports.files, ports.accounts, ports.watcher, ports.report},
                      home.authority_directory(),
                      [this](const RevocationList& list, const std::string& text) {
                          taken_back(list, text);
                      }),
          seats(
              {ports.loop, ports.workers, ports.random, ports.report},
              [this] { return room_asked(); },
              [room = DiskRoom({ports.files})](const RoomAsked& asked) { return room.look(asked); },
              [this](SeatOffer offer) { mesh.offer(std::move(offer)); }),
          desk({ports.loop, ports.workers, *store, ports.report}, settings.host.text(),
               {[this]() -> Electorate& { return seating.electorate(); },
                [this] { return seating.endpoints(); }, [this] { return seating.steward(); },
                [this](Sockets::Answer answer) { leaving.ask(std::move(answer)); }}),
          leaving(ports.loop, home.identity().uuid, leaving_steps()),
          copies({ports.loop, ports.workers, *store, ports.random, ports.report}, settings.host,
                 home.identity(), CopyShelf({ports.files}, home.directory()),
                 {[this]() -> Electorate& { return seating.electorate(); },
                  [this] { return seating.endpoints(); }}) {}

    Leaving::Steps leaving_steps() {
        return {.survey = [this](Survey::Done done) { desk.survey(std::move(done)); },
                .serves_seat = [this] { return seating.serves(); },
                .refuse_seats = [this](bool refuse) { seats.refuse_seats(refuse); },
                .leave =
                    [this](std::function<void(Result<void>)> left) {
                        has_left = true;
                        mesh.leave(Mesh::Departure::withdraw_exports, leave_patience,
                                   std::move(left));
                    },
                .kept = [this] { return kept_files(); },
                .end =
                    [this](const Result<void>& released) {
                        events.on_left(released ? ExitCode::fine : ExitCode::internal);
                    }};
    }

    // What somebody who wants nothing of the cluster on this host would remove.
    std::vector<std::string> kept_files() const {
        std::vector<std::string> kept;
        if (settings.tmp_prefix) return kept;
        for (const std::string& path :
             {home.directory(), home.cluster_directory(), home.authority_directory()})
            if (ports.files.status(path)) kept.push_back(path);
        return kept;
    }

    CollectPolicy policy_of(const PolicyState& rules) const {
        const Accounts& accounts = ports.accounts;
        return {rules.policy,
                {accounts.user_name(accounts.self()), settings.prefix, files_read(settings)},
                rules.acceptance.hosts()};
    }

    MeshOptions options(const PolicyState& rules) const {
        const Identity& identity = home.identity();
        MeshOptions made{{credentials.current(), policy_of(rules), *memory}};
        made.membership.uuid = identity.uuid;
        made.membership.incarnation = identity.incarnation;
        made.membership.version = HANSA_VERSION;
        made.membership.where = "process " + std::to_string(process_id()) + " on " + host_name();
        made.membership.admission = admission_for(settings, home, credentials.cluster());
        return made;
    }

    MeshEvents mesh_events() {
        return {.on_amendment = events.on_amendment,
                .on_entered = [this](const std::string& cluster,
                                     std::uint64_t epoch) { entered(cluster, epoch); },
                .on_refused = [this](const Error& error) { refused(error); },
                .on_moved =
                    [this] {
                        const StoreStatus::State state = store->status().state;
                        endpoints.store_is(state);
                        voters.store_is(state);
                        seating.store_is(state);
                        events.on_moved();
                    },
                .on_outdated =
                    [this](std::uint64_t outdated, const Error& why) {
                        ports.report.publish(happened::Refused{"store_error", why.text});
                        store->refuse(outdated);
                    }};
    }

    EndpointKeeper::Ports endpoint_ports() {
        return {.loop = ports.loop,
                .random = ports.random,
                .list = [this](auto done) { store->members(std::move(done)); },
                .use =
                    [this](const auto& places) {
                        seating.use_endpoints(places);
                        store->use_endpoints(places);
                    },
                .expect = [this](std::size_t count) { store->expect_members(count); },
                .keep = [this](const auto& members) { cache.keep(members); },
                .look_up =
                    [this](auto found) {
                        look_up_endpoints(ports.workers, names, ports.random.next(),
                                          lifeline.guard(std::move(found)));
                    },
                .domain_of = [this](const auto& member) { return voters.domain_of(member); }};
    }

    Held watch_key(const std::string& key, Action changed) override {
        return mesh.watch_key(key, std::move(changed));
    }

    // Again when the cluster's epoch has grown, even while this host was away.
    void entered(const std::string& cluster, std::uint64_t epoch) {
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
    void refused(const Error& error) { events.on_fatal(Error{Code::conflict, error.text}); }

    // Ballast of the machine's store is in the hands of whoever holds its lock.
    RoomAsked room_asked() const {
        const std::string of_machine = home.cluster_directory() + "/ballast";
        const std::string of_host = home.directory() + "/store/ballast";
        if (machine && machine->serves()) return {home.cluster_directory(), of_machine};
        RoomAsked asked{home.directory()};
        if (machine && machine->holds_lock()) asked.old_ballast.push_back(of_machine);
        if (seating.has_member())
            asked.ballast = of_host;
        else
            asked.old_ballast.push_back(of_host);
        return asked;
    }

    // This machine has no member of the store any more: its agents are clients like others', and
    // the one that looks after the machine may be given a seat of its own.
    void found_elsewhere(const StorePlace& place) {
        urls = place.urls;
        if (!place.server_name.empty()) server_name = place.server_name;
        show_identity();
        mesh.advertise({});
        seating.beside({}, {});
        endpoints.own_is({});
        endpoints.begin_with(place.urls);
        take_part({.had_member = true});
    }

    // Of a store elsewhere.
    void take_part(Seating::Before before) {
        voters.begin();
        if (machine && !machine->holds_lock()) return;
        const auto peer_urls = seat_urls(settings).peers_told;
        if (is_reached_by_others(peer_urls)) seats.use(seat_offer(settings, peer_urls));
        seating.take_part(before);
    }

    void join() {
        const bool waits = settings.expect && home.identity().cluster.empty();
        if (waits && !seating.has_member()) return meet();
        endpoints.begin_with(settings.seeds);
    }

    // Nobody is asked for a store before there is one: whoever waits at its address is none.
    void meet();

    void found(StorePlace place) {
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
        // Whoever shares the store of this machine has no seat of its own to give, and a store that
        // only this machine reaches has none for others.
        if (!is_reached) return;
        seats.use(seat_offer(settings, place.peers_told));
        voters.begin();
    }

    void show_identity() {
        const Credentials& now = credentials.current();
        const StoreIdentity identity{now.roots_pem(), now.chain_pem(), now.tls_key.pem(),
                                     server_name};
        store->use_identity(identity);
        seating.use_identity(identity);
    }

    // Their connections stand, and only whoever serves the store can end them.
    void taken_back(const RevocationList& list, const std::string& text) {
        const bool serves = machine && machine->serves();
        ports.report.publish(happened::Noted{
            "list " + std::to_string(list.epoch) + " of who is revoked is told to the cluster" +
            (serves ? "; every connection to its store is made anew" : "")});
        mesh.announce(list, text);
        if (serves) machine->cut_connections();
    }

    // A store elsewhere will never believe the certificates that this machine makes for itself.
    void distrusted(const Error& why) {
        if (settings.seeds.empty() || credentials.source() != TrustSource::machine) return;
        if (was_in) return;  // it is the right store; somebody else stands at its address for now
        if (settings.expect) return;  // whoever still waits for the others is no store yet
        events.on_fatal(
            Error{Code::conflict,
                  why.text + "; this host's own certificates (cluster " + credentials.cluster() +
                      ") serve this machine only: give --join TOKEN (made there with \"hansa token "
                      "create\"), or --tls-cert, --tls-key and --tls-ca"});
    }

    void refresh_credentials() {
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

    MachineStore::Certify certifier() {
        return [certifier = StoreCertifier(
                    {ports.files, ports.accounts, ports.random}, ports.loop.clock(),
                    {home.cluster_directory() + "/tls", home.authority_directory(), settings.tls},
                    {home.identity().uuid, home.identity().host})](
                   const std::vector<std::string>& served) { return certifier.certify(served); };
    }

    void start_machine_store();
    void keep_etcd_log(const std::string& line);
    void leave_mesh(Action left);

    Ports ports;
    const Settings& settings;
    Home& home;
    HostCredentials& credentials;
    Events events;
    // Of Hansa's own authorities; of a store certified elsewhere: what the machine's store says
    // about itself, or for seeds the host that is dialled.
    std::string server_name;
    std::vector<std::string> urls;  // of the machine's store
    bool was_in = false;            // the cluster, in this run
    Held refresh;
    std::string refresh_trouble;  // as it was told
    std::unique_ptr<TrustFile> memory;
    const std::shared_ptr<const Names> names = std::make_shared<LinuxNames>();  // and its tasks'
    EndpointCache cache;
    std::unique_ptr<EtcdStore> store;
    EndpointKeeper endpoints;
    VoterNews voters;
    Seating seating;
    Mesh mesh;
    std::unique_ptr<MachineStore> machine;   // null: seeds were given
    std::unique_ptr<Rendezvous> rendezvous;  // null: nobody founds together with us
    RevocationWatch revocations;
    SeatTeller seats;
    ClusterDesk desk;
    Leaving leaving;
    CopyKeeper copies;
    bool has_left = false;  // the mesh, in this run
    std::optional<RotatedFile> etcd_log;
    Lifeline lifeline;
};

void StoreLink::State::meet() {
    const SeatUrls own = seat_urls(settings);
    Rendezvous::Wishes wishes;
    wishes.me = {home.identity().uuid, settings.host.text(), founding_group(settings.seeds)};
    wishes.listen = place_of_url(own.clients.front());
    for (const std::string& seed : settings.seeds)
        if (!share_url({seed}, own.clients_told)) wishes.others.push_back(place_of_url(seed));
    const Action join_there = [this] { endpoints.begin_with(settings.seeds); };
    rendezvous = std::make_unique<Rendezvous>(
        Rendezvous::Ports{ports.loop, ports.secure, ports.report}, std::move(wishes),
        [this]() -> const Credentials& { return credentials.current(); },
        Rendezvous::Events{.on_found =
                               [this, join_there] {
                                   seating.found(credentials.cluster());
                                   join_there();
                               },
                           .on_store = join_there,
                           .on_fatal = events.on_fatal});
    if (auto started = rendezvous->start(); !started) events.on_fatal(std::move(started).error());
}

void StoreLink::State::start_machine_store() {
    machine = std::make_unique<MachineStore>(
        MachineStore::Ports{ports.loop, ports.files, ports.watcher, ports.processes, ports.locks,
                            ports.sockets, ports.accounts, ports.random, ports.report},
        MachineStore::Wishes{.directory = home.cluster_directory(),
                             .client_urls = settings.client_urls,
                             .peer_urls = settings.server_urls,
                             .may_serve = settings.seat != SeatWish::no,
                             .listen = settings.listen.empty() ? "127.0.0.1" : settings.listen,
                             .advertise = settings.advertise,
                             .belongs = !home.identity().cluster.empty(),
                             .timing = settings.seat_timing,
                             .epoch = home.identity().epoch},
        certifier(),
        MachineStore::Events{.on_place = [this](StorePlace place) { found(std::move(place)); },
                             .on_fatal = events.on_fatal,
                             .on_log = [this](const std::string& line) { keep_etcd_log(line); },
                             .others = [this] { return endpoints.others(); }});
    machine->start();
}

void StoreLink::State::keep_etcd_log(const std::string& line) {
    if (!etcd_log) {
        auto opened = RotatedFile::open(home.cluster_directory() + "/etcd.log", etcd_log_bytes_max);
        if (!opened) return;  // the errors that matter reach the report by another way
        etcd_log.emplace(std::move(*opened));
    }
    (void)etcd_log->add(line);
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
