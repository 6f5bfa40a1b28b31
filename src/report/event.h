// Whatever happens is one of these events. Log, status, tests and dashboards read nothing else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace hansa {

enum class Outcome {
    unchanged,     // the machine already matched
    changed,       // it was made to match
    would_change,  // noop: it would have been
    failed,
};

enum class Phase {
    waiting,  // for predecessors, a semaphore or a token
    running,
    settled,   // as declared
    retrying,  // failed; another attempt is due
    failed,    // for good, until something changes
    blocked,   // a predecessor failed
    missing,   // a collected resource that nobody exports
    yielding,  // another resource owns the same thing
};
std::string_view name_of(Outcome outcome);
std::string_view name_of(Phase phase);

struct ShownChange {  // a Change made safe for people: cut, printable, secrets hidden
    std::string field;
    std::string from;
    std::string to;
};

namespace happened {

struct AgentStarted {
    std::string version;
    std::string host;
    std::string graph_file;
    std::string store;  // "standalone", "founding a cluster", …
    int pid = 0;
};
struct GraphAdopted {
    std::string name;
    std::size_t resources = 0;
    std::size_t edges = 0;
    std::size_t added = 0;  // new or redefined
    std::size_t removed = 0;
    bool first = false;
    Duration took{0};
};
struct GraphAmended {  // by what is collected; the file is the same
    std::size_t resources = 0;
    std::size_t edges = 0;
    std::size_t added = 0;  // new or redefined
    std::size_t removed = 0;
    Duration took{0};
};
struct GraphRefused {    // the old one stays enforced
    std::string errors;  // one a line
};
struct ResourcePhase {
    std::string id;
    Phase phase = Phase::waiting;
    std::string detail;  // what it waits for, what blocks it
};
struct ResourceGone {
    std::string id;
};
struct ResourceRan {
    std::string id;
    Outcome outcome = Outcome::unchanged;
    std::vector<ShownChange> changes;
    std::string error;  // of a failed one
    std::optional<Duration> retry_in;
    std::uint32_t attempt = 1;
    bool refreshed = false;
    Duration took{0};
};
struct StoreChanged {
    enum class State {
        standalone,
        starting,
        connected,
        read_only,  // some of its members answer, too few of them: nothing new is known of it
        away,
    } state = State::standalone;
    std::string detail;   // endpoint, or what is waited for
    WallTime since = {};  // read_only: when that began
};
struct Published {
    std::size_t exports = 0;
    std::size_t written = 0;
    std::size_t removed = 0;
    Duration took{0};
};
struct Collected {
    std::size_t resources = 0;  // collected now
    std::size_t changed = 0;
    std::size_t withdrawn = 0;
};
struct PeerTurned {  // another host, whose exports are collected
    enum class State {
        stale,      // it has ended; what it exports stays in force for the grace time
        expired,    // that is over; what it exports is no longer collected
        back,       // it runs again
        forgotten,  // it has ended, and exports nothing any more
    } state = State::stale;
    std::string host;
    Duration grace{0};
};
struct Conflict {
    std::string loser;
    std::string keeper;
    std::string thing;  // "path:/etc/motd"
};
struct Refused {        // counted by cause
    std::string cause;  // a word: "bad_record", "quota", "store_error", …
    std::string text;
    std::string exporter{};  // whose exports; empty: nobody's, or it cannot be told
};
struct Judged {  // whether a collected resource is let in, and why
    enum class Verdict {
        allowed,
        quarantined,  // shown as noop until its exporter is accepted
        denied,       // by the policy
        refused,      // its signature is not good
        gone,         // no longer collected
    } verdict = Verdict::allowed;
    std::string id;        // "file[f1] from b"
    std::string place;     // the pattern of the collect entry; mostly empty
    std::string exporter;  // host name,
    std::string uuid;      // and as certified
    std::string key;       // name of the key that signed
    std::string rule;      // of the collect policy
    std::string why;       // of a denial or refusal
};
struct Warned {
    std::string text;
};
struct Noted {  // something worth a line, nothing wrong
    std::string text;
};
struct Spoke {         // a resource of kind print or msg
    std::string line;  // safe for a terminal
};
struct AtRest {  // `resting` false: activity again
    bool resting = true;
    std::string waiting_for;     // while not resting: "the store", "3 resources"
    bool only_a_number = false;  // of the last word has changed: for the picture, not for a log
};
struct Converged {
    Seconds quiet{0};
};
struct Fatal {  // the agent ends by itself: it cannot go on
    std::string text;
};
struct Stopping {
    std::string why;
    int signals = 0;
};
struct Stopped {
    int exit_code = 0;
};

std::string_view name_of(Judged::Verdict verdict);

}  // namespace happened

using Event = std::variant<
    happened::AgentStarted, happened::GraphAdopted, happened::GraphAmended, happened::GraphRefused,
    happened::ResourcePhase, happened::ResourceGone, happened::ResourceRan, happened::StoreChanged,
    happened::Published, happened::Collected, happened::PeerTurned, happened::Conflict,
    happened::Refused, happened::Judged, happened::Warned, happened::Noted, happened::Spoke,
    happened::AtRest, happened::Converged, happened::Fatal, happened::Stopping, happened::Stopped>;

}  // namespace hansa
