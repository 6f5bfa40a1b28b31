#include "trust/authority.h"

#include <algorithm>

#include "base/host.h"
#include "base/text.h"
#include "trust/draft.h"
#include "trust/extension.h"
#include "trust/ip_address.h"
#include "trust/openssl.h"

namespace hansa {
namespace {

// For clocks that differ; never by more than its life, or a short one would be due when it is made.
constexpr Duration backdated_max = Seconds{300};

WallTime begin_at(WallTime now, Duration life) {
    return now - std::min(backdated_max, life);
}

constexpr std::chrono::days root_life{20 * 365};
constexpr std::chrono::days issuing_life{2 * 365};
constexpr std::size_t common_name_max = 64;  // RFC 5280, ub-common-name

// Of an authority: only its cluster.
std::string authority_claims(const std::string& cluster) {
    Claims claims;
    claims.cluster = cluster;
    auto text = encode(claims);
    check(bool(text), "an authority has a cluster that can be certified");
    return *std::move(text);
}

openssl::Draft authority_draft(const std::string& cluster, const char* title, WallTime now,
                               Duration life) {
    openssl::Draft draft;
    draft.subject = {{NID_organizationName, cluster}, {NID_commonName, title}};
    draft.claims = authority_claims(cluster);
    draft.not_before = begin_at(now, life);
    draft.not_after = now + life;
    return draft;
}

Certificate issuing_certificate(const PrivateKey& key, const std::string& cluster,
                                const Certificate& root, const PrivateKey& root_key, WallTime now) {
    openssl::Draft draft = authority_draft(cluster, "Hansa issuing key", now, issuing_life);
    draft.extensions = {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                        {NID_key_usage, "critical,digitalSignature,keyCertSign,cRLSign"}};
    draft.not_before = std::max(draft.not_before, root.not_before());
    draft.not_after = std::min(draft.not_after, root.not_after());
    return openssl::make_certificate(draft, key.state().key.get(), &root, root_key);
}

Result<std::vector<openssl::AlternativeName>> names_for(const IssueOrder& order) {
    using openssl::AlternativeName;
    using Type = AlternativeName::Type;
    if (order.use == CertificateUse::peer) {
        if (!order.addresses.empty())
            return Error{Code::invalid, "a peer's certificate stands for no address"};
        return std::vector<AlternativeName>{{Type::dns, order.claims.name}};
    }
    std::vector<AlternativeName> names{{Type::dns, store_server_name}};
    for (const std::string& address : order.addresses) {
        if (!openssl::octets_of_ip(address).empty()) {
            names.push_back({Type::ip, address});
            continue;
        }
        auto name = HostName::parse(address);
        if (!name) return std::move(name).error().during("address of a member");
        names.push_back({Type::dns, address});
    }
    return names;
}

std::string common_name_for(const IssueOrder& order) {
    if (order.use == CertificateUse::member) return member_common_name;
    // The DNS name carries a longer one; a part of it could be the name of somebody else.
    return order.claims.name.size() <= common_name_max ? order.claims.name : order.claims.uuid;
}

Result<openssl::Key> key_for(const IssueOrder& order) {
    openssl::Key key = order.own_key ? openssl::shared(order.own_key->state().key.get())
                                     : openssl::public_key_from_pem(order.public_pem);
    if (!key) return Error{Code::invalid, "no public key in PEM form"};
    char group[32] = {};
    const bool named = EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_EC &&
                       EVP_PKEY_get_group_name(key.get(), group, sizeof group, nullptr) == 1;
    ERR_clear_error();
    if (!named || std::string_view{group} != "prime256v1")
        return Error{Code::invalid, "the public key is not one of ECDSA P-256"};
    return key;
}

Result<Claims> claims_for(const IssueOrder& order, const std::string& cluster) {
    Claims claims = order.claims;
    if (claims.cluster.empty()) claims.cluster = cluster;
    if (claims.cluster != cluster)
        return Error{Code::invalid, "this authority is of cluster " + cluster + ", not of " +
                                        printable(claims.cluster, 80)};
    if (claims.name.empty()) return Error{Code::invalid, "a certificate needs a host name"};
    if (is_reserved_name(claims.name))
        return Error{Code::invalid, "the name " + printable(claims.name) +
                                        " is kept for the store; choose another one"};
    if (auto good = check_claims(claims); !good) return std::move(good).error();
    return claims;
}

struct Life {
    WallTime not_before;
    WallTime not_after;
};

Result<Life> life_for(const IssueOrder& order, const Certificate& issuing, WallTime now) {
    const Duration left = issuing.not_after() - now;
    if (left <= Duration::zero())
        return Error{Code::denied, "the issuing certificate expired at " +
                                       iso8601(issuing.not_after()) +
                                       "; renew it with \"hansa ca renew\""};
    if (order.life < Seconds{1}) return Error{Code::invalid, "a certificate lives for some time"};
    // Certificates count whole seconds, so the next one is the first that is surely later.
    const WallTime after{std::chrono::floor<Seconds>(order.begins_after) + Seconds{1}};
    const Life life{std::max(begin_at(now, order.life), after), now + std::min(order.life, left)};
    if (life.not_before >= life.not_after)
        return Error{Code::invalid, "the certificate would begin at " + iso8601(life.not_before) +
                                        ", after its end; compare the clocks"};
    return life;
}

}  // namespace

bool is_reserved_name(std::string_view name) {
    std::string plain = lower(name);
    while (plain.ends_with('.')) plain.pop_back();
    return plain == store_server_name || plain == member_common_name;
}

IssueOrder member_order(std::string name, std::string uuid, const PrivateKey& key) {
    IssueOrder order;
    order.claims.name = std::move(name);
    order.claims.uuid = std::move(uuid);
    order.own_key = key;
    order.use = CertificateUse::member;
    return order;
}

Authority::Made Authority::make(const std::string& cluster, WallTime now) {
    PrivateKey root_key = PrivateKey::make();
    openssl::Draft draft = authority_draft(cluster, "Hansa root", now, root_life);
    draft.extensions = {{NID_basic_constraints, "critical,CA:TRUE,pathlen:1"},
                        {NID_key_usage, "critical,keyCertSign,cRLSign"}};
    const Certificate root =
        openssl::make_certificate(draft, root_key.state().key.get(), nullptr, root_key);

    PrivateKey issuing_key = PrivateKey::make();
    const Certificate issuing = issuing_certificate(issuing_key, cluster, root, root_key, now);
    return {std::move(root_key), Authority{std::move(issuing_key), {issuing, root}, cluster}};
}

Result<Authority> Authority::open(std::string_view key_pem, std::string_view chain_pem) {
    auto key = PrivateKey::from_pem(key_pem);
    if (!key) return std::move(key).error().during("key of the authority");
    auto chain = Certificate::chain_from_pem(chain_pem);
    if (!chain) return std::move(chain).error().during("certificates of the authority");
    if (chain->size() != 2)
        return Error{Code::invalid, "an authority has an issuing certificate and a root, not " +
                                        counted(chain->size(), "certificate")};
    if (!chain->front().belongs_to(*key))
        return Error{Code::invalid, "the authority's key does not belong to its certificate"};
    auto cluster = openssl::cluster_of(chain->front());
    auto root_cluster = openssl::cluster_of(chain->back());
    if (!cluster) return std::move(cluster).error().during("issuing certificate");
    if (!root_cluster) return std::move(root_cluster).error().during("root certificate");
    if (*cluster != *root_cluster)
        return Error{Code::invalid, "the issuing certificate is of cluster " + *cluster +
                                        ", the root of " + *root_cluster};
    // Judged at its own beginning: an expired one is opened, but issues nothing.
    const std::span<const Certificate> roots{&chain->back(), 1};
    if (auto good = verify_chain({chain->data(), 1}, roots, chain->front().not_before(), {},
                                 ChainLeaf::authority);
        !good)
        return Error{Code::invalid, std::move(good).error().text};
    return Authority{*std::move(key), *std::move(chain), *std::move(cluster)};
}

std::string Authority::chain_pem() const {
    return pem_of(chain_);
}

bool Authority::issuing_is_due(WallTime now) const {
    const Certificate& issuing = chain_.front();
    if (now < issuing.not_before()) return true;
    return now >= renewal_time(issuing) && issuing.not_after() < root().not_after();
}

Result<Authority> Authority::renew_issuing(const PrivateKey& root_key, WallTime now) const {
    if (!root().belongs_to(root_key))
        return Error{Code::invalid, "this is not the root key of cluster " + cluster_ +
                                        "; the right one belongs to root.pem"};
    // Under a clock that is wrong nothing is made that could not be used once it is right.
    const std::span<const Certificate> roots{&root(), 1};
    if (auto good = verify_chain(roots, roots, now, {}, ChainLeaf::authority); !good)
        return std::move(good).error();
    return Authority{
        key_, {issuing_certificate(key_, cluster_, root(), root_key, now), root()}, cluster_};
}

Result<std::string> Authority::issue(const IssueOrder& order, WallTime now) const {
    auto chain = issue_chain(order, now);
    if (!chain) return std::move(chain).error();
    return pem_of(*chain);
}

Result<std::vector<Certificate>> Authority::issue_chain(const IssueOrder& order,
                                                        WallTime now) const {
    auto claims = claims_for(order, cluster_);
    if (!claims) return std::move(claims).error();
    auto names = names_for(order);
    if (!names) return std::move(names).error();
    auto key = key_for(order);
    if (!key) return std::move(key).error();
    auto life = life_for(order, chain_.front(), now);
    if (!life) return std::move(life).error();
    auto text = encode(*claims);
    if (!text) return std::move(text).error();

    const bool serves = order.use == CertificateUse::member;
    openssl::Draft draft;
    draft.subject = {{NID_commonName, common_name_for(order)}};
    draft.extensions = {{NID_basic_constraints, "critical,CA:FALSE"},
                        {NID_key_usage, "critical,digitalSignature"},
                        {NID_ext_key_usage, serves ? "clientAuth,serverAuth" : "clientAuth"}};
    draft.names = *std::move(names);
    draft.claims = *std::move(text);
    draft.not_before = life->not_before;
    draft.not_after = life->not_after;
    const Certificate made = openssl::make_certificate(draft, key->get(), &chain_.front(), key_);
    return std::vector<Certificate>{made, chain_.front()};
}

}  // namespace hansa
