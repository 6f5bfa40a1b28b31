// A Membership makes this host a peer of the store's cluster and keeps it one: its name claimed,
// its leased record there.
//
// Owned by Mesh. Loop thread only; never blocks. While the store is away it keeps trying. A lost
// lease is granted again and the record put again under it, with the same incarnation; the name
// is released only by leave(). Who replaces a dead host claims its name and puts the record at
// once, so that nobody ever sees the name as a dead host's again. Who was let in once does not end
// when somebody overwrites the name or the cluster's id: that is told, and looked at again with
// pauses, until it is put right.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "mesh/backoff.h"
#include "mesh/episode.h"
#include "mesh/identity.h"
#include "mesh/lifeline.h"
#include "mesh/store.h"
#include "sys/loop.h"

namespace hansa {

struct MembershipOptions {
    std::string uuid;               // of this host; kept by the caller over restarts
    std::uint64_t incarnation = 0;  // grows with every start
    std::string version;
    std::string where;  // for people: machine and process
    Admission admission;
    Seconds lease{30};
};

struct MembershipEvents {
    // The claim is on its way: commits that compare with this may be sent behind it.
    std::function<void(Compare name_is_ours, const std::string& cluster_id)> on_claiming;
    // The name is ours, in this cluster. Again when its epoch has grown.
    std::function<void(const std::string& cluster_id, std::uint64_t epoch)> on_entered;
    // The name that had been ours was nobody's, and is ours again: this host left, was removed
    // while it was away, or the store is of an older state. Told once for each time.
    Action on_claimed_again;
    // The name is ours, and was that of this host, which is dead.
    std::function<void(const NameRecord& before)> on_replaced;
    // The store that answers, by its own id, is of an older epoch: it is to be left. May be empty.
    std::function<void(std::uint64_t store, const Error&)> on_outdated;
    // Another cluster, no cluster, or the name is another's, and we have never been in: nothing
    // more is tried.
    std::function<void(const Error&)> on_refused;
    // The lease had ended and is back: others may have taken this host for gone.
    Action on_renewed;
    // The store refuses a request, time after time where that may pass: why, for people.
    std::function<void(const Error&)> on_error;
};

class Membership {
 public:
    // Every reference must outlive it. Begins at once.
    Membership(Loop& loop, Store& store, Random& random, HostName host, MembershipOptions options,
               MembershipEvents events);

    bool entered() const { return entered_; }

    // For commits that are this host's alone. Never holds before a name was claimed.
    Compare name_is_ours() const;

    const std::string& cluster_id() const { return cluster_id_; }

    // Where this host serves the store to clients; written when it differs.
    void advertise(std::vector<std::string> urls);

    // What this host says of itself about seats; written when it differs.
    void offer(SeatOffer seat);

    // Somebody found that the name is perhaps not ours: look.
    void verify();

    void store_returned();

    // Gives the name back. `done` is called once; nothing else is done afterwards.
    void leave(std::function<void(Result<void>)> done);

    // Ends the lease, so that others see at once that we stopped. Keeps the name. `done` is called
    // once.
    void stop(Action done);

 private:
    void look();
    void on_looked();
    void turned_away(const Error& why);
    void look_later(Duration delay);
    void claim(const AdmissionStep& step);
    struct Shown {  // a leased record
        std::string value;
        LeaseId lease = 0;
        friend bool operator==(const Shown&, const Shown&) = default;
    };
    void on_claimed(const AdmissionStep& step, const Shown& with, Result<Committed> committed);
    void enter(const AdmissionStep& step);
    void hold_lease();
    void on_granted(LeaseId lease);
    std::string record_value() const;
    void add_record(Transaction& transaction, const std::string& value) const;
    void put_record();
    void on_put(const Shown& put, Result<Committed> committed);
    void failed(Episode& episode, const Error& why);

    Loop& loop_;
    Store& store_;
    Random& random_;
    const HostName host_;
    const MembershipOptions options_;
    MembershipEvents events_;
    const std::string new_cluster_id_;

    bool entered_ = false;
    bool ended_ = false;
    std::string cluster_id_;
    std::uint64_t epoch_ = 0;
    std::string name_value_;

    bool looking_ = false;
    bool may_replace_ = false;    // until it has been in, or somebody else was faster
    bool was_forgotten_ = false;  // the name that had been ours was nobody's
    bool claiming_ = false;       // its answer decides; what is read meanwhile may be older
    int answers_due_ = 0;
    AdmissionFacts facts_;
    std::uint64_t told_by_ = 0;  // the store that told of the cluster
    std::optional<Error> look_failed_;

    std::vector<std::string> urls_;
    std::optional<SeatOffer> seat_;
    LeaseId lease_ = 0;
    bool lease_was_lost_ = false;
    bool putting_ = false;
    Shown put_;  // acknowledged

    Backoff look_backoff_;
    Backoff put_backoff_;
    Held look_retry_;
    Held put_retry_;
    Held lease_kept_;
    Episode entering_;
    Episode turned_away_;
    Episode leasing_;
    Episode putting_trouble_;
    Lifeline lifeline_;
};

}  // namespace hansa
