#include "daemon/store_parts.h"

#include "daemon/disk_room.h"
#include "daemon/seat_settings.h"
#include "mesh/seats.h"
#include "sys/linux/surroundings.h"
#include "sys/linux/sync_time.h"

namespace hansa {

namespace {

constexpr std::uint64_t etcd_log_bytes_max = std::uint64_t{8} << 20;
constexpr Duration leave_patience = Seconds{3};

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
    return {home.identity().cluster,    may_found ? Founding::if_empty : Founding::never,
            remedy_for(settings, home), certified,
            home.identity().epoch,      settings.replace};
}

}  // namespace

StoreLink::State::State(Ports given, const Settings& wanted, Home& own, HostCredentials& shown,
                        std::unique_ptr<TrustFile> exporters, const PolicyState& rules,
                        Events listeners)
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
              .on_record = [this](const VotersRecord& told) { copies.hear(told); },
              .on_clock = [this](const ClockTelling& told) { seats.hear(told); }}),
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
      revocations(
          {ports.loop, ports.files, ports.accounts, ports.watcher, ports.report},
          home.authority_directory(),
          [this](const RevocationList& list, const std::string& text) { taken_back(list, text); }),
      seats({ports.loop, ports.workers, ports.random, ports.report}, seat_steps()),
      desk({ports.loop, ports.workers, *store, ports.report}, settings.host.text(),
           {[this]() -> Electorate& { return seating.electorate(); },
            [this] { return seating.endpoints(); }, [this] { return seating.steward(); },
            [this](Sockets::Answer answer) { leaving.ask(std::move(answer)); }}),
      leaving(ports.loop, home.identity().uuid, leaving_steps()),
      copies({ports.loop, ports.workers, *store, ports.random, ports.report}, settings.host,
             home.identity(), CopyShelf({ports.files}, home.directory()),
             {[this]() -> Electorate& { return seating.electorate(); },
              [this] { return seating.endpoints(); }, [this] { return mesh.name_is_ours(); }}) {}

Leaving::Steps StoreLink::State::leaving_steps() {
    return {.survey = [this](Survey::Done done) { desk.survey(std::move(done)); },
            .serves_seat = [this] { return seating.serves(); },
            .refuse_seats = [this](bool refuse) { seats.refuse_seats(refuse); },
            .leave =
                [this](std::function<void(Result<void>)> left) {
                    has_left = true;
                    mesh.leave(Mesh::Departure::withdraw_exports, leave_patience, std::move(left));
                },
            .kept = [this] { return kept_files(); },
            .end =
                [this](const Result<void>& released) {
                    events.on_left(released ? ExitCode::fine : ExitCode::internal);
                }};
}

std::vector<std::string> StoreLink::State::kept_files() const {
    std::vector<std::string> kept;
    if (settings.tmp_prefix) return kept;
    for (const std::string& path :
         {home.directory(), home.cluster_directory(), home.authority_directory()})
        if (ports.files.status(path)) kept.push_back(path);
    return kept;
}

CollectPolicy StoreLink::State::policy_of(const PolicyState& rules) const {
    const Accounts& accounts = ports.accounts;
    return {rules.policy,
            {accounts.user_name(accounts.self()), settings.prefix, files_read(settings)},
            rules.acceptance.hosts()};
}

MeshOptions StoreLink::State::options(const PolicyState& rules) const {
    const Identity& identity = home.identity();
    MeshOptions made{{credentials.current(), policy_of(rules), *memory}};
    made.membership.uuid = identity.uuid;
    made.membership.incarnation = identity.incarnation;
    made.membership.version = HANSA_VERSION;
    made.membership.where = "process " + std::to_string(process_id()) + " on " + host_name();
    made.membership.admission = admission_for(settings, home, credentials.cluster());
    return made;
}

MeshEvents StoreLink::State::mesh_events() {
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

EndpointKeeper::Ports StoreLink::State::endpoint_ports() {
    return {.loop = ports.loop,
            .random = ports.random,
            .list =
                [this](auto done) {
                    store->members([this, done](Result<MemberListing> listing) {
                        if (listing) seating.members_are(listing->members);
                        done(std::move(listing));
                    });
                },
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

SeatTeller::Steps StoreLink::State::seat_steps() {
    return {.where = [this] { return room_asked(); },
            .look = [room = DiskRoom({ports.files})](
                        const RoomAsked& asked) { return room.look(asked); },
            .time_syncs = time_syncs,
            .tell = [this](SeatOffer offer) { mesh.offer(std::move(offer)); }};
}

// Ballast of the machine's store is in the hands of whoever holds its lock.
RoomAsked StoreLink::State::room_asked() const {
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

MachineStore::Certify StoreLink::State::certifier() {
    return [certifier = StoreCertifier(
                {ports.files, ports.accounts, ports.random}, ports.loop.clock(),
                {home.cluster_directory() + "/tls", home.authority_directory(), settings.tls},
                {home.identity().uuid, home.identity().host})](
               const std::vector<std::string>& served) { return certifier.certify(served); };
}

// Nobody is asked for a store before there is one: whoever waits at its address is none.
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

}  // namespace hansa
