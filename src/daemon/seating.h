// This host and the seats of its cluster: takes a seat when the steward gives it one, serves it,
// and runs a steward beside a member that votes, its own or the machine's.
//
// Owned by StoreLink. Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/credentials.h"
#include "daemon/home.h"
#include "daemon/member_revocations.h"
#include "daemon/seat_duty.h"
#include "daemon/seat_holder.h"
#include "daemon/settings.h"
#include "mesh/endpoint_keeper.h"
#include "mesh/etcd/electorate.h"
#include "mesh/sole_care.h"
#include "report/metrics.h"
#include "sys/linux/rotated_file.h"

namespace hansa {

class Seating {
 public:
    struct Ports {
        Loop& loop;
        Store& store;
        Files& files;
        Processes& processes;
        Random& random;
        Report& report;
    };

    struct Events {
        // Where the voter of this host's own answers, for its agent to lean on; nothing: there is
        // none.
        std::function<void(EndpointKeeper::OwnStore)> on_own;
        // How many hosts come before ours where all voters do something in turn.
        std::function<std::size_t()> turn;
    };

    // Every port must outlive it. Costs nothing until one of the next two is called.
    Seating(Ports ports, const Settings& settings, const Home& home,
            const HostCredentials& credentials, Events events);
    ~Seating();

    // With a store elsewhere: this host may be given a seat, and serves one that it had before.
    // `had_member`: of this machine's own store, which may be listed still. Once.
    struct Before {
        bool had_member = false;
    };
    void take_part(Before before);

    // As the store lists them. One of this host without anything of it here is a loss.
    void members_are(const std::vector<StoreMember>& members);

    // Of this host's own: it was given a seat before. After take_part().
    bool has_member() const;

    // This host founds the store of that cluster. After take_part().
    void found(const std::string& cluster);

    // A voter of this machine's own store serves clients there, and other hosts reach it; empty: it
    // does not.
    void beside(const std::string& endpoint, const std::string& timing);

    // This machine's own store serves clients there, and only this machine reaches it, so nobody
    // but this host looks after it; empty: it does not.
    void alone_at(const std::string& endpoint);

    // What is shown to members, and where the store answers.
    void use_identity(StoreIdentity identity);
    void use_endpoints(std::vector<std::string> endpoints) { endpoints_ = std::move(endpoints); }

    // The cluster's epoch is this one.
    void epoch_is(std::uint64_t epoch) {
        if (holder_) holder_->epoch_is(epoch);
    }

    void store_is(StoreStatus::State state);

    // An etcd of this host's own seat runs.
    bool serves() const { return holder_ && holder_->serves(); }

    Electorate& electorate();                    // made when it is first asked for
    const Steward* steward() const;              // null: no voter is beside us
    std::optional<SeatFigures> figures() const;  // likewise
    const std::vector<std::string>& endpoints() const { return endpoints_; }

    // Ends a member of ours; its seat stays. `stopped` is called once, later.
    void stop(Action stopped);

 private:
    SeatDuty& duty();
    SeatHolder::Wishes holder_wishes() const;
    Result<StoreCertificate> certificate();
    void revoked();
    void keep_log(const std::string& line);

    const Ports ports_;
    const Settings& settings_;
    const Home& home_;
    const Events events_;
    MemberRevocations revocations_;
    Held cut_;
    StoreIdentity identity_;
    std::unique_ptr<EtcdElectorate> electorate_;  // null: nobody needed it yet
    std::unique_ptr<SeatDuty> duty_;              // null: seats are no business of this host yet
    std::unique_ptr<SoleCare> care_;              // null: the store is not ours alone
    Held care_begins_;
    std::unique_ptr<SeatHolder> holder_;  // null: no seat is given to this host
    std::vector<std::string> endpoints_;
    std::optional<std::string> timing_;  // of the machine's store, once that is known
    std::optional<RotatedFile> log_;     // of our member
};

}  // namespace hansa
