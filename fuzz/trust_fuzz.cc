// Any bytes may be pasted as a token, sent as a question to an authority, or stand in the store as
// a key set or a revocation list. What must hold: no crash and no report of a sanitizer; a refusal
// says why; what is accepted is written, read again and the same; nobody without a key is believed.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/text.h"
#include "trust/enrolment.h"
#include "trust/key_set.h"
#include "trust/revocation.h"
#include "trust/token.h"

namespace {

using namespace hansa;

const WallTime noon{Seconds{1475323200}};
const std::string cluster = "0b5c9a4e-7d2f-4b1c-9a53-3f1d7c2e8a60";

// The root of docs/formats/certificates.md. Nobody has its key any more: what the corpus shows
// below it is all that can ever be good.
const char* const root_pem =
    "-----BEGIN CERTIFICATE-----\n"
    "MIICTTCCAfSgAwIBAgIQXdfGzB0EOOWeX89J0Q5y1TAKBggqhkjOPQQDAjBEMS0w\n"
    "KwYDVQQKDCQwYjVjOWE0ZS03ZDJmLTRiMWMtOWE1My0zZjFkN2MyZThhNjAxEzAR\n"
    "BgNVBAMMCkhhbnNhIHJvb3QwHhcNMTYwOTMwMTE1OTAwWhcNMzYwOTI1MTIwMDAw\n"
    "WjBEMS0wKwYDVQQKDCQwYjVjOWE0ZS03ZDJmLTRiMWMtOWE1My0zZjFkN2MyZThh\n"
    "NjAxEzARBgNVBAMMCkhhbnNhIHJvb3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC\n"
    "AATz3ubeI0U+xnnj2DpZDw82Aenhye2ErDELncJg8AFhvJwrVupdsOoLYiAzEk5J\n"
    "f0M3kUyRlrfAFt00Mds28VwXo4HHMIHEMBIGA1UdEwEB/wQIMAYBAf8CAQEwDgYD\n"
    "VR0PAQH/BAQDAgEGMB0GA1UdDgQWBBQIndPBVcQNt7QuhfSSbB0UqVU1EzAfBgNV\n"
    "HSMEGDAWgBQIndPBVcQNt7QuhfSSbB0UqVU1EzBeBiAqhkiG9xQBvkCTeoxzgvQI\n"
    "qT6BnD2CuVqCkoJeg+3VJgQ6DDh7InYiOjEsImNsdXN0ZXIiOiIwYjVjOWE0ZS03\n"
    "ZDJmLTRiMWMtOWE1My0zZjFkN2MyZThhNjAifTAKBggqhkjOPQQDAgNHADBEAiAM\n"
    "wWCv/47uWZoEGvZXsOiagGXuY6ykS8OV5NoW/l8NhAIgGWMRG+hAtLB97T+YZ6BK\n"
    "nNdmEjZzrR0GK7I96DoVZa8=\n"
    "-----END CERTIFICATE-----\n";

template <class T>
void told(const Result<T>& refused) {
    check(!refused.error().text.empty(), "a refusal says why");
}

void tokens(std::string_view text) {
    if (auto token = decode_token(text))
        check(encode(*token) == trim(text), "a token has one spelling");
    else
        told(token);
    if (auto record = decode_token_record(text))
        check(*decode_token_record(encode(*record)) == *record, "a record survives its text");
    else
        told(record);
}

void requests(std::string_view text) {
    auto request = decode_join_request(text);
    if (!request) return told(request);
    check(*decode_join_request(encode(*request)) == *request, "a request survives its text");
    static const TokenRecord record = [] {
        Token token;
        token.secret = "of nobody";
        return record_of(token, noon);
    }();
    TokenRecord same = record;
    same.id = request->token_id;
    check(!decide_join(*request, same, cluster, noon), "no request is granted without the secret");
}

void questions(std::string_view text) {
    auto question = decode_enrolment_question(text);
    if (!question) return told(question);
    check(*decode_enrolment_question(encode(*question)) == *question, "a question survives");
    const auto* member = std::get_if<MemberRequest>(&*question);
    if (!member) return;
    check(!member->addresses.empty() && member->addresses.size() <= member_addresses_max,
          "a member's addresses are bounded");
    check(!decide_member({}, *member, {cluster, {}, {}}, noon), "nobody gets anything for nothing");
}

void signed_texts(std::string_view text) {
    static const std::vector<Certificate> roots = *Certificate::chain_from_pem(root_pem);
    if (auto peer = verify_key_set(text, cluster, "web1", roots, noon, Seconds{60}, {}))
        check(peer->claims.name == "web1" && peer->claims.domain == "dc=lon,rack=r1",
              "only the example is believed");
    else
        told(peer);
    if (auto list = read_revocations(text, roots, noon))
        check(list->cluster == cluster && (list->epoch == 7 || list->epoch == 0),
              "only the examples are believed");
    else
        told(list);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    tokens(text);
    requests(text);
    questions(text);
    signed_texts(text);
    return 0;
}
