// Join tokens: one pasteable string that lets a machine get its first certificate.
//
// The issuing peer keeps a TokenRecord per token in a file of its authority's directory; the
// string carries the id, the secret, the pin of the authority and where to ask. The secret is
// never sent: the request is proved with it (HMAC), so that whoever listens learns nothing.
// Pure decisions; the bookkeeping on disk is daemon's.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "trust/authority.h"

namespace hansa {

struct Token {
    std::string id;                      // 16 hexadecimal digits
    std::string secret;                  // 32 bytes
    std::string pin;                     // Certificate::key_pin() of the root
    std::vector<std::string> addresses;  // HOST:PORT where the issuer answers; may be empty
    friend bool operator==(const Token&, const Token&) = default;
};

// With a new id and secret.
Token make_token(const std::string& pin, std::vector<std::string> addresses);

// "hansa1." and base64url, with a checksum inside, so that a token that was not copied whole is
// told from a wrong one; at most 2 KiB. Errors never show any of it.
// REQUIRES: parts as above, at most 16 addresses of at most 64 bytes.
std::string encode(const Token& token);
Result<Token> decode_token(std::string_view text);

struct TokenRecord {
    std::string id;
    std::string secret_hash;  // the HMAC key: sha256 of the secret; as secret as that
    std::string name_glob = "*";
    std::string domain;  // what certificates made with it say
    std::map<std::string, std::string> labels;
    std::uint32_t uses = 1;            // granted in all
    std::vector<std::string> used_by;  // use_of() each request that was granted
    WallTime created;                  // whole milliseconds, like the next
    WallTime expires;
    bool revoked = false;
    friend bool operator==(const TokenRecord&, const TokenRecord&) = default;
};

// The record of a token; what it allows is for the caller to fill in.
TokenRecord record_of(const Token& token, WallTime now);

std::string encode(const TokenRecord& record);  // JSON text
Result<TokenRecord> decode_token_record(std::string_view text);

// What a machine asks for.
struct JoinRequest {
    std::string token_id;
    std::string name;
    std::string uuid;
    std::string public_pem;  // of its TLS key
    std::string nonce;       // 16 random bytes, hexadecimal: told back in the answer
    std::string proof;       // HMAC over all above, 32 bytes
    friend bool operator==(const JoinRequest&, const JoinRequest&) = default;
};
std::string encode(const JoinRequest& request);  // JSON text
Result<JoinRequest> decode_join_request(std::string_view text);
void prove(JoinRequest& request, const Token& token);

// Whether the request was proved with the record's secret.
bool is_proved(const JoinRequest& request, const TokenRecord& record);

// "NAME UUID SHA256-OF-THE-KEY": what a granted request is remembered as.
std::string use_of(const JoinRequest& request);
bool has_used(const TokenRecord& record, const JoinRequest& request);

// Whether the request may have a certificate, and what that says. Code::denied, one cause each:
// unknown token, wrong proof, revoked, expired, name not covered, name revoked since the token was
// made, used up. A repetition by the same name, uuid and key is granted again without counting as
// a use: an answer may be lost. Whoever grants a request that has_used() does not know yet adds
// use_of() to the record and saves it before the answer leaves.
Result<IssueOrder> decide_join(const JoinRequest& request, const TokenRecord& record,
                               const std::string& cluster, WallTime now,
                               const Revoked& revoked = {});

}  // namespace hansa
