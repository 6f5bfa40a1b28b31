// Decodes every example of docs/formats/certificates.md.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "base/text.h"
#include "trust/enrolment.h"
#include "trust/extension.h"
#include "trust/key_set.h"
#include "trust/revocation.h"
#include "trust/testing.h"
#include "trust/token.h"

namespace hansa {
namespace {

using namespace testing;

const std::string cluster = "0b5c9a4e-7d2f-4b1c-9a53-3f1d7c2e8a60";

std::string page() {
    std::ifstream in(std::string{HANSA_TREE} + "/docs/formats/certificates.md");
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

// The page's fenced blocks by the word behind their fence.
std::map<std::string, std::string> examples() {
    std::map<std::string, std::string> found;
    std::string name, body;
    bool inside = false;
    for (const std::string& line : split(page(), '\n')) {
        if (!line.starts_with("```")) {
            if (inside) body += line + "\n";
            continue;
        }
        if (inside) found[name] = body;
        name = line.substr(3);
        body.clear();
        inside = !inside;
    }
    return found;
}

struct Page {
    std::map<std::string, std::string> examples = hansa::examples();
    std::vector<Certificate> roots{*Certificate::from_pem(examples.at("root"))};
    Certificate peer = *Certificate::from_pem(examples.at("peer"));
};

const Page& the_page() {
    static const Page read;
    return read;
}

TEST(Formats, of_certificates_and_claims_are_as_told) {
    const Certificate& peer = the_page().peer;
    EXPECT_EQ(*encode(*peer.claims()) + "\n", the_page().examples.at("claims"));
    EXPECT_EQ(*decode_claims(the_page().examples.at("claims")), *peer.claims());
    EXPECT_EQ(peer.claims()->cluster, cluster);
    EXPECT_TRUE(the_page().roots.front().is_authority());
    EXPECT_NE(page().find("`" + std::string{openssl::claims_oid} + "`"), std::string::npos);
}

TEST(Formats, of_key_sets_are_as_told) {
    auto verified = verify_key_set(the_page().examples.at("key-set"), cluster, "web1",
                                   the_page().roots, noon, {}, {});
    ASSERT_TRUE(verified) << verified.error().text;
    EXPECT_EQ(verified->claims, *the_page().peer.claims());
    EXPECT_EQ(verified->key, SigningKey::of_seed(std::string(32, 'h'))->verifying_key());
}

TEST(Formats, of_revocation_lists_are_as_told) {
    auto list = read_revocations(the_page().examples.at("revocations"), the_page().roots, noon);
    ASSERT_TRUE(list) << list.error().text;
    EXPECT_EQ(list->epoch, 7U);
    EXPECT_EQ(list->revoked.serials.size(), 1U);
    EXPECT_EQ(list->revoked.names.at("web2"), noon);
}

TEST(Formats, of_tokens_and_requests_are_as_told) {
    auto token = decode_token(the_page().examples.at("token"));
    ASSERT_TRUE(token) << token.error().text;
    EXPECT_EQ(token->pin, the_page().roots.front().key_pin());
    EXPECT_EQ(token->addresses, (std::vector<std::string>{"10.0.0.1:7443", "a.example.org:7443"}));
    auto record = decode_token_record(the_page().examples.at("token-record"));
    ASSERT_TRUE(record) << record.error().text;
    auto request = decode_join_request(the_page().examples.at("join-request"));
    ASSERT_TRUE(request) << request.error().text;
    EXPECT_TRUE(has_used(*record, *request));
    auto order = decide_join(*request, *record, cluster, noon);
    ASSERT_TRUE(order) << order.error().text;
    EXPECT_EQ(order->claims, *the_page().peer.claims());
}

TEST(Formats, of_requests_for_members_certificates_are_as_told) {
    const std::string example = the_page().examples.at("member-request");
    auto request = decode_member_request(example);
    ASSERT_TRUE(request) << request.error().text;
    EXPECT_EQ(encode(*request) + "\n", example);
    auto order =
        decide_member({&the_page().peer, 1}, *request, {cluster, the_page().roots, {}}, noon);
    EXPECT_FALSE(order) << "the issuing certificate is missing";
}

}  // namespace
}  // namespace hansa
