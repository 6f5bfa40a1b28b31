#include "daemon/authority_directory.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/check.h"
#include "sys/linux/locks.h"
#include "sys/linux/loop.h"
#include "sys/linux/test_loop.h"
#include "sys/sim/machine.h"

namespace hansa {
namespace {

// Real files and a real lock: what agents fight about is the kernel's.
struct Rig {
    test::FreshDirectory folder;
    LinuxLoop loop;
    LinuxFiles files;
    LinuxLocks locks{loop};
    SimAccounts accounts;
    AuthorityDirectory directory{{files, locks, accounts}, folder.path() + "/p/ca"};
    WallTime now = loop.clock().wall();

    Rig() { accounts.become(files.status(folder.path())->owner); }

    std::string path(const std::string& name) const { return directory.path() + "/" + name; }

    // Lets real time pass; for any thread.
    static Pause pause() {
        return
            [own = std::make_shared<LinuxLoop>()](Duration duration) { (void)own->step(duration); };
    }

    Token add_token(std::uint32_t uses = 1) {
        const Token token = make_token(std::string(64, 'a'), {});
        TokenRecord record = record_of(token, now);
        record.uses = uses;
        auto added = directory.add(record);
        check(static_cast<bool>(added), "a record can be written");
        return token;
    }

    static JoinRequest request(const Token& token, const std::string& name) {
        JoinRequest made;
        made.name = name;
        made.uuid = "5d0f2a4c-1c1b-4c7e-8f0a-2b9d6e4f7a11";
        made.public_pem = PrivateKey::make().public_pem();
        made.nonce = std::string(32, 'a');
        prove(made, token);
        return made;
    }
};

TEST(AuthorityDirectory, makes_everything_for_its_owner_alone) {
    Rig rig;
    auto made = rig.directory.make("c1", rig.now);
    ASSERT_TRUE(made) << made.error().text;
    EXPECT_EQ(rig.files.status(rig.directory.path())->mode, 0700u);
    rig.add_token();
    for (const char* name : {"root.key", "root.pem", "issuing.key", "issuing.pem"})
        EXPECT_EQ(rig.files.status(rig.path(name))->mode, 0600u) << name;
    const std::string record = rig.files.list(rig.path("tokens"))->at(0).name;
    EXPECT_EQ(rig.files.status(rig.path("tokens/" + record))->mode, 0600u);

    auto opened = rig.directory.keys().open();
    ASSERT_TRUE(opened) << opened.error().text;
    EXPECT_EQ(opened->cluster(), "c1");
    EXPECT_EQ(opened->root().key_pin(), made->root().key_pin());
    // The root's key is in its own file and is not needed here.
    ASSERT_TRUE(rig.files.remove(rig.directory.keys().root_key()));
    EXPECT_TRUE(rig.directory.keys().open());
}

TEST(AuthorityDirectory, expects_hosts_once_a_token_was_made) {
    Rig rig;
    const AuthorityFiles keys({rig.files, rig.accounts}, rig.directory.path());
    ASSERT_TRUE(keys.make("c1", rig.now));  // as the first agent does
    EXPECT_FALSE(rig.directory.has_tokens());
    rig.add_token();
    EXPECT_TRUE(rig.directory.has_tokens());
    Rig beforehand;
    ASSERT_TRUE(beforehand.directory.make("c1", rig.now));
    EXPECT_TRUE(beforehand.directory.has_tokens());
}

TEST(AuthorityDirectory, lists_tokens_by_age_revokes_them_and_forgets_old_ones) {
    Rig rig;
    ASSERT_TRUE(rig.directory.make("c1", rig.now));
    const Token first = rig.add_token();
    rig.now += Seconds{5};
    const Token second = rig.add_token();
    auto records = rig.directory.tokens();
    ASSERT_TRUE(records);
    ASSERT_EQ(records->size(), 2u);
    EXPECT_EQ(records->at(0).id, first.id);
    EXPECT_EQ(records->at(1).id, second.id);

    ASSERT_TRUE(rig.directory.revoke(first.id, rig.pause()));
    EXPECT_TRUE(rig.directory.tokens()->at(0).revoked);
    for (const char* wrong : {"0000000000000000", "../../../etc/passwd", "", "x"})
        EXPECT_EQ(rig.directory.revoke(wrong, rig.pause()).error().code, Code::missing) << wrong;

    rig.now += Seconds{30 * 24 * 3600};
    rig.add_token();
    EXPECT_EQ(rig.directory.tokens()->size(), 1u);
}

TEST(AuthorityDirectory, a_damaged_record_grants_nothing) {
    Rig rig;
    auto authority = rig.directory.make("c1", rig.now);
    ASSERT_TRUE(authority);
    const Token token = rig.add_token();
    ASSERT_TRUE(rig.files.write(rig.path("tokens/" + token.id + ".json"), "{", {}));
    auto grant =
        rig.directory.grant_join(Rig::request(token, "a"), *authority, {}, rig.now, rig.pause());
    ASSERT_FALSE(grant);
    EXPECT_EQ(grant.error().code, Code::unavailable) << "not the asker's fault";
}

TEST(AuthorityDirectory, whoever_knows_no_secret_does_not_even_take_the_lock) {
    Rig rig;
    auto authority = rig.directory.make("c1", rig.now);
    ASSERT_TRUE(authority);
    const Token token = rig.add_token();
    Token guessed = make_token(token.pin, {});
    guessed.id = token.id;
    auto held = rig.locks.take(rig.path("lock"));
    ASSERT_TRUE(held);
    const Pause never = [](Duration) { FAIL() << "waited for the lock"; };
    auto grant =
        rig.directory.grant_join(Rig::request(guessed, "a"), *authority, {}, rig.now, never);
    EXPECT_EQ(grant.error().code, Code::denied);
    // With the secret one waits, and gives up after a while.
    int waits = 0;
    grant = rig.directory.grant_join(Rig::request(token, "a"), *authority, {}, rig.now,
                                     [&waits](Duration) { ++waits; });
    EXPECT_GT(waits, 100);
    EXPECT_EQ(grant.error().code, Code::unavailable);
}

TEST(AuthorityDirectory, two_threads_with_one_use_get_one_certificate) {
    Rig rig;
    auto authority = rig.directory.make("c1", rig.now);
    ASSERT_TRUE(authority);
    for (int round = 0; round < 50; ++round) {
        const Token token = rig.add_token();
        std::atomic<int> granted = 0;
        const auto ask = [&](const std::string& name) {
            auto grant = rig.directory.grant_join(Rig::request(token, name), *authority, {},
                                                  rig.now, rig.pause());
            if (grant) ++granted;
        };
        std::thread other([&] { ask("a"); });
        ask("b");
        other.join();
        ASSERT_EQ(granted, 1) << round;
    }
}

}  // namespace
}  // namespace hansa
