// The examples of the manual are policies, and do what the text beside them says.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <vector>

#include "trust/policy.h"

namespace hansa {
namespace {

std::vector<std::string> examples() {
    std::ifstream file(std::string(HANSA_TREE) + "/docs/manual/policy.md", std::ios::binary);
    const std::string page{std::istreambuf_iterator<char>(file), {}};
    const std::string fence = "```yaml\n";
    std::vector<std::string> found;
    for (auto at = page.find(fence); at != std::string::npos; at = page.find(fence, at)) {
        at += fence.size();
        found.push_back(page.substr(at, page.find("```", at) - at));
    }
    return found;
}

PolicyVerdict verdict(const Policy& policy, const PolicyExporter& exporter,
                      const PolicySubject& subject) {
    return policy.decide(exporter, subject, {"root", "/var/lib/hansa"}).verdict;
}

TEST(PolicyManual, shows_policies_that_can_be_used) {
    const std::vector<std::string> found = examples();
    ASSERT_EQ(found.size(), 2u);
    for (const std::string& text : found) {
        auto policy = Policy::parse(text, "policy.yaml", std::vector<std::string>{"file", "exec"});
        EXPECT_TRUE(policy) << policy.error().text;
    }
    EXPECT_TRUE(Policy::parse(found[1], "policy.yaml")->quarantines());
}

TEST(PolicyManual, says_what_its_rules_do) {
    auto policy = Policy::parse(examples().at(0), "policy.yaml");
    ASSERT_TRUE(policy);
    PolicySubject page;
    page.kind = "file";
    page.name = page.path = "/srv/www/a/index.html";
    page.mode = 0644;
    page.owner = "www-data";
    page.removes = true;
    const PolicyExporter web{"web1", "dc=lon", {}, false};
    EXPECT_EQ(verdict(*policy, web, page), PolicyVerdict::allow);
    EXPECT_EQ(verdict(*policy, {"web1", "dc=par", {}, false}, page), PolicyVerdict::deny);
    PolicySubject open = page;
    open.mode = 0666;
    EXPECT_EQ(verdict(*policy, web, open), PolicyVerdict::deny);

    PolicySubject check;
    check.kind = "exec";
    check.name = "check-disk";
    EXPECT_EQ(verdict(*policy, {"m", "", {{"role", "monitor"}}, false}, check),
              PolicyVerdict::allow);
    EXPECT_EQ(verdict(*policy, web, check), PolicyVerdict::deny);

    PolicySubject cron;
    cron.kind = "file";
    cron.name = cron.path = "/etc/cron.d/backup";
    EXPECT_EQ(verdict(*policy, {"ops1", "", {}, false}, cron), PolicyVerdict::quarantine);
    EXPECT_EQ(verdict(*policy, {"ops1", "", {}, true}, cron), PolicyVerdict::allow);

    PolicySubject shared;
    shared.kind = "file";
    shared.name = "f1";
    shared.pattern = "/srv/shared/";
    shared.path = "/srv/shared/f1";
    EXPECT_EQ(verdict(*policy, web, shared), PolicyVerdict::deny);
    EXPECT_EQ(verdict(Policy(), web, shared), PolicyVerdict::allow);
}

}  // namespace
}  // namespace hansa
