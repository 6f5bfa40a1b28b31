// MemberRequest of enrolment.h, and the decision about it.
#include "data/json.h"
#include "data/members.h"
#include "data/texts.h"
#include "trust/enrolment.h"
#include "trust/keys.h"

namespace hansa {
namespace {

constexpr std::int64_t version = 1;
constexpr JsonLimits limits{8 << 10, 2};
constexpr std::size_t public_pem_max = 2 << 10;

}  // namespace

std::string encode(const MemberRequest& request) {
    Value::Map map;
    map.push_back({"v", {}, Value::of_int(version)});
    map.push_back({"public_key", {}, Value::of_text(request.public_pem)});
    map.push_back({"addresses", {}, list_of_texts(request.addresses)});
    map.push_back({"nonce", {}, Value::of_text(request.nonce)});
    return to_json(Value::of_map(std::move(map)));
}

Result<MemberRequest> decode_member_request(std::string_view text) {
    auto parsed = parse_json(text, limits);
    if (!parsed) return std::move(parsed).error().during("member request");
    Members members(*parsed, "member request");
    members.number("v", {version, version});
    MemberRequest request;
    request.public_pem = members.text("public_key");
    request.addresses = members.texts("addresses");
    request.nonce = members.text("nonce");
    if (request.public_pem.size() > public_pem_max)
        members.refuse("has a \"public_key\" that is too long");
    if (!is_nonce(request.nonce)) members.refuse("has a \"nonce\" that is not 32 digits");
    if (auto addresses = member_addresses(request.addresses); !addresses)
        members.refuse("has \"addresses\" that cannot be: " + addresses.error().text);
    else if (*addresses != request.addresses)
        members.refuse("has \"addresses\" that are not sorted, or not in their usual form");
    if (auto read = members.finish(); !read) return std::move(read).error();
    return request;
}

Result<IssueOrder> decide_member(std::span<const Certificate> chain, const MemberRequest& request,
                                 const RenewalRules& rules, WallTime now) {
    auto claims = judge_peer(chain, rules, now);
    if (!claims) return std::move(claims).error();
    auto addresses = member_addresses(request.addresses);
    if (!addresses) return Error{Code::denied, std::move(addresses).error().text};
    IssueOrder order;
    // A certificate begins a little in the past; of a host that is back it must not look revoked.
    const auto named = rules.revoked.names.find(claims->name);
    if (named != rules.revoked.names.end()) order.begins_after = named->second;
    order.claims = std::move(*claims);
    order.public_pem = request.public_pem;
    order.use = CertificateUse::member;
    order.addresses = *std::move(addresses);
    return order;
}

}  // namespace hansa
