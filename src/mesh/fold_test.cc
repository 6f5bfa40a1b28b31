#include "mesh/fold.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"
#include "mesh/testing.h"

namespace hansa {
namespace {

using testing::collect;
using testing::content;
using testing::file;
using testing::host;
using testing::put;
using testing::record;
using testing::removed;

// What is collected where everything is believed, and time does not matter.
class PlainFold : public ExportFold {
 public:
    PlainFold(const Catalog& catalog, HostName self, ExportJudge& judge)
        : ExportFold(catalog, std::move(self), judge, testing::anything()) {}

    Amendment want(const std::vector<CollectRequest>& requests) {
        return ExportFold::want(requests, {});
    }
    Amendment replace(const Reading& reading) { return ExportFold::replace(reading, {}); }
    Amendment apply(const EventBatch& batch) { return ExportFold::apply(batch, {}); }
    Amendment use(const std::string& host, Use use) { return ExportFold::use(host, use, {}); }
};

class Fold : public ::testing::Test {
 protected:
    // Applies what a call returned to the picture that a graph would have.
    void take(const Amendment& amendment) {
        amendments_ += amendment.empty() ? 0 : 1;
        for (const InstanceId& id : amendment.removals) EXPECT_EQ(held_.erase(id), 1U) << id.text();
        for (const Declaration& each : amendment.upserts) {
            held_[each.instance()] = each.fields.find("content")
                                         ? each.fields.find("content")->scalar().text
                                         : each.fields.find("path")->scalar().text;
            ranks_[each.instance()] = each.origin.rank;
        }
        EXPECT_EQ(fold_.collected(), held_.size());
    }

    std::string picture() const {
        std::string text;
        for (const auto& [id, what] : held_)
            text += id.exporter + ":" + id.resource.name + "=" + what + " ";
        return text;
    }

    EventBatch batch(std::vector<StoreEvent> events) {
        Revision last = 0;
        for (const StoreEvent& event : events) last = std::max(last, event.record.modified);
        return {last, std::move(events)};
    }

    Catalog catalog_ = testing::two_kinds();
    testing::Credulous judge_;
    PlainFold fold_{catalog_, host("me"), judge_};
    std::map<InstanceId, std::string> held_;
    std::map<InstanceId, std::uint64_t> ranks_;
    int amendments_ = 0;
};

TEST_F(Fold, collects_what_the_requests_select) {
    take(fold_.want({collect("file", "", "f*", "?")}));
    take(fold_.replace({10,
                        {record("a", file("f1", "1"), 2), record("a", file("g1", "1"), 3),
                         record("b", file("f2", "2"), 4), record("long", file("f3", "3"), 5),
                         record("b", {{"noop", "f4"}, content("4"), {}}, 6)}}));
    EXPECT_EQ(picture(), "a:f1=1 b:f2=2 ");
    EXPECT_EQ((ranks_[{{"file", "f1"}, "a", ""}]), 2U);
}

TEST_F(Fold, puts_one_export_into_several_places) {
    take(fold_.want({collect("file", "/x/"), collect("file", "/y/"), collect("file", "/x/", "f1"),
                     collect("file")}));
    take(fold_.replace({10, {record("a", file("f1", "1"), 2)}}));
    EXPECT_EQ(picture(), "a:f1=1 a:f1=/x/f1 a:f1=/y/f1 ");
    take(fold_.want({collect("file", "/y/")}));
    EXPECT_EQ(picture(), "a:f1=/y/f1 ");
    take(fold_.apply(batch({removed(record("a", file("f1", "1"), 2).key, 11)})));
    EXPECT_EQ(picture(), "");
}

TEST_F(Fold, what_nobody_asks_for_changes_nothing) {
    take(fold_.want({collect("file", "", "f*")}));
    const auto ignored = fold_.apply(
        batch({put(record("a", file("g1", "1"), 2)), put(record("a", {{"noop", "f"}, {}, {}}, 2)),
               put({"/hansa/v1/exports/a/noop/bad", "{", 2, 2, 0})}));
    EXPECT_TRUE(ignored.empty());
    EXPECT_TRUE(fold_.take_refusals().empty());
}

TEST_F(Fold, one_batch_is_one_amendment_of_its_final_state) {
    take(fold_.want({collect("file")}));
    const Record first = record("a", file("f1", "1"), 2);
    const Record last = record("a", file("f1", "3"), 4);
    const auto made = fold_.apply(
        batch({put(first), removed(first.key, 3), put(last), put(record("a", file("f2", "2"), 4)),
               removed(record("a", file("f2", "2"), 4).key, 5)}));
    EXPECT_EQ(made.upserts.size(), 1U);
    EXPECT_TRUE(made.removals.empty());
    take(made);
    EXPECT_EQ(picture(), "a:f1=3 ");
}

TEST_F(Fold, writing_the_same_again_is_no_change) {
    take(fold_.want({collect("file")}));
    take(fold_.apply(batch({put(record("a", file("f1", "1"), 2))})));
    EXPECT_TRUE(fold_.apply(batch({put(record("a", file("f1", "1"), 9, 2))})).empty());
    take(fold_.apply(batch({put(record("a", file("f1", "2"), 12, 2))})));
    EXPECT_EQ(picture(), "a:f1=2 ");
    EXPECT_EQ(amendments_, 2);
}

TEST_F(Fold, events_older_than_what_is_held_are_passed_over) {
    take(fold_.want({collect("file")}));
    take(fold_.replace({10, {record("a", file("f1", "new"), 9)}}));
    EXPECT_TRUE(fold_.apply(batch({put(record("a", file("f1", "old"), 8))})).empty());
    EXPECT_TRUE(fold_.apply(batch({removed(record("a", file("f1", ""), 8).key, 7)})).empty());
    EXPECT_EQ(picture(), "a:f1=new ");
}

TEST_F(Fold, addressed_exports_reach_only_those_addressed) {
    take(fold_.want({collect("file")}));
    Wanted addressed = file("f1", "1");
    addressed.meta.export_to = {"you", "m?"};
    Wanted foreign = file("f2", "2");
    foreign.meta.export_to = {"you"};
    take(fold_.apply(batch({put(record("a", addressed, 2)), put(record("a", foreign, 2))})));
    EXPECT_EQ(picture(), "a:f1=1 ");
    take(fold_.apply(
        batch({put(record("a", file("f2", "2"), 3, 2)), put(record("a", foreign, 3))})));
    foreign.meta.export_to = {"me"};
    take(fold_.apply(batch({put(record("a", foreign, 5, 2))})));
    EXPECT_EQ(picture(), "a:f1=1 a:f2=2 ");
}

TEST_F(Fold, own_exports_are_collected_too) {
    take(fold_.want({collect("file", "/tmp/")}));
    take(fold_.apply(batch({put(record("me", file("f1", "1"), 2))})));
    EXPECT_EQ(picture(), "me:f1=/tmp/f1 ");
}

TEST_F(Fold, garbage_is_told_once_and_harms_nobody) {
    take(fold_.want({collect("file")}));
    Record foreign = record("b", file("f1", "1"), 4);
    foreign.key = "/hansa/v1/exports/a/file/f1";
    const Reading reading{9,
                          {{"/hansa/v1/exports/a/file/broken", "{", 3, 3, 0},
                           foreign,
                           record("a", file("fine", "1"), 5),
                           {"/hansa/v1/exports/nothing", "?", 6, 6, 0}}};
    take(fold_.replace(reading));
    EXPECT_EQ(picture(), "a:fine=1 ");
    const auto told = fold_.take_refusals();
    ASSERT_EQ(told.size(), 3U);
    for (const auto& refused : told) EXPECT_EQ(refused.cause, "bad_record");
    take(fold_.replace(reading));
    EXPECT_TRUE(fold_.take_refusals().empty());
    EXPECT_EQ(fold_.differences(reading, {}), 0U);
}

TEST_F(Fold, a_bad_version_leaves_the_good_one_in_force) {
    take(fold_.want({collect("file")}));
    take(fold_.apply(batch({put(record("a", file("f1", "good"), 2))})));
    take(fold_.apply(batch({put({"/hansa/v1/exports/a/file/f1", "bad", 2, 3, 0})})));
    EXPECT_EQ(picture(), "a:f1=good ");
    EXPECT_EQ(fold_.take_refusals().size(), 1U);
    take(fold_.apply(batch({put(record("a", file("f1", "better"), 4, 2))})));
    EXPECT_EQ(picture(), "a:f1=better ");
    take(fold_.apply(batch({put({"/hansa/v1/exports/a/file/f1", "bad", 2, 5, 0})})));
    take(fold_.apply(batch({removed("/hansa/v1/exports/a/file/f1", 6)})));
    EXPECT_EQ(picture(), "");
}

TEST_F(Fold, unknown_kinds_and_places_that_do_not_fit_are_refused) {
    take(fold_.want({collect("svv"), collect("file", "/x/")}));
    auto told = fold_.take_refusals();
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].cause, "unknown_kind");
    take(fold_.apply(
        batch({put(record("a", file("stuck", "1"), 2)), put(record("a", file("f1", ""), 2))})));
    EXPECT_EQ(picture(), "a:f1=/x/f1 ");
    told = fold_.take_refusals();
    ASSERT_EQ(told.size(), 1U);
    EXPECT_NE(told[0].text.find("cannot be moved"), std::string::npos);
}

TEST_F(Fold, an_old_name_of_a_kind_collects_the_kind) {
    take(fold_.want({collect("nothing")}));
    take(fold_.apply(batch({put(record("a", {{"noop", "n"}, content("x"), {}}, 2))})));
    EXPECT_EQ(picture(), "a:n=x ");
}

TEST_F(Fold, a_host_can_be_dropped_and_taken_back) {
    take(fold_.want({collect("file")}));
    take(fold_.replace({9, {record("a", file("f1", "1"), 2), record("b", file("f1", "2"), 3)}}));
    take(fold_.use("a", ExportFold::Use::drop));
    EXPECT_EQ(picture(), "b:f1=2 ");
    EXPECT_TRUE(fold_.use("a", ExportFold::Use::drop).empty());
    EXPECT_TRUE(fold_.apply(batch({put(record("a", file("f2", "1"), 10))})).empty());
    take(fold_.use("a", ExportFold::Use::collect));
    EXPECT_EQ(picture(), "a:f1=1 b:f1=2 a:f2=1 ");
    EXPECT_EQ(fold_.hosts(), (std::vector<std::string>{"a", "b"}));
}

TEST_F(Fold, tells_which_hosts_began_or_ceased_to_export) {
    using Hosts = std::set<std::string>;
    (void)fold_.replace({9, {record("a", file("f1", "1"), 2), record("b", file("f1", "2"), 3)}});
    EXPECT_EQ(fold_.take_turned(), (Hosts{"a", "b"}));
    (void)fold_.apply(batch({put(record("a", file("f2", "1"), 10))}));
    EXPECT_EQ(fold_.take_turned(), Hosts{}) << "a exports already";
    (void)fold_.apply(batch({removed("/hansa/v1/exports/b/file/f1", 11)}));
    EXPECT_EQ(fold_.take_turned(), Hosts{"b"});
    EXPECT_TRUE(fold_.exports("a"));
    EXPECT_FALSE(fold_.exports("b"));
    EXPECT_FALSE(fold_.exports("c"));
}

TEST_F(Fold, a_full_reading_after_lost_history_brings_exactly_the_difference) {
    take(fold_.want({collect("file")}));
    take(fold_.replace({9,
                        {record("a", file("f1", "1"), 2), record("a", file("f2", "2"), 3),
                         record("b", file("f3", "3"), 4)}}));
    const auto made =
        fold_.replace({20,
                       {record("a", file("f1", "1"), 2), record("a", file("f2", "two"), 15, 3),
                        record("c", file("f4", "4"), 16)}});
    EXPECT_EQ(made.upserts.size(), 2U);
    EXPECT_EQ(made.removals.size(), 1U);
    take(made);
    EXPECT_EQ(picture(), "a:f1=1 a:f2=two c:f4=4 ");
}

TEST_F(Fold, differences_are_counted_but_not_those_under_way) {
    const Reading reading{9, {record("a", file("f1", "1"), 2), record("a", file("f2", "2"), 3)}};
    take(fold_.replace(reading));
    EXPECT_EQ(fold_.differences(reading, {}), 0U);
    Reading other = reading;
    other.records[1].modified = 8;
    other.records.push_back(record("a", file("f3", "3"), 9));
    other.records.erase(other.records.begin());
    EXPECT_EQ(fold_.differences(other, {}), 3U);
    EXPECT_EQ(fold_.differences(other, {other.records[0].key, other.records[1].key}), 1U);
}

// A publisher's chunks, as a watcher sees them: nothing, nothing, everything.
TEST_F(Fold, a_new_generation_becomes_visible_at_once) {
    const Exporter a = testing::exporter("a");
    const StoreLimits narrow{4, 1'500'000};
    take(fold_.want({collect("file")}));
    Subtree subtree;
    Revision revision = 1;
    const auto publish = [&](const std::vector<Wanted>& wanted) {
        int changes = 0;
        const auto plan = plan_publication({subtree, wanted, a, narrow});
        for (const PublicationStep& step : plan->steps) {
            ++revision;
            subtree.apply(step.operations, revision, a.host);
            std::vector<StoreEvent> events;
            for (const Operation& operation : step.operations)
                events.push_back(operation.type == Operation::Type::put
                                     ? put({operation.key, operation.value, 2, revision, 0})
                                     : removed(operation.key, revision));
            const auto made = fold_.apply(batch(std::move(events)));
            changes += made.empty() ? 0 : 1;
            take(made);
        }
        return changes;
    };
    std::vector<Wanted> wanted;
    for (int number = 0; number < 9; ++number)
        wanted.push_back(file("f" + std::to_string(number), "1"));
    EXPECT_EQ(publish(wanted), 1);
    EXPECT_EQ(held_.size(), 9U);
    for (Wanted& each : wanted) each.fields = content("2");
    wanted.pop_back();
    EXPECT_EQ(publish(wanted), 1);
    EXPECT_EQ(held_.size(), 8U);
    EXPECT_EQ((held_[{{"file", "f0"}, "a", ""}]), "2");
    EXPECT_EQ(publish({}), 1);
    EXPECT_EQ(picture(), "");
}

// However events and readings are mixed, the amendments add up to what is in the store.
TEST_F(Fold, adds_up_over_random_histories) {
    SeededRandom random(5);
    take(fold_.want({collect("file", "", "f*")}));
    std::map<std::string, Record> store;
    for (Revision revision = 2; revision < 3000; ++revision) {
        const std::string from(1, static_cast<char>('a' + random.below(3)));
        const Wanted wanted =
            file((random.chance(0.8) ? "f" : "g") + std::to_string(random.below(6)),
                 std::to_string(random.below(3)));
        Record made = record(from, wanted, revision);
        const auto found = store.find(made.key);
        if (found != store.end()) made.created = found->second.created;
        const bool erase = random.chance(0.3) && found != store.end();
        if (erase)
            store.erase(made.key);
        else
            store[made.key] = made;
        if (random.chance(0.05)) {
            Reading reading{revision, {}};
            for (const auto& [key, each] : store) reading.records.push_back(each);
            take(fold_.replace(reading));
            ASSERT_EQ(fold_.differences(reading, {}), 0U);
        } else {
            take(fold_.apply(batch({erase ? removed(made.key, revision) : put(made)})));
        }
    }
    std::map<InstanceId, std::string> expected;
    for (const auto& [key, each] : store) {
        const auto decoded = decode_export(key, each.value);
        if (!decoded->id.name.starts_with("f")) continue;
        expected[{decoded->id, decoded->from, ""}] =
            decoded->version->body.fields.find("content")->scalar().text;
    }
    EXPECT_EQ(held_, expected);
}

TEST_F(Fold, a_store_that_was_set_back_is_followed_back) {
    take(fold_.want({collect("file")}));
    take(fold_.replace(
        {20, {record("a", file("f1", "new"), 18), record("a", file("f2", "x"), 19)}}));
    take(fold_.replace({10, {record("a", file("f1", "old"), 9)}}));
    EXPECT_EQ(picture(), "a:f1=old ");
    EXPECT_EQ(fold_.revision(), 10);
    // Its history goes on along another branch, and comes to revisions that were held before.
    take(fold_.replace({18, {record("a", file("f1", "else"), 18)}}));
    EXPECT_EQ(picture(), "a:f1=else ");
}

}  // namespace
}  // namespace hansa
