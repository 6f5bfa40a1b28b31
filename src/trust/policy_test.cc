// Decisions. Each bound has a case that falls when the bound is taken out.
#include "trust/policy.h"

#include <gtest/gtest.h>

namespace hansa {
namespace {

const PolicyHost host{"hansa", "/data/hansa"};
const PolicyExporter web1{"web1", "dc=lon,rack=r1", {{"role", "web"}}, false};

PolicySubject collected_file() {
    PolicySubject subject;
    subject.kind = "file";
    subject.name = "f1";
    subject.pattern = "/srv/shared/";
    subject.path = "/srv/shared/f1";
    return subject;
}

PolicySubject command() {
    PolicySubject subject;
    subject.kind = "exec";
    subject.name = "restart";
    return subject;
}

Policy policy_of(const std::string& text) {
    auto policy = Policy::parse(text, "policy.yaml");
    EXPECT_TRUE(policy) << policy.error().text;
    return policy ? *policy : Policy();
}

// "allow", "quarantine" or "deny: WHY".
std::string verdict(const Policy& policy, const PolicySubject& subject,
                    const PolicyExporter& exporter = web1) {
    const PolicyDecision decision = policy.decide(exporter, subject, host);
    if (decision.verdict == PolicyVerdict::allow) return "allow";
    if (decision.verdict == PolicyVerdict::quarantine) return "quarantine";
    EXPECT_EQ(decision.beneath, "");
    EXPECT_NE(decision.why, "");
    return "deny: " + decision.why;
}

#define EXPECT_DENIED(subject, because)                                    \
    EXPECT_NE(verdict(Policy(), subject).find(because), std::string::npos) \
        << verdict(Policy(), subject)

TEST(BuiltInRule, lets_files_into_the_directory_that_the_pattern_names) {
    const PolicyDecision decision = Policy().decide(web1, collected_file(), host);
    EXPECT_EQ(decision.verdict, PolicyVerdict::allow);
    EXPECT_EQ(decision.rule, "built-in rule");
    EXPECT_EQ(decision.beneath, "/srv/shared");
}

TEST(BuiltInRule, asks_for_a_pattern) {
    PolicySubject subject = collected_file();
    subject.pattern.clear();
    EXPECT_DENIED(subject, "no pattern");
}

TEST(BuiltInRule, speaks_of_no_other_kind) {
    for (const char* kind : {"exec", "svc", "user", "group", "pkg", "cron", "mount", "sysctl",
                             "line", "kv", "hostname", "msg", "print", "noop", "files"}) {
        PolicySubject subject;
        subject.kind = kind;
        subject.name = "x";
        subject.pattern = "/srv/shared/";
        EXPECT_DENIED(subject, "no rule allows " + std::string(kind) + " from web1");
        subject.path = "/srv/shared/x";
        EXPECT_DENIED(subject, "no rule allows");
    }
}

TEST(BuiltInRule, wants_regular_files_and_directories_that_stay) {
    PolicySubject link = collected_file();
    link.symlink = true;
    EXPECT_DENIED(link, "symbolic link");
    PolicySubject removal = collected_file();
    removal.removes = true;
    EXPECT_DENIED(removal, "may remove");
}

TEST(BuiltInRule, refuses_every_special_bit) {
    for (const std::uint32_t mode : {04755U, 02755U, 01777U, 07000U}) {
        PolicySubject subject = collected_file();
        subject.mode = mode;
        EXPECT_DENIED(subject, "beyond 0777");
    }
    PolicySubject plain = collected_file();
    plain.mode = 0777;
    EXPECT_EQ(verdict(Policy(), plain), "allow");
}

TEST(BuiltInRule, wants_the_agents_own_user) {
    PolicySubject subject = collected_file();
    subject.owner = "hansa";
    subject.group = "hansa";
    EXPECT_EQ(verdict(Policy(), subject), "allow");
    subject.owner = "root";
    EXPECT_DENIED(subject, "owner \"root\" is not hansa");
    subject.owner = "0";
    EXPECT_DENIED(subject, "owner \"0\"");
    subject.owner = "hansa";
    subject.group = "docker";
    EXPECT_DENIED(subject, "group \"docker\"");
}

TEST(BuiltInRule, knows_root_by_number_too) {
    PolicySubject subject = collected_file();
    subject.owner = "0";
    EXPECT_EQ(Policy().decide(web1, subject, {"root", "/data"}).verdict, PolicyVerdict::allow);
    subject.owner = "00";
    EXPECT_EQ(Policy().decide(web1, subject, {"root", "/data"}).verdict, PolicyVerdict::deny);
}

TEST(BuiltInRule, has_limits_of_size_and_number) {
    PolicySubject subject = collected_file();
    subject.bytes = 1 << 20;
    subject.collected = 9'999;
    EXPECT_EQ(verdict(Policy(), subject), "allow");
    subject.bytes = (1 << 20) + 1;
    EXPECT_DENIED(subject, "max_bytes 1048576");
    subject.bytes = 0;
    subject.collected = 10'000;
    EXPECT_DENIED(subject, "max_number is 10000");
}

TEST(BuiltInRule, leaves_forbidden_zones_although_the_pattern_names_them) {
    for (const char* pattern :
         {"/etc/cron.d/", "/etc/sudoers.d/", "/root/.ssh/", "/data/hansa/web2/", "/etc/hansa/"}) {
        PolicySubject subject = collected_file();
        subject.pattern = pattern;
        subject.path = subject.pattern + "f1";
        EXPECT_DENIED(subject, "forbidden zone");
    }
    PolicySubject key = collected_file();
    key.path = "/srv/shared/authorized_keys";
    EXPECT_DENIED(key, "authorized_keys");
}

TEST(EveryRule, refuses_paths_that_have_two_spellings_or_lead_elsewhere) {
    const Policy open = policy_of(
        "rules: [{allow: '*', from: '*', path: ['/**', '/**/*'], forbidden_zones: true}]");
    for (const std::string& path :
         {std::string("/srv/shared/../x"), std::string("/srv/shared/./f"),
          std::string("/srv//shared/f"), std::string("/srv/shared/f/"), std::string("relative"),
          std::string("/srv/shared/a\0b", 15), std::string("/srv/shared/a\nb"),
          "/srv/shared/" + std::string(256, 'a'), "/srv/shared" + std::string(5000, '/')}) {
        PolicySubject subject = collected_file();
        subject.path = path;
        const PolicyDecision decision = open.decide(web1, subject, host);
        EXPECT_EQ(decision.verdict, PolicyVerdict::deny) << path;
        EXPECT_EQ(decision.rule, "every rule") << path;
    }
}

TEST(EveryRule, keeps_files_below_the_pattern_that_collected_them) {
    const Policy open =
        policy_of("rules: [{allow: file, from: '*', path: '/**', forbidden_zones: true}]");
    PolicySubject subject = collected_file();
    for (const char* path : {"/srv/other/f1", "/srv/shared2/f1", "/srv/shared", ""}) {
        subject.path = path;
        EXPECT_EQ(open.decide(web1, subject, host).rule, "every rule") << path;
    }
    subject = collected_file();
    for (const char* pattern : {"srv/shared/", "/srv/shared", "/srv/../srv/shared/", "/srv//"}) {
        subject.pattern = pattern;
        EXPECT_EQ(open.decide(web1, subject, host).rule, "every rule") << pattern;
    }
    PolicySubject odd = collected_file();
    odd.name = std::string("a\0b", 3);
    EXPECT_EQ(open.decide(web1, odd, host).rule, "every rule");
    odd.kind.clear();
    EXPECT_EQ(open.decide(web1, odd, host).rule, "every rule");
}

TEST(Rules, name_exporters_by_name_domain_and_label) {
    const auto allows = [](const std::string& whom, const PolicyExporter& exporter) {
        const Policy policy = policy_of("rules: [{allow: exec, " + whom + "}]");
        return verdict(policy, command(), exporter) == "allow";
    };
    EXPECT_TRUE(allows("from: 'web*'", web1));
    EXPECT_FALSE(allows("from: 'db*'", web1));
    EXPECT_TRUE(allows("from: [db1, web1]", web1));
    EXPECT_TRUE(allows("domain: dc=lon", web1));
    EXPECT_TRUE(allows("domain: 'rack=r?'", web1));
    EXPECT_FALSE(allows("domain: dc=l", web1));
    EXPECT_FALSE(allows("domain: dc=lon", PolicyExporter{"web1", "", {}, false}));
    EXPECT_TRUE(allows("labels: {role: 'w*'}", web1));
    EXPECT_FALSE(allows("labels: {role: db}", web1));
    EXPECT_FALSE(allows("labels: {tier: '*'}", web1));
    EXPECT_FALSE(allows("from: 'web*', labels: {role: db}", web1));
    EXPECT_FALSE(allows("labels: {role: web, tier: x}", web1));
}

TEST(Rules, name_kinds_and_names) {
    const Policy policy = policy_of("rules: [{allow: [svc, exec], from: web1, name: 're*'}]");
    EXPECT_EQ(verdict(policy, command()), "allow");
    PolicySubject other = command();
    other.name = "stop";
    EXPECT_NE(verdict(policy, other), "allow");
    other = command();
    other.kind = "pkg";
    EXPECT_NE(verdict(policy, other), "allow");
}

TEST(Rules, decide_in_their_order) {
    const Policy policy = policy_of(
        "rules:\n"
        "  - deny: file\n"
        "    from: web1\n"
        "    name: secret\n"
        "  - allow: exec\n"
        "    from: web1\n"
        "  - deny: '*'\n");
    PolicySubject secret = collected_file();
    secret.name = "secret";
    const PolicyDecision denied = policy.decide(web1, secret, host);
    EXPECT_EQ(denied.verdict, PolicyVerdict::deny);
    EXPECT_EQ(denied.rule, "policy.yaml:2");
    EXPECT_EQ(policy.decide(web1, command(), host).rule, "policy.yaml:5");
    EXPECT_EQ(policy.decide(web1, collected_file(), host).rule, "policy.yaml:7");
}

TEST(Rules, without_a_path_mean_the_directory_of_the_pattern) {
    const Policy policy = policy_of("rules: [{allow: [file, line], from: '*'}]");
    PolicySubject subject = collected_file();
    subject.pattern.clear();
    EXPECT_NE(verdict(policy, subject), "allow");
    PolicySubject line;
    line.kind = "line";
    line.path = "/etc/hosts";
    EXPECT_NE(verdict(policy, line), "allow");
    line.pattern = "/srv/";
    EXPECT_NE(verdict(policy, line), "allow");
    line.path = "/srv/hosts";
    EXPECT_EQ(verdict(policy, line), "allow");
}

TEST(Rules, with_a_path_confine_to_what_of_it_has_no_wildcard) {
    const Policy policy =
        policy_of("rules: [{allow: file, from: '*', path: [/etc/motd, /opt/*/conf/**]}]");
    PolicySubject subject = collected_file();
    subject.pattern.clear();
    subject.path = "/etc/motd";
    PolicyDecision decision = policy.decide(web1, subject, host);
    EXPECT_EQ(decision.verdict, PolicyVerdict::allow);
    EXPECT_EQ(decision.beneath, "/etc");
    subject.path = "/opt/app/conf/a/b";
    EXPECT_EQ(policy.decide(web1, subject, host).beneath, "/opt");
    subject.path = "/etc/motd2";
    EXPECT_EQ(policy.decide(web1, subject, host).verdict, PolicyVerdict::deny);
    EXPECT_EQ(policy.decide(web1, command(), host).verdict, PolicyVerdict::deny);
}

TEST(Rules, narrow_by_pattern) {
    const Policy policy = policy_of(
        "rules: [{deny: file, pattern: '/srv/secret*/'}, {allow: exec, from: '*', pattern: x}]");
    PolicySubject subject = collected_file();
    EXPECT_EQ(verdict(policy, subject), "allow");
    subject.pattern = "/srv/secrets/";
    subject.path = "/srv/secrets/f1";
    EXPECT_NE(verdict(policy, subject), "allow");
    EXPECT_NE(verdict(policy, command()), "allow");
}

TEST(Rules, open_each_bound_by_itself) {
    const auto opened = [](const std::string& bound, const PolicySubject& subject) {
        return verdict(policy_of("rules: [{allow: file, from: '*', " + bound + "}]"), subject) ==
               "allow";
    };
    const std::string none = "name: '*'";
    PolicySubject subject = collected_file();
    subject.symlink = true;
    EXPECT_FALSE(opened(none, subject));
    EXPECT_TRUE(opened("symlinks: true", subject));
    subject = collected_file();
    subject.removes = true;
    EXPECT_FALSE(opened(none, subject));
    EXPECT_TRUE(opened("removes: true", subject));
    subject = collected_file();
    subject.mode = 04755;
    EXPECT_FALSE(opened(none, subject));
    EXPECT_TRUE(opened("mode: '4755'", subject));
    EXPECT_FALSE(opened("mode: '4754'", subject));
    subject = collected_file();
    subject.owner = "bob";
    EXPECT_FALSE(opened(none, subject));
    EXPECT_TRUE(opened("owner: [bob]", subject));
    EXPECT_FALSE(opened("owner: b*", subject));
    subject = collected_file();
    subject.group = "adm";
    EXPECT_FALSE(opened("owner: adm", subject));
    EXPECT_TRUE(opened("group: adm", subject));
    subject = collected_file();
    subject.pattern = "/etc/cron.d/";
    subject.path = "/etc/cron.d/f1";
    EXPECT_FALSE(opened(none, subject));
    EXPECT_FALSE(opened("path: /etc/cron.d/*", subject));
    EXPECT_TRUE(opened("forbidden_zones: true", subject));
}

TEST(Rules, that_narrow_a_bound_leave_the_rest_to_the_next) {
    const Policy policy = policy_of(
        "rules:\n"
        "  - {allow: file, from: '*', max_bytes: 10, max_number: 5, mode: '0600'}\n"
        "  - deny: file\n");
    PolicySubject subject = collected_file();
    subject.bytes = 10;
    subject.mode = 0600;
    subject.collected = 4;
    EXPECT_EQ(verdict(policy, subject), "allow");
    PolicySubject large = subject;
    large.bytes = 11;
    EXPECT_NE(verdict(policy, large), "allow");
    PolicySubject many = subject;
    many.collected = 5;
    EXPECT_NE(verdict(policy, many), "allow");
    PolicySubject open = subject;
    open.mode = 0644;
    EXPECT_NE(verdict(policy, open), "allow");
}

TEST(Rules, that_deny_a_path_deny_what_leads_there_and_lies_below) {
    const Policy policy = policy_of(
        "rules: [{deny: file, path: /srv/shared/keys/**}, {allow: file, from: '*', removes: "
        "true}]");
    PolicySubject subject = collected_file();
    subject.removes = true;
    EXPECT_EQ(verdict(policy, subject), "allow");
    subject.path = "/srv/shared/keys";
    EXPECT_NE(verdict(policy, subject), "allow");
    subject.path = "/srv/shared/keys/a/b";
    EXPECT_NE(verdict(policy, subject), "allow");
}

TEST(Rules, that_almost_matched_say_what_was_missing) {
    const Policy policy =
        policy_of("rules: [{allow: exec, from: '*', name: re*}, {allow: exec, from: 'x*'}]");
    PolicySubject subject = command();
    subject.owner = "bob";
    EXPECT_EQ(verdict(policy, subject),
              "deny: policy.yaml:1 does not allow it: its owner \"bob\" is not hansa; a rule with "
              "owner is needed");
}

TEST(Quarantine, holds_until_the_exporter_is_accepted) {
    PolicyExporter known = web1;
    known.accepted = true;
    const Policy whole = policy_of("quarantine: true");
    EXPECT_TRUE(whole.quarantines());
    EXPECT_EQ(verdict(whole, collected_file()), "quarantine");
    EXPECT_EQ(verdict(whole, collected_file(), known), "allow");
    EXPECT_NE(verdict(whole, command(), known), "allow");
    EXPECT_EQ(whole.decide(web1, collected_file(), host).beneath, "/srv/shared");

    const Policy one = policy_of("rules: [{quarantine: exec, from: '*'}]");
    EXPECT_FALSE(one.quarantines());
    EXPECT_EQ(verdict(one, command()), "quarantine");
    EXPECT_EQ(verdict(one, command(), known), "allow");
    EXPECT_EQ(verdict(one, collected_file()), "allow");

    const Policy strict = policy_of("{quarantine: true, rules: [{deny: file}]}");
    EXPECT_NE(verdict(strict, collected_file(), known), "allow");
}

TEST(Policy, shows_its_rules_in_order_and_what_stands_behind_them) {
    const Policy policy = policy_of(
        "quarantine: true\n"
        "rules:\n"
        "  - allow: file\n"
        "    from: [web1, web2]\n"
        "    labels: {role: web}\n"
        "    path: /srv/www/**\n"
        "    mode: 0644\n"
        "    removes: yes\n"
        "  - deny: exec\n");
    const std::vector<std::string> lines = policy.lines();
    ASSERT_EQ(lines.size(), 5u);
    EXPECT_EQ(lines[1],
              "policy.yaml:3: allow file from web1 or web2 with label role=web, at /srv/www/**, at "
              "most 1048576 bytes and 10000 resources, mode within 0644, removals");
    EXPECT_EQ(lines[2], "policy.yaml:9: deny exec");
    EXPECT_EQ(
        lines[3],
        "built-in rule: allow file from *, below the collect's pattern, at most 1048576 bytes "
        "and 10000 resources, mode within 0777");
    EXPECT_EQ(lines[4], "default: deny");
}

}  // namespace
}  // namespace hansa
