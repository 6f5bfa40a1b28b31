// What a command needs that speaks to the store's members by itself, without an agent: whose host
// this is, what it shows to members, and where these are known to be. With the machine's real
// ports.
//
// Made for one command; turns its own loop while it waits. Members are known from what the host's
// agent left behind: endpoints.json, the notice of the machine's store, the marker of a seat.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/identity.h"
#include "daemon/store_notice.h"
#include "mesh/endpoints.h"
#include "mesh/etcd/electorate.h"
#include "sys/linux/accounts.h"
#include "sys/linux/files.h"
#include "sys/linux/locks.h"
#include "sys/linux/loop.h"
#include "sys/linux/processes.h"
#include "sys/linux/random.h"
#include "sys/linux/sockets.h"

namespace hansa {

// The store that this host serves, or may serve.
struct OwnStore {
    enum class Kind {
        machine,  // PREFIX/cluster: founded here
        seat,     // PREFIX/HOST/store: of a host that joined
    } kind = Kind::machine;
    std::string directory;
    // As it listened last, and what others were told; empty: it never did.
    std::vector<std::string> client_urls{};
    std::vector<std::string> peer_urls{};
    std::vector<std::string> clients_told{};
    std::vector<std::string> peers_told{};
    std::string timing{};  // of the cluster, where its members keep it; empty: the usual one
    bool has_data = false;
    bool is_member = false;               // as far as it knows; perhaps one that has lost its data
    std::optional<StoreNotice> notice{};  // of the machine's; empty: there is none

    std::string notice_path() const { return directory + "/store.json"; }
    std::string data() const { return directory + "/etcd"; }
};

// A member as it answered, or why it did not.
struct MemberSeen {
    std::string name;  // of the member, for people
    bool is_own = false;
    bool is_learner = false;               // as listed last
    std::string endpoint;                  // that answered, else the first
    std::optional<MemberStatus> status{};  // empty: no answer
    std::string fault{};                   // then: why
};

class StoreDesk {
 public:
    // `host` empty: the only one with its state under `prefix`. Code::missing when there is none,
    // Code::invalid when there are several, Code::denied when its keys may not be read.
    static Result<std::unique_ptr<StoreDesk>> open(const std::string& prefix,
                                                   const std::string& host);

    // Asks every member that is known how it is, all at once.
    std::vector<MemberSeen> look_around();

    // Turns the loop until the call has answered.
    template <class T>
    Answer<T> await(const std::function<void(Electorate::Done<T>)>& call) {
        std::optional<Answer<T>> answer;
        call([&answer](Answer<T> made) { answer.emplace(std::move(made)); });
        while (!answer) loop.step(Seconds{1});
        return *std::move(answer);
    }

    const std::string& home() const { return home_; }
    const std::string& prefix() const { return prefix_; }
    const Identity& identity() const { return identity_; }
    const OwnStore& own() const { return own_; }
    Electorate& electorate() { return *electorate_; }

    LinuxLoop loop;
    LinuxFiles files;
    LinuxAccounts accounts;
    LinuxLocks locks{loop};
    LinuxRandom random;
    LinuxSockets sockets{loop};
    LinuxProcesses processes{loop};

 private:
    StoreDesk(std::string prefix, std::string host)
        : prefix_(std::move(prefix)), home_(prefix_ + "/" + host) {}
    Result<void> read_host();
    Result<void> show_identity();
    void read_own();
    std::vector<MemberSeen> known() const;

    std::string prefix_;
    std::string home_;
    Identity identity_;
    OwnStore own_;
    std::vector<StoreMember> members_;  // as the store listed them last
    std::unique_ptr<EtcdElectorate> electorate_;
};

}  // namespace hansa
