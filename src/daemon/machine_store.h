// The store of this machine's own cluster: whoever holds the machine's lock serves it, everybody
// else joins through the holder, and when the holder ends the next one serves the same data
// (seats.md 3.1).
//
// Owned by Node; loop thread only; never blocks but for small files of its own.
// Invariant: an etcd of ours runs only while we hold the lock.
// Data of an epoch that is over, since the cluster's store was recovered elsewhere, is not served.
//
// A machine whose member was taken out of the store, or has lost its data while others have theirs,
// is a client like any other host: the notice says where the store is, nothing is founded here,
// and the holder may be given a seat of its own again (seat_holder.h). So is one whose data etcd
// calls damaged, when other members are known; the data is put aside. Where none is known it stays,
// for whoever restores a copy, and the agent goes on without a store.
//
// Data that was there and is gone is never begun anew: an etcd that founds on nothing would be
// another store at the addresses of the first. Where other members are known the machine is a
// client of theirs; where none is known, the agent says how a copy is restored and goes on without
// a store, or ends if it just starts.
//
// What keeps the first agent of a machine from serving ends it, so that its operator sees it. At a
// takeover it does not: an agent that runs goes on with what it knows and tries again, because the
// etcd of the holder before it may outlive that holder by moments, or somebody may yet free a port.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "daemon/store_certificate.h"
#include "daemon/store_notice.h"
#include "report/report.h"
#include "servers/etcd.h"
#include "sys/accounts.h"
#include "sys/files.h"
#include "sys/locks.h"
#include "sys/loop.h"
#include "sys/processes.h"
#include "sys/sockets.h"
#include "sys/watch.h"

namespace hansa {

// The same ports at another address. REQUIRES: urls as parse_url() gives them.
std::vector<std::string> at_address(std::vector<std::string> urls, const std::string& address);

// Where the store answers, and as whom.
struct StorePlace {
    std::vector<std::string> urls;  // from this machine; empty: nowhere now
    std::string server_name;
    std::vector<std::string> clients_told{};  // what other hosts are told
    std::vector<std::string> peers_told{};    // and other members, by its holder
    bool elsewhere = false;                   // this machine has no member of it any more
    friend bool operator==(const StorePlace&, const StorePlace&) = default;
};

class MachineStore {
 public:
    struct Ports {
        Loop& loop;
        Files& files;
        PathWatcher& watcher;
        Processes& processes;
        Locks& locks;
        Sockets& sockets;
        const Accounts& accounts;
        Random& random;
        Report& report;
    };
    struct Wishes {
        std::string directory;
        std::vector<std::string> client_urls;  // empty: a default or a free port
        std::vector<std::string> peer_urls;
        bool may_serve = true;
        std::string listen = "127.0.0.1";  // where no URLs are given
        std::string advertise{};           // in place of the address that it listens at
        bool belongs = false;              // to a cluster already: none is founded in its place
        std::string timing{};  // of a cluster that is founded (seat_timing.h); empty: the usual one
        std::uint64_t epoch = 0;  // of the cluster, the highest that this host has seen
    };
    // A certificate for an etcd at these URLs; called before each start of one, and again when
    // the certificate is to be renewed.
    using Certify = std::function<Result<StoreCertificate>(const std::vector<std::string>& urls)>;
    struct Events {
        std::function<void(StorePlace)> on_place;
        std::function<void(Error)> on_fatal;  // once: no store can be had; nothing more is tried
        std::function<void(const std::string& line)> on_log;  // of an etcd of ours
        // Client URLs of the store's members on other hosts, as far as they are known; empty: the
        // store stands and falls with this machine.
        std::function<std::vector<std::string>()> others;
    };

    MachineStore(Ports ports, Wishes wishes, Certify certify, Events events);
    ~MachineStore();

    void start();

    // Ends an etcd of ours and gives the lock up; `stopped` is called once, later.
    void stop(Action stopped);

    // Starts an etcd of ours again, at the same URLs: the only way to end connections that were
    // accepted before a certificate was taken back. Everybody else's come back within moments.
    void cut_connections();

    // The cluster's epoch is this one: data of ours that is older is put aside, and this machine
    // has no member of the store any more. Fatal where nobody knows another one.
    void epoch_is(std::uint64_t epoch);

    bool serves() const { return server_ != nullptr; }
    // Of the cluster, as this machine's member of it was founded with; empty: the usual one.
    const std::string& timing() const { return timing_; }
    bool holds_lock() const { return lock_ != nullptr; }

 private:
    void look();
    void look_later();
    void watch_notice();
    void poll_notice();
    void serve();
    Result<void> start_server();
    void cannot_serve(Error why);
    bool is_patient() const;
    bool is_outdated() const;
    void put_aside();
    void give_up(Error why);
    Result<EtcdConfig> plan_server();
    Result<void> certify(EtcdConfig& config);
    void renew_certificate();
    Result<std::string> choose_url(const std::vector<std::string>& wished,
                                   const std::vector<std::string>& remembered, std::uint16_t usual,
                                   const char* flag);
    void serving();
    void removed();
    void damaged(const std::string& why);
    void vanished();
    void lost(const std::string& what);
    void never_again();
    void be_down(const std::string& why);
    bool has_data() const;
    void dwell_elsewhere(std::vector<std::string> urls);
    void write_notice(bool serving);
    void write(const StoreNotice& notice);
    StoreNotice last_notice() const;
    void dial(StorePlace place);
    void ended(const std::string& why, Duration pause);
    void serve_anew(Duration pause);
    bool is_free(const std::string& url);
    void follow();
    void follow_nobody();
    void read_notice();
    void tell_waiting(const std::string& what);
    std::string data_path() const { return wishes_.directory + "/etcd"; }
    std::string notice_path() const { return wishes_.directory + "/store.json"; }
    std::string lock_path() const { return wishes_.directory + "/lock"; }

    Ports ports_;
    Wishes wishes_;
    Certify certify_;
    Events events_;
    std::unique_ptr<HeldLock> lock_;
    std::unique_ptr<EtcdServer> server_;
    std::unique_ptr<EtcdServer> gone_;  // its callback may be on the stack
    std::optional<LockHolder> holder_;
    Held holder_watch_;
    Held notice_watch_;
    Held timer_;                           // the next look, or the next try to serve
    Held poll_;                            // instead of a notice watch that the kernel refused
    bool joined_ = false;                  // a store was to be had: what comes now is a takeover
    bool had_data_ = false;                // this machine's store: never started again without
    bool given_up_ = false;                // nothing more is tried
    std::optional<Instant> trying_since_;  // to serve
    Duration pause_{0};                    // the last one between two looks or tries
    std::string told_;
    std::string warned_;
    Held renewal_;
    WallTime renew_at_;
    WallTime begins_;
    std::string server_name_;  // of our own
    std::string timing_;
    StorePlace dialled_;
};

}  // namespace hansa
