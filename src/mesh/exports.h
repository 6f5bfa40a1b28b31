// A Publisher brings this host's part of the store to what its graph exports, and keeps it there:
// signed, and vouched for by a manifest that is renewed in time.
//
// Owned by Mesh. Loop thread only; never blocks. Every commit compares that the name of this host
// is still ours and that the manifest is the one we know, so a commit that was delayed on its way,
// or repeated after an unknown fate, changes nothing. Its own part is read once, and again after
// whatever leaves a doubt; from then on it is watched, so that what somebody else writes there is
// put right, and told; and compared each 5 minutes besides.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "mesh/backoff.h"
#include "mesh/episode.h"
#include "mesh/lifeline.h"
#include "mesh/publication.h"
#include "mesh/trust_memory.h"
#include "report/report.h"
#include "sys/loop.h"
#include "trust/key_set.h"

namespace hansa {

struct PublisherOptions {
    HostName host;
    std::uint64_t incarnation = 0;
    Credentials credentials;  // signed with
    TrustKeeper& keeper;      // remembers that something was published; outlives the publisher
    ExportQuota quota = {};
    ExportTimes times = {};
};

struct PublisherEvents {
    Action on_moved;   // settled() may have changed
    Action on_fenced;  // a comparison did not hold: is the name still ours?
};

class Publisher {
 public:
    // Every reference must outlive the publisher.
    Publisher(Loop& loop, Store& store, Random& random, Report& report, PublisherOptions options,
              PublisherEvents events);

    // Replaces what shall be exported. Above the quota: reported, refusal() tells, and what was
    // published stays, and is renewed; also what an earlier run published, if it stands there as it
    // was left.
    void declare(std::vector<Wanted> wanted);

    // From now on commits may be made, each with this comparison, and signed for this cluster. The
    // transaction that makes it true may still be under way.
    void enter(Compare name_is_ours, const std::string& cluster);

    // A renewed certificate, or another key.
    void use(Credentials credentials);

    // The store may have lost what was published (an expired lease, a long absence): look again.
    void recheck();

    // The store answers again: do not wait for the end of a pause.
    void store_returned();

    // Publishes nothing more; what is published stays.
    void halt();

    // The store has acknowledged what was declared last, or it was refused.
    bool settled() const;
    const std::string& refusal() const { return refusal_; }

    // Of the last commit made here; 0: none. Whoever watches exports/ is told of it.
    Revision revision() const { return revision_; }

 private:
    void advance();
    void read();
    void on_read();
    void watch(Revision from);
    void on_events(const EventBatch& batch);
    void on_identity(const EventBatch& batch);
    void judge_events(const std::vector<StoreEvent>& events);
    void repair(const std::string& key);
    void appoint_signer();
    Signer signer_for(const std::string& cluster) const;
    void plan_anew();
    std::string identity_due();
    bool make_plan();
    Result<PublicationPlan> planned();
    bool adopt();
    void commit_step();
    void on_committed(Result<Committed> committed);
    bool published_before() const;
    void remember();
    void finish_plan();
    void renew_in_time();
    void pause(const Error& why);
    void refuse(std::string cause, std::string text);
    void plan_audit();
    void audit();

    // What is read before anything can be planned.
    struct Looking {
        int answers_due = 0;
        std::optional<Error> failed;
        std::optional<Reading> exports;
        std::string identity;
    };

    Loop& loop_;
    Store& store_;
    Random& random_;
    Report& report_;
    PublisherOptions options_;
    PublisherEvents events_;
    Exporter me_;

    bool declared_ = false;
    bool pending_ = false;  // `wanted_` is not acknowledged yet
    bool upkeep_ = false;   // it was, but something has to be renewed or put right
    bool adopts_ = false;   // what an earlier run left is to be taken for `wanted_`
    bool busy_ = false;     // a question is under way
    Fence fence_ = Fence::none;
    std::vector<Wanted> wanted_;
    std::string cluster_;
    std::optional<Compare> name_is_ours_;
    Looking looking_;
    std::optional<Subtree> known_;
    std::string identity_;        // key set of ours; empty: none is needed
    std::string identity_there_;  // that the store holds
    std::optional<PublicationPlan> plan_;
    std::size_t step_ = 0;
    bool replan_ = false;    // declared anew while a step is under way
    bool announce_ = false;  // tell the report although nothing had to be written
    struct Count {
        std::size_t written = 0;
        std::size_t removed = 0;
    };
    Count sent_;  // by the commit that is under way, if it ends a plan: that may go meanwhile
    Count done_;  // since the report was told last
    Instant begun_{};
    std::string refusal_;
    Revision revision_ = 0;
    Floor floor_;

    std::set<Revision> commits_;     // of ours since the last reading, whose events are not in yet
    std::vector<StoreEvent> early_;  // came while a commit was under way
    Held watch_;
    Held identity_watch_;
    Held unwatched_;  // a watch was lost; outside of its callback everything is read again
    Held renewal_;

    // Short at first: a commit may have overtaken the claim of the name that it is guarded by.
    Backoff backoff_{{Milliseconds{20}, Seconds{30}, Milliseconds{2}}};
    // Somebody who overwrites us again and again is answered more and more slowly.
    Backoff repairs_{{Milliseconds{20}, Seconds{30}, Milliseconds{2}}};
    Instant repaired_{};
    Held pause_;
    Episode episode_;
    Held audit_;
    Lifeline lifeline_;
};

}  // namespace hansa
