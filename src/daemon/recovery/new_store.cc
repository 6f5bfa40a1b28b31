#include "daemon/recovery/new_store.h"

#include <algorithm>

#include "base/host_port.h"
#include "base/text.h"
#include "daemon/home.h"
#include "daemon/machine_store.h"
#include "daemon/recovery/bench_places.h"
#include "daemon/recovery/workbench.h"
#include "daemon/seat_holder.h"
#include "daemon/secret_files.h"
#include "daemon/store_epoch.h"
#include "daemon/store_notice.h"
#include "mesh/identity.h"
#include "mesh/keys.h"
#include "mesh/seat_records.h"
#include "sys/linux/surroundings.h"
#include "trust/authority.h"

namespace hansa {

namespace {

constexpr std::uint16_t usual_client_port = 2379;
constexpr std::uint16_t usual_peer_port = 2380;
constexpr Duration answer_limit = Seconds{10};

std::string url_at(const std::string& address, std::uint16_t port) {
    return "https://" + HostPort{address, port}.text();
}

bool is_anywhere(const std::vector<std::string>& urls) {
    return std::any_of(urls.begin(), urls.end(), [](const std::string& url) {
        const auto at = HostPort::parse(url.substr(url.find("//") + 2));
        return at && is_any_address(at->host);
    });
}

template <class T>
Result<T> await(StoreDesk& desk, const std::function<void(Store::Done<T>)>& call) {
    std::optional<Result<T>> answer;
    call([&answer](Result<T> made) { answer.emplace(std::move(made)); });
    while (!answer) desk.loop.step(Seconds{1});
    return *std::move(answer);
}

Result<std::optional<Record>> read_key(StoreDesk& desk, Store& store, const std::string& key) {
    auto reading =
        await<Reading>(desk, [&](auto done) { store.read(ReadScope::key, key, std::move(done)); });
    if (!reading) return std::move(reading).error();
    if (reading->records.empty()) return std::optional<Record>{};
    return std::optional<Record>{std::move(reading->records.front())};
}

// Its numbers go on, and that is all: who was intended, moved or punished was so in another list.
std::string begun_anew(const std::string& text) {
    SeatBook fresh;
    if (auto book = decode_seat_book(text)) fresh.seq = book->seq;
    return encode(fresh);
}

Result<std::uint64_t> raise_epoch(StoreDesk& desk, Store& store, std::uint64_t before) {
    auto cluster = read_cluster(desk, store);
    if (!cluster) return std::move(cluster).error();
    auto book = read_key(desk, store, keys::seat_book());
    if (!book) return std::move(book).error();
    cluster->epoch = std::max(cluster->epoch, before) + 1;
    Transaction change;
    change.then.push_back(Operation::put(keys::cluster(), encode(*cluster)));
    change.then.push_back(Operation::remove(keys::seat_steward()));
    change.then.push_back(Operation::remove(keys::seat_voters()));
    change.then.push_back(Operation::remove_prefix(keys::seat_sightings()));
    if (*book) change.then.push_back(Operation::put(keys::seat_book(), begun_anew((*book)->value)));
    auto done =
        await<Committed>(desk, [&](auto answered) { store.commit(change, std::move(answered)); });
    if (!done) return std::move(done).error();
    return cluster->epoch;
}

// By which its etcd must go, since all who become members of the store do; this host need not have
// known them. `known`: where the store says nothing.
Result<std::string> timing_of(StoreDesk& desk, Store& store, const std::string& known) {
    auto found = read_key(desk, store, keys::seat_settings());
    if (!found) return std::move(found).error();
    if (!*found) return known;
    auto settings = decode_seat_settings((*found)->value);
    if (!settings) return std::move(settings).error();
    return settings->timing;
}

// The times of the machine's own store; the rest of it counts only while its agent runs.
Result<void> write_notice(StoreDesk& desk, const OwnStore& place) {
    StoreNotice notice =
        place.notice.value_or(StoreNotice{process_id(), place.client_urls, place.peer_urls,
                                          store_server_name, false, place.clients_told});
    notice.timing = place.timing;
    return write_secret(desk.files, place.notice_path(), encode(notice));
}

// What the agent looks for at its start, besides the data.
Result<void> write_marker(StoreDesk& desk, const OwnStore& place, MemberId member,
                          std::uint64_t epoch) {
    if (place.kind == OwnStore::Kind::machine) {
        if (auto told = write_notice(desk, place); !told) return told;
        return write_store_epoch(desk.files, place.directory, epoch);
    }
    const MemberMarker marker{
        desk.identity().cluster, desk.identity().uuid, member, place.client_urls,
        place.peer_urls,         place.timing,         epoch};
    return write_secret(desk.files, place.directory + "/member.json", encode(marker));
}

// The only member, for whoever starts here next. Of the machine's own store the machine knows.
Result<void> write_endpoints(StoreDesk& desk, const OwnStore& place) {
    std::vector<StoreMember> members;
    if (place.kind == OwnStore::Kind::seat) {
        members.emplace_back();
        members.back().name = member_name(desk);
        members.back().client_urls = place.clients_told;
    }
    return write_secret(desk.files, desk.home() + "/endpoints.json", encode_endpoints(members));
}

}  // namespace

Result<ClusterRecord> read_cluster(StoreDesk& desk, Store& store) {
    auto found = read_key(desk, store, keys::cluster());
    if (!found) return std::move(found).error();
    if (!*found)
        return Error{Code::invalid, "it holds no cluster of this program: it is of another store"};
    auto cluster = decode_cluster((*found)->value);
    if (!cluster) return cluster;
    if (cluster->id != desk.identity().cluster)
        return Error{Code::conflict, "it is of cluster " + printable(cluster->id, 80) +
                                         ", and this host belongs to " + desk.identity().cluster};
    return cluster;
}

std::string member_name(const StoreDesk& desk) {
    return desk.own().kind == OwnStore::Kind::machine ? "machine" : desk.identity().uuid;
}

Result<OwnStore> place_new_store(const StoreDesk& desk, const NewStoreAddress& address) {
    OwnStore place = desk.own();
    if (!address.listen.empty()) {
        place.client_urls = {url_at(address.listen, usual_client_port)};
        place.peer_urls = {url_at(address.listen, usual_peer_port)};
        place.clients_told.clear();
        place.peers_told.clear();
    }
    if (place.peer_urls.empty() && place.kind == OwnStore::Kind::seat)
        return Error{Code::invalid,
                     "this host never had a seat: say where its store is to listen, as it is "
                     "started, with --listen ADDRESS"};
    if (place.peer_urls.empty()) {
        place.client_urls = {url_at("127.0.0.1", usual_client_port)};
        place.peer_urls = {url_at("127.0.0.1", usual_peer_port)};
    }
    if (place.clients_told.empty()) place.clients_told = place.client_urls;
    if (place.peers_told.empty()) place.peers_told = place.peer_urls;
    if (!address.advertise.empty()) {
        place.clients_told = at_address(place.client_urls, address.advertise);
        place.peers_told = at_address(place.peer_urls, address.advertise);
    }
    if (is_anywhere(place.peers_told))
        return Error{Code::invalid,
                     "the store of this host listens at " + join(place.peers_told, ", ") +
                         ": say which address others are told, as it is started, with --advertise"};
    return place;
}

Result<StillStanding> hold_still(StoreDesk& desk) {
    auto home = desk.files.status(desk.home());
    if (!home) return std::move(home).error();
    if (home->owner != desk.accounts.self())
        return Error{Code::denied, desk.home() + " belongs to user " +
                                       desk.accounts.user_name(home->owner) +
                                       ": do this as that user, or its agent could not use it"};
    const auto take = [&desk](const std::string& path) -> Result<std::unique_ptr<HeldLock>> {
        auto lock = desk.locks.take(path);
        if (lock || lock.error().code != Code::conflict) return lock;
        const auto holder = desk.locks.holder(path);
        return Error{Code::conflict, "an agent runs here (" +
                                         (holder ? "pid " + std::to_string(holder->pid)
                                                 : std::string("pid unknown")) +
                                         ", lock " + path + "): stop it first"};
    };
    StillStanding standing;
    auto agent = take(desk.home() + "/lock");
    if (!agent) return std::move(agent).error();
    standing.agent = std::move(*agent);
    if (desk.own().kind == OwnStore::Kind::machine) {
        if (auto made = make_directories(desk.files, desk.own().directory); !made)
            return std::move(made).error();
        auto machine = take(desk.own().directory + "/lock");
        if (!machine) return std::move(machine).error();
        standing.machine = std::move(*machine);
    }
    auto cleared = clear_benches(desk.files, desk.own().directory);
    if (!cleared) return std::move(cleared).error();
    return standing;
}

Result<NewStore> make_new_store(StoreDesk& desk, OwnStore place, const std::string& snapshot,
                                std::uint64_t epoch_before) {
    if (auto made = make_directories(desk.files, place.directory); !made)
        return std::move(made).error();
    auto bench = Workbench::open(desk, bench_place(place.directory, BenchUse::make, desk.random));
    if (!bench) return std::move(bench).error();
    const std::string name = member_name(desk);
    NewStore made;
    made.directory = place.directory;
    made.peer_url = join(place.peers_told, ",");
    if (auto restored = (*bench)->restore(snapshot, name, place.peers_told.front()); !restored)
        return std::move(restored).error();
    if (auto started = (*bench)->start(Workbench::Start::as_it_is, name); !started)
        return std::move(started).error();
    auto epoch =
        raise_epoch(desk, (*bench)->store(), std::max(epoch_before, desk.identity().epoch));
    if (!epoch) return std::move(epoch).error();
    made.epoch = *epoch;
    auto timing = timing_of(desk, (*bench)->store(), place.timing);
    if (!timing) return std::move(timing).error();
    place.timing = *timing;
    auto status = desk.await<MemberStatus>([&](auto done) {
        (*bench)->electorate().status({(*bench)->endpoint(), answer_limit}, std::move(done));
    });
    if (!status) return std::move(status.result).error();
    made.revision = status.result->revision;
    (*bench)->stop();

    if (auto may = (*bench)->go_on(); !may) return std::move(may).error();
    auto aside = put_data_aside(desk.files, place.data(), desk.loop.clock().wall());
    if (!aside) return std::move(aside).error();
    made.aside = *aside;
    if (auto marked = write_marker(desk, place, status.result->id, made.epoch); !marked)
        return std::move(marked).error();
    if (auto moved = desk.files.rename((*bench)->data(), place.data()); !moved)
        return std::move(moved).error();
    if (auto known = remember_cluster(desk.files, desk.home(), desk.identity(),
                                      desk.identity().cluster, made.epoch);
        !known)
        return std::move(known).error();
    if (auto told = write_endpoints(desk, place); !told) return std::move(told).error();
    return made;
}

}  // namespace hansa
