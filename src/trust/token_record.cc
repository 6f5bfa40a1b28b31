// What the issuer keeps of a token: TokenRecord of token.h.
#include "base/text.h"
#include "data/json.h"
#include "data/members.h"
#include "data/texts.h"
#include "trust/keys.h"
#include "trust/token.h"

namespace hansa {
namespace {

constexpr std::int64_t version = 1;
constexpr JsonLimits limits{1 << 20, 4};
constexpr std::int64_t uses_max = 10'000;
constexpr std::size_t glob_max = 253;
// Of times; the year 2200 and something.
constexpr std::int64_t ms_max = INT64_MAX / 1'000'000;

std::int64_t ms_of(WallTime time) {
    return std::chrono::floor<Milliseconds>(time.time_since_epoch()).count();
}

// Domain and labels end in certificates: what cannot be certified is found when it is read.
Result<void> check_certifiable(const TokenRecord& record) {
    Claims claims;
    claims.cluster = "any";
    claims.name = "any";
    claims.uuid = "00000000-0000-4000-8000-000000000000";
    claims.domain = record.domain;
    claims.labels = record.labels;
    return check_claims(claims);
}

}  // namespace

TokenRecord record_of(const Token& token, WallTime now) {
    TokenRecord record;
    record.id = token.id;
    record.secret_hash = sha256(token.secret);
    record.created = std::chrono::floor<Milliseconds>(now);
    record.expires = record.created + Seconds{3600};
    return record;
}

std::string encode(const TokenRecord& record) {
    Value::Map map;
    const auto put = [&map](std::string name, Value value) {
        map.push_back({std::move(name), {}, std::move(value)});
    };
    put("v", Value::of_int(version));
    put("id", Value::of_text(record.id));
    put("secret_hash", Value::of_text(base64_encode(record.secret_hash)));
    put("name_glob", Value::of_text(record.name_glob));
    put("domain", Value::of_text(record.domain));
    Value::Map labels;
    for (const auto& [name, text] : record.labels)
        labels.push_back({name, {}, Value::of_text(text)});
    put("labels", Value::of_map(std::move(labels)));
    put("uses", Value::of_int(record.uses));
    put("used_by", list_of_texts(record.used_by));
    put("created", Value::of_int(ms_of(record.created)));
    put("expires", Value::of_int(ms_of(record.expires)));
    put("revoked", Value::of_bool(record.revoked));
    return to_json(Value::of_map(std::move(map)));
}

Result<TokenRecord> decode_token_record(std::string_view text) {
    auto parsed = parse_json(text, limits);
    if (!parsed) return std::move(parsed).error().during("token record");
    Members members(*parsed, "token record");
    members.number("v", {version, version});
    TokenRecord record;
    record.id = members.text("id");
    // Looked at first: what Members says about a wrong type would show a part of it.
    const Value* hash = members.any("secret_hash");
    const auto bytes =
        hash && hash->is_scalar() ? base64_decode(hash->scalar().text) : std::nullopt;
    if (bytes) record.secret_hash = *bytes;
    if (record.secret_hash.size() != 32) members.refuse("has no \"secret_hash\" of 32 bytes");
    record.name_glob = members.text("name_glob");
    record.domain = members.text_if_any("domain");
    record.labels = members.text_map("labels");
    record.uses = static_cast<std::uint32_t>(members.number("uses", {1, uses_max}));
    record.used_by = members.texts("used_by");
    record.created = WallTime{Milliseconds{members.number("created", {0, ms_max})}};
    record.expires = WallTime{Milliseconds{members.number("expires", {0, ms_max})}};
    record.revoked = members.flag("revoked", false);
    if (record.id.size() != 16 || !hex_decode(record.id))
        members.refuse("has an \"id\" that is none");
    if (record.name_glob.size() > glob_max) members.refuse("has a \"name_glob\" that is too long");
    if (auto read = members.finish(); !read) return std::move(read).error();
    if (auto good = check_certifiable(record); !good)
        return std::move(good).error().during("token record");
    return record;
}

}  // namespace hansa
