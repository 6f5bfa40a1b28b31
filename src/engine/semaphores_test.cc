#include "engine/semaphores.h"

#include <gtest/gtest.h>

#include <set>

#include "base/random.h"

namespace hansa {
namespace {

using Tickets = std::vector<Semaphores::Ticket>;

TEST(Semaphores, let_in_as_many_as_they_count) {
    Semaphores semaphores;
    EXPECT_TRUE(semaphores.request(1, {{"disk:2", 2}}));
    EXPECT_TRUE(semaphores.request(2, {{"disk:2", 2}}));
    EXPECT_FALSE(semaphores.request(3, {{"disk:2", 2}}));
    EXPECT_EQ(semaphores.awaited(3), "disk:2");
    EXPECT_EQ(semaphores.release(1), Tickets{3});
    EXPECT_EQ(semaphores.awaited(3), "");
}

TEST(Semaphores, serve_in_the_order_of_asking) {
    Semaphores semaphores;
    EXPECT_TRUE(semaphores.request(1, {{"a", 1}}));
    EXPECT_FALSE(semaphores.request(5, {{"a", 1}}));
    EXPECT_FALSE(semaphores.request(2, {{"a", 1}}));
    EXPECT_EQ(semaphores.release(1), Tickets{5});
    EXPECT_EQ(semaphores.release(5), Tickets{2});
}

TEST(Semaphores, with_different_counts_are_different_ones) {
    Semaphores semaphores;
    EXPECT_TRUE(semaphores.request(1, {{"a", 1}}));
    EXPECT_TRUE(semaphores.request(2, {{"a:1", 1}}));
}

TEST(Semaphores, named_twice_are_taken_once) {
    Semaphores semaphores;
    EXPECT_TRUE(semaphores.request(1, {{"a", 1}, {"b", 1}, {"a", 1}}));
    EXPECT_TRUE(semaphores.release(1).empty());
    EXPECT_TRUE(semaphores.request(2, {{"a", 1}}));
}

TEST(Semaphores, of_several_are_waited_for_one_after_the_other) {
    Semaphores semaphores;
    EXPECT_TRUE(semaphores.request(1, {{"a", 1}}));
    EXPECT_TRUE(semaphores.request(2, {{"b", 1}}));
    EXPECT_FALSE(semaphores.request(3, {{"b", 1}, {"a", 1}}));
    EXPECT_EQ(semaphores.awaited(3), "a");
    EXPECT_TRUE(semaphores.release(1).empty());
    EXPECT_EQ(semaphores.awaited(3), "b");
    EXPECT_FALSE(semaphores.request(4, {{"a", 1}})) << "3 holds it meanwhile";
    EXPECT_EQ(semaphores.release(2), Tickets{3});
    EXPECT_EQ(semaphores.release(3), Tickets{4});
}

TEST(Semaphores, pass_over_who_has_given_up_and_free_what_it_held) {
    Semaphores semaphores;
    EXPECT_TRUE(semaphores.request(1, {{"b", 1}}));
    EXPECT_FALSE(semaphores.request(2, {{"a", 1}, {"b", 1}}));
    EXPECT_FALSE(semaphores.request(3, {{"b", 1}}));
    EXPECT_FALSE(semaphores.request(4, {{"a", 1}}));
    EXPECT_EQ(semaphores.release(2), Tickets{4});
    EXPECT_EQ(semaphores.release(1), Tickets{3});
    EXPECT_TRUE(semaphores.release(77).empty()) << "of a ticket that never asked";
}

// Holders come and go at random: no semaphore is ever overdrawn, and everybody is served.
TEST(Semaphores, are_never_overdrawn_and_serve_everybody) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        SeededRandom random(seed);
        const std::vector<SemaphoreUse> all = {{"a", 1}, {"b:2", 2}, {"c:3", 3}, {"", 4}};
        Semaphores semaphores;
        std::map<Semaphores::Ticket, std::vector<SemaphoreUse>> asked;
        std::set<Semaphores::Ticket> inside;
        std::size_t served = 0;
        const auto enter = [&](Semaphores::Ticket ticket) {
            ASSERT_TRUE(inside.insert(ticket).second);
            ++served;
            for (const SemaphoreUse& use : all) {
                std::uint32_t users = 0;
                for (auto one : inside)
                    for (const SemaphoreUse& its : asked[one]) users += its == use;
                ASSERT_LE(users, use.count) << use.name << ", seed " << seed;
            }
        };
        Semaphores::Ticket next = 1;
        while (next <= 200 || !inside.empty()) {
            if (next <= 200 && (inside.empty() || random.chance(0.6))) {
                std::vector<SemaphoreUse> uses;
                for (const SemaphoreUse& use : all)
                    if (random.chance(0.4)) uses.push_back(use);
                asked[next] = uses;
                if (semaphores.request(next, uses)) enter(next);
                ++next;
            } else {
                auto leaver = inside.begin();
                std::advance(leaver, static_cast<long>(random.below(inside.size())));
                const Semaphores::Ticket ticket = *leaver;
                inside.erase(leaver);
                for (auto complete : semaphores.release(ticket)) enter(complete);
            }
        }
        ASSERT_EQ(served, 200u) << "seed " << seed;
    }
}

}  // namespace
}  // namespace hansa
