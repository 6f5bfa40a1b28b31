#include "trust/key_set.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "data/json.h"
#include "trust/testing.h"

namespace hansa {
namespace {

using namespace testing;

struct Ours {
    Authority authority = Authority::make("c1", noon - day).issuing;
    std::vector<Certificate> roots{authority.root()};
    Identity web1 = peer(authority, "web1");

    Credentials credentials(const Identity& identity, const std::string& name = "web1") const {
        return {SigningKey::make(), identity.key, identity.chain, roots, some_uuid, name};
    }
};

const Ours& ours() {
    static const Ours made;
    return made;
}

struct Question {
    std::string cluster = "c1";
    std::string name = "web1";
    WallTime now = noon;
    Duration lapse = Duration::zero();
    Revoked revoked = {};
};

Result<VerifiedPeer> asked(const std::string& text, const Question& question = {}) {
    return verify_key_set(text, question.cluster, question.name, ours().roots, question.now,
                          question.lapse, question.revoked);
}

std::string refusal(const std::string& text, const Question& question = {}) {
    auto verified = asked(text, question);
    return verified ? "good" : verified.error().text;
}

// The key set with one member replaced; an empty text leaves the member out.
std::string with(const std::string& text, const std::string& member, const std::string& value) {
    Value tree = *parse_json(text);
    for (Value::Entry& entry : tree.map())
        if (entry.key == member) entry.value = Value::of_text(value);
    return to_json(tree);
}

TEST(KeySet, shows_whose_key_it_is) {
    const Credentials mine = ours().credentials(ours().web1);
    auto verified = asked(make_key_set(mine, "c1"));
    ASSERT_TRUE(verified) << verified.error().text;
    EXPECT_EQ(verified->key, mine.signing_key.verifying_key());
    EXPECT_EQ(verified->claims, *ours().web1.leaf().claims());
    EXPECT_EQ(verified->issued, ours().web1.leaf().not_before());
    EXPECT_EQ(verified->until, ours().web1.leaf().not_after());
    EXPECT_EQ(verified->serial, ours().web1.leaf().serial());
}

TEST(KeySet, of_another_cluster_or_name_is_refused) {
    const std::string text = make_key_set(ours().credentials(ours().web1), "c1");
    EXPECT_EQ(refusal(text, {.cluster = "c2"}), "key set of web1: it is for cluster c1");
    EXPECT_EQ(refusal(text, {.name = "db1"}), "key set of db1: it is of web1");
    // A host that signs for another cluster, or for another name, with a good certificate.
    EXPECT_EQ(refusal(make_key_set(ours().credentials(ours().web1), "c2"), {.cluster = "c2"}),
              "key set of web1: its certificate is of cluster c1");
    EXPECT_EQ(refusal(make_key_set(ours().credentials(ours().web1, "db1"), "c1"), {.name = "db1"}),
              "key set of db1: its certificate is of web1");
    Credentials other_host = ours().credentials(ours().web1);
    other_host.uuid = "00000000-1c1b-4c7e-8f0a-2b9d6e4f7a11";
    EXPECT_EQ(refusal(make_key_set(other_host, "c1")),
              "key set of web1: its certificate is of another host of that name (uuid " +
                  some_uuid + ", not " + other_host.uuid + ")");
}

TEST(KeySet, with_a_key_that_the_certificate_does_not_vouch_for_is_refused) {
    const std::string text = make_key_set(ours().credentials(ours().web1), "c1");
    const std::string thiefs = base64_encode(SigningKey::make().verifying_key().raw());
    const std::string wrong = "key set of web1: the proof was not made with the certificate's key";
    EXPECT_EQ(refusal(with(text, "key", thiefs)), wrong);
    EXPECT_EQ(refusal(with(text, "proof", base64_encode("x"))), wrong);
    // Somebody who shows web1's certificate without having its key.
    Credentials thief = ours().credentials(ours().web1);
    thief.tls_key = PrivateKey::make();
    EXPECT_EQ(refusal(make_key_set(thief, "c1")), wrong);
    // A certificate of ours in place of the thief's own does not fit either.
    const Identity db1 = peer(ours().authority, "web1");
    EXPECT_EQ(refusal(with(text, "chain", db1.leaf().pem() + db1.chain[1].pem())), wrong);
}

TEST(KeySet, of_another_authority_is_refused) {
    const Authority twin = Authority::make("c1", noon - day).issuing;
    EXPECT_EQ(refusal(make_key_set(ours().credentials(peer(twin, "web1")), "c1")),
              "key set of web1: the certificate of \"O = c1, CN = Hansa issuing key\" was not made "
              "by an authority that is known here");
}

TEST(KeySet, is_good_for_a_while_after_its_certificate_has_expired) {
    const std::string text = make_key_set(ours().credentials(ours().web1), "c1");
    EXPECT_EQ(refusal(text, {.now = noon + day + hour, .lapse = 2 * hour}), "good");
    EXPECT_EQ(refusal(text, {.now = noon + day + hour, .lapse = hour}), "good");
    EXPECT_NE(refusal(text, {.now = noon + day + hour, .lapse = hour - Seconds{1}}), "good");
    EXPECT_NE(refusal(text, {.now = noon + day + hour}), "good");
    EXPECT_EQ(refusal(text, {.now = noon + day - Seconds{1}}), "good");
    EXPECT_NE(refusal(text, {.now = noon + day, .lapse = -hour}), "good");
    // A lapse does not make one good that has not begun.
    EXPECT_NE(refusal(text, {.now = noon - hour, .lapse = day}), "good");
}

TEST(KeySet, of_a_revoked_host_is_refused_also_within_the_lapse) {
    const std::string text = make_key_set(ours().credentials(ours().web1), "c1");
    Question question{.now = noon + day + hour, .lapse = 2 * hour};
    question.revoked.names = {{"web1", noon}};
    EXPECT_EQ(refusal(text, question),
              "key set of web1: the certificate of web1 was revoked at 2016-10-01T12:00:00.000Z");
    question.revoked = {{ours().web1.leaf().serial()}, {}};
    EXPECT_NE(refusal(text, question), "good");
}

TEST(KeySet, of_a_certificate_from_elsewhere_has_the_uuid_that_it_says) {
    const PrivateKey root_key = rsa_key(), key = rsa_key();
    const Certificate root = made(authority_draft("Puppet CA"), root_key, nullptr, root_key);
    const Certificate leaf = made(host_draft("web1"), key, &root, root_key);
    const Credentials mine{SigningKey::make(), key, {leaf}, {root}, some_uuid, "web1"};
    const std::string text = make_key_set(mine, "c1");
    const auto verified = verify_key_set(text, "c1", "web1", {&root, 1}, noon, {}, {});
    ASSERT_TRUE(verified) << verified.error().text;
    EXPECT_EQ(verified->claims, (Claims{"", some_uuid, "web1", "", {}}));
    // The uuid and the cluster are covered by the proof all the same.
    for (const auto& [member, value] :
         {std::pair{"uuid", "00000000-1c1b-4c7e-8f0a-2b9d6e4f7a11"}, std::pair{"cluster", "c2"}}) {
        const std::string changed = with(text, member, value);
        const std::string cluster = std::string{member} == "cluster" ? value : "c1";
        EXPECT_FALSE(verify_key_set(changed, cluster, "web1", {&root, 1}, noon, {}, {})) << member;
    }
}

TEST(KeySet, that_cannot_be_read_is_invalid) {
    const std::string text = make_key_set(ours().credentials(ours().web1), "c1");
    const std::string body = text.substr(0, text.size() - 1);
    for (const std::string& bad :
         {std::string{}, std::string{"{}"}, std::string{"[]"}, body, body + R"(,"more":1})",
          with(text, "key", "AAAA"), with(text, "key", "!"), with(text, "proof", "!"),
          with(text, "chain", "x"), with(text, "uuid", "x"), with(text, "name", ""),
          with(text, "chain", std::string(key_set_bytes_max, 'x'))}) {
        auto verified = asked(bad);
        ASSERT_FALSE(verified) << printable(bad);
        EXPECT_EQ(verified.error().code, Code::invalid) << printable(bad);
        EXPECT_TRUE(verified.error().text.starts_with("key set")) << verified.error().text;
    }
}

}  // namespace
}  // namespace hansa
