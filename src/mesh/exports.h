// A Publisher brings this host's part of the store to what its graph exports, and keeps it there.
//
// Owned by Mesh. Loop thread only; never blocks. Every commit compares that the name of this host
// is still ours and that the manifest is the one we know, so a commit that was delayed on its way,
// or repeated after an unknown fate, changes nothing. Its own part is read once, again after
// whatever leaves a doubt, and each 5 minutes to see what was changed behind its back.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "mesh/backoff.h"
#include "mesh/episode.h"
#include "mesh/lifeline.h"
#include "mesh/publication.h"
#include "report/report.h"
#include "sys/loop.h"

namespace hansa {

struct PublisherEvents {
    Action on_moved;   // settled() may have changed
    Action on_fenced;  // a comparison did not hold: is the name still ours?
};

class Publisher {
 public:
    // Every reference must outlive the publisher.
    Publisher(Loop& loop, Store& store, Random& random, Report& report, Exporter me,
              ExportQuota quota, PublisherEvents events);

    // Replaces what shall be exported. Above the quota: reported, refusal() tells, and what was
    // published stays.
    void declare(std::vector<Wanted> wanted);

    // From now on commits may be made, each with this comparison. The transaction that makes it
    // true may still be under way.
    void enter(Compare name_is_ours);

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
    void on_read(Result<Reading> reading);
    bool make_plan();
    void commit_step();
    void on_committed(Result<Committed> committed);
    void finish_plan();
    void pause(const Error& why);
    void refuse(std::string cause, std::string text);
    void plan_audit();
    void audit();

    Loop& loop_;
    Store& store_;
    Random& random_;
    Report& report_;
    const Exporter me_;
    const ExportQuota quota_;
    PublisherEvents events_;

    bool declared_ = false;
    bool pending_ = false;  // `wanted_` is not acknowledged yet
    bool busy_ = false;     // a question is under way
    Fence fence_ = Fence::none;
    std::vector<Wanted> wanted_;
    std::optional<Compare> name_is_ours_;
    std::optional<Subtree> known_;
    std::optional<PublicationPlan> plan_;
    std::size_t step_ = 0;
    bool replan_ = false;    // declared anew while a step is under way
    bool announce_ = false;  // tell the report although nothing had to be written
    Instant begun_{};
    std::string refusal_;
    Revision revision_ = 0;

    // Short at first: a commit may have overtaken the claim of the name that it is guarded by.
    Backoff backoff_{{Milliseconds{20}, Seconds{30}, Milliseconds{2}}};
    Held pause_;
    Episode episode_;
    Held audit_;
    Lifeline lifeline_;
};

}  // namespace hansa
