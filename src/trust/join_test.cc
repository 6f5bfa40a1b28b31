// Join requests, and who gets a certificate for one.
#include <gtest/gtest.h>

#include "base/text.h"
#include "trust/keys.h"
#include "trust/testing.h"
#include "trust/token.h"

namespace hansa {
namespace {

using namespace testing;

// A token for web*, once, for an hour; and web1 that asks with it.
struct Story {
    Token token = make_token(std::string(64, 'a'), {});
    TokenRecord record = record_of(token, noon);
    PrivateKey key = PrivateKey::make();
    JoinRequest request;

    Story() {
        record.name_glob = "web*";
        request.name = "web1";
        request.uuid = some_uuid;
        request.public_pem = key.public_pem();
        request.nonce = std::string(32, '0');
        prove(request, token);
    }

    std::string verdict(WallTime now = noon, const Revoked& revoked = {}) const {
        auto order = decide_join(request, record, "c1", now, revoked);
        if (order) return "granted";
        EXPECT_EQ(order.error().code, Code::denied);
        return order.error().text.substr(("join token " + request.token_id + " ").size());
    }
};

TEST(Join, with_a_good_token_gets_what_the_token_says) {
    Story story;
    story.record.domain = "dc=lon";
    story.record.labels = {{"role", "web"}};
    auto order = decide_join(story.request, story.record, "c1", noon);
    ASSERT_TRUE(order) << order.error().text;
    EXPECT_EQ(order->claims, (Claims{"c1", some_uuid, "web1", "dc=lon", {{"role", "web"}}}));
    EXPECT_EQ(order->public_pem, story.key.public_pem());
    EXPECT_EQ(order->use, CertificateUse::peer);
    EXPECT_TRUE(Authority::make("c1", noon).issuing.issue(*order, noon));
}

TEST(Join, request_survives_its_text) {
    const Story story;
    auto again = decode_join_request(encode(story.request));
    ASSERT_TRUE(again) << again.error().text;
    EXPECT_EQ(*again, story.request);
}

TEST(Join, request_holds_neither_the_secret_nor_its_hash) {
    const Story story;
    const std::string text = encode(story.request);
    for (const std::string& secret : {story.token.secret, story.record.secret_hash}) {
        EXPECT_EQ(text.find(base64_encode(secret)), std::string::npos);
        EXPECT_EQ(text.find(hex_encode(secret)), std::string::npos);
    }
}

TEST(Join, that_was_changed_on_the_way_is_refused) {
    const std::string wrong = "was not used with its secret";
    const auto changed = [&](const std::function<void(JoinRequest&)>& change) {
        Story story;
        change(story.request);
        return story.verdict();
    };
    EXPECT_EQ(changed([](JoinRequest&) {}), "granted");
    EXPECT_EQ(changed([](JoinRequest& r) { r.name = "web2"; }), wrong);
    EXPECT_EQ(changed([](JoinRequest& r) { r.uuid[0] = '0'; }), wrong);
    EXPECT_EQ(changed([](JoinRequest& r) { r.public_pem = PrivateKey::make().public_pem(); }),
              wrong);
    EXPECT_EQ(changed([](JoinRequest& r) { r.nonce[0] = '1'; }), wrong);
    EXPECT_EQ(changed([](JoinRequest& r) { r.proof[31] ^= 1; }), wrong);
    EXPECT_EQ(changed([](JoinRequest& r) { r.proof.clear(); }), wrong);
    EXPECT_EQ(changed([](JoinRequest& r) { prove(r, make_token(std::string(64, 'a'), {})); }),
              "is not known here");
}

TEST(Join, with_the_id_of_a_token_but_not_its_secret_is_refused) {
    Story story;
    Token guessed = make_token(story.token.pin, {});
    guessed.id = story.token.id;
    prove(story.request, guessed);
    EXPECT_EQ(story.verdict(), "was not used with its secret");
    // The hash of the secret is no secret of the token's own.
    guessed.secret = story.record.secret_hash;
    prove(story.request, guessed);
    EXPECT_EQ(story.verdict(), "was not used with its secret");
}

TEST(Join, after_the_time_of_the_token_is_refused) {
    const Story story;
    EXPECT_EQ(story.verdict(noon + hour - Milliseconds{1}), "granted");
    EXPECT_EQ(story.verdict(noon + hour), "expired at 2016-10-01T13:00:00.000Z; ask for a new one");
    Story used;
    used.record.used_by = {use_of(used.request)};
    EXPECT_NE(used.verdict(noon + hour), "granted") << "a replay is no use either";
}

TEST(Join, with_a_revoked_token_is_refused) {
    Story story;
    story.record.revoked = true;
    EXPECT_EQ(story.verdict(), "was revoked; ask for a new one");
}

TEST(Join, for_a_name_that_the_token_does_not_cover_is_refused) {
    Story story;
    for (const char* name : {"db1", "xweb1", "Web1"}) {
        story.request.name = name;
        prove(story.request, story.token);
        EXPECT_EQ(story.verdict(), "is for names like \"web*\", not for " + std::string{name});
    }
    // What a glob would cover, but no host is called.
    for (const std::string& name : {std::string{"web1/x"}, std::string{"web1\n"},
                                    std::string{"web1\0", 5}, std::string{"web1,db1"}}) {
        story.request.name = name;
        prove(story.request, story.token);
        EXPECT_NE(story.verdict(), "granted") << printable(name);
    }
}

TEST(Join, a_second_time_by_another_machine_is_refused) {
    Story story;
    story.record.used_by = {use_of(story.request)};
    Story thief;
    thief.request.name = "web2";
    thief.record = story.record;
    prove(thief.request, story.token);
    EXPECT_EQ(thief.verdict(), "is used up (1 use); ask for a new one");
    // Nor as web1 itself with a key of its own, or with another uuid.
    thief.request.name = "web1";
    prove(thief.request, story.token);
    EXPECT_EQ(thief.verdict(), "is used up (1 use); ask for a new one");
    Story other_uuid = story;
    other_uuid.request.uuid[0] = '0';
    prove(other_uuid.request, other_uuid.token);
    EXPECT_EQ(other_uuid.verdict(), "is used up (1 use); ask for a new one");
}

TEST(Join, again_by_the_same_machine_is_granted_and_counts_once) {
    Story story;
    EXPECT_FALSE(has_used(story.record, story.request));
    story.record.used_by = {use_of(story.request)};
    EXPECT_TRUE(has_used(story.record, story.request));
    story.request.nonce = std::string(32, '1');
    prove(story.request, story.token);
    EXPECT_EQ(story.verdict(), "granted");
    EXPECT_TRUE(has_used(story.record, story.request));
}

TEST(Join, is_granted_as_often_as_the_token_says) {
    Story story;
    story.record.uses = 2;
    EXPECT_EQ(story.verdict(), "granted");
    story.record.used_by = {"web7 u k"};
    EXPECT_EQ(story.verdict(), "granted");
    story.record.used_by = {"web7 u k", "web8 u k"};
    EXPECT_EQ(story.verdict(), "is used up (2 uses); ask for a new one");
}

TEST(Join, of_a_revoked_peer_needs_a_token_that_was_made_since) {
    Story story;
    story.record.used_by = {use_of(story.request)};
    Revoked revoked;
    revoked.names = {{"web1", noon + Seconds{1}}};
    EXPECT_EQ(story.verdict(noon + Seconds{2}, revoked),
              "was made before web1 was revoked (2016-10-01T12:00:01.000Z); ask for a new one");
    Story fresh;
    fresh.record.created = noon + Seconds{2};
    auto order = decide_join(fresh.request, fresh.record, "c1", noon + Seconds{3}, revoked);
    ASSERT_TRUE(order) << order.error().text;
    EXPECT_EQ(order->begins_after, noon + Seconds{1});
}

TEST(Join, request_that_cannot_be_read_is_invalid) {
    const Story story;
    const std::string text = encode(story.request);
    const std::string body = text.substr(0, text.size() - 1);
    const auto with = [&story](const std::function<void(JoinRequest&)>& change) {
        JoinRequest request = story.request;
        change(request);
        return encode(request);
    };
    for (const std::string& bad :
         {std::string{}, std::string{"{}"}, body, body + R"(,"x":1})", body + R"(,"name":"db1"})",
          with([](JoinRequest& r) { r.token_id = "0"; }),
          with([](JoinRequest& r) { r.token_id = std::string(16, 'G'); }),
          with([](JoinRequest& r) { r.name = "../x"; }), with([](JoinRequest& r) { r.uuid = "x"; }),
          with([](JoinRequest& r) { r.nonce = "x"; }), with([](JoinRequest& r) { r.proof = "x"; }),
          with([](JoinRequest& r) { r.public_pem = std::string(2'049, 'x'); }),
          with([](JoinRequest& r) { r.public_pem = std::string(9'000, 'x'); })}) {
        auto request = decode_join_request(bad);
        ASSERT_FALSE(request) << printable(bad);
        EXPECT_EQ(request.error().code, Code::invalid);
    }
}

}  // namespace
}  // namespace hansa
