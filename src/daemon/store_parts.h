// What StoreLink is made of, and what happens between the parts. Its two halves: how they are built
// and joined to each other (store_parts.cc), and what becomes of them while the agent runs
// (store_link.cc). Nobody else needs this.
//
// Owned by StoreLink; loop thread only. The parts know nothing of each other: each is handed what
// it needs of the others as functions, which are not called before all of them are there.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/copy_keeper.h"
#include "daemon/endpoint_sources.h"
#include "daemon/leaving.h"
#include "daemon/rendezvous.h"
#include "daemon/revocation_watch.h"
#include "daemon/seat_teller.h"
#include "daemon/seating.h"
#include "daemon/store_link.h"
#include "mesh/endpoint_keeper.h"
#include "mesh/etcd/store.h"
#include "mesh/mesh.h"
#include "mesh/trust_file.h"
#include "mesh/voter_news.h"
#include "sys/linux/names.h"
#include "sys/linux/rotated_file.h"

namespace hansa {

struct StoreLink::State : KeyWatcher {
    State(Ports given, const Settings& wanted, Home& own, HostCredentials& shown,
          std::unique_ptr<TrustFile> exporters, const PolicyState& rules, Events listeners);

    // How each part is to be built, and what it is told of the others.
    Leaving::Steps leaving_steps();
    MeshOptions options(const PolicyState& rules) const;
    MeshEvents mesh_events();
    EndpointKeeper::Ports endpoint_ports();
    SeatTeller::Steps seat_steps();
    MachineStore::Certify certifier();
    CollectPolicy policy_of(const PolicyState& rules) const;
    RoomAsked room_asked() const;
    // What somebody who wants nothing of the cluster on this host would remove.
    std::vector<std::string> kept_files() const;

    Held watch_key(const std::string& key, Action changed) override {
        return mesh.watch_key(key, std::move(changed));
    }

    // The way to a store: by the seeds, with others who found together, or on this machine.
    void join();
    void meet();
    void start_machine_store();
    void found(StorePlace place);
    void found_elsewhere(const StorePlace& place);
    void take_part(Seating::Before before);

    // What the store says of us.
    void entered(const std::string& cluster, std::uint64_t epoch);
    void refused(const Error& error);
    void distrusted(const Error& why);
    void unaccepted();

    void show_identity();
    void refresh_credentials();
    void taken_back(const RevocationList& list, const std::string& text);
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

}  // namespace hansa
