#include "mesh/follower.h"

#include <map>

#include "mesh/store_testing.h"

namespace hansa {
namespace {

class Following : public testing::StoreTest {
 protected:
    void follow() {
        FollowerEvents events;
        events.on_all = [this](const Reading& reading) {
            ++readings;
            copy.clear();
            for (const Record& record : reading.records) copy[record.key] = record.value;
        };
        events.on_events = [this](const EventBatch& batch) {
            for (const StoreEvent& event : batch.events) {
                ++told;
                if (event.type == StoreEvent::Type::put)
                    copy[event.record.key] = event.record.value;
                else
                    copy.erase(event.record.key);
            }
        };
        events.on_check = [this](const Reading& reading, const std::set<std::string>& touched) {
            ++checks;
            std::size_t differences = reading.records.size() != copy.size() && touched.empty();
            for (const Record& record : reading.records)
                if (!touched.contains(record.key) && !copy.contains(record.key)) ++differences;
            return differences == 0;
        };
        events.on_error = [this](const Error&) { ++errors; };
        follower.emplace(loop, store, random, "/p/", FollowerTimes{}, std::move(events));
    }

    std::optional<Follower> follower;
    std::map<std::string, std::string> copy;
    int readings = 0;
    int told = 0;
    int checks = 0;
    int errors = 0;
};

TEST_F(Following, reads_all_and_then_every_event_once) {
    write("/p/1", "one");
    write("/other", "x");
    follow();
    ASSERT_TRUE(reaches([&] { return follower->folded(); }));
    EXPECT_EQ(copy, (std::map<std::string, std::string>{{"/p/1", "one"}}));
    write("/p/2", "two");
    erase("/p/1");
    ASSERT_TRUE(reaches([&] { return told == 2; }));
    EXPECT_EQ(copy, (std::map<std::string, std::string>{{"/p/2", "two"}}));
    EXPECT_EQ(readings, 1);
}

TEST_F(Following, misses_nothing_that_is_written_while_it_reads) {
    follow();
    for (int number = 0; number < 200; ++number) {
        write("/p/" + std::to_string(number), "x");
        loop.run_for(std::chrono::microseconds{20});
    }
    ASSERT_TRUE(reaches([&] { return copy.size() == 200; }));
    EXPECT_EQ(readings, 1);
}

TEST_F(Following, waits_for_a_store_that_is_away_and_resumes_after_an_outage) {
    cluster.stop();
    follow();
    loop.run_for(Seconds{60});
    EXPECT_FALSE(follower->folded());
    cluster.start();
    ASSERT_TRUE(reaches([&] { return follower->folded(); }));

    store.go_away();
    loop.run_for(Seconds{20});
    write("/p/1", "one");
    store.come_back();
    ASSERT_TRUE(reaches([&] { return copy.size() == 1; }));
    EXPECT_EQ(readings, 1);
    EXPECT_EQ(told, 1);
}

TEST_F(Following, reads_again_when_the_history_is_lost) {
    write("/p/1", "one");
    follow();
    ASSERT_TRUE(reaches([&] { return follower->folded(); }));
    store.go_away();
    loop.run_for(Seconds{1});
    erase("/p/1");
    write("/p/2", "two");
    cluster.compact(cluster.revision());
    store.come_back();
    ASSERT_TRUE(reaches([&] { return readings == 2; }));
    EXPECT_EQ(copy, (std::map<std::string, std::string>{{"/p/2", "two"}}));
    write("/p/3", "three");
    ASSERT_TRUE(reaches([&] { return copy.size() == 2; }));
}

TEST_F(Following, compares_from_time_to_time_and_finds_nothing_in_order) {
    follow();
    for (int round = 0; round < 2000; ++round) {
        write("/p/" + std::to_string(round % 7), std::to_string(round));
        loop.run_for(Seconds{1});
    }
    EXPECT_GE(checks, 4);
    EXPECT_LE(checks, 8);
    EXPECT_EQ(readings, 1);
}

TEST_F(Following, replaces_a_copy_that_turned_out_wrong) {
    write("/p/1", "one");
    follow();
    ASSERT_TRUE(reaches([&] { return follower->folded(); }));
    copy["/p/ghost"] = "spoiled";
    loop.run_for(Seconds{400});
    EXPECT_EQ(checks, 1);
    EXPECT_EQ(readings, 2);
    EXPECT_EQ(copy.size(), 1U);
}

TEST_F(Following, compares_nothing_while_the_store_is_away) {
    follow();
    ASSERT_TRUE(reaches([&] { return follower->folded(); }));
    store.on_status([&](const StoreStatus& status) { follower->store_is(status.state); });
    store.go_away();
    loop.run_for(Seconds{1000});
    EXPECT_EQ(checks, 0);
    store.come_back();
    loop.run_for(Seconds{400});
    EXPECT_GE(checks, 1);
}

TEST_F(Following, ends_quietly_while_questions_are_under_way) {
    follow();
    follower.reset();
    loop.run_for(Seconds{10});
    EXPECT_EQ(readings, 0);
}

}  // namespace
}  // namespace hansa
