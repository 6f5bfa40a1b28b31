// Watches for the moment when the agent is at rest, and when it has been quiet long enough.
//
// Owned by Node; loop thread only. Publishes AtRest on each change and Converged once.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/time.h"
#include "engine/runner.h"
#include "engine/settle.h"
#include "report/report.h"
#include "sys/loop.h"

namespace hansa {

// What the mesh has to say about rest; the defaults are those of an agent without a store.
struct MeshRest {
    bool exports_acknowledged = true;
    bool collect_folded = true;
    bool exports_failed = false;  // what is published is not what is declared, and stays so
};

class Rest {
 public:
    struct Ports {
        Loop& loop;
        Report& report;
        std::function<Standing()> standing;
        std::function<Instant()> last_activity;
        std::function<MeshRest()> mesh;
    };

    // `converged` is called once, `quiet` after the agent came to rest; never when there is no
    // `quiet`.
    Rest(Ports ports, std::optional<Seconds> quiet, Action converged);

    // Something that rest depends on may have moved. Cheap.
    void moved();

 private:
    void look();
    void tell(bool resting, const Standing& standing, const MeshRest& mesh);
    void await(const RestInput& input);

    Ports ports_;
    std::optional<Seconds> quiet_;
    Action converged_;
    std::optional<Instant> rest_since_;
    std::string told_;
    bool told_resting_ = false;
    bool posted_ = false;
    bool done_ = false;
    Held timer_;
};

// "the store", "3 resources", "" when nothing is waited for. Pure.
std::string waiting_for(const Standing& standing, const MeshRest& mesh);

}  // namespace hansa
