#include "cli/render.h"

#include <ctime>

#include "base/text.h"

namespace hansa {

namespace {

using namespace happened;

constexpr std::size_t line_bytes_max = 4096;

constexpr const char* plain = "\033[0m";
constexpr const char* red = "\033[31m";
constexpr const char* green = "\033[32m";
constexpr const char* yellow = "\033[33m";
constexpr const char* bold = "\033[1m";
constexpr const char* dim = "\033[2m";

// Local time: a person compares it with the clock on the wall.
std::string clock_time(WallTime time) {
    const auto seconds =
        std::chrono::system_clock::to_time_t(std::chrono::time_point_cast<Seconds>(time));
    std::tm parts{};
    localtime_r(&seconds, &parts);
    char text[16];
    std::strftime(text, sizeof text, "%H:%M:%S", &parts);
    return text;
}

std::string changes_text(const std::vector<ShownChange>& changes) {
    std::string text;
    for (const ShownChange& change : changes) {
        text += text.empty() ? ": " : ", ";
        text += change.field;
        if (change.from.empty() && change.to.empty()) continue;
        if (!change.from.empty()) text += " " + change.from + " ->";
        text += " " + (change.to.empty() ? "nothing" : change.to);
    }
    return text;
}

// What an event says to a person; `colour` is the mark it deserves, or null.
struct Line {
    std::string text;
    const char* colour = nullptr;
};

class Teller {
 public:
    explicit Teller(Detail detail) : detail_(detail) {}

    std::optional<Line> operator()(const AgentStarted& event) const {
        return unless_quiet({"hansa " + event.version + " on host " + event.host + " (pid " +
                                 std::to_string(event.pid) + "): graph " + event.graph_file + ", " +
                                 event.store,
                             bold});
    }
    std::optional<Line> operator()(const GraphAdopted& event) const {
        std::string text = "graph " + event.name + ": " + counted(event.resources, "resource") +
                           ", " + counted(event.edges, "edge");
        if (!event.first)
            text += "; " + std::to_string(event.added) + " new or changed, " +
                    std::to_string(event.removed) + " gone";
        return unless_quiet({text + " (" + readable(event.took) + ")", nullptr});
    }
    std::optional<Line> operator()(const GraphAmended& event) const {
        if (detail_ != Detail::verbose) return std::nullopt;
        return Line{"graph: " + counted(event.resources, "resource") + ", " +
                        counted(event.edges, "edge") + "; " + std::to_string(event.added) +
                        " new or changed, " + std::to_string(event.removed) + " gone (" +
                        readable(event.took) + ")",
                    dim};
    }
    std::optional<Line> operator()(const GraphRefused& event) const {
        return Line{
            "the graph file has errors; the graph before it stays enforced\n" + event.errors, red};
    }
    std::optional<Line> operator()(const ResourcePhase& event) const {
        if (event.phase == Phase::blocked || event.phase == Phase::missing) {
            const std::string state = event.phase == Phase::blocked ? " is blocked" : " waits";
            return unless_quiet(
                {event.id + state + (event.detail.empty() ? "" : ": " + event.detail), yellow});
        }
        if (detail_ != Detail::verbose) return std::nullopt;
        return Line{event.id + ": " + std::string(name_of(event.phase)) +
                        (event.detail.empty() ? "" : " (" + event.detail + ")"),
                    dim};
    }
    std::optional<Line> operator()(const ResourceGone& event) const {
        if (detail_ != Detail::verbose) return std::nullopt;
        return Line{event.id + " left the graph", dim};
    }
    std::optional<Line> operator()(const ResourceRan& event) const {
        const std::string took =
            " (" + readable(event.took) + (event.refreshed ? ", notified)" : ")");
        switch (event.outcome) {
            case Outcome::unchanged:
                if (detail_ != Detail::verbose) return std::nullopt;
                return Line{event.id + " is as declared" + took, dim};
            case Outcome::changed:
                return unless_quiet(
                    {event.id + " changed" + changes_text(event.changes) + took, green});
            case Outcome::would_change:
                return unless_quiet(
                    {event.id + " would change" + changes_text(event.changes) + took, yellow});
            case Outcome::failed: break;
        }
        std::string text = event.id + " failed: " + event.error + took;
        if (event.retry_in)
            text += "; attempt " + std::to_string(event.attempt + 1) + " in " +
                    readable(*event.retry_in);
        return Line{text, red};
    }
    std::optional<Line> operator()(const StoreChanged& event) const {
        switch (event.state) {
            case StoreChanged::State::standalone:
                return unless_quiet({"standalone: nothing is exported or collected", nullptr});
            case StoreChanged::State::starting:
                return unless_quiet({"store: " + event.detail, nullptr});
            case StoreChanged::State::connected:
                return unless_quiet({"store: connected to " + event.detail, nullptr});
            case StoreChanged::State::read_only:
                return Line{"store: read-only since " + clock_time(event.since) + ", " +
                                event.detail + "; what is known stays enforced",
                            yellow};
            case StoreChanged::State::away: break;
        }
        return Line{"store: away (" + event.detail + "); what is known stays enforced", yellow};
    }
    std::optional<Line> operator()(const Published& event) const {
        if (event.written + event.removed == 0 && detail_ != Detail::verbose) return std::nullopt;
        return unless_quiet({"exports " + counted(event.exports, "resource") + ": " +
                                 std::to_string(event.written) + " written, " +
                                 std::to_string(event.removed) + " withdrawn (" +
                                 readable(event.took) + ")",
                             nullptr});
    }
    std::optional<Line> operator()(const Collected& event) const {
        return unless_quiet({"collects " + counted(event.resources, "resource") + ": " +
                                 std::to_string(event.changed) + " new or changed, " +
                                 std::to_string(event.withdrawn) + " withdrawn",
                             nullptr});
    }
    std::optional<Line> operator()(const Conflict& event) const {
        return Line{event.loser + " yields to " + event.keeper + ": both would own " + event.thing,
                    yellow};
    }
    std::optional<Line> operator()(const Refused& event) const {
        return Line{"refused (" + event.cause + "): " + event.text, yellow};
    }
    std::optional<Line> operator()(const Judged& event) const {
        // Denials and refusals have a line of their own.
        if (event.verdict != Judged::Verdict::quarantined) return std::nullopt;
        return Line{event.id + " is in quarantine: shown as noop until its exporter is accepted",
                    yellow};
    }
    std::optional<Line> operator()(const Warned& event) const {
        return Line{"warning: " + event.text, yellow};
    }
    std::optional<Line> operator()(const PeerTurned& event) const {
        const std::string host = "host " + event.host;
        const std::string grace = readable(event.grace);
        switch (event.state) {
            case PeerTurned::State::stale:
                return unless_quiet(
                    {host + " is gone; what it exports stays in force for " + grace, nullptr});
            case PeerTurned::State::expired:
                return Line{"warning: " + host + " has been gone for " + grace +
                                "; what it exports is no longer collected",
                            yellow};
            case PeerTurned::State::back: return unless_quiet({host + " is back", nullptr});
            case PeerTurned::State::forgotten: return std::nullopt;
        }
        return std::nullopt;
    }
    std::optional<Line> operator()(const Noted& event) const {
        return unless_quiet({event.text, nullptr});
    }
    std::optional<Line> operator()(const Spoke&) const { return std::nullopt; }
    std::optional<Line> operator()(const AtRest& event) const {
        if (detail_ != Detail::verbose) return std::nullopt;
        if (event.resting) return Line{"at rest", dim};
        return Line{event.waiting_for.empty() ? "working" : "waiting for " + event.waiting_for,
                    dim};
    }
    std::optional<Line> operator()(const Converged& event) const {
        if (event.quiet == Seconds{0}) return unless_quiet({"Converged, exiting!", bold});
        return unless_quiet(
            {"Converged for " + counted(static_cast<std::uint64_t>(event.quiet.count()), "second") +
                 ", exiting!",
             bold});
    }
    std::optional<Line> operator()(const Fatal& event) const { return Line{event.text, red}; }
    std::optional<Line> operator()(const Stopping& event) const {
        return unless_quiet({event.why, nullptr});
    }
    std::optional<Line> operator()(const Stopped&) const {
        return unless_quiet({"Goodbye!", nullptr});
    }

 private:
    std::optional<Line> unless_quiet(Line line) const {
        if (detail_ == Detail::quiet) return std::nullopt;
        return line;
    }

    Detail detail_;
};

// What a terminal may show, whatever names and errors hold; the lines after the first are
// indented, so that a log stays readable.
std::string indented(const std::string& text) {
    std::string out;
    for (const std::string& line : split(text, '\n'))
        out += (out.empty() ? "" : "\n         ") + printable(line, line_bytes_max);
    return out;
}

std::string phase_line(const std::string& id, const ResourceReport& resource) {
    std::string text = "  " + id + ": " + std::string(name_of(resource.phase));
    const std::string why = reason_of(resource.detail, resource.last_error);
    return why.empty() ? text : text + ": " + why;
}

}  // namespace

std::optional<std::string> as_line(const Event& event, WallTime time, Detail detail,
                                   Colour colour) {
    const auto line = std::visit(Teller{detail}, event);
    if (!line) return std::nullopt;
    const std::string text = indented(line->text);
    if (colour == Colour::none || !line->colour) return clock_time(time) + " " + text;
    return clock_time(time) + " " + line->colour + text + plain;
}

std::string reason_of(const std::string& detail, const std::string& last_error) {
    if (detail.empty()) return last_error;
    return last_error.empty() ? detail : detail + "; before that: " + last_error;
}

std::string as_summary(const Snapshot& snapshot, WallTime now) {
    constexpr std::size_t shown_max = 20;
    const auto count = [&](Phase phase) {
        const auto found = snapshot.count_by_phase.find(phase);
        return found == snapshot.count_by_phase.end() ? std::size_t{0} : found->second;
    };
    std::string text = counted(snapshot.resources.size(), "resource") + ": " +
                       std::to_string(count(Phase::settled)) + " as declared";
    for (Phase phase : {Phase::failed, Phase::retrying, Phase::blocked, Phase::missing,
                        Phase::yielding, Phase::waiting, Phase::running})
        if (count(phase) > 0)
            text += ", " + std::to_string(count(phase)) + " " + std::string(name_of(phase));
    text += "; " + counted(snapshot.changes, "change") + " in " + readable(now - snapshot.started);

    std::size_t wrong = 0;
    for (const auto& [id, resource] : snapshot.resources) {
        if (resource.phase == Phase::settled || resource.phase == Phase::waiting) continue;
        if (++wrong <= shown_max) text += "\n" + phase_line(id, resource);
    }
    if (wrong > shown_max) text += "\n  and " + std::to_string(wrong - shown_max) + " more";
    return text;
}

}  // namespace hansa
