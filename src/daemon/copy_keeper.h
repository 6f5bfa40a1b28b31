// Keeps copies of the whole store on this host while it is named for that (mesh/copies.h), and lets
// them go some time after it is named no more.
//
// A copy is made when there is none that is good enough: none at all, the newest of a day ago, or
// one of other members or of another epoch than there are now. It is looked for a minute to five
// after something has changed, so that none is older than the last change of voters by more than
// that, and then when the newest gets a day old. One thing at a time; never at a start.
//
// The record of it is written and removed only while the host's name is ours: it goes with the
// name, and is another machine's once that has replaced this one.
//
// What this host has not to keep any more goes a day later, and only when somebody else tells of a
// copy that is as new.
//
// Owned by StoreLink. Loop thread only; files and disk are touched on workers.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/host.h"
#include "base/random.h"
#include "daemon/identity.h"
#include "daemon/recovery/copy_shelf.h"
#include "mesh/copies.h"
#include "mesh/electorate.h"
#include "mesh/lifeline.h"
#include "mesh/seat_records.h"
#include "report/report.h"
#include "sys/loop.h"
#include "sys/task.h"

namespace hansa {

// How long the newest copy will do, at most `every`; nothing, if it does not now. Pure.
struct StoreNow {
    std::string cluster;
    std::uint64_t epoch = 0;
    std::vector<std::string> members;  // peer URLs
};
Duration copy_will_do(const std::vector<KeptCopy>& kept, const StoreNow& store, WallTime now,
                      Duration every);

// Whether `mine` may go: another host tells of one that is as new. Pure.
bool is_superseded(const CopyRecord& mine, const std::vector<CopyRecord>& told);

class CopyKeeper {
 public:
    struct Ports {
        Loop& loop;
        Workers& workers;
        Store& store;
        Random& random;
        Report& report;
    };
    struct Around {
        std::function<Electorate&()> electorate;              // asked for once it is needed
        std::function<std::vector<std::string>()> endpoints;  // of the store, the best first
        std::function<Compare()> name_is_ours;                // now
    };

    // Everything given must outlive it, the shelf's files also what runs on workers.
    CopyKeeper(Ports ports, const HostName& host, const Identity& identity, CopyShelf shelf,
               Around around);

    // What the steward tells of voters and keepers, whenever that is something else.
    void hear(const VotersRecord& told);

 private:
    struct Round;  // one look, and what follows from it
    using RoundPtr = std::shared_ptr<Round>;

    void look_soon();
    void plan(Duration wait);
    Duration jittered(Duration least, Duration most);
    void look();
    void learn_times(std::function<void()> then);
    void looked(const RoundPtr& round);

    void list(const RoundPtr& round, std::size_t which);
    void listed(const RoundPtr& round);
    void ask_status(const RoundPtr& round);
    void make_room(const RoundPtr& round);
    void transfer(const RoundPtr& round);
    void take(const RoundPtr& round, std::string piece, Taken taken);
    void put_away(const RoundPtr& round);
    void tell(const RoundPtr& round);

    void let_go(const RoundPtr& round);
    void forget(const RoundPtr& round);

    void failed(Error error);
    void done(Duration next);

    // Runs `work`, whose outcome goes to `then` unless it is an error, which ends the round.
    template <class T>
    void on_worker(std::function<Result<T>()> work, std::function<void(T)> then);

    const Ports ports_;
    const HostName host_;
    const Identity& identity_;
    const CopyShelf shelf_;
    const Around around_;

    bool has_heard_ = false;
    bool is_named_ = false;
    std::vector<VoterPlace> voters_;
    Instant unnamed_;  // since then, if it is
    SeatTiming timing_;
    bool busy_ = false;
    std::string told_;  // the record of ours, as it was put
    Instant due_;       // of the timer
    Held timer_;
    Lifeline lifeline_;
};

}  // namespace hansa
