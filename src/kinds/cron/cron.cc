#include "kinds/cron/cron.h"

#include "kinds/unapplied.h"

namespace hansa::kinds {
namespace {

struct CronParams {
    std::string unit;
    std::string state;
    std::string startup;
    bool session = false;
    std::string trigger;
    std::string time;
    std::optional<std::uint32_t> accuracy;
    std::optional<std::uint32_t> random_delay;
    bool persistent = false;
    bool wake_system = false;
    bool remain = true;
    std::string description;
};

const Schema<CronParams>& cron_schema() {
    static const Schema<CronParams> schema = {
        field("unit", &CronParams::unit, "the unit that is started; default: its own name.service"),
        field("state", &CronParams::state, "exists or absent").one_of({"exists", "absent"}),
        field("startup", &CronParams::startup, "enabled or disabled: the timer after a boot"),
        field("session", &CronParams::session, "a timer of the user's session"),
        field("trigger", &CronParams::trigger, "what the time is counted from")
            .one_of({"OnCalendar", "OnActiveSec", "OnBootSec", "OnStartupSec", "OnUnitActiveSec",
                     "OnUnitInactiveSec"}),
        field("time", &CronParams::time, "when: systemd.time(7)"),
        field("accuracysec", &CronParams::accuracy, "may be this much late, in seconds"),
        field("randomizeddelaysec", &CronParams::random_delay,
              "a random pause up to this many seconds"),
        field("persistent", &CronParams::persistent,
              "what was missed while the machine was off is done at the next start"),
        field("wakesystem", &CronParams::wake_system, "wakes the machine from suspension"),
        field("remainafterelapse", &CronParams::remain,
              "the timer stays loaded when it has run out; true when absent"),
        field("description", &CronParams::description, "text for people"),
    };
    return schema;
}

void complete(CronParams& params, Findings& findings) {
    if (params.state.empty()) params.state = "exists";
    findings.one_of("startup", params.startup, std::vector<std::string>{"enabled", "disabled"});
    if (params.state == "absent") return;
    if (params.trigger.empty())
        findings.wrong("trigger", "is missing; write OnCalendar or another");
    if (params.time.empty()) findings.wrong("time", "is missing; write it as in systemd.time(7)");
}

Ties ties(const ResourceId& id, const CronParams& params) {
    Ties ties{.provides = {}, .wants = {}, .owns = Thing{"cron", id.name}};
    if (params.state != "absent" && !params.unit.empty()) ties.wants = {{"svc", params.unit}};
    return ties;
}

// The unit file that it writes; a session's lie below a home that only the account's kind knows.
Reach reach(const ResourceId& id, const CronParams& params) {
    Reach reach{.removes = params.state == "absent"};
    if (!params.session) reach.path = "/etc/systemd/system/" + id.name + ".timer";
    return reach;
}

}  // namespace

std::unique_ptr<const Kind> cron() {
    return unapplied<CronParams>("cron", "a unit that is started on a calendar", cron_schema(),
                                 complete, ties, reach);
}

}  // namespace hansa::kinds
