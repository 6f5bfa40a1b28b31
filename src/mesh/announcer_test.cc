#include "mesh/announcer.h"

#include "mesh/keys.h"
#include "mesh/store_testing.h"
#include "trust/authority.h"

namespace hansa {
namespace {

class AnnouncerTest : public testing::StoreTest {
 protected:
    std::string signed_by(const Authority& authority, std::uint64_t epoch) {
        auto text = sign_revocations({authority.cluster(), epoch, {}}, authority);
        check(bool(text), "an empty list can be signed");
        return *text;
    }
    void announce(std::uint64_t epoch) {
        announcer.announce({ours.cluster(), epoch, {}}, signed_by(ours, epoch));
    }
    // The epoch of what stands in the store; 0: nothing that this authority signed.
    std::uint64_t told() const {
        const auto text = stored(keys::revocations());
        if (!text) return 0;
        auto list = read_revocations(*text, roots, loop.clock().wall());
        return list ? list->epoch : 0;
    }
    Revision writes() const { return cluster.read(ReadScope::key, "/").revision; }
    void rest() { loop.run_for(Seconds{60}); }

    Authority ours = Authority::make("c1", loop.clock().wall()).issuing;
    std::vector<Certificate> roots{ours.root()};
    Announcer announcer{loop, store, random, report};
};

TEST_F(AnnouncerTest, puts_what_is_not_there_and_each_later_list_once) {
    announcer.use(roots);
    rest();
    EXPECT_EQ(told(), 0u);
    announce(1);
    ASSERT_TRUE(reaches([this] { return told() == 1; }, Seconds{1}));
    announce(2);
    ASSERT_TRUE(reaches([this] { return told() == 2; }, Seconds{1}));
    const Revision before = writes();
    rest();
    EXPECT_EQ(writes(), before) << "what is there is not written again";
}

TEST_F(AnnouncerTest, waits_until_it_is_known_whose_lists_count) {
    announce(1);
    rest();
    EXPECT_EQ(told(), 0u);
    announcer.use(roots);
    EXPECT_TRUE(reaches([this] { return told() == 1; }, Seconds{1}));
}

TEST_F(AnnouncerTest, whoever_removes_spoils_or_sets_back_the_list_changes_nothing_for_long) {
    announcer.use(roots);
    announce(3);
    ASSERT_TRUE(reaches([this] { return told() == 3; }));
    rest();
    erase(keys::revocations());
    EXPECT_TRUE(reaches([this] { return told() == 3; }, Seconds{15}));
    write(keys::revocations(), signed_by(ours, 2));
    EXPECT_TRUE(reaches([this] { return told() == 3; }, Seconds{15}));
    write(keys::revocations(), "spoiled");
    EXPECT_TRUE(reaches([this] { return told() == 3; }, Seconds{15}));
    write(keys::revocations(), signed_by(Authority::make("c1", loop.clock().wall()).issuing, 9));
    EXPECT_TRUE(reaches([this] { return told() == 3; }, Seconds{15}));
}

TEST_F(AnnouncerTest, the_list_of_an_authority_that_is_not_the_clusters_is_never_written) {
    announcer.use({Authority::make("c1", loop.clock().wall()).issuing.root()});
    announce(1);
    rest();
    EXPECT_FALSE(stored(keys::revocations()));
}

TEST_F(AnnouncerTest, who_writes_against_it_makes_few_writes) {
    announcer.use(roots);
    announce(1);
    const Revision before = writes();
    Revision attacks = 0;
    for (int i = 0; i < 600; ++i) {  // a minute
        if (told() == 1) {
            write(keys::revocations(), "spoiled");
            ++attacks;
        }
        loop.run_for(Milliseconds{100});
    }
    EXPECT_LT(writes() - before - attacks, 40);
    EXPECT_TRUE(reaches([this] { return told() == 1; }, Seconds{15}));
}

TEST_F(AnnouncerTest, a_later_list_than_its_own_stays_and_is_told) {
    write(keys::revocations(), signed_by(ours, 7));
    announcer.use(roots);
    announce(3);
    rest();
    EXPECT_EQ(told(), 7u);
    const auto warnings = feed.all<happened::Warned>();
    ASSERT_EQ(warnings.size(), 1u);
    EXPECT_NE(warnings[0].text.find("list 7"), std::string::npos) << warnings[0].text;
    announce(8);
    EXPECT_TRUE(reaches([this] { return told() == 8; }, Seconds{1}));
}

TEST_F(AnnouncerTest, another_list_of_the_same_epoch_stays_and_is_told) {
    const auto other = sign_revocations({ours.cluster(), 3, {{"aa"}, {}}}, ours);
    write(keys::revocations(), *other);
    announcer.use(roots);
    announce(3);
    rest();
    write(keys::revocations(), signed_by(ours, 3));
    rest();
    write(keys::revocations(), *other);
    rest();
    EXPECT_EQ(*stored(keys::revocations()), *other) << "two authorities would go on for ever";
    const auto warnings = feed.all<happened::Warned>();
    ASSERT_EQ(warnings.size(), 1u);
    EXPECT_NE(warnings[0].text.find("another list 3"), std::string::npos) << warnings[0].text;
    announce(4);
    EXPECT_TRUE(reaches([this] { return told() == 4; }, Seconds{1}));
}

}  // namespace
}  // namespace hansa
