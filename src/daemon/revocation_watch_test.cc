#include "daemon/revocation_watch.h"

#include <gtest/gtest.h>

#include "daemon/enrolment_rig.h"

namespace hansa {
namespace {

using test::EnrolmentRig;

class RevocationWatchTest : public testing::Test {
 protected:
    void start() {
        watch = std::make_unique<RevocationWatch>(
            RevocationWatch::Ports{rig.loop, rig.machine.files, rig.machine.accounts,
                                   rig.machine.watcher, rig.report},
            rig.directory.path(), [this](const RevocationList& list, const std::string& text) {
                EXPECT_TRUE(read_revocations(text, {&rig.authority->root(), 1}, rig.wall()));
                epochs.push_back(list.epoch);
            });
        watch->start();
        rig.loop.run_for(Seconds{1});
    }
    void put(const std::string& text) {
        ASSERT_TRUE(rig.machine.files.write(rig.directory.keys().revocations_path(), text, {}));
        rig.loop.run_for(Seconds{1});
    }

    EnrolmentRig rig;
    std::vector<std::uint64_t> epochs;
    std::unique_ptr<RevocationWatch> watch;
};

TEST_F(RevocationWatchTest, tells_each_new_list_once_and_the_one_that_is_there_at_the_start) {
    start();
    EXPECT_TRUE(epochs.empty());
    rig.revoke("a");
    rig.loop.run_for(Seconds{1});
    EXPECT_EQ(epochs, (std::vector<std::uint64_t>{1}));
    const std::string first =
        *rig.machine.files.read(rig.directory.keys().revocations_path(), 10'000);
    rig.revoke("b");
    rig.loop.run_for(Seconds{1});
    EXPECT_EQ(epochs, (std::vector<std::uint64_t>{1, 2}));
    put(first);
    EXPECT_EQ(epochs, (std::vector<std::uint64_t>{1, 2})) << "an older one takes nobody back in";
    start();
    EXPECT_EQ(epochs.back(), 1u) << "what stands there now, to whoever begins";
}

TEST_F(RevocationWatchTest, what_failed_for_a_moment_is_looked_at_again) {
    start();
    const std::string key = rig.directory.path() + "/issuing.key";
    ASSERT_TRUE(rig.machine.files.set_attributes(key, {.mode = 0644}));
    rig.revoke("a");
    rig.loop.run_for(Seconds{1});
    EXPECT_TRUE(epochs.empty());
    EXPECT_TRUE(rig.told("who was taken back is not known"));
    ASSERT_TRUE(rig.machine.files.set_attributes(key, {.mode = 0600}));
    rig.loop.run_for(Seconds{15});
    EXPECT_EQ(epochs, (std::vector<std::uint64_t>{1}));
}

TEST_F(RevocationWatchTest, a_list_that_cannot_be_believed_is_told_and_changes_nothing) {
    start();
    put(*sign_revocations({"c1", 9, {}}, Authority::make("c1", rig.wall()).issuing));
    EXPECT_TRUE(epochs.empty());
    EXPECT_TRUE(rig.told("who was taken back is not known"));
    put("spoiled");
    EXPECT_TRUE(epochs.empty());
    rig.revoke("a");
    rig.loop.run_for(Seconds{1});
    EXPECT_EQ(epochs, (std::vector<std::uint64_t>{1}));
}

}  // namespace
}  // namespace hansa
