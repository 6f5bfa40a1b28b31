// An etcd of its own for data that nobody serves, to look into it and to change it: on the
// loopback interface, with certificates of an authority that nobody else believes, so that neither
// clients nor members of the former cluster can take it for theirs, nor it them.
//
//     DIRECTORY/etcd    the data; to be moved away before the bench goes
//     DIRECTORY/ca, tls     whom it believes, and what it shows
//
// Made for one command, blocking; its directory goes with it, also when SIGINT, SIGTERM or SIGHUP
// ask the command to end: then what is under way gives up with Code::cancelled. A second signal
// ends the process at once. Only copy() cannot be ended: whoever asks is heard after it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "daemon/recovery/store_desk.h"
#include "mesh/etcd/store.h"
#include "servers/etcd.h"

namespace hansa {

// What etcd's log says at the start about what it had written down.
struct RaftStand {
    std::uint64_t term = 0;    // of the last entry
    std::uint64_t commit = 0;  // index up to which entries are known to be agreed on
    friend bool operator==(const RaftStand&, const RaftStand&) = default;
};
// Of a line "newRaft … [… term: 17, commit: 34, … lastterm: 17]"; empty for any other. Pure.
std::optional<RaftStand> read_raft_stand(const std::string& line);

class Workbench {
 public:
    // `directory` must not be there: a bench_place().
    static Result<std::unique_ptr<Workbench>> open(StoreDesk& desk, const std::string& directory);
    ~Workbench();

    std::string data() const { return directory_ + "/etcd"; }

    // Where the data comes from: a copy of a stopped member's, or a snapshot, which becomes the
    // only member of a new cluster of etcd's, with that name and peer URL.
    Result<void> copy(const std::string& data);
    Result<void> restore(const std::string& snapshot, const std::string& name,
                         const std::string& peer_url);

    // What its log says that it had written down. Changes nothing.
    Result<RaftStand> look(const std::string& name);

    // `alone`: makes it the only member, whoever else is in its list. Returns when it serves.
    enum class Start { as_it_is, alone };
    Result<void> start(Start how, const std::string& name);
    void stop();

    // Code::cancelled once somebody has asked the command to end.
    Result<void> go_on() const;

    const std::string& endpoint() const { return endpoint_; }
    Electorate& electorate() { return *electorate_; }
    Store& store() { return *store_; }

 private:
    Workbench(StoreDesk& desk, std::string directory);
    void watch_for_ends();
    Result<EtcdConfig> plan(const std::string& name);
    Result<void> speak(const EtcdTls& tls);
    Result<void> launch(EtcdConfig config);
    Result<void> await(const std::function<bool()>& ready);

    StoreDesk& desk_;
    const std::string directory_;
    std::vector<Held> signals_;
    bool interrupted_ = false;
    std::string endpoint_;
    std::optional<RaftStand> stand_;
    std::optional<std::string> ended_;  // why etcd did, by itself
    std::unique_ptr<EtcdServer> server_;
    std::unique_ptr<EtcdElectorate> electorate_;
    std::unique_ptr<EtcdStore> store_;
};

}  // namespace hansa
