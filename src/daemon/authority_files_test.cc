#include "daemon/authority_files.h"

#include <gtest/gtest.h>

#include "daemon/authority_keeper.h"
#include "sys/linux/files.h"
#include "sys/linux/test_loop.h"
#include "sys/sim/accounts.h"
#include "sys/sim/loop.h"

namespace hansa {
namespace {

constexpr Duration hour = Seconds{3600};
constexpr Duration day = 24 * hour;

class AuthorityFilesTest : public testing::Test {
 protected:
    AuthorityFilesTest() {
        accounts.become(files.status(folder.path())->owner);
        report.listen([this](const Event& event, WallTime) {
            if (const auto* warned = std::get_if<happened::Warned>(&event))
                warnings.push_back(warned->text);
        });
    }

    std::string path(const std::string& name) const { return keys.path() + "/" + name; }
    std::string read(const std::string& name) const { return *files.read(path(name), 1 << 16); }
    static Code refusal(const Result<Authority>& result) {
        return result ? Code::internal : result.error().code;
    }
    void set_mode(const std::string& where, FileMode mode) {
        FileAttributes attributes;
        attributes.mode = mode;
        ASSERT_TRUE(files.set_attributes(where, attributes));
    }
    // Away from this machine, as an operator keeps it.
    std::string take_root_key_away() {
        const std::string away = folder.path() + "/root.key";
        EXPECT_TRUE(files.rename(keys.root_key(), away));
        return away;
    }

    test::FreshDirectory folder;
    LinuxFiles files;
    SimAccounts accounts;
    SeededRandom random{7};
    SimLoop loop;
    Report report{loop.clock()};
    std::vector<std::string> warnings;
    AuthorityFiles keys{{files, accounts}, folder.path() + "/p/ca"};
    const WallTime start = loop.clock().wall();
};

TEST_F(AuthorityFilesTest, appear_whole_and_are_never_overwritten_not_even_a_half) {
    ASSERT_TRUE(keys.make("c1", start));
    for (const char* gone : {"", "root.key", "root.pem", "issuing.key"}) {
        if (*gone) {
            ASSERT_TRUE(files.remove(path(gone)));
        }
        auto again = keys.make("c2", start);
        ASSERT_FALSE(again) << gone;
        EXPECT_EQ(again.error().code, Code::conflict);
        EXPECT_NE(again.error().text.find("never overwritten"), std::string::npos);
        EXPECT_EQ(files.list(folder.path() + "/p")->size(), 1u) << "nothing is left of it";
    }
    EXPECT_FALSE(keys.share(random, start)) << "nor is a half taken for none";
}

TEST_F(AuthorityFilesTest, that_an_agent_made_are_those_of_an_operator_and_the_other_way_round) {
    auto shared = keys.share(random, start);
    ASSERT_TRUE(shared) << shared.error().text;
    EXPECT_EQ(shared->cluster().size(), 36u);
    for (const char* name : {"root.key", "root.pem", "issuing.key", "issuing.pem"})
        EXPECT_EQ(files.status(path(name))->mode, 0600u) << name;
    EXPECT_EQ(files.status(keys.path())->mode, 0700u);
    EXPECT_EQ(refusal(keys.make("c1", start)), Code::conflict);

    const AuthorityFiles named({files, accounts}, folder.path() + "/q/ca");
    ASSERT_TRUE(named.make("c1", start));
    EXPECT_EQ(named.share(random, start)->cluster(), "c1");
}

TEST_F(AuthorityFilesTest, that_others_may_read_or_write_are_refused) {
    EXPECT_EQ(refusal(keys.open()), Code::missing);
    ASSERT_TRUE(keys.make("c1", start));
    for (const char* name : {"issuing.key", "root.key"}) {
        for (const FileMode mode : {0640u, 0604u, 0620u}) {
            set_mode(path(name), mode);
            EXPECT_EQ(refusal(keys.open()), Code::denied) << name;
        }
        set_mode(path(name), 0600);
    }
    set_mode(keys.path(), 0770);
    EXPECT_EQ(refusal(keys.open()), Code::denied);
    set_mode(keys.path(), 0700);
    EXPECT_TRUE(keys.open());
    accounts.become(accounts.self() + 1);
    if (files.status(keys.path())->owner != 0) {
        EXPECT_EQ(refusal(keys.open()), Code::denied);
    }
}

TEST_F(AuthorityFilesTest, are_renewed_silently_after_two_thirds_while_the_root_key_is_here) {
    auto made = keys.share(random, start);
    ASSERT_TRUE(made);
    const std::string first = read("issuing.pem");
    ASSERT_TRUE(keys.keep(start + 486 * day));
    EXPECT_EQ(read("issuing.pem"), first) << "not before";
    auto kept = keys.keep(start + 487 * day);
    ASSERT_TRUE(kept);
    EXPECT_NE(read("issuing.pem"), first);
    EXPECT_EQ(read("issuing.pem"), kept->chain_pem());
    EXPECT_EQ(files.status(path("issuing.pem"))->mode, 0600u);
    EXPECT_EQ(kept->chain().front().not_after(), start + (487 + 730) * day);
    EXPECT_EQ(kept->root().fingerprint(), made->root().fingerprint());
    // Found long after its end.
    EXPECT_EQ(keys.share(random, start + 2000 * day)->chain().front().not_after(),
              start + 2730 * day);
}

TEST_F(AuthorityFilesTest, without_their_root_key_stay_as_they_are) {
    ASSERT_TRUE(keys.make("c1", start));
    take_root_key_away();
    const std::string first = read("issuing.pem");
    for (const Duration later : {487 * day, 729 * day, 800 * day}) {
        auto kept = keys.keep(start + later);
        ASSERT_TRUE(kept);
        EXPECT_EQ(kept->chain_pem(), first);
    }
    EXPECT_EQ(read("issuing.pem"), first);
}

TEST_F(AuthorityFilesTest, are_renewed_with_the_root_key_from_where_it_is_kept) {
    ASSERT_TRUE(keys.make("c1", start));
    const std::string away = take_root_key_away();
    const std::string first = read("issuing.pem");
    EXPECT_EQ(refusal(keys.renew(keys.root_key(), start)), Code::missing);
    set_mode(away, 0644);
    EXPECT_EQ(refusal(keys.renew(away, start)), Code::denied);
    set_mode(away, 0600);

    const AuthorityFiles other({files, accounts}, folder.path() + "/q/ca");
    ASSERT_TRUE(other.make("c1", start));
    auto wrong = keys.renew(other.root_key(), start);
    ASSERT_FALSE(wrong);
    EXPECT_NE(wrong.error().text.find("not the root key of cluster c1"), std::string::npos);
    EXPECT_EQ(read("issuing.pem"), first) << "a wrong key changes nothing";

    auto renewed = keys.renew(away, start + 800 * day);
    ASSERT_TRUE(renewed) << renewed.error().text;
    EXPECT_EQ(keys.open()->chain().front().not_after(), start + 1530 * day);
}

TEST_F(AuthorityFilesTest, are_warned_of_from_sixty_days_before_their_end) {
    auto made = keys.make("c1", start);
    ASSERT_TRUE(made);
    EXPECT_FALSE(issuing_warning(*made, start + 670 * day - hour));
    EXPECT_EQ(*issuing_warning(*made, start + 670 * day + hour),
              "the issuing certificate of cluster c1 expires in 59 days; run \"hansa ca renew "
              "--root-key FILE\" here, with the root key from where it is kept");
    EXPECT_NE(issuing_warning(*made, start + 732 * day)->find("expired 2 days ago"),
              std::string::npos);
}

TEST_F(AuthorityFilesTest, are_looked_after_every_day_by_an_agent_that_runs) {
    AuthorityKeeper keeper({loop, report}, keys);
    keeper.look_soon();
    loop.run_for(10 * day);
    EXPECT_TRUE(warnings.empty()) << "there is none";
    ASSERT_TRUE(keys.make("c1", start));
    const std::string away = take_root_key_away();
    loop.run_for(659 * day);
    EXPECT_TRUE(warnings.empty());
    loop.run_for(10 * day);
    ASSERT_GE(warnings.size(), 9u) << "once a day";
    ASSERT_LE(warnings.size(), 11u);
    EXPECT_NE(warnings.front().find("hansa ca renew --root-key FILE"), std::string::npos);

    ASSERT_TRUE(files.rename(away, keys.root_key()));
    loop.run_for(2 * day);
    warnings.clear();
    loop.run_for(1000 * day);
    EXPECT_TRUE(warnings.empty()) << "with the root key at hand there is nothing to do";
    set_mode(path("issuing.key"), 0644);
    loop.run_for(2 * day);
    ASSERT_FALSE(warnings.empty());
    EXPECT_NE(warnings.front().find("chmod 600"), std::string::npos);
}

}  // namespace
}  // namespace hansa
