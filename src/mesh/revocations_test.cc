#include "mesh/revocations.h"

#include <gtest/gtest.h>

#include "mesh/testing.h"

namespace hansa {
namespace {

const WallTime start = SimClock{}.wall();

std::string signed_list(std::uint64_t epoch, const std::string& serial,
                        const Authority& by = testing::authority()) {
    return *sign_revocations({by.cluster(), epoch, {{serial}, {}}}, by);
}

class TakingBack : public ::testing::Test {
 protected:
    TakingBack() { EXPECT_TRUE(use(revocations)); }

    Result<void> use(Revocations& which) {
        return which.use(testing::authority().cluster(), {testing::authority().root()}, start);
    }
    // Of whoever is taken back now: the first serial.
    std::string taken_back() const { return first(revocations); }
    static std::string first(const Revocations& which) {
        const auto& serials = which.revoked().serials;
        return serials.empty() ? "" : *serials.begin();
    }

    MemoryKeeper keeper;
    Revocations revocations{keeper};
};

TEST_F(TakingBack, a_list_of_the_clusters_authority_is_in_force_and_remembered) {
    EXPECT_TRUE(revocations.show("", start));
    EXPECT_EQ(taken_back(), "");
    EXPECT_TRUE(revocations.show(signed_list(1, "aa"), start));
    EXPECT_EQ(taken_back(), "aa");
    EXPECT_TRUE(revocations.show(signed_list(2, "bb"), start));
    EXPECT_EQ(taken_back(), "bb");
    EXPECT_EQ(keeper.kept().revocation_epoch, 2U);
}

TEST_F(TakingBack, an_older_epoch_changes_nothing) {
    ASSERT_TRUE(revocations.show(signed_list(2, "bb"), start));
    const auto older = revocations.show(signed_list(1, "aa"), start);
    ASSERT_FALSE(older);
    EXPECT_NE(older.error().text.find("epoch 1 is older"), std::string::npos);
    EXPECT_EQ(taken_back(), "bb");
}

TEST_F(TakingBack, a_list_that_is_held_back_stays_in_force) {
    ASSERT_TRUE(revocations.show(signed_list(2, "bb"), start));
    EXPECT_FALSE(revocations.show("", start));
    EXPECT_EQ(taken_back(), "bb");
}

TEST_F(TakingBack, a_list_that_nobody_or_another_signed_changes_nothing) {
    ASSERT_TRUE(revocations.show(signed_list(2, "bb"), start));
    EXPECT_FALSE(revocations.show("{}", start));
    std::string forged = signed_list(3, "aa");
    forged.replace(forged.find("aa"), 2, "ab");
    EXPECT_FALSE(revocations.show(forged, start));
    const Authority other = Authority::make(testing::authority().cluster(), start).issuing;
    EXPECT_FALSE(revocations.show(signed_list(3, "aa", other), start));
    EXPECT_EQ(taken_back(), "bb");
    EXPECT_EQ(keeper.kept().revocation_epoch, 2U);
}

TEST_F(TakingBack, a_list_of_another_cluster_below_the_same_root_changes_nothing) {
    Revocations elsewhere(keeper);
    ASSERT_TRUE(elsewhere.use("elsewhere", {testing::authority().root()}, start));
    const auto taken = elsewhere.show(signed_list(1, "aa"), start);
    ASSERT_FALSE(taken);
    EXPECT_EQ(first(elsewhere), "");
}

TEST_F(TakingBack, a_restart_forgets_nothing) {
    ASSERT_TRUE(revocations.show(signed_list(2, "bb"), start));
    Revocations later(keeper);
    EXPECT_TRUE(use(later));
    EXPECT_EQ(first(later), "bb");
    EXPECT_FALSE(later.show(signed_list(1, "aa"), start));
    EXPECT_EQ(first(later), "bb");
    EXPECT_TRUE(later.show(signed_list(2, "bb"), start));
}

TEST_F(TakingBack, of_two_lists_of_one_epoch_both_count_until_the_next) {
    using Serials = std::vector<std::string>;
    ASSERT_TRUE(revocations.show(signed_list(2, "bb"), start));
    for (int flips = 0; flips < 2; ++flips) {
        const auto other = revocations.show(signed_list(2, "aa"), start);
        ASSERT_FALSE(other);
        EXPECT_NE(other.error().text.find("two of epoch 2"), std::string::npos);
        EXPECT_EQ(revocations.revoked().serials, (Serials{"aa", "bb"}));
        EXPECT_TRUE(revocations.show(signed_list(2, "bb"), start));
        EXPECT_EQ(revocations.revoked().serials, (Serials{"aa", "bb"}));
    }
    Revocations later(keeper);
    ASSERT_TRUE(use(later));
    EXPECT_FALSE(later.show(signed_list(2, "aa"), start));
    EXPECT_EQ(later.revoked().serials, (Serials{"aa", "bb"}));
    EXPECT_TRUE(later.show(signed_list(3, "cc"), start));
    EXPECT_EQ(later.revoked().serials, Serials{"cc"});
}

TEST_F(TakingBack, the_later_of_two_times_of_one_name_counts) {
    const auto list = [](Seconds until) {
        return *sign_revocations(
            {testing::authority().cluster(), 2, {{}, {{"web1", start + until}}}},
            testing::authority());
    };
    ASSERT_TRUE(revocations.show(list(Seconds{5}), start));
    EXPECT_FALSE(revocations.show(list(Seconds{9}), start));
    EXPECT_EQ(revocations.revoked().names.at("web1"), start + Seconds{9});
    EXPECT_FALSE(revocations.show(list(Seconds{1}), start));
    EXPECT_EQ(revocations.revoked().names.at("web1"), start + Seconds{9});
}

TEST_F(TakingBack, what_is_shown_before_the_cluster_is_known_counts_from_then_on) {
    Revocations early(keeper);
    EXPECT_TRUE(early.show(signed_list(1, "aa"), start));
    EXPECT_EQ(first(early), "");
    EXPECT_TRUE(use(early));
    EXPECT_EQ(first(early), "aa");
}

}  // namespace
}  // namespace hansa
