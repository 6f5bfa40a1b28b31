// This host's member of the store, where it came to a seat after the cluster was founded.
//
//     PREFIX/HOST/store/              0700
//     member.json                     the marker: whose member this is, and in which cluster
//     etcd/                           its data; never looked at without the marker
//     etcd.log
//
// The steward adds a member with this host's address to the store's list; then, and only then, an
// empty directory becomes a member. With a marker and data etcd is started at once, whoever else
// is there: a store that lost its majority comes back in this way. A marker without data is a loss
// and never started, since etcd would take an empty member for the old one and forget what it had
// acknowledged (measured on 3.4.23); the steward removes it from the list, and it may join anew.
// A member that was removed ends by itself with exit code 0; then its data goes. One of an epoch
// that is over, since the store was recovered without it, is ended and its data kept aside. Data
// that etcd calls damaged counts as a loss, too, and stays until another member takes its place.
//
// What a marker calls another host's or another cluster's, or a marker that cannot be understood
// vouches for, is not ours to use or to remove: it stays, and is put aside when a member of ours
// begins. Where the marker cannot be read at all nobody knows, and this host holds no seat.
//
// Owned by the agent. Loop thread only; blocks for small files of its own.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "daemon/store_certificate.h"
#include "mesh/electorate.h"
#include "mesh/lifeline.h"
#include "mesh/member_marker.h"
#include "report/report.h"
#include "servers/etcd.h"
#include "sys/files.h"
#include "sys/loop.h"
#include "sys/processes.h"

namespace hansa {

class SeatHolder {
 public:
    struct Ports {
        Loop& loop;
        Files& files;
        Processes& processes;
        Electorate& electorate;
        Report& report;
    };

    struct Wishes {
        std::string directory;                 // PREFIX/HOST/store
        MemberOwner owner;                     // this host
        std::vector<std::string> client_urls;  // where it would listen
        std::vector<std::string> peer_urls;
        std::vector<std::string> clients_told;  // what others are told
        std::vector<std::string> peers_told;
    };

    // A certificate for a member at these URLs; called before each start.
    using Certify = std::function<Result<StoreCertificate>(const std::vector<std::string>& urls)>;

    struct Events {
        std::function<void()> on_serving;
        std::function<void()> on_gone;  // no member any more; its data is not in the way
        // Its data is gone while the list still has its member; then not any more.
        std::function<void(bool lost)> on_lost;
        std::function<void(const std::string& line)> on_log;
    };

    SeatHolder(Ports ports, Wishes wishes, Certify certify, Events events);

    // Starts what was there before.
    void start();

    // The steward intends to add this host: looks at the list until its member stands there, or
    // expect_nothing(). `endpoints`: the store's, which are asked in turn. `timing`: the cluster's.
    void expect(std::vector<std::string> endpoints, const std::string& cluster,
                const std::string& timing);
    void expect_nothing();

    // This host founds the store of that cluster, with those times, alone at first. Tried again
    // until it can.
    void found(const std::string& cluster, const std::string& timing);

    // There was a member of this host, or at its address, that left no marker here: the machine's
    // own, or one whose whole directory is gone. As long as the list has it, it counts as lost.
    void had_member(std::vector<std::string> endpoints);

    // Starts a member of ours again, where it was: connections that were accepted before a
    // certificate was taken back end in no other way.
    void cut_connections();

    // The cluster's epoch is this one.
    void epoch_is(std::uint64_t epoch);

    // Ends etcd, a leader hands over first; `stopped` runs once, later. Membership and data stay.
    void stop(Action stopped);

    bool serves() const { return server_ && server_->serving(); }
    bool is_lost() const { return lost_; }
    const std::optional<MemberMarker>& marker() const { return marker_; }

 private:
    void look();
    bool waits() const { return is_expected_ || lost_ || may_be_listed_; }
    void be_lost(bool lost);
    bool still_listed(const std::vector<MemberInfo>& members) const;
    void on_list(const std::vector<MemberInfo>& members);
    Result<void> join(const MemberInfo& mine, const std::vector<MemberInfo>& members);
    Result<void> found_now(const std::string& cluster, const std::string& timing);
    void begin_with(const std::string& text);
    Result<void> clear_data();
    Result<void> put_foreign_aside();
    void learn_id();
    EtcdConfig config_of(std::vector<EtcdMember> members) const;
    Result<void> launch(std::vector<EtcdMember> members);
    Result<void> keep(const MemberMarker& marker);
    void removed();
    void put_aside();
    void damaged(const std::string& why);
    void ended(const std::string& why, Duration pause);
    std::string text_of_loss() const;
    void warn(const std::string& what);
    bool has_data() const;
    std::string marker_path() const { return wishes_.directory + "/member.json"; }
    std::string data_path() const { return wishes_.directory + "/etcd"; }

    const Ports ports_;
    const Wishes wishes_;
    const Certify certify_;
    const Events events_;

    std::optional<MemberMarker> marker_;
    std::unique_ptr<EtcdServer> server_;
    bool had_data_ = false;             // that server; so it is never started again without
    std::unique_ptr<EtcdServer> gone_;  // its callback may be on the stack
    std::uint64_t epoch_ = 0;
    bool is_foreign_ = false;  // what lies there is not ours, or nobody knows whose
    bool holds_none_ = false;  // its marker cannot be read
    bool lost_ = false;
    bool may_be_listed_ = false;  // had_member()
    bool is_expected_ = false;
    bool retiring_ = false;  // a member of an older epoch ends
    bool stopping_ = false;
    Action stopped_;                      // whoever waits for that end
    std::vector<std::string> endpoints_;  // whom to ask
    std::size_t next_ = 0;
    std::string cluster_;
    std::string timing_;
    std::string told_;
    Held timer_;
    Lifeline lifeline_;
};

}  // namespace hansa
