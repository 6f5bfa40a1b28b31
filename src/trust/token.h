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
};

// "hansa1." and base64url; at most 2 KiB.
std::string encode(const Token& token);
Result<Token> decode_token(std::string_view text);

struct TokenRecord {
    std::string id;
    std::string secret_hash;  // the HMAC key: sha256 of the secret
    std::string name_glob = "*";
    std::string domain;  // what certificates made with it say
    std::map<std::string, std::string> labels;
    std::uint32_t uses = 1;            // granted in all
    std::vector<std::string> used_by;  // "NAME UUID", one for each use
    WallTime created;
    WallTime expires;
    bool revoked = false;
};
std::string encode(const TokenRecord& record);
Result<TokenRecord> decode_token_record(std::string_view text);

// What a machine asks for.
struct JoinRequest {
    std::string token_id;
    std::string name;
    std::string uuid;
    std::string public_pem;  // of its TLS key
    std::string nonce;       // 16 random bytes, hexadecimal: told back in the answer
    std::string proof;       // HMAC over all above
};
std::string encode(const JoinRequest& request);
Result<JoinRequest> decode_join_request(std::string_view text);
void prove(JoinRequest& request, const Token& token);

// Whether the request may have a certificate, and what that says. Code::denied, one cause each:
// unknown token, wrong proof, expired, revoked, used up, name not covered. A repetition by the
// same name, uuid and key is granted again without counting as a use: an answer may be lost.
Result<IssueOrder> decide_join(const JoinRequest& request, const TokenRecord& record,
                               const std::string& cluster, WallTime now);

}  // namespace hansa
