#include "engine/agenda.h"

#include <gtest/gtest.h>

#include <string>

#include "sys/sim/loop.h"

namespace hansa {
namespace {

class AgendaTest : public ::testing::Test {
 protected:
    SimLoop loop_;
    std::string kept_;  // appointments as they came; '.' after those of one instant
    Agenda agenda_{loop_, [this](Agenda::Key key) { kept_ += std::to_string(key) + " "; },
                   [this] { kept_ += ". "; }};
};

TEST_F(AgendaTest, keeps_appointments_in_the_order_of_time) {
    agenda_.set_after(3, Seconds{3});
    agenda_.set_after(1, Seconds{1});
    agenda_.set_after(2, Seconds{2});
    loop_.run_for(Seconds{2});
    EXPECT_EQ(kept_, "1 . 2 . ");
    loop_.run_for(Seconds{1});
    EXPECT_EQ(kept_, "1 . 2 . 3 . ");
}

TEST_F(AgendaTest, serves_those_of_one_instant_together) {
    agenda_.set_after(2, Seconds{1});
    agenda_.set_after(1, Seconds{1});
    loop_.run_for(Seconds{5});
    EXPECT_EQ(kept_, "1 2 . ");
}

TEST_F(AgendaTest, moves_an_appointment_that_is_set_again) {
    agenda_.set_after(1, Seconds{1});
    agenda_.set_after(1, Seconds{4});
    agenda_.set_after(2, Seconds{9});
    agenda_.set_after(2, Seconds{2});
    loop_.run_for(Seconds{3});
    EXPECT_EQ(kept_, "2 . ");
    loop_.run_for(Seconds{10});
    EXPECT_EQ(kept_, "2 . 1 . ");
}

TEST_F(AgendaTest, forgets_what_is_cleared) {
    agenda_.set_after(1, Seconds{1});
    agenda_.set_after(2, Seconds{1});
    agenda_.clear(1);
    agenda_.clear(77);
    loop_.run_for(Seconds{2});
    EXPECT_EQ(kept_, "2 . ");
    agenda_.set_after(3, Seconds{1});
    agenda_.clear_all();
    loop_.run_for(Seconds{2});
    EXPECT_EQ(kept_, "2 . ");
}

TEST_F(AgendaTest, takes_what_is_overdue_at_once) {
    loop_.run_for(Seconds{5});
    agenda_.set(1, loop_.clock().now() - Seconds{3});
    loop_.run_for(Milliseconds{1});
    EXPECT_EQ(kept_, "1 . ");
}

TEST(Agenda, may_be_written_to_while_it_is_served) {
    SimLoop loop;
    int rings = 0;
    Agenda* agenda = nullptr;
    Agenda repeating(
        loop,
        [&](Agenda::Key key) {
            if (++rings < 5) agenda->set_after(key, Seconds{1});
        },
        [] {});
    agenda = &repeating;
    repeating.set_after(1, Seconds{1});
    loop.run_for(Milliseconds{4500});
    EXPECT_EQ(rings, 4);
    loop.run_for(Seconds{10});
    EXPECT_EQ(rings, 5);
}

TEST(Agenda, is_silent_after_its_end) {
    SimLoop loop;
    {
        Agenda gone(
            loop, [](Agenda::Key) { FAIL(); }, [] { FAIL(); });
        gone.set_after(1, Seconds{1});
    }
    loop.run_for(Seconds{2});
    EXPECT_EQ(loop.clock().now(), Instant{} + Seconds{2});
}

}  // namespace
}  // namespace hansa
