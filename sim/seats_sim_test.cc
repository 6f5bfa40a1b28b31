// Fleets whose voters are chosen and changed by the very code of the steward, over a model of etcd,
// while machines, agents, lines and data fail. Is nothing forbidden ever done, and do the seats
// come to rest once everything is well again? docs/simulation.md tells which invariant is checked
// where, and which mistakes made a seed fail.
//
//     HANSA_SEED=123 seats_sim_test --gtest_filter='*forbidden*'    one seed, all that was done
//     HANSA_SEEDS=10000 seats_sim_test                              so many seeds per mode
//     HANSA_SHRINK=0 seats_sim_test           ends with the first seed that fails, just as it is
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/text.h"
#include "seat_scenario.h"

namespace hansa {
namespace {

constexpr std::uint64_t failures_shown = 3;

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

void tell(const SeatCase& the) {
    std::vector<std::string> trace;
    (void)run(the, &trace);
    for (const std::string& line : trace) std::printf("%s\n", line.c_str());
}

std::string replay(const SeatCase& the) {
    return "replay with HANSA_SEED=" + std::to_string(the.seed) +
           " seats_sim_test --gtest_filter='*." +
           (the.mode == SeatMode::safety ? "nothing_forbidden*'" : "seats_come_to_rest*'");
}

void run_seeds(SeatMode mode, std::uint64_t otherwise) {
    const std::uint64_t one = number_from("HANSA_SEED", 0);
    const std::uint64_t first = one != 0 ? one : 1;
    const std::uint64_t last = one != 0 ? one : number_from("HANSA_SEEDS", otherwise);
    SeatCounts counts;
    SeatGapCounts gaps;
    UpkeepCounts upkeep;
    const bool shrinks = number_from("HANSA_SHRINK", 1) != 0;
    const std::uint64_t most = shrinks ? failures_shown : 1;
    std::uint64_t faults = 0, failures = 0;
    for (std::uint64_t seed = first; seed <= last && failures < most; ++seed) {
        const SeatCase the = seat_case(seed, mode);
        const SeatOutcome outcome = run(the);
        counts += outcome.counts;
        gaps += outcome.gaps;
        upkeep += outcome.upkeep;
        faults += outcome.faults;
        if (outcome.violation.empty()) continue;
        ++failures;
        const SeatCase small = shrinks ? shrunk(the) : the;
        ADD_FAILURE() << outcome.violation << "\n"
                      << replay(the) << "\nthe fewest faults that do: " << run(small).violation
                      << "\n"
                      << text_of(small);
        if (one != 0) tell(small);
    }
    std::printf(
        "%llu seeds, %llu faults, %llu calls (%llu refused, %llu late), %llu seated, "
        "%llu unseated, %llu undone, %.1f%% of the time without quorum\n",
        static_cast<unsigned long long>(last - first + 1), static_cast<unsigned long long>(faults),
        static_cast<unsigned long long>(counts.calls),
        static_cast<unsigned long long>(counts.refused),
        static_cast<unsigned long long>(counts.late),
        static_cast<unsigned long long>(counts.seated),
        static_cast<unsigned long long>(counts.unseated),
        static_cast<unsigned long long>(counts.undone),
        counts.steps == 0
            ? 0.0
            : 100.0 * static_cast<double>(counts.quorum_lost) / static_cast<double>(counts.steps));
    std::printf(
        "%llu faults judged by themselves; longest without a write: %s after a kill, %s after "
        "a pause or a cut; without news: %s\n",
        static_cast<unsigned long long>(gaps.judged), readable(gaps.write_kill).c_str(),
        readable(gaps.write_silence).c_str(), readable(gaps.view).c_str());
    std::printf("%llu files written anew, %llu space alarms cleared, %llu members condemned\n",
                static_cast<unsigned long long>(upkeep.rewritten),
                static_cast<unsigned long long>(upkeep.cleared),
                static_cast<unsigned long long>(upkeep.condemned));
    if (last - first < 100) return;
    // Else the checks of that had nothing to look at.
    EXPECT_GT(gaps.judged, 0U);
    EXPECT_GT(upkeep.rewritten, 0U);
    EXPECT_GT(upkeep.cleared, 0U);
    EXPECT_GT(upkeep.condemned, 0U);
}

TEST(SeatsSim, nothing_forbidden_is_done_whatever_fails) {
    run_seeds(SeatMode::safety, 800);
}

TEST(SeatsSim, seats_come_to_rest_once_everything_is_well) {
    run_seeds(SeatMode::liveness, 800);
}

struct LossCounts {
    std::uint64_t losses = 0, seats = 0, after_loss = 0, after_return = 0;
    double worst = 0;  // role changes per seat
};

SeatWorldOptions fleet_of_domains(SeededRandom& random) {
    SeatWorldOptions options;
    options.domains = 3 + random.below(3);
    options.hosts = options.domains * (2 + random.below(5));
    options.racks = random.chance(0.5);
    options.ideal = 3 + 2 * random.below(3);
    return options;
}

// All machines of a top-level domain end and come back later. What a fleet that has come to rest
// changes about its seats then is counted; and before, that it changes nothing.
void lose_a_domain(SeatFleet& fleet, SeededRandom& random, LossCounts& counts) {
    const SeatTiming& timing = fleet.world().options.timing;
    const auto roles = [&] { return fleet.checker().counts().role_changes(); };
    const std::uint64_t before = roles();
    fleet.run_for(timing.window + timing.settle);
    ASSERT_EQ(roles(), before) << "in calm";

    const std::string domain = "dc=" + std::to_string(random.below(fleet.world().options.domains));
    std::vector<std::size_t> lost;
    std::uint64_t seats = 0;
    for (std::size_t i = 0; i < fleet.world().hosts.size(); ++i) {
        if (fleet.world().hosts[i].domain[0] != domain) continue;
        lost.push_back(i);
        seats += fleet.etcd().find_on(i) != nullptr;
        fleet.world().crash(i);
    }
    fleet.run_for(timing.evict * 4);
    const std::uint64_t after_loss = roles() - before;
    ASSERT_LE(after_loss, 2 * seats);
    for (const std::size_t host : lost) fleet.world().start(host);
    // Where both together are more than the budget allows, the rest comes later.
    const bool rests = fleet.comes_to_rest(timing.settle * 6);
    const std::uint64_t after_return = roles() - before - after_loss;
    ASSERT_LE(after_return, 2 * seats);
    ASSERT_TRUE(rests) << fleet.steward_says().says;
    ASSERT_EQ(fleet.violation(), "");

    ++counts.losses;
    counts.seats += seats;
    counts.after_loss += after_loss;
    counts.after_return += after_return;
    if (seats > 0)
        counts.worst =
            std::max(counts.worst, static_cast<double>(after_loss) / static_cast<double>(seats));
}

TEST(SeatsSim, a_lost_domain_costs_two_role_changes_a_seat_and_calm_none) {
    const std::uint64_t wanted = number_from("HANSA_LOSSES", 40);
    SeededRandom random(11);
    LossCounts counts;
    while (counts.losses < wanted && !::testing::Test::HasFailure()) {
        SeatFleet fleet(fleet_of_domains(random), random.next());
        ASSERT_TRUE(fleet.comes_to_rest(Seconds{300}));
        for (int i = 0; i < 10 && counts.losses < wanted; ++i) {
            ASSERT_NO_FATAL_FAILURE(lose_a_domain(fleet, random, counts));
        }
    }
    std::printf(
        "%llu domains lost, %llu seats in them; role changes per seat: %.2f after the "
        "loss (%.2f at worst), %.2f after the return, 0 in calm\n",
        static_cast<unsigned long long>(counts.losses),
        static_cast<unsigned long long>(counts.seats),
        static_cast<double>(counts.after_loss) / static_cast<double>(counts.seats), counts.worst,
        static_cast<double>(counts.after_return) / static_cast<double>(counts.seats));
}

}  // namespace
}  // namespace hansa
