#include "seat_scenario.h"

#include <algorithm>

#include "base/text.h"

namespace hansa {
namespace {

constexpr Duration patience_max = Seconds{4 * 3600};  // whatever holds back

std::string voters_of(const SeatWorld& world, const SimEtcd& etcd) {
    std::vector<std::string> names;
    for (const SimSeatMember& member : etcd.members()) {
        const SimHost& host = world.hosts[member.host];
        std::string name = host.uuid + (member.is_learner ? "+" : "");
        if (etcd.leader() && member.id == etcd.leader()->id) name += "*";
        if (!host.up) name += "(down)";
        if (host.agent_stopped) name += "(stopped)";
        names.push_back(name);
    }
    return join(names, " ");
}

}  // namespace

SeatCase seat_case(std::uint64_t seed, SeatMode mode) {
    SeededRandom random(seed * 2 + (mode == SeatMode::liveness));
    SeatCase the{seed, mode, {}, {}};
    SeatWorldOptions& options = the.options;
    const double size = static_cast<double>(random.below(1000)) / 1000;
    options.hosts = 1 + random.below(size < 0.85 ? 12 : size < 0.99 ? 40 : 300);
    options.domains = random.below(6);
    options.racks = random.chance(0.3);
    options.ideal = 1 + 2 * random.below(4);
    if (random.chance(0.3)) options.timing = fast_timing();
    if (random.chance(0.5)) options.writes_per_second = random.below(2000);
    if (random.chance(0.2)) options.store_bytes = random.below(1'000'000'000);
    const Duration time = options.timing.window * (5 + random.below(10)) / 10;
    the.faults = draw_faults(seed, random.below(25), time, options.timing);
    return the;
}

SeatOutcome run(const SeatCase& the, std::vector<std::string>* trace) {
    SeatFleet fleet(the.options, the.seed, the.faults);
    fleet.trace_to(trace);
    const SeatTiming& timing = the.options.timing;
    const Duration faulty = the.faults.empty() ? Duration{} : the.faults.back().at;
    fleet.run_for(faulty + timing.settle * 2);
    std::string violation = fleet.violation();
    if (violation.empty() && the.mode == SeatMode::liveness) {
        fleet.faults().heal();
        for (std::size_t i = 0; i < fleet.world().hosts.size(); ++i)
            if (fleet.world().hosts[i].registered) fleet.world().start(i);
        // 30 s and 10 s for each change, the most of which is one per seat and one per surplus;
        // then whatever is only spread badly waits for `settle`, once for each swap.
        const Duration limit = Seconds{30} + Seconds{10} * 14 + (timing.settle + Seconds{10}) * 7;
        if (!fleet.comes_to_rest(limit)) violation = "20: does not come to rest";
        const std::uint64_t calls = fleet.checker().counts().calls;
        if (violation.empty()) fleet.run_for(timing.settle * 3);
        if (violation.empty()) violation = fleet.violation();
        if (violation.empty() && fleet.checker().counts().calls != calls)
            violation = "11: changes in calm";
        if (const SimSeatClient* client = fleet.unwell_client(); violation.empty() && client)
            violation = "20: does not come back: " + client->situation();
    }
    if (!violation.empty()) violation += "; steward: " + fleet.steward_says().says;
    return {violation,      fleet.checker().counts(), fleet.gaps(),
            fleet.upkeep(), fleet.faults().applied(), fleet.steward_says().says};
}

SeatCase shrunk(SeatCase failing) {
    for (std::size_t i = failing.faults.size(); i > 0; --i) {
        SeatCase smaller = failing;
        smaller.faults.erase(smaller.faults.begin() + static_cast<std::ptrdiff_t>(i - 1));
        if (!run(smaller).violation.empty()) failing = std::move(smaller);
    }
    return failing;
}

std::string text_of(const SeatCase& the) {
    const SeatWorldOptions& options = the.options;
    std::string out = "seed " + std::to_string(the.seed) + ": " + std::to_string(options.hosts) +
                      " hosts in " + std::to_string(options.domains) + " domains" +
                      (options.racks ? " with racks" : "") + ", k " +
                      std::to_string(options.ideal) + ", " + options.timing.name + " times, " +
                      std::to_string(options.writes_per_second) + " writes a second\n";
    for (const SimSeatFault& fault : the.faults) out += "  " + text_of(fault) + "\n";
    return out;
}

SeatFleet::SeatFleet(const SeatWorldOptions& options, std::uint64_t seed,
                     std::vector<SimSeatFault> faults)
    : world_(std::make_unique<SeatWorld>(options, seed)),
      etcd_(std::make_unique<SimEtcd>(*world_)),
      history_(std::make_unique<SeatHistory>(*world_, *etcd_)),
      checker_(std::make_unique<SeatChecker>(*world_, *etcd_, *history_)),
      steward_checker_(std::make_unique<StewardChecker>(*world_, *etcd_, *history_)) {
    for (std::size_t i = 0; i < world_->hosts.size(); ++i) add_agent(i);
    // Two peers: one of the first hosts, where seats often are, and one of the last.
    clients_.emplace_back(*world_, *etcd_, seed % world_->hosts.size());
    clients_.emplace_back(*world_, *etcd_, world_->hosts.size() - 1);
    gaps_ = std::make_unique<SeatGaps>(*world_, *etcd_, clients_);
    faults_ = std::make_unique<SeatFaultBringer>(*world_, *etcd_, agents_, std::move(faults));
    faults_->joined = [this](std::size_t host) { add_agent(host); };
    faults_->begun = [this](SeatFault what) { gaps_->fault_begins(what); };
}

void SeatFleet::add_agent(std::size_t host) {
    agents_.emplace_back(*world_, *etcd_, host);
    agents_.back().before_call = [this](const SimCall& call) {
        checker_->before_call(call);
        steward_checker_->before_call(call);
    };
    agents_.back().after_call = [this](const SimCall& call) {
        checker_->after_call(call);
        steward_checker_->after_call(call);
        if (trace_)
            trace_->push_back(world_->age() + " " + world_->hosts[call.from].uuid +
                              (call.is_late ? " LATE " : " ") +
                              std::string{name_of(call.order.call)} + " " + call.order.uuid +
                              (call.answer ? "" : ": " + call.answer.error().text));
    };
}

void SeatFleet::step() {
    const Duration time = world_->options.timing.tick / 4;
    world_->now += time;
    faults_->step();
    etcd_->step(time);
    for (SimSeatAgent& agent : agents_) agent.step(agents_);
    for (SimSeatClient& client : clients_) client.step();
    history_->step();
    checker_->after_step();
    steward_checker_->after_step([this] { return is_held_back(); });
    gaps_->after_step(!faults_->has_open());
    if (trace_) tell();
}

void SeatFleet::run_for(Duration time) {
    for (const Instant end = world_->now + time; world_->now < end && violation().empty();) step();
}

std::string SeatFleet::violation() const {
    if (!checker_->violation().empty()) return checker_->violation();
    if (!steward_checker_->violation().empty()) return steward_checker_->violation();
    if (!gaps_->violation().empty()) return gaps_->violation();
    for (const SimSeatAgent& agent : agents_) {
        if (!agent.violation().empty()) return agent.violation();
        if (!agent.caretaker().violation().empty()) return agent.caretaker().violation();
    }
    return {};
}

UpkeepCounts SeatFleet::upkeep() const {
    UpkeepCounts counts;
    for (const SimSeatAgent& agent : agents_) counts += agent.caretaker().counts();
    return counts;
}

bool SeatFleet::at_rest() const {
    if (!etcd_->can_commit() || history_->intent() || !etcd_->alarms().empty()) return false;
    const std::size_t wanted = seats_wanted(world_->ideal, world_->registered_for_seats());
    if (etcd_->members().size() != wanted || etcd_->voters() != wanted) return false;
    std::vector<SeatPeer> peers;
    for (const SimHost& host : world_->hosts)
        if (host.registered)
            peers.push_back(
                {host.uuid, host.domain, host.wish, host.weight, {}, host.up ? "" : "is down"});
    std::set<std::string> seats;
    for (const SimSeatMember& member : etcd_->members()) {
        const SimHost& host = world_->hosts[member.host];
        if (!host.registered || host.wish == SeatWish::no || !host.up || !host.etcd.running ||
            host.etcd.is_odd)
            return false;
        seats.insert(host.uuid);
    }
    const SeatChoice best = choose(world_->ideal, peers, seats, "");
    return spread_of(peers, seats) == spread_of(peers, {best.seats.begin(), best.seats.end()});
}

bool SeatFleet::is_held_back() const {
    const SimSeatMember* leader = etcd_->leader();
    if (!leader) return false;
    const SimSeatAgent& steward = agents_[leader->host];
    if (steward.last_step().is_alarm && steward.last_step().rule == 7) return true;
    if (!steward.facts().book.penalties.empty()) {
        for (const SeatPenalty& penalty : steward.facts().book.penalties)
            if (steward.facts().age(penalty, world_->now) <
                world_->options.timing.penalty(penalty.strikes))
                return true;
    }
    std::map<std::string, std::size_t> roles;
    for (const SeatChange& change : steward.facts().book.changes)
        if (steward.facts().age(change, world_->now) < world_->options.timing.window &&
            change.what != SeatChange::What::undone && ++roles[change.uuid] > 1)
            return true;
    for (const SimHost& host : world_->hosts)
        if (steward.facts().condition(host.uuid).flaps >= world_->options.timing.flaps) return true;
    return false;
}

bool SeatFleet::comes_to_rest(Duration limit) {
    const Duration time = world_->options.timing.tick / 4;
    const Instant end = world_->now + patience_max;
    for (Duration waited{}; waited < limit && world_->now < end;
         waited += is_held_back() ? Duration{} : time) {
        if (at_rest()) return true;
        step();
        if (!violation().empty()) return true;  // told by the checkers
    }
    return at_rest();
}

const SeatStep& SeatFleet::steward_says() const {
    static const SeatStep nobody;
    const SimSeatMember* leader = etcd_->leader();
    return leader ? agents_[leader->host].last_step() : nobody;
}

void SeatFleet::tell() {
    const std::string now = voters_of(*world_, *etcd_) + " | " + steward_says().says;
    if (now == told_) return;
    told_ = now;
    trace_->push_back(world_->age() + " " + now);
}

}  // namespace hansa
