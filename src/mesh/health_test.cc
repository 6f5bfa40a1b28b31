#include "mesh/health.h"

#include <gtest/gtest.h>

#include <vector>

namespace hansa {
namespace {

// Lets observers see "x" second by second; "+" heard, "-" missed, " " no report.
class Watched {
 public:
    struct Eye {
        std::string observer;
        std::string beats;
    };

    Condition see(const std::vector<Eye>& eyes) {
        for (std::size_t i = 0; i < eyes.at(0).beats.size(); ++i) {
            now_ += Seconds{1};
            for (const Eye& eye : eyes)
                if (eye.beats.at(i) != ' ')
                    book_.report(eye.observer, "x",
                                 eye.beats[i] == '+' ? Beat::heard : Beat::missed, now_);
        }
        return book_.condition("x", now_);
    }

    HealthBook& book() { return book_; }
    Instant now() const { return now_; }

 private:
    HealthBook book_{default_timing()};
    Instant now_{};
};

const std::string ten(10, '+');

TEST(Health, begins_with_ten_seconds_without_a_miss) {
    Watched watched;
    EXPECT_FALSE(watched.book().condition("x", watched.now()).observed);
    EXPECT_FALSE(watched.see({{"a", ten}}).healthy);
    const Condition condition = watched.see({{"a", "+"}});
    EXPECT_TRUE(condition.healthy);
    EXPECT_EQ(condition.since, watched.now());
}

TEST(Health, ends_with_the_third_miss_in_a_row) {
    Watched watched;
    (void)watched.see({{"a", ten + "+"}});
    EXPECT_TRUE(watched.see({{"a", "--+--"}}).healthy);
    const Condition condition = watched.see({{"a", "-"}});
    EXPECT_FALSE(condition.healthy);
    EXPECT_EQ(condition.flaps, 1u);
    EXPECT_FALSE(watched.see({{"a", ten.substr(1)}}).healthy) << "nine seconds after the last miss";
    EXPECT_TRUE(watched.see({{"a", "+"}}).healthy);
}

TEST(Health, is_not_taken_by_one_of_two_observers) {
    Watched watched;
    (void)watched.see({{"a", ten + "+"}, {"b", ten + "+"}});
    EXPECT_TRUE(watched.see({{"a", ten}, {"b", "----------"}}).healthy);
    EXPECT_FALSE(watched.see({{"a", "---"}, {"b", "---"}}).healthy);
}

TEST(Health, is_taken_by_the_only_one_who_still_looks) {
    Watched watched;
    (void)watched.see({{"a", ten + "+"}, {"b", ten + "+"}});
    EXPECT_FALSE(watched.see({{"a", "-----"}, {"b", "     "}}).healthy);
}

TEST(Health, returns_although_one_observer_is_cut_off) {
    Watched watched;
    const Condition condition =
        watched.see({{"a", ten + "+"}, {"b", ten + "+"}, {"c", "-----------"}});
    EXPECT_TRUE(condition.healthy);
}

TEST(Health, of_who_is_not_looked_at_is_not_known) {
    Watched watched;
    (void)watched.see({{"a", ten + "+"}});
    EXPECT_FALSE(watched.see({{"a", "    "}}).observed);
    EXPECT_FALSE(watched.see({{"a", "    "}}).is_dead(Seconds{1}, watched.now()));
}

TEST(Health, of_the_dead_is_told_by_the_contact_that_observers_agree_on) {
    Watched watched;
    (void)watched.see({{"a", ten + "+"}, {"b", ten + "+"}});
    const Instant last = watched.now();
    (void)watched.see({{"a", "-----"}, {"b", "++---"}});
    const Condition condition = watched.book().condition("x", watched.now());
    EXPECT_EQ(condition.silent_since, last + Seconds{2});
    EXPECT_FALSE(condition.is_dead(Seconds{60}, last + Seconds{61}));
    EXPECT_TRUE(condition.is_dead(Seconds{60}, last + Seconds{62}));
}

TEST(Health, of_who_was_never_heard_counts_from_the_first_look) {
    Watched watched;
    const Condition condition = watched.see({{"a", std::string(61, '-')}});
    EXPECT_TRUE(condition.is_dead(Seconds{60}, watched.now()));
    EXPECT_FALSE(condition.is_dead(Seconds{61}, watched.now()));
}

// An observer that was stopped for a minute has not heard for a minute, through its own fault.
TEST(Health, is_not_blamed_for_the_silence_of_its_observer) {
    Watched watched;
    (void)watched.see({{"a", ten + "+"}});
    (void)watched.see({{"a", std::string(90, ' ')}});
    const Condition condition = watched.see({{"a", "--"}});
    EXPECT_TRUE(condition.healthy);
    EXPECT_FALSE(condition.is_dead(Seconds{60}, watched.now()));
}

TEST(Health, counts_falls_within_the_window) {
    Watched watched;
    for (int i = 0; i < 5; ++i) (void)watched.see({{"a", ten + "+---"}});
    EXPECT_EQ(watched.see({{"a", "+"}}).flaps, 5u);
    (void)watched.see({{"a", std::string(600, '+')}});
    EXPECT_EQ(watched.see({{"a", "+"}}).flaps, 0u);
}

TEST(Health, of_who_is_forgotten_begins_anew) {
    Watched watched;
    (void)watched.see({{"a", ten + "+"}});
    watched.book().keep_only({"x"});
    EXPECT_TRUE(watched.book().condition("x", watched.now()).healthy);
    watched.book().keep_only({"y"});
    EXPECT_FALSE(watched.see({{"a", "+"}}).healthy);
}

TEST(SeatTimings, of_the_fast_profile_are_tenths) {
    EXPECT_EQ(fast_timing().evict * 10, default_timing().evict);
    EXPECT_EQ(fast_timing().pace * 10, default_timing().pace);
    EXPECT_EQ(fast_timing().budget, default_timing().budget);
    for (const SeatTiming* timing : {&default_timing(), &fast_timing()})
        EXPECT_GT(timing->learner_base, Seconds{5} + 2 * timing->election + Seconds{2})
            << timing->name << ": etcd repeats its first word to the leader only then";
    EXPECT_EQ(timing_named("fast")->beat, Milliseconds{100});
    EXPECT_EQ(timing_named("slow").error().text,
              "timing \"slow\" is unknown; it must be \"default\" or \"fast\"");
}

TEST(SeatTimings, of_a_learner_grow_with_the_store_and_penalties_double_up_to_an_hour) {
    const SeatTiming& timing = default_timing();
    EXPECT_EQ(timing.learner_deadline(0), Seconds{30});
    EXPECT_EQ(timing.learner_deadline(2'000'000'000), Seconds{130});
    EXPECT_EQ(timing.penalty(1), Seconds{60});
    EXPECT_EQ(timing.penalty(3), Seconds{240});
    EXPECT_EQ(timing.penalty(7), Seconds{3600});
    EXPECT_EQ(timing.penalty(4'000'000'000), Seconds{3600});
}

}  // namespace
}  // namespace hansa
