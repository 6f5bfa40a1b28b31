#include "daemon/member_revocations.h"

#include "mesh/keys.h"
#include "mesh/store_testing.h"
#include "sys/sim/machine.h"

namespace hansa {
namespace {

class MemberRevocationsTest : public testing::StoreTest {
 protected:
    MemberRevocationsTest() {
        EXPECT_TRUE(machine.files.make_directories("/p/b/trust"));
        begin();
    }
    void begin() {
        revocations = std::make_unique<MemberRevocations>(
            MemberRevocations::Ports{loop, store, machine.files, random, report}, "/p/b/trust",
            [this]() -> const Credentials& { return mine; }, [this] { ++changes; });
    }
    static std::string list(std::uint64_t epoch, std::vector<std::string> serials,
                            const Authority& by = testing::authority()) {
        return *sign_revocations({by.cluster(), epoch, {std::move(serials), {}}}, by);
    }
    std::string crl() const {
        auto text = machine.files.read("/p/b/trust/revoked.crl", 100'000);
        return text ? *text : std::string{};
    }
    bool names(const std::string& serial_bytes) const {
        return crl().find(serial_bytes) != std::string::npos;
    }

    SimMachine machine{loop, 1};
    Credentials mine = testing::credentials("b");
    int changes = 0;
    std::unique_ptr<MemberRevocations> revocations;
};

const std::string serial = "0123456789abcdef0123";
const std::string serial_bytes{"\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23", 10};

TEST_F(MemberRevocationsTest, there_is_a_list_for_etcd_before_anybody_was_revoked) {
    EXPECT_EQ(*revocations->prepare(), "/p/b/trust/revoked.crl");
    EXPECT_FALSE(crl().empty());
    EXPECT_FALSE(names(serial_bytes));
}

TEST_F(MemberRevocationsTest, a_new_list_is_told_to_etcd_and_to_whoever_cuts_connections) {
    ASSERT_TRUE(revocations->prepare());
    revocations->follow();
    write(keys::revocations(), list(1, {serial}));
    ASSERT_TRUE(reaches([&] { return changes == 1; }));
    EXPECT_TRUE(names(serial_bytes));
    write(keys::revocations(), list(1, {serial}));
    loop.run_for(Seconds{5});
    EXPECT_EQ(changes, 1) << "it is the same list";
}

TEST_F(MemberRevocationsTest, an_older_list_or_a_strangers_takes_nobody_back_in) {
    ASSERT_TRUE(revocations->prepare());
    revocations->follow();
    write(keys::revocations(), list(5, {serial}));
    ASSERT_TRUE(reaches([&] { return changes == 1; }));
    write(keys::revocations(), list(4, {}));
    const auto stranger = Authority::make("other", loop.clock().wall());
    write(keys::revocations(), list(9, {}, stranger.issuing));
    erase(keys::revocations());
    loop.run_for(Seconds{5});
    EXPECT_EQ(changes, 1);
    EXPECT_TRUE(names(serial_bytes));
    EXPECT_EQ(feed.refused("revocations"), 1u);
}

TEST_F(MemberRevocationsTest, what_was_seen_holds_after_a_restart_without_the_store) {
    ASSERT_TRUE(revocations->prepare());
    revocations->follow();
    write(keys::revocations(), list(5, {serial}));
    ASSERT_TRUE(reaches([&] { return changes == 1; }));
    ASSERT_TRUE(machine.files.remove("/p/b/trust/revoked.crl"));
    erase(keys::revocations());
    begin();
    ASSERT_TRUE(revocations->prepare());
    EXPECT_TRUE(names(serial_bytes));
}

}  // namespace
}  // namespace hansa
