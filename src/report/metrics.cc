#include "report/metrics.h"

#include <array>
#include <cstdio>

namespace hansa {

namespace {

enum class Type { gauge, counter };

class Text {
 public:
    void begin(const char* name, Type type, const char* help) {
        name_ = std::string("hansa_") + name;
        text_ += "# HELP " + name_ + " " + help + "\n# TYPE " + name_ +
                 (type == Type::gauge ? " gauge\n" : " counter\n");
    }
    // `label`: a whole one, as in state="running".
    void value(double number, const std::string& label = {}) {
        std::array<char, 32> digits;
        std::snprintf(digits.data(), digits.size(), "%.17g", number);
        text_ += name_ + (label.empty() ? "" : "{" + label + "}") + " " + digits.data() + "\n";
    }
    void one(const char* name, Type type, const char* help, double number) {
        begin(name, type, help);
        value(number);
    }
    std::string take() { return std::move(text_); }

 private:
    std::string name_;
    std::string text_;
};

// As the format escapes it.
std::string label(const char* key, std::string_view value) {
    std::string escaped;
    for (const char byte : value) {
        if (byte == '\\' || byte == '"') escaped += '\\';
        escaped += byte == '\n' ? "\\n" : std::string(1, byte);
    }
    return std::string(key) + "=\"" + escaped + "\"";
}

double seconds(std::uint64_t nanoseconds) {
    return static_cast<double>(nanoseconds) / 1e9;
}

double number(std::uint64_t count) {
    return static_cast<double>(count);
}

double unix_time(WallTime time) {
    return std::chrono::duration<double>(time.time_since_epoch()).count();
}

void add_agent(Text& text, const Snapshot& now) {
    text.begin("agent_info", Type::gauge, "Always 1; what this agent is.");
    text.value(1, label("version", now.agent.version) + "," + label("host", now.agent.host));
    text.one("agent_start_time_seconds", Type::gauge, "When it started, Unix time.",
             unix_time(now.started));
    text.one("at_rest", Type::gauge, "1: everything is as declared and nothing is waited for.",
             now.rest.resting ? 1 : 0);
}

void add_engine(Text& text, const Snapshot& now, const Tally& tally) {
    text.one("resources", Type::gauge, "Resources of the graph, collected ones among them.",
             number(now.graph.resources));
    text.begin("resources_in_phase", Type::gauge, "Resources by what they are at.");
    for (const Phase phase : {Phase::waiting, Phase::running, Phase::settled, Phase::retrying,
                              Phase::failed, Phase::blocked, Phase::missing, Phase::yielding}) {
        const auto found = now.count_by_phase.find(phase);
        text.value(found == now.count_by_phase.end() ? 0 : number(found->second),
                   label("phase", name_of(phase)));
    }
    text.begin("runs_total", Type::counter, "Runs of resources, by outcome.");
    for (const Outcome outcome :
         {Outcome::unchanged, Outcome::changed, Outcome::would_change, Outcome::failed}) {
        const auto found = tally.runs.find(outcome);
        text.value(found == tally.runs.end() ? 0 : number(found->second),
                   label("outcome", name_of(outcome)));
    }
    text.one("run_seconds_total", Type::counter, "Time that runs have taken together.",
             seconds(tally.run_ns));
    text.one("graph_changes_total", Type::counter, "Times that the graph has changed.",
             number(now.redraws));
    text.one("graphs_refused_total", Type::counter, "Versions of the graph file with errors.",
             number(tally.graphs_refused));
    text.one("graph_is_refused", Type::gauge, "1: a newer graph file is not enforced.",
             now.refused_graph.empty() ? 0 : 1);
    text.one("conflicts_total", Type::counter, "Resources that lost a thing to another one.",
             number(tally.conflicts));
}

void add_exchange(Text& text, const Snapshot& now, const Tally& tally) {
    text.one("publications_total", Type::counter, "Times that exports reached the store.",
             number(tally.published));
    text.one("publish_seconds_total", Type::counter, "Time until the store had them, together.",
             seconds(tally.publish_ns));
    text.one("records_written_total", Type::counter, "Records of exports written.",
             number(tally.records_written));
    text.one("records_removed_total", Type::counter, "Records of exports removed.",
             number(tally.records_removed));
    text.one("resources_collected", Type::gauge, "Resources collected from other hosts.",
             number(tally.resources_collected));
    text.one("collected_changes_total", Type::counter, "Changes of what is collected.",
             number(tally.collected_changes));
    text.one("withdrawn_total", Type::counter, "Collected resources that were withdrawn.",
             number(tally.withdrawn));
    text.one("absent_hosts", Type::gauge, "Hosts that ended and whose exports are collected.",
             number(now.absent_hosts.size()));
}

void add_store(Text& text, const Snapshot& now, const Tally& tally) {
    using State = happened::StoreChanged::State;
    text.begin("store_state", Type::gauge, "1 for the state that the store is in, as seen here.");
    for (const auto& [state, name] : {std::pair{State::standalone, "standalone"},
                                      {State::starting, "starting"},
                                      {State::connected, "connected"},
                                      {State::read_only, "read-only"},
                                      {State::away, "away"}})
        text.value(now.store.state == state ? 1 : 0, label("state", name));
    text.one("store_losses_total", Type::counter, "Times that it was lost, or its majority.",
             number(tally.store_losses));
    text.begin("refusals_total", Type::counter, "What was refused, by cause.");
    for (const auto& [cause, count] : now.refusals)
        text.value(number(count), label("cause", cause));
    text.one("warnings_total", Type::counter, "Warnings in the log.", number(tally.warnings));
}

void add_seats(Text& text, const std::optional<SeatFigures>& seats) {
    text.one("voter", Type::gauge, "1: this agent is beside a voter of the store.", seats ? 1 : 0);
    if (!seats) return;
    text.one("leader", Type::gauge, "1: the voter beside this agent leads.", seats->leads ? 1 : 0);
    text.one("steward", Type::gauge, "1: this agent carries out changes of seats.",
             seats->is_steward ? 1 : 0);
    text.one("seats_ideal", Type::gauge, "Seats that were asked for.", number(seats->ideal));
    text.one("voters", Type::gauge, "Voters of the store.", number(seats->voters));
    text.one("learners", Type::gauge, "Learners of the store.", number(seats->learners));
    text.one("members_unwell", Type::gauge, "Members not known to be healthy.",
             number(seats->unwell));
    text.one("store_bytes", Type::gauge, "Size of the store's largest database file.",
             number(seats->store_bytes));
}

}  // namespace

std::string metrics_text(const Snapshot& snapshot, const Tally& tally,
                         const std::optional<SeatFigures>& seats) {
    Text text;
    add_agent(text, snapshot);
    add_engine(text, snapshot, tally);
    add_exchange(text, snapshot, tally);
    add_store(text, snapshot, tally);
    add_seats(text, seats);
    return text.take();
}

}  // namespace hansa
