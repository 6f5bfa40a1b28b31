#include "trust/key_set.h"

#include "base/host.h"
#include "base/text.h"
#include "data/json.h"
#include "data/members.h"

namespace hansa {
namespace {

constexpr std::int64_t version = 1;
constexpr JsonLimits limits{key_set_bytes_max, 4};
constexpr std::string_view purpose = "hansa key set 1";

struct KeySet {
    std::string cluster;
    std::string name;
    std::string uuid;
    std::string key;    // raw
    std::string chain;  // PEM
    std::string proof;
};

// What the certificate's own key signs.
std::string statement_of(const KeySet& set) {
    return Statement{purpose}.add(set.cluster).add(set.name).add(set.uuid).add(set.key).bytes();
}

std::string encode(const KeySet& set) {
    Value::Map map;
    const auto put = [&map](std::string name, std::string text) {
        map.push_back({std::move(name), {}, Value::of_text(std::move(text))});
    };
    map.push_back({"v", {}, Value::of_int(version)});
    put("cluster", set.cluster);
    put("name", set.name);
    put("uuid", set.uuid);
    put("key", base64_encode(set.key));
    put("chain", set.chain);
    put("proof", base64_encode(set.proof));
    return to_json(Value::of_map(std::move(map)));
}

std::string bytes_of(Members& members, const char* name) {
    auto bytes = base64_decode(members.text(name));
    if (!bytes) members.refuse("has \"" + std::string{name} + "\" as text that is not base64");
    return bytes ? *std::move(bytes) : std::string{};
}

Result<KeySet> decode(std::string_view text) {
    auto parsed = parse_json(text, limits);
    if (!parsed) return std::move(parsed).error().during("key set");
    Members members(*parsed, "key set");
    members.number("v", {version, version});
    KeySet set;
    set.cluster = members.text("cluster");
    set.name = members.text("name");
    set.uuid = members.text("uuid");
    set.key = bytes_of(members, "key");
    set.chain = members.text("chain");
    set.proof = bytes_of(members, "proof");
    if (!is_uuid(set.uuid)) members.refuse("has a \"uuid\" that is none");
    if (auto read = members.finish(); !read) return std::move(read).error();
    return set;
}

Error denied(std::string_view name, const std::string& why) {
    return Error{Code::denied, "key set of " + printable(name, 80) + ": " + why};
}

// When the chain is judged: now, or, within the lapse, when its leaf was still good.
WallTime judged_at(const Certificate& leaf, WallTime now, Duration lapse) {
    const WallTime until = leaf.not_after();
    return now >= until && now - until <= lapse ? until - Seconds{1} : now;
}

Result<Claims> claims_of(const Certificate& leaf, const KeySet& set) {
    auto claims = leaf.claims();
    if (!claims) return denied(set.name, claims.error().text);
    if (claims->name != set.name) return denied(set.name, "its certificate is of " + claims->name);
    if (!leaf.has_claims()) {
        // Elsewhere nobody certifies these; the proof below shows who says so.
        claims->uuid = set.uuid;
        return claims;
    }
    if (claims->cluster != set.cluster)
        return denied(set.name, "its certificate is of cluster " + claims->cluster);
    if (claims->uuid != set.uuid)
        return denied(set.name, "its certificate is of another host of that name (uuid " +
                                    claims->uuid + ", not " + set.uuid + ")");
    return claims;
}

}  // namespace

std::string Credentials::chain_pem() const {
    return pem_of(chain);
}

std::string Credentials::roots_pem() const {
    return pem_of(roots);
}

std::string make_key_set(const Credentials& mine, std::string_view cluster) {
    KeySet set;
    set.cluster = cluster;
    set.name = mine.name;
    set.uuid = mine.uuid;
    set.key = mine.signing_key.verifying_key().raw();
    set.chain = mine.chain_pem();
    set.proof = mine.tls_key.sign(statement_of(set));
    return encode(set);
}

Result<VerifiedPeer> verify_key_set(std::string_view text, std::string_view cluster,
                                    std::string_view name, std::span<const Certificate> roots,
                                    WallTime now, Duration lapse, const Revoked& revoked) {
    auto set = decode(text);
    if (!set) return std::move(set).error();
    auto key = VerifyingKey::of(set->key);
    if (!key) return std::move(key).error().during("key set");
    auto chain = Certificate::chain_from_pem(set->chain);
    if (!chain) return std::move(chain).error().during("key set");

    if (set->cluster != cluster)
        return denied(name, "it is for cluster " + printable(set->cluster, 80));
    if (set->name != name) return denied(name, "it is of " + printable(set->name, 80));
    const Certificate& leaf = chain->front();
    if (auto good = verify_chain(*chain, roots, judged_at(leaf, now, lapse), revoked); !good)
        return denied(name, good.error().text);
    auto claims = claims_of(leaf, *set);
    if (!claims) return std::move(claims).error();
    if (!leaf.verifies(statement_of(*set), set->proof))
        return denied(name, "the proof was not made with the certificate's key");
    return VerifiedPeer{*std::move(key), *std::move(claims), leaf.not_before(), leaf.not_after(),
                        leaf.serial()};
}

}  // namespace hansa
