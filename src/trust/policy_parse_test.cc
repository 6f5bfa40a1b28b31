// Policy files: what is good, and what is wrong with the others.
#include <gtest/gtest.h>

#include "trust/policy.h"

namespace hansa {
namespace {

std::string fault(const std::string& text, std::vector<std::string> kinds = {}) {
    auto policy = Policy::parse(text, "p.yaml", kinds);
    EXPECT_FALSE(policy) << text;
    if (policy) return "";
    EXPECT_EQ(policy.error().code, Code::invalid);
    return policy.error().text;
}

TEST(PolicyFile, may_be_empty) {
    for (const char* text : {"", "{}", "rules:", "rules: []", "# nothing\n", "quarantine: no"}) {
        auto policy = Policy::parse(text, "p.yaml");
        ASSERT_TRUE(policy) << text << policy.error().text;
        EXPECT_EQ(policy->lines().size(), 2u) << text;
    }
}

TEST(PolicyFile, tells_every_error_at_once_with_its_place) {
    EXPECT_EQ(
        fault("quarantine: perhaps\n"
              "rule: []\n"
              "rules:\n"
              "  - allow: file\n"
              "    form: web1\n"
              "    mode: 999\n"
              "    max_bytes: -1\n"
              "  - deny: file\n"
              "    owner: bob\n"
              "  - from: web1\n"
              "  - exec\n"),
        "p.yaml:1:13: quarantine is \"perhaps\"; write true or false\n"
        "p.yaml:2:1: no key \"rule\" here; did you mean \"rules\"?\n"
        "p.yaml:5:5: no key \"form\" here; did you mean \"from\"?\n"
        "p.yaml:6:11: mode is \"999\"; write it as \"0644\"\n"
        "p.yaml:7:16: max_bytes is \"-1\"; write a number from 0 to 1048576\n"
        "p.yaml:4:5: the rule names no exporter; write from, domain or labels (from: \"*\" is "
        "everybody)\n"
        "p.yaml:9:12: owner is a bound, which a denial has not; leave it out\n"
        "p.yaml:10:5: a rule has one of allow, quarantine and deny, with the kinds that it "
        "speaks of\n"
        "p.yaml:11:5: a rule is text; write a map that begins with allow, quarantine or deny");
}

TEST(PolicyFile, says_one_verdict_a_rule) {
    EXPECT_NE(fault("rules: [{allow: file, deny: exec, from: x}]").find("one of allow"),
              std::string::npos);
    EXPECT_NE(fault("rules: [{}]").find("one of allow"), std::string::npos);
    EXPECT_NE(fault("rules: [{allow: '', from: x}]").find("holds \"\""), std::string::npos);
    EXPECT_NE(fault("rules: [{allow: , from: x}]").find("holds nothing"), std::string::npos);
    EXPECT_NE(fault("rules: [{allow: [], from: x}]").find("empty list"), std::string::npos);
    EXPECT_NE(fault("rules: [{allow: file, from: {a: b}}]").find("holds a map"), std::string::npos);
    EXPECT_NE(fault("rules: [{allow: file, labels: web}]").find("map of labels"),
              std::string::npos);
    EXPECT_NE(fault("rules: [{allow: file, labels: {}}]").find("map of labels"), std::string::npos);
}

TEST(PolicyFile, wants_paths_that_mean_one_place) {
    for (const char* path : {"srv", "/srv/", "/srv/../etc/*", "/srv//x", "/", "/a/b**"})
        EXPECT_NE(fault("rules: [{deny: file, path: '" + std::string(path) + "'}]").find("path \""),
                  std::string::npos)
            << path;
}

TEST(PolicyFile, knows_kinds_where_it_is_told_them) {
    EXPECT_EQ(fault("rules: [{deny: fiel}]", {"file", "exec"}),
              "p.yaml:1:16: deny speaks of \"fiel\", which is no kind; did you mean \"file\"?");
    EXPECT_TRUE(Policy::parse("rules: [{deny: 'f*'}]", "p.yaml", std::vector<std::string>{"file"}));
    EXPECT_TRUE(Policy::parse("rules: [{deny: fiel}]", "p.yaml"));
}

TEST(PolicyFile, refuses_what_is_no_policy) {
    EXPECT_NE(fault("- a").find("a policy is a map"), std::string::npos);
    EXPECT_NE(fault("rules: web").find("is no list"), std::string::npos);
    EXPECT_NE(fault("rules: [{deny: file, deny: file}]"), "");
    EXPECT_NE(fault("rules: [").find("p.yaml:"), std::string::npos);
    EXPECT_NE(fault(std::string("rules: []\n\0", 11)), "");
    EXPECT_NE(fault("rules: [{deny: \"a\\nb\"}]").find("control bytes"), std::string::npos);
}

TEST(PolicyFile, has_limits) {
    EXPECT_NE(fault("# " + std::string(1 << 20, 'x')), "");
    std::string many = "rules:\n";
    for (int rule = 0; rule < 1000; ++rule) many += "  - deny: file\n";
    auto policy = Policy::parse(many, "p.yaml");
    ASSERT_TRUE(policy) << policy.error().text;
    EXPECT_EQ(policy->lines().size(), 1002u);
    EXPECT_NE(fault(many + "  - deny: file\n").find("more than 1000"), std::string::npos);
    std::string globs = "rules: [{deny: file, name: [";
    for (int glob = 0; glob <= 1000; ++glob) globs += "a,";
    EXPECT_NE(fault(globs + "]}]").find("more than 1000"), std::string::npos);
    std::string wrong = "rules:\n";
    for (int rule = 0; rule < 60; ++rule) wrong += "  - x\n";
    EXPECT_NE(fault(wrong).find("and 10 more errors"), std::string::npos);
}

}  // namespace
}  // namespace hansa
