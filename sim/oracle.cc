#include "oracle.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace hansa {
namespace {

constexpr std::uint64_t for_ever = ~std::uint64_t{0} / 2;

// Work is handed over and told about with a little latency.
constexpr Milliseconds slack{2};

std::uint64_t attempts_of(const Meta& meta) {
    return meta.retry < 0 ? for_ever : 1 + static_cast<std::uint64_t>(meta.retry);
}

Duration pause_after(const Meta& meta, std::uint64_t failures) {
    Duration pause = meta.delay;
    for (std::uint64_t i = 1; i < failures && pause < Seconds{60}; ++i) pause *= 2;
    return std::min<Duration>(pause, Seconds{60});
}

// What fails again and again may be looked at less and less often.
Duration calm_after_series(std::uint64_t series) {
    Duration calm = series > 5 ? Milliseconds{50} : Milliseconds{0};
    for (std::uint64_t i = 6; i < series && calm < Seconds{60}; ++i) calm *= 2;
    return std::min<Duration>(calm, Seconds{60});
}

}  // namespace

void Oracle::follow(const Graph& graph, RunnerOptions options) {
    graph_ = &graph;
    options_ = options;
}

void Oracle::violated(const Name& name, const std::string& what) {
    const std::string line = name + " " + what;
    note("VIOLATION: " + line);
    violations_.push_back(line);
}

void Oracle::note(const std::string& line) {
    log_.push_back(
        std::to_string(duration_cast<Milliseconds>(clock_.now().time_since_epoch()).count()) +
        " ms  " + line);
}

std::vector<std::string> Oracle::log(std::size_t lines) const {
    const std::size_t skipped = log_.size() > lines ? log_.size() - lines : 0;
    return {log_.begin() + static_cast<std::ptrdiff_t>(skipped), log_.end()};
}

const hansa::Vertex* Oracle::in_graph(const Name& name) const {
    const auto slot = slots_.find(name);
    return slot == slots_.end() ? nullptr : &graph_->at(slot->second);
}

std::vector<Oracle::Name> Oracle::predecessors(const Name& name) const {
    std::vector<Name> names;
    if (const auto* vertex = in_graph(name))
        for (const Link& link : vertex->before) names.push_back(graph_->at(link.other).id.text());
    return names;
}

void Oracle::dirty(const Name& name, const char* why) {
    note(name + " dirty: " + why);
    ++counts_.dirtyings;
    vertices_[name].dirty.push_back(++now_);
}

void Oracle::adopted(const Delta& delta) {
    adopted_ = ++now_;
    for (Slot slot : delta.removed) {
        const Name name = graph_->at(slot).id.text();
        note(name + " leaves the graph");
        Vertex& vertex = vertices_[name];
        const Ticket running = vertex.running;
        vertex = {};
        vertex.running = running;
        slots_.erase(name);
    }
    for (Slot slot : delta.added) {
        const Name name = graph_->at(slot).id.text();
        slots_[name] = slot;
        Vertex& vertex = vertices_[name];
        const Ticket running = vertex.running;
        vertex = {};
        vertex.running = running;
        vertex.alive = true;
        vertex.defined = now_;
        dirty(name, "declared");
    }
}

void Oracle::woken(const ResourceId& id) {
    const Name name = id.text();
    if (!vertices_[name].alive) return violated(name, "is watched though it has left the graph");
    dirty(name, "woken");
}

void Oracle::handed_over(Ticket ticket) {
    Run& run = running_[ticket];
    run.handed_over = ++now_;
    run.handed_over_at = clock_.now();
}

void Oracle::check_began(const ResourceId& id, Ticket ticket) {
    Run& run = running_[ticket];
    run.step_began = clock_.now();
    if (run.began) return;
    ++counts_.runs;
    run.began = true;
    run.name = id.text();
    note(run.name + " runs");
    Vertex& vertex = vertices_[run.name];
    if (vertex.running != 0) violated(run.name, "runs twice at once");
    vertex.running = ticket;
    if (!vertex.alive) {
        if (adopted_ < run.handed_over) violated(run.name, "runs though it has left the graph");
        return;
    }
    if (vertex.defined > run.handed_over) return;  // the old definition, started before
    run.uses = in_graph(run.name)->meta.sema;
    semaphores_hold(run);
    may_run(run.name, vertex, run);
    if (adopted_ < run.handed_over) in_order(run.name, run, ticket);
}

// Exactly once per dirtying, further attempts aside.
void Oracle::may_run(const Name& name, Vertex& vertex, const Run& run) {
    const Meta& meta = in_graph(name)->meta;
    if (!vertex.first_start) vertex.first_start = run.handed_over_at;
    const std::size_t answered =
        std::erase_if(vertex.dirty, [&](Moment moment) { return moment <= run.handed_over; });
    const std::int64_t polled = polls(name, run.handed_over_at);
    if (vertex.retry_from) {
        ++counts_.retries;
        if (run.handed_over_at < *vertex.retry_from)
            violated(name, "is tried again before its pause has passed");
    } else if (answered > 0 || polled > vertex.polls_answered) {
        vertex.attempts_left = attempts_of(meta);
        vertex.failures = 0;
    } else {
        violated(name, vertex.failed ? "is tried more often than meta.retry allows"
                                     : "runs though nothing made it dirty");
    }
    if (vertex.attempts_left > 0) --vertex.attempts_left;
    vertex.polls_answered = polled;
    vertex.retry_from.reset();
}

// So many polls were due since the first run.
std::int64_t Oracle::polls(const Name& name, Instant until) const {
    const auto* in = in_graph(name);
    const auto vertex = vertices_.find(name);
    if (in == nullptr || in->meta.poll == Seconds{0} || vertex == vertices_.end()) return 0;
    if (!vertex->second.first_start) return 0;
    return (until - *vertex->second.first_start) / Duration{in->meta.poll};
}

bool Oracle::is_dirty(const Name& name) const {
    const auto vertex = vertices_.find(name);
    if (vertex == vertices_.end() || clock_.now() < vertex->second.calm_until) return false;
    return !vertex->second.dirty.empty() || vertex->second.retry_from ||
           polls(name, clock_.now()) > vertex->second.polls_answered;
}

void Oracle::in_order(const Name& name, const Run& run, Ticket ticket) {
    for (const Name& before : predecessors(name)) {
        const Vertex& other = vertices_[before];
        const bool was_dirty =
            polls(before, run.handed_over_at - Nanoseconds{1}) > other.polls_answered ||
            std::any_of(other.dirty.begin(), other.dirty.end(),
                        [&](Moment at) { return at <= run.handed_over; });
        const bool told_since = other.told > run.handed_over;
        if ((other.running != 0 && other.running < ticket) || (told_since && other.last < ticket))
            violated(name, "starts while " + before + " still runs");
        else if (other.running == 0 && !other.ended)
            violated(name, "starts before " + before + " ever ran");
        else if (other.running == 0 && was_dirty)
            violated(name, "starts while " + before + " is dirty");
        else if (other.running == 0 && other.failed && !told_since)
            violated(name, "starts though " + before + " has failed");
    }
}

// It is dirty, and so stuck behind one that has failed, or behind one that is stuck so itself.
bool Oracle::is_blocked(const Name& name) const {
    if (!is_dirty(name)) return false;
    const std::vector<Name> before = predecessors(name);
    return std::any_of(before.begin(), before.end(), [this](const Name& other) {
        return is_dirty(other) ? is_blocked(other) : vertices_.at(other).failed;
    });
}

void Oracle::semaphores_hold(const Run& run) {
    std::size_t all = 0;
    std::map<std::string, std::size_t> holders;
    for (const auto& [ticket, other] : running_) {
        if (!other.began) continue;
        ++all;
        for (const SemaphoreUse& use : other.uses) ++holders[use.name];
    }
    if (options_.sema > 0 && all > options_.sema) violated(run.name, "exceeds the agent's --sema");
    for (const SemaphoreUse& use : run.uses)
        if (holders[use.name] > use.count) violated(run.name, "exceeds semaphore " + use.name);
}

void Oracle::step_took(const Name& name, const Run& run) {
    const Vertex& vertex = vertices_[name];
    if (!vertex.alive || vertex.defined > run.handed_over) return;
    const Meta& meta = in_graph(name)->meta;
    if (meta.timeout > Milliseconds{0} && clock_.now() - run.step_began > meta.timeout + slack)
        violated(name, "takes longer than meta.timeout");
}

void Oracle::check_ended(const ResourceId& id, Ticket ticket, bool ok) {
    Run& run = running_[ticket];
    step_took(id.text(), run);
    run.failed = !ok;
}

void Oracle::apply_began(const ResourceId& id, Ticket ticket) {
    Run& run = running_[ticket];
    run.step_began = clock_.now();
    const Name name = id.text();
    Vertex& vertex = vertices_[name];
    if (!vertex.alive || vertex.defined > run.handed_over) return;
    const Meta& meta = in_graph(name)->meta;
    if (meta.noop || options_.noop) violated(name, "is changed in spite of noop");
    vertex.applies.push_back(clock_.now());
    if (meta.limit <= 0) return;
    for (std::size_t i = 0; i < vertex.applies.size(); ++i) {
        const std::chrono::duration<double> span =
            vertex.applies.back() - vertex.applies[i] + Duration{slack};
        const auto count = static_cast<double>(vertex.applies.size() - i);
        // A token is taken when the run gets in line, which may be well before it is used.
        if (count > 1 + meta.burst + meta.limit * span.count() + 1e-6)
            return violated(name, "is applied more often than meta.limit allows");
    }
}

void Oracle::apply_ended(const ResourceId& id, Ticket ticket, bool ok) {
    Run& run = running_[ticket];
    step_took(id.text(), run);
    run.failed = !ok;
    run.changed = ok;
}

void Oracle::work_ended(Ticket ticket) {
    if (!running_[ticket].began) running_.erase(ticket);
}

void Oracle::work_told(Ticket ticket) {
    ++now_;
    const auto found = running_.find(ticket);
    if (found == running_.end()) return;
    const Run run = found->second;
    running_.erase(found);
    note(run.name + (run.failed ? " failed" : run.changed ? " changed" : " unchanged"));
    Vertex& vertex = vertices_[run.name];
    vertex.running = 0;
    if (!vertex.alive) return;
    const hansa::Vertex& in = *in_graph(run.name);
    // A change is a change, by whichever definition it was made.
    if (run.changed && !run.failed) {
        for (const Link& link : in.after) {
            if (!link.notify) continue;
            ++counts_.refreshes;
            dirty(graph_->at(link.other).id.text(), "refreshed");
        }
    }
    if (vertex.defined > run.handed_over) return;
    vertex.ended = clock_.now();
    vertex.told = now_;
    vertex.last = ticket;
    vertex.failed = run.failed;
    if (run.failed) ++counts_.failures;
    vertex.failures = run.failed ? vertex.failures + 1 : 0;
    if (!run.failed) vertex.fruitless = 0;
    if (run.failed && vertex.attempts_left > 0)
        vertex.retry_from = clock_.now() + pause_after(in.meta, vertex.failures);
    else if (run.failed)
        vertex.calm_until = clock_.now() + calm_after_series(++vertex.fruitless);
}

void Oracle::at_rest(const Standing& standing, const Snapshot& snapshot) {
    ++counts_.rests;
    std::map<Phase, std::size_t> count;
    for (const auto& [name, vertex] : vertices_) {
        if (vertex.running != 0) violated(name, "runs while the engine claims to rest");
        if (!vertex.alive) continue;
        const bool blocked = is_blocked(name);
        if (!blocked && is_dirty(name)) violated(name, "is dirty and forgotten");
        const Phase phase = blocked         ? Phase::blocked
                            : vertex.failed ? Phase::failed
                                            : Phase::settled;
        ++count[phase];
        const auto reported = snapshot.resources.find(name);
        if (reported == snapshot.resources.end())
            violated(name, "is not in the report");
        else if (reported->second.phase != phase)
            violated(name, "is reported as " + std::string(name_of(reported->second.phase)) +
                               " but is " + std::string(name_of(phase)));
    }
    counts_.blocked += count[Phase::blocked];
    if (standing.failed != count[Phase::failed] || standing.blocked != count[Phase::blocked])
        violated("the runner", "counts " + std::to_string(standing.failed) + " failed and " +
                                   std::to_string(standing.blocked) + " blocked, not " +
                                   std::to_string(count[Phase::failed]) + " and " +
                                   std::to_string(count[Phase::blocked]));
}

void Oracle::all_well() {
    for (const auto& [name, vertex] : vertices_)
        if (vertex.alive && (vertex.failed || !vertex.ended)) violated(name, "is not well");
}

}  // namespace hansa
