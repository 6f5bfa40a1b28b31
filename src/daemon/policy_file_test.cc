#include "daemon/policy_file.h"

#include <gtest/gtest.h>

#include "sys/sim/machine.h"

namespace hansa {
namespace {

const PolicyExporter web1{"web1", "", {}, false};

class PolicyFileTest : public ::testing::Test {
 protected:
    PolicyFileTest() {
        EXPECT_TRUE(machine.files.make_directories("/etc/hansa"));
        EXPECT_TRUE(machine.files.make_directories("/var/lib/hansa/a"));
    }

    void put(const std::string& text, FileMode mode = 0644) {
        ASSERT_TRUE(machine.files.write(paths.policy, text, {.mode = mode}));
    }
    Result<PolicyState> read() {
        return read_policy(machine.files, machine.accounts, paths, kinds);
    }
    std::string fault() {
        auto state = read();
        EXPECT_FALSE(state);
        if (state) return "";
        EXPECT_EQ(state.error().code, Code::invalid);
        return state.error().text;
    }
    static bool allows_exec(const PolicyState& state) {
        PolicySubject subject;
        subject.kind = "exec";
        subject.name = "x";
        return state.policy.decide(web1, subject, {"root", "/var/lib/hansa"}).verdict ==
               PolicyVerdict::allow;
    }

    SimLoop loop;
    SimMachine machine{loop, 1};
    PolicyPaths paths{"/etc/hansa/policy.yaml", "policy.yaml", true,
                      accepted_path("/var/lib/hansa", "a")};
    std::vector<std::string> kinds = {"exec", "file"};
    const std::string open_exec = "rules: [{allow: exec, from: web1}]";
};

TEST_F(PolicyFileTest, stands_beside_the_config_file) {
    EXPECT_EQ(policy_beside("/etc/hansa/hansa.yaml"), "/etc/hansa/policy.yaml");
    EXPECT_EQ(policy_beside("c.yaml"), "policy.yaml");
    EXPECT_EQ(policy_beside("/c.yaml"), "/policy.yaml");
    EXPECT_EQ(accepted_path("/var/lib/hansa", "a"), "/var/lib/hansa/a/accepted.json");
}

TEST_F(PolicyFileTest, may_be_missing_only_where_nobody_named_it) {
    EXPECT_NE(fault().find("no such policy file"), std::string::npos);
    paths.required = false;
    auto state = read();
    ASSERT_TRUE(state) << state.error().text;
    EXPECT_EQ(state->policy.lines().size(), 2u);
    EXPECT_FALSE(allows_exec(*state));
}

TEST_F(PolicyFileTest, is_read_with_the_kinds_that_there_are) {
    put(open_exec);
    auto state = read();
    ASSERT_TRUE(state) << state.error().text;
    EXPECT_TRUE(allows_exec(*state));
    put("rules: [{deny: fiel}]");
    EXPECT_NE(fault().find("policy.yaml:1:16"), std::string::npos);
}

TEST_F(PolicyFileTest, is_refused_when_somebody_else_may_have_written_it) {
    put(open_exec, 0664);
    EXPECT_NE(fault().find("open to others"), std::string::npos);
    put(open_exec, 0646);
    EXPECT_NE(fault().find("open to others"), std::string::npos);
    put(open_exec, 0644);
    ASSERT_TRUE(machine.files.set_attributes(paths.policy, {.mode = {}, .owner = 7}));
    EXPECT_NE(fault().find("belongs to user"), std::string::npos);
    ASSERT_TRUE(machine.files.make_symlink(paths.policy, "/tmp/policy.yaml"));
    EXPECT_NE(fault().find("not a regular file"), std::string::npos);
}

TEST_F(PolicyFileTest, keeps_whom_it_accepts_to_itself) {
    paths.required = false;
    const auto accept = [this](const char* host) {
        return accept_exporter(machine.files, machine.accounts, paths.accepted,
                               *HostName::parse(host));
    };
    ASSERT_TRUE(*accept("web1"));
    EXPECT_FALSE(*accept("web1"));
    ASSERT_TRUE(*accept("web2"));
    EXPECT_EQ(machine.files.status(paths.accepted)->mode, 0600u);
    EXPECT_TRUE(read()->acceptance.accepted("web1"));
    EXPECT_TRUE(read()->acceptance.accepted("web2"));
    EXPECT_FALSE(read()->acceptance.accepted("web3"));

    ASSERT_TRUE(machine.files.set_attributes(paths.accepted, {.mode = 0640}));
    EXPECT_NE(fault().find("mode 0600"), std::string::npos);
    ASSERT_TRUE(machine.files.write(paths.accepted, "spoiled", {.mode = 0600}));
    EXPECT_NE(fault().find("repair or remove it"), std::string::npos);
    EXPECT_FALSE(accept("web3"));
    EXPECT_EQ(*machine.files.read(paths.accepted, 100), "spoiled");
}

TEST_F(PolicyFileTest, cannot_accept_for_an_agent_that_never_was) {
    auto accepted = accept_exporter(machine.files, machine.accounts,
                                    accepted_path("/var/lib/hansa", "b"), *HostName::parse("web1"));
    ASSERT_FALSE(accepted);
    EXPECT_EQ(accepted.error().code, Code::missing);
}

class PolicyFileEdits : public PolicyFileTest {
 protected:
    // Every version told, in a word each.
    std::string told() {
        loop.run_for(Seconds{2});
        return std::exchange(told_, "");
    }
    void follow() {
        auto watching = file.watch([this](Result<PolicyState> now) {
            if (!now) told_ += "bad ";
            if (now && now->acceptance.accepted("web1")) told_ += "accepted ";
            if (now) told_ += allows_exec(*now) ? "open " : "closed ";
        });
        ASSERT_TRUE(watching) << watching.error().text;
    }

    PolicyFile file{
        paths, kinds, {loop, machine.workers, machine.files, machine.accounts, machine.watcher}};
    std::string told_;
};

TEST_F(PolicyFileEdits, are_told_once_each_and_bad_ones_as_errors) {
    put("rules: []");
    ASSERT_TRUE(file.load());
    follow();
    EXPECT_EQ(told(), "");
    put(open_exec);
    EXPECT_EQ(told(), "open ");
    put(open_exec);
    EXPECT_EQ(told(), "") << "the same bytes again";
    put("rules: [{allow: exec}]");
    EXPECT_EQ(told(), "bad ");
    put("rules: [{allow: exec}]");
    EXPECT_EQ(told(), "");
    put(open_exec);
    EXPECT_EQ(told(), "open ");
    ASSERT_TRUE(machine.files.remove(paths.policy));
    EXPECT_EQ(told(), "bad ");
}

TEST_F(PolicyFileEdits, far_down_a_long_rule_are_seen) {
    std::string many = "a0";
    for (int i = 1; i < 900; ++i) many += ", host" + std::to_string(i);
    put("rules: [{allow: exec, from: [" + many + ", web1]}]");
    ASSERT_TRUE(file.load());
    follow();
    EXPECT_EQ(told(), "");
    put("rules: [{allow: exec, from: [" + many + "]}]");
    EXPECT_EQ(told(), "closed ");
}

TEST_F(PolicyFileTest, that_was_there_and_is_gone_opens_nothing) {
    paths.required = false;
    PolicyFile file{
        paths, kinds, {loop, machine.workers, machine.files, machine.accounts, machine.watcher}};
    put("rules: [{deny: \"*\"}]");
    ASSERT_TRUE(file.load());
    std::string told;
    ASSERT_TRUE(
        file.watch([&told](const Result<PolicyState>& now) { told += now ? "taken " : "bad "; }));
    ASSERT_TRUE(machine.files.remove(paths.policy));
    loop.run_for(Seconds{2});
    EXPECT_EQ(told, "bad ");
    put("rules: []");
    loop.run_for(Seconds{2});
    EXPECT_EQ(told, "bad taken ");
}

TEST_F(PolicyFileEdits, between_load_and_watch_are_seen) {
    put("rules: []");
    ASSERT_TRUE(file.load());
    put(open_exec);
    follow();
    EXPECT_EQ(told(), "open ");
}

TEST_F(PolicyFileEdits, of_the_acceptances_count_too) {
    put("rules: []");
    ASSERT_TRUE(file.load());
    follow();
    ASSERT_TRUE(
        accept_exporter(machine.files, machine.accounts, paths.accepted, *HostName::parse("web1")));
    EXPECT_EQ(told(), "accepted closed ");
}

}  // namespace
}  // namespace hansa
