#include "kinds/msg/msg.h"

#include "kinds/testing/bench.h"

namespace hansa::kinds {
namespace {

class Lines final : public Speaker {
 public:
    void say(const std::string& line) override { lines.push_back(line); }
    std::vector<std::string> lines;
};

TEST(Msg, says_body_and_fields) {
    SimBench bench;
    Lines said;
    const auto resource = made(declare("msg", "m", "{body: disk full, fields: {DISK: sda, A: 1}}"));
    EXPECT_EQ(run(bench, resource, {.speaker = &said}), "changed");
    EXPECT_EQ(said.lines, (std::vector<std::string>{"disk full A=1 DISK=sda"}));
    EXPECT_TRUE(bench.sim().notices.journal().empty());
    EXPECT_TRUE(bench.sim().notices.syslog().empty());
}

TEST(Msg, goes_to_the_journal_with_its_priority_and_fields) {
    SimBench bench;
    const auto resource =
        made(declare("msg", "m", "{body: -x, priority: Err, fields: {DISK: sda}, journal: true}"));
    EXPECT_EQ(run(bench, resource), "changed");
    ASSERT_EQ(bench.sim().notices.journal().size(), 1u);
    const Notice& notice = bench.sim().notices.journal().front();
    EXPECT_EQ(notice.text, "-x");
    EXPECT_EQ(notice.priority, Priority::error);
    EXPECT_EQ(notice.fields, (std::map<std::string, std::string>{{"DISK", "sda"}}));
    EXPECT_TRUE(bench.sim().notices.syslog().empty());
    EXPECT_TRUE(bench.sim().processes.history().empty());
}

TEST(Msg, goes_to_syslog_and_to_both_when_asked) {
    SimBench bench;
    EXPECT_EQ(run(bench, made(declare("msg", "m", "{syslog: true}"))), "changed");
    ASSERT_EQ(bench.sim().notices.syslog().size(), 1u);
    EXPECT_EQ(bench.sim().notices.syslog().front().text, "m");
    EXPECT_EQ(bench.sim().notices.syslog().front().priority, Priority::info);
    EXPECT_TRUE(bench.sim().notices.journal().empty());
    EXPECT_EQ(run(bench, made(declare("msg", "m", "{syslog: true, journal: true}"))), "changed");
    EXPECT_EQ(bench.sim().notices.journal().size(), 1u);
    EXPECT_EQ(bench.sim().notices.syslog().size(), 2u);
}

TEST(Msg, fails_when_nobody_takes_it) {
    SimBench bench;
    Lines said;
    bench.sim().notices.fail_with(Error{Code::unavailable, "too busy"});
    for (const char* way : {"{syslog: true}", "{journal: true}"})
        EXPECT_EQ(run(bench, made(declare("msg", "m", way)), {.speaker = &said}), "too busy");
    EXPECT_TRUE(said.lines.empty());
}

TEST(Msg, says_where_a_real_machine_has_no_journal) {
    LinuxBench bench;
    EXPECT_EQ(run(bench, made(declare("msg", "m", "{journal: true}"))),
              "sending to the journal: " + bench.root() + "/journal: no such file or directory");
    EXPECT_EQ(run(bench, made(declare("msg", "m", "{syslog: true}"))),
              "sending to syslog: " + bench.root() + "/log: no such file or directory");
}

TEST(Msg, knows_the_eight_priorities_only) {
    for (const char* priority :
         {"Emerg", "Alert", "Crit", "Err", "Warning", "Notice", "Info", "Debug"})
        made(declare("msg", "m", std::string("{priority: ") + priority + "}"));
    EXPECT_NE(refusal(declare("msg", "m", "{priority: Errr}")).find("did you mean \"Err\"?"),
              std::string::npos);
}

}  // namespace
}  // namespace hansa::kinds
