// JoinRequest of token.h, and the decision about it.
#include <algorithm>

#include "base/host.h"
#include "base/text.h"
#include "data/json.h"
#include "data/members.h"
#include "trust/keys.h"
#include "trust/token.h"

namespace hansa {
namespace {

constexpr std::int64_t version = 1;
constexpr JsonLimits limits{8 << 10, 2};
constexpr std::string_view purpose = "hansa join request 1";
constexpr std::size_t proof_bytes = 32;
constexpr std::size_t public_pem_max = 2 << 10;

std::string proof_for(const JoinRequest& request, std::string_view secret_hash) {
    return hmac_sha256(secret_hash, Statement{purpose}
                                        .add(request.token_id)
                                        .add(request.name)
                                        .add(request.uuid)
                                        .add(request.public_pem)
                                        .add(request.nonce)
                                        .bytes());
}

bool is_hex(std::string_view text, std::size_t digits) {
    return text.size() == digits && hex_decode(text);
}

Error denied(const JoinRequest& request, const std::string& why) {
    return Error{Code::denied, "join token " + printable(request.token_id, 32) + " " + why};
}

// Which of its conditions the token does not meet, apart from who asks.
Result<void> check_token(const JoinRequest& request, const TokenRecord& record, WallTime now) {
    if (record.revoked) return denied(request, "was revoked; ask for a new one");
    if (now >= record.expires)
        return denied(request, "expired at " + iso8601(record.expires) + "; ask for a new one");
    return {};
}

// Whether the token speaks for that name.
Result<void> check_name(const JoinRequest& request, const TokenRecord& record,
                        const Revoked& revoked) {
    if (auto name = HostName::parse(request.name); !name) return denied(request, name.error().text);
    if (!glob_matches(record.name_glob, request.name))
        return denied(request,
                      "is for names like \"" + record.name_glob + "\", not for " + request.name);
    // Else a peer that was cut off would be back with the token that it came with.
    const auto named = revoked.names.find(request.name);
    if (named != revoked.names.end() && record.created <= named->second)
        return denied(request, "was made before " + request.name + " was revoked (" +
                                   iso8601(named->second) + "); ask for a new one");
    return {};
}

}  // namespace

std::string encode(const JoinRequest& request) {
    Value::Map map;
    const auto put = [&map](std::string name, std::string text) {
        map.push_back({std::move(name), {}, Value::of_text(std::move(text))});
    };
    map.push_back({"v", {}, Value::of_int(version)});
    put("token", request.token_id);
    put("name", request.name);
    put("uuid", request.uuid);
    put("public_key", request.public_pem);
    put("nonce", request.nonce);
    put("proof", base64_encode(request.proof));
    return to_json(Value::of_map(std::move(map)));
}

Result<JoinRequest> decode_join_request(std::string_view text) {
    auto parsed = parse_json(text, limits);
    if (!parsed) return std::move(parsed).error().during("join request");
    Members members(*parsed, "join request");
    members.number("v", {version, version});
    JoinRequest request;
    request.token_id = members.text("token");
    request.name = members.text("name");
    request.uuid = members.text("uuid");
    request.public_pem = members.text("public_key");
    request.nonce = members.text("nonce");
    request.proof = base64_decode(members.text("proof")).value_or("");
    if (!is_hex(request.token_id, 16)) members.refuse("has a \"token\" that is no id of one");
    if (!HostName::parse(request.name)) members.refuse("has a \"name\" that no host can have");
    if (!is_uuid(request.uuid)) members.refuse("has a \"uuid\" that is none");
    if (request.public_pem.size() > public_pem_max)
        members.refuse("has a \"public_key\" that is too long");
    if (!is_hex(request.nonce, 32)) members.refuse("has a \"nonce\" that is not 32 digits");
    if (request.proof.size() != proof_bytes) members.refuse("has a \"proof\" of another length");
    if (auto read = members.finish(); !read) return std::move(read).error();
    return request;
}

void prove(JoinRequest& request, const Token& token) {
    request.token_id = token.id;
    request.proof = proof_for(request, sha256(token.secret));
}

bool is_proved(const JoinRequest& request, const TokenRecord& record) {
    return equal_secrets(proof_for(request, record.secret_hash), request.proof);
}

std::string use_of(const JoinRequest& request) {
    return request.name + " " + request.uuid + " " + hex_encode(sha256(request.public_pem));
}

bool has_used(const TokenRecord& record, const JoinRequest& request) {
    return std::find(record.used_by.begin(), record.used_by.end(), use_of(request)) !=
           record.used_by.end();
}

Result<IssueOrder> decide_join(const JoinRequest& request, const TokenRecord& record,
                               const std::string& cluster, WallTime now, const Revoked& revoked) {
    if (request.token_id != record.id) return denied(request, "is not known here");
    if (!is_proved(request, record)) return denied(request, "was not used with its secret");
    if (auto good = check_token(request, record, now); !good) return std::move(good).error();
    if (auto good = check_name(request, record, revoked); !good) return std::move(good).error();
    if (!has_used(record, request) && record.used_by.size() >= record.uses)
        return denied(request,
                      "is used up (" + counted(record.uses, "use") + "); ask for a new one");
    IssueOrder order;
    order.claims = {cluster, request.uuid, request.name, record.domain, record.labels};
    order.public_pem = request.public_pem;
    const auto named = revoked.names.find(request.name);
    if (named != revoked.names.end()) order.begins_after = named->second;
    return order;
}

}  // namespace hansa
