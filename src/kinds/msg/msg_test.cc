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
    EXPECT_TRUE(bench.sim().processes.history().empty());
}

TEST(Msg, goes_to_syslog_with_its_priority) {
    SimBench bench;
    std::vector<std::string> arguments;
    bench.sim().processes.script("logger", [&](const Command& command) {
        arguments = command.arguments;
        return Script{};
    });
    const auto resource =
        made(declare("msg", "m", "{body: -x, priority: Err, syslog: true, journal: true}"));
    EXPECT_EQ(run(bench, resource), "changed");
    EXPECT_EQ(arguments, (std::vector<std::string>{"logger", "--tag", "hansa", "--priority",
                                                   "user.err", "--", "-x"}));
    EXPECT_EQ(bench.sim().processes.history().size(), 1u);
}

TEST(Msg, fails_when_syslog_does) {
    SimBench bench;
    Lines said;
    bench.sim().processes.script("logger", [](const Command&) {
        return Script{.status = 1, .output = "logger: no socket\n"};
    });
    const std::string text =
        run(bench, made(declare("msg", "m", "{syslog: true}")), {.speaker = &said});
    EXPECT_EQ(text, "sending to syslog: logger: exit status 1: logger: no socket");
    EXPECT_TRUE(said.lines.empty());
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
