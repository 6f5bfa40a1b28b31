#include "trust/enrolment.h"

#include <algorithm>

#include "base/text.h"
#include "data/json.h"
#include "data/members.h"
#include "data/texts.h"
#include "trust/keys.h"

namespace hansa {
namespace {

constexpr std::int64_t version = 1;
constexpr std::string_view join_line = "hansa join\n";
constexpr std::string_view renewal_line = "hansa renew\n";
constexpr std::string_view member_line = "hansa member\n";
constexpr JsonLimits question_limits{8 << 10, 2};
constexpr JsonLimits answer_limits{256 << 10, 3};
constexpr std::size_t nonce_digits = 32;
constexpr std::size_t lists_max = 64;

std::string encode_renewal(const RenewalRequest& request) {
    Value::Map map;
    map.push_back({"v", {}, Value::of_int(version)});
    map.push_back({"nonce", {}, Value::of_text(request.nonce)});
    return to_json(Value::of_map(std::move(map)));
}

Result<RenewalRequest> decode_renewal(std::string_view text) {
    auto parsed = parse_json(text, question_limits);
    if (!parsed) return std::move(parsed).error().during("renewal request");
    Members members(*parsed, "renewal request");
    members.number("v", {version, version});
    RenewalRequest request{members.text("nonce")};
    if (!is_nonce(request.nonce)) members.refuse("has a \"nonce\" that is not 32 digits");
    if (auto read = members.finish(); !read) return std::move(read).error();
    return request;
}

Error distrusted(const std::string& why) {
    return Error{Code::denied, why};
}

}  // namespace

bool is_nonce(const std::string& text) {
    return text.size() == nonce_digits && hex_decode(text);
}

std::string encode(const EnrolmentQuestion& question) {
    if (const auto* join = std::get_if<JoinRequest>(&question))
        return std::string{join_line} + encode(*join);
    if (const auto* member = std::get_if<MemberRequest>(&question))
        return std::string{member_line} + encode(*member);
    return std::string{renewal_line} + encode_renewal(std::get<RenewalRequest>(question));
}

Result<EnrolmentQuestion> decode_enrolment_question(std::string_view text) {
    if (text.starts_with(join_line)) {
        auto join = decode_join_request(text.substr(join_line.size()));
        if (!join) return std::move(join).error();
        return EnrolmentQuestion{std::move(*join)};
    }
    if (text.starts_with(renewal_line)) {
        auto renewal = decode_renewal(text.substr(renewal_line.size()));
        if (!renewal) return std::move(renewal).error();
        return EnrolmentQuestion{std::move(*renewal)};
    }
    if (text.starts_with(member_line)) {
        auto member = decode_member_request(text.substr(member_line.size()));
        if (!member) return std::move(member).error();
        return EnrolmentQuestion{std::move(*member)};
    }
    return Error{Code::invalid,
                 "a question that is neither a join nor a renewal nor a member's request"};
}

std::string encode(const EnrolmentAnswer& answer) {
    Value::Map map;
    const auto put = [&map](std::string name, Value value) {
        map.push_back({std::move(name), {}, std::move(value)});
    };
    put("v", Value::of_int(version));
    put("nonce", Value::of_text(answer.nonce));
    if (const auto* refusal = std::get_if<Error>(&answer.verdict)) {
        put("refused", Value::of_text(printable(refusal->text, 500)));
        put("final", Value::of_bool(refusal->code != Code::unavailable));
        if (refusal->code == Code::conflict) put("revoked", Value::of_bool(true));
    } else {
        const Grant& grant = std::get<Grant>(answer.verdict);
        put("chain", Value::of_text(grant.chain_pem));
        put("root", Value::of_text(grant.root_pem));
        put("stores", list_of_texts(grant.stores));
        put("addresses", list_of_texts(grant.addresses));
    }
    return to_json(Value::of_map(std::move(map)));
}

Result<EnrolmentAnswer> decode_enrolment_answer(std::string_view text) {
    auto parsed = parse_json(text, answer_limits);
    if (!parsed) return std::move(parsed).error().during("the authority's answer");
    Members members(*parsed, "the authority's answer");
    members.number("v", {version, version});
    EnrolmentAnswer answer{members.text_if_any("nonce"), Grant{}};
    const bool last = members.flag("final", true);
    const bool revoked = members.flag("revoked", false);
    if (const std::string refused = members.text_if_any("refused"); !refused.empty()) {
        const Code code = revoked ? Code::conflict : last ? Code::denied : Code::unavailable;
        answer.verdict = Error{code, printable(refused, 500)};
    } else {
        Grant grant{members.text("chain"), members.text("root"), members.texts("stores"),
                    members.texts("addresses")};
        if (grant.stores.size() > lists_max || grant.addresses.size() > lists_max)
            members.refuse("names more than " + std::to_string(lists_max) + " places");
        answer.verdict = std::move(grant);
    }
    if (auto read = members.finish(); !read) return std::move(read).error();
    return answer;
}

Result<void> judge_issuer(std::string_view chain_pem, std::string_view pin, WallTime now) {
    const auto chain = Certificate::chain_from_pem(chain_pem);
    if (!chain) return distrusted("whoever answers there shows no certificates that can be read");
    const auto root = std::find_if(chain->begin(), chain->end(), [pin](const Certificate& one) {
        return one.is_authority() && equal_secrets(one.key_pin(), pin);
    });
    if (root == chain->end())
        return distrusted(
            "whoever answers there is not the authority of this cluster (its root is another one); "
            "somebody may be listening in between, or the authority was made anew");
    if (auto good = verify_chain(*chain, {&*root, 1}, now); !good) return good;
    const Certificate& leaf = chain->front();
    if (!leaf.has_claims() || !leaf.may_serve_store() || !leaf.addresses().empty())
        return distrusted("whoever answers there is " + leaf.label() +
                          ", which may not speak for the authority");
    return {};
}

Result<Grant> accept_grant(const EnrolmentAnswer& answer, const Expectation& expected,
                           WallTime now) {
    if (answer.nonce != expected.nonce)
        return distrusted("the authority's answer is to another question");
    if (const auto* refusal = std::get_if<Error>(&answer.verdict)) return *refusal;
    const Grant& grant = std::get<Grant>(answer.verdict);
    const auto chain = Certificate::chain_from_pem(grant.chain_pem);
    const auto root = Certificate::from_pem(grant.root_pem);
    if (!chain || !root) return distrusted("the authority's certificates cannot be read");
    if (!equal_secrets(root->key_pin(), expected.pin))
        return distrusted("the authority's answer names another root than it has");
    if (auto good = verify_chain(*chain, {&*root, 1}, now); !good)
        return std::move(good).error().during("the authority's answer");
    if (!chain->front().belongs_to(expected.key))
        return distrusted("the certificate that was issued is for another key");
    const auto claims = chain->front().claims();
    if (!claims || claims->name != expected.name || claims->uuid != expected.uuid)
        return distrusted("the certificate that was issued is for another host");
    if (chain->front().may_serve_store() != (expected.use == CertificateUse::member))
        return distrusted("the certificate that was issued is for another use");
    return grant;
}

Result<Claims> judge_peer(std::span<const Certificate> chain, const RenewalRules& rules,
                          WallTime now) {
    if (chain.empty()) return Error{Code::denied, "whoever asks shows no certificate"};
    const Certificate& leaf = chain.front();
    if (auto good = verify_chain(chain, rules.roots, now); !good) return std::move(good).error();
    if (auto good = verify_chain(chain, rules.roots, now, rules.revoked); !good)
        return Error{Code::conflict, std::move(good).error().text};
    auto claims = leaf.claims();
    if (!claims || !leaf.has_claims() || claims->cluster != rules.cluster)
        return Error{Code::denied, "the certificate of " + leaf.label() +
                                       " is not of this cluster; its own authority renews it"};
    if (leaf.may_serve_store())
        return Error{Code::denied, "the certificate of " + leaf.label() +
                                       " serves the store, and gets no other one"};
    return *std::move(claims);
}

Result<IssueOrder> decide_renewal(std::span<const Certificate> chain, const RenewalRules& rules,
                                  WallTime now) {
    if (chain.empty())
        return Error{Code::denied, "a renewal needs the certificate that is to be renewed"};
    const Certificate& leaf = chain.front();
    if (now > leaf.not_after() + rules.grace)
        return Error{Code::denied, "the certificate of " + leaf.label() + " expired at " +
                                       iso8601(leaf.not_after()) + ", more than " +
                                       readable(rules.grace) + " ago; join again with a new token"};
    // Within the grace it is judged as it was at its end, with what has been revoked until now.
    const WallTime judged = std::min(now, leaf.not_after() - Seconds{1});
    auto claims = judge_peer(chain, rules, judged);
    if (!claims) return std::move(claims).error();
    // Or a peer could have so many certificates that it can never be taken back.
    if (now < leaf.not_before() + (leaf.not_after() - leaf.not_before()) / 2)
        return Error{Code::unavailable, "the certificate of " + leaf.label() + " is good until " +
                                            iso8601(leaf.not_after()) +
                                            "; it is renewed in the second half of its life"};
    IssueOrder order;
    order.claims = std::move(*claims);
    order.public_pem = leaf.public_pem();
    return order;
}

}  // namespace hansa
