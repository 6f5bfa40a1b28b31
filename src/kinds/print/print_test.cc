#include "kinds/print/print.h"

#include "kinds/testing/bench.h"

namespace hansa::kinds {
namespace {

class Lines final : public Speaker {
 public:
    void say(const std::string& line) override { lines.push_back(line); }
    std::vector<std::string> lines;
};

TEST(Print, says_its_message_when_it_is_run) {
    SimBench bench;
    Lines said;
    EXPECT_EQ(run(bench, made(declare("print", "p", "{msg: hello}")), {.speaker = &said}),
              "changed");
    EXPECT_EQ(run(bench, made(declare("print", "by name")), {.speaker = &said}), "changed");
    EXPECT_EQ(said.lines, (std::vector<std::string>{"hello", "by name"}));
}

TEST(Print, that_waits_for_a_refresh_is_silent_at_start) {
    SimBench bench;
    Lines said;
    const auto resource = made(declare("print", "p", "{refresh_only: true}"));
    EXPECT_EQ(run(bench, resource, {.speaker = &said}), "ok");
    EXPECT_TRUE(said.lines.empty());
    EXPECT_EQ(run(bench, resource, {.refresh = true, .speaker = &said}), "changed");
    EXPECT_EQ(said.lines, (std::vector<std::string>{"p"}));
}

TEST(Print, needs_nobody_to_listen) {
    SimBench bench;
    EXPECT_EQ(run(bench, made(declare("print", "p"))), "changed");
}

}  // namespace
}  // namespace hansa::kinds
