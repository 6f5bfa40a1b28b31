#include "kinds/exec/exec.h"

#include "kinds/exec/params.h"
#include "kinds/testing/bench.h"

namespace hansa::kinds {
namespace {

class ExecKind : public testing::TestWithParam<std::unique_ptr<Bench> (*)()> {
 protected:
    ResourcePtr wish(std::string fields) {
        for (auto at = fields.find("ROOT"); at != std::string::npos; at = fields.find("ROOT"))
            fields.replace(at, 4, bench_->root());
        return made(declare("exec", "it", fields));
    }
    std::string converge(const std::string& fields, const Circumstances& around = {}) {
        return run(*bench_, wish(fields), around);
    }
    bool exists(const std::string& below) {
        return bool{bench_->machine().files.status(bench_->root() + "/" + below)};
    }

    std::unique_ptr<Bench> bench_ = GetParam()();
};

INSTANTIATE_TEST_SUITE_P(Simulated, ExecKind, testing::Values(&make_bench<SimBench>));
INSTANTIATE_TEST_SUITE_P(Linux, ExecKind, testing::Values(&make_bench<LinuxBench>));

TEST_P(ExecKind, without_guards_runs_whenever_it_is_asked) {
    EXPECT_EQ(text_of(look(*bench_, wish("{cmd: touch ROOT/a}"))),
              "cmd:  -> touch " + bench_->root() + "/a");
    EXPECT_FALSE(exists("a"));
    EXPECT_EQ(converge("{cmd: touch ROOT/a}"), "changed");
    EXPECT_TRUE(exists("a"));
    EXPECT_EQ(converge("{cmd: touch ROOT/a}"), "changed");
}

TEST_P(ExecKind, asks_its_guards) {
    EXPECT_EQ(converge("{cmd: touch ROOT/a, ifcmd: \"false\"}"), "ok");
    EXPECT_EQ(converge("{cmd: touch ROOT/a, nifcmd: \"true\"}"), "ok");
    EXPECT_EQ(converge("{cmd: touch ROOT/a, ifcmd: \"true\", nifcmd: \"true\"}"), "ok");
    EXPECT_FALSE(exists("a"));
    EXPECT_EQ(converge("{cmd: touch ROOT/a, ifcmd: \"true\", nifcmd: \"false\"}"), "changed");
    EXPECT_TRUE(exists("a"));
    EXPECT_EQ(converge("{cmd: touch ROOT/b, ifcmd: test -e ROOT/a, ifshell: sh}"), "changed");
    EXPECT_EQ(converge("{cmd: touch ROOT/c, nifcmd: test -e ROOT/a, nifshell: sh}"), "ok");
}

TEST_P(ExecKind, guards_hold_on_refresh_too) {
    const Circumstances refreshed{.refresh = true};
    EXPECT_EQ(converge("{cmd: touch ROOT/a, ifcmd: \"false\"}", refreshed), "ok");
    EXPECT_EQ(converge("{cmd: touch ROOT/a, ifcmd: \"true\"}", refreshed), "changed");
    EXPECT_FALSE(wish("{}")->acts_on_refresh());
}

TEST_P(ExecKind, creates_a_path_once) {
    EXPECT_EQ(converge("{cmd: touch ROOT/a, creates: ROOT/a}"), "changed");
    EXPECT_EQ(converge("{cmd: touch ROOT/a, creates: ROOT/a}"), "ok");
}

TEST_P(ExecKind, runs_a_shell_when_it_is_told_to) {
    EXPECT_EQ(converge("{cmd: \"touch ROOT/a && touch ROOT/b\", shell: sh}"), "changed");
    EXPECT_TRUE(exists("a"));
    EXPECT_TRUE(exists("b"));
    EXPECT_EQ(converge("{cmd: touch, args: [ROOT/c]}"), "changed");
    EXPECT_TRUE(exists("c"));
}

TEST_P(ExecKind, fails_with_the_command_and_says_what_it_said) {
    const std::string text = converge("{cmd: \"echo broken pipe; false\", shell: sh}");
    EXPECT_EQ(text, "cmd: exit status 1; it said: broken pipe");
    EXPECT_EQ(converge("{cmd: \"false\"}"), "cmd: exit status 1, no output");
    EXPECT_EQ(converge("{cmd: hansa-no-such-program}").find("cmd: "), 0u);
    EXPECT_EQ(converge("{cmd: \"true\", ifcmd: hansa-no-such-program}").find("ifcmd: "), 0u);
}

TEST_P(ExecKind, is_done_when_donecmd_is) {
    EXPECT_EQ(converge("{cmd: touch ROOT/a, donecmd: touch ROOT/b}"), "changed");
    EXPECT_TRUE(exists("b"));
    EXPECT_EQ(converge("{cmd: \"true\", donecmd: \"false\"}"), "donecmd: exit status 1, no output");
    EXPECT_EQ(converge("{cmd: \"false\", donecmd: touch ROOT/c}"), "cmd: exit status 1, no output");
    EXPECT_FALSE(exists("c"));
}

TEST_P(ExecKind, ends_at_its_deadline) {
    const std::string text = converge("{cmd: sleep 60, timeout: 1}");
    EXPECT_EQ(text.find("cmd: timed out after "), 0u) << text;
    const std::string engines =
        converge("{cmd: sleep 60, timeout: 50}", {.deadline = Milliseconds{100}});
    EXPECT_EQ(engines.find("cmd: timed out"), 0u) << engines;
    const std::string guard = converge("{cmd: \"true\", nifcmd: sleep 60, timeout: 1}");
    EXPECT_EQ(guard.find("nifcmd: timed out"), 0u) << guard;
}

TEST_P(ExecKind, ends_when_cancelled) {
    std::optional<Result<void>> applied;
    const auto resource = wish("{cmd: sleep 60}");
    perform(*bench_, {.cancel_after = Milliseconds{50}}, [&](const Context& context) {
        applied = resource->apply(context, {{.field = "cmd", .from = "", .to = ""}});
    });
    ASSERT_TRUE(applied);
    ASSERT_FALSE(*applied);
    EXPECT_EQ(applied->error().code, Code::cancelled);
}

TEST_P(ExecKind, names_the_account_that_is_missing) {
    EXPECT_EQ(converge("{cmd: \"true\", user: no-such-user}").find("user \"no-such-user\""), 0u);
    EXPECT_EQ(converge("{cmd: \"true\", group: no-such-group}").find("group \"no-such-group\""),
              0u);
}

TEST(ExecOnLinux, gives_commands_their_surroundings) {
    LinuxBench bench;
    const std::string fields =
        "{cmd: 'printf %s \"$COLOUR in $PWD\" > out', shell: sh, env: "
        "[COLOUR=a=b], cwd: " +
        bench.root() + "}";
    EXPECT_EQ(run(bench, made(declare("exec", "it", fields))), "changed");
    EXPECT_EQ(*bench.machine().files.read(bench.root() + "/out", 1000), "a=b in " + bench.root());
}

TEST(ExecOnLinux, tells_the_last_lines_only) {
    LinuxBench bench;
    const std::string text =
        run(bench, made(declare("exec", "it", "{cmd: seq 1 1000; exit 3, shell: sh}")));
    EXPECT_EQ(text, "cmd: exit status 3; it said: 996\\n997\\n998\\n999\\n1000");
}

TEST(ExecParams, read_an_environment_as_map_or_list) {
    const auto map = made(declare("exec", "x", "{env: {A: 1, B: two}}"));
    const auto list = made(declare("exec", "x", "{env: [B=two, A=1]}"));
    EXPECT_TRUE(map->same_as(*list));
    EXPECT_EQ(map->encode(), list->encode());
    EXPECT_NE(refusal(declare("exec", "x", "{env: [A]}")).find("without \"=\""), std::string::npos);
    EXPECT_NE(refusal(declare("exec", "x", "{env: [=A]}")).find("is not empty"), std::string::npos);
    EXPECT_NE(refusal(declare("exec", "x", "{env: {A: [1]}}")).find("env"), std::string::npos);
}

TEST(ExecParams, refuse_what_cannot_be_meant) {
    EXPECT_NE(refusal(declare("exec", "x", "{cmd: \" \"}")).find("is blank"), std::string::npos);
    EXPECT_NE(refusal(declare("exec", "x", "{args: [a], shell: sh}")).find("beside shell"),
              std::string::npos);
    EXPECT_NE(refusal(declare("exec", "x", "{ifshell: sh}")).find("without ifcmd"),
              std::string::npos);
    EXPECT_NE(refusal(declare("exec", "x", "{cwd: tmp}")).find("is not absolute"),
              std::string::npos);
    EXPECT_NE(refusal(declare("exec", "x", "{creates: ../x}")).find("creates"), std::string::npos);
    EXPECT_NE(refusal(declare("exec", "x", "{timeout: soon}")).find("timeout is \"soon\""),
              std::string::npos);
}

TEST(ExecParams, take_what_old_graphs_say) {
    const auto old = declare("exec", "exec1",
                             "{cmd: sleep 10s, shell: '', timeout: 0, watchcmd: '', watchshell: "
                             "'', ifcmd: '', ifshell: '', pollint: 0, state: present}");
    EXPECT_EQ(warnings_of(old).size(), 1u);
    EXPECT_TRUE(made(declare("exec", "x", "{cmd: echo, pollint: 3}"))->watches().size() == 1u);
}

TEST(ExecParams, split_command_lines_at_blanks) {
    EXPECT_EQ(command_line(" a  b\tc\n", ""), (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_EQ(command_line("a 'b c'", ""), (std::vector<std::string>{"a", "'b", "c'"}));
    EXPECT_EQ(command_line("a b", "/bin/sh"), (std::vector<std::string>{"/bin/sh", "-c", "a b"}));
}

TEST(ExecParams, find_the_paths_that_a_command_names) {
    EXPECT_EQ(paths_in("/bin/cp /etc//motd '/tmp/x';cat --in=/a/b/ </c /c relative / /d/../e"),
              (std::vector<std::string>{"/bin/cp", "/etc/motd", "/tmp/x", "/a/b", "/c"}));
}

TEST(ExecParams, name_things_and_watches) {
    const auto resource = made(
        declare("exec", "x",
                "{cmd: /opt/tool --out /srv/x, creates: /srv/x, user: bob, group: staff, watchcmd: "
                "tail -f /var/log/y, watchfiles: [/etc/a, /etc/d/], pollint: 5}"));
    EXPECT_EQ(resource->provides(), (std::vector<Thing>{{"path", "/srv/x"}}));
    EXPECT_EQ(
        resource->wants(),
        (std::vector<Thing>{
            {"path", "/opt/tool"}, {"path", "/var/log/y"}, {"user", "bob"}, {"group", "staff"}}));
    const auto watches = resource->watches();
    ASSERT_EQ(watches.size(), 5u);
    EXPECT_EQ(std::get<WatchLines>(watches[0]).command.arguments,
              (std::vector<std::string>{"tail", "-f", "/var/log/y"}));
    EXPECT_EQ(std::get<WatchPath>(watches[1]), (WatchPath{"/etc/a", WatchDepth::entry}));
    EXPECT_EQ(std::get<WatchPath>(watches[2]), (WatchPath{"/etc/d", WatchDepth::content}));
    EXPECT_EQ(std::get<WatchPath>(watches[3]), (WatchPath{"/srv/x", WatchDepth::entry}));
    EXPECT_EQ(std::get<WatchTicks>(watches[4]).interval, Seconds{5});
}

TEST(ExecParams, warn_that_a_watch_command_has_the_agents_rights) {
    EXPECT_EQ(warnings_of(declare("exec", "x", "{watchcmd: tail, user: bob}")).size(), 1u);
}

}  // namespace
}  // namespace hansa::kinds
