// verify_chain of certificate.h.
#include <openssl/x509_vfy.h>

#include <algorithm>

#include "base/text.h"
#include "trust/certificate.h"
#include "trust/extension.h"
#include "trust/openssl.h"

namespace hansa {
namespace {

// Between leaf and root: an issuing certificate, and one more for authorities from elsewhere.
constexpr int intermediates_max = 2;
// RSA of 2,048 bits, SHA-224 and more (X509_VERIFY_PARAM_set_auth_level).
constexpr int strength_level = 2;

using Context = openssl::Owned<X509_STORE_CTX, X509_STORE_CTX_free>;
using Store = openssl::Owned<X509_STORE, X509_STORE_free>;
struct FreeStack {
    void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
};
using Stack = std::unique_ptr<STACK_OF(X509), FreeStack>;  // borrows its certificates

Error denied(const Certificate& certificate, const std::string& what) {
    return Error{Code::denied, "the certificate of " + certificate.label() + " " + what};
}

std::string early(const Certificate& certificate, WallTime now) {
    const Duration until = certificate.not_before() - now;
    std::string text =
        "is not valid before " + iso8601(certificate.not_before()) + ", in " + readable(until);
    if (until < Seconds{24 * 3600}) text += "; compare the clocks of the two machines";
    return text;
}

std::string late(const Certificate& certificate, WallTime now) {
    return "expired at " + iso8601(certificate.not_after()) + ", " +
           readable(now - certificate.not_after()) + " ago; renew it";
}

std::string words_for(int error, const Certificate& certificate, WallTime now) {
    switch (error) {
        case X509_V_ERR_CERT_HAS_EXPIRED: return late(certificate, now);
        case X509_V_ERR_CERT_NOT_YET_VALID: return early(certificate, now);
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_CERT_SIGNATURE_FAILURE:
            return "was not made by an authority that is known here";
        case X509_V_ERR_INVALID_CA:
        case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
            return "is no authority's, yet it stands as an issuer";
        case X509_V_ERR_INVALID_PURPOSE: return "was not issued for clients";
        case X509_V_ERR_CERT_CHAIN_TOO_LONG:
        case X509_V_ERR_PATH_LENGTH_EXCEEDED: return "stands too far below a root";
        case X509_V_ERR_EE_KEY_TOO_SMALL:
        case X509_V_ERR_CA_KEY_TOO_SMALL:
        case X509_V_ERR_CA_MD_TOO_WEAK: return "has a key or a digest that is too weak";
        default: return std::string{"is refused: "} + X509_verify_cert_error_string(error);
    }
}

// OpenSSL takes a root for an authority without basic constraints, for the sake of version 1.
Store store_of(std::span<const Certificate> roots) {
    Store store{openssl::sure(X509_STORE_new())};
    for (const Certificate& root : roots)
        if (root.is_authority())
            openssl::sure_one(X509_STORE_add_cert(store.get(), root.state().x509.get()));
    return store;
}

Stack stack_of(std::span<const Certificate> certificates) {
    Stack stack{openssl::sure(sk_X509_new_null())};
    for (const Certificate& certificate : certificates)
        check(sk_X509_push(stack.get(), certificate.state().x509.get()) > 0, "a stack grows");
    return stack;
}

void set_rules(X509_STORE_CTX* context, WallTime now, ChainLeaf leaf) {
    X509_VERIFY_PARAM* param = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_time(param, std::chrono::floor<Seconds>(now.time_since_epoch()).count());
    X509_VERIFY_PARAM_set_depth(param, intermediates_max);
    X509_VERIFY_PARAM_set_auth_level(param, strength_level);
    // An in-house issuing certificate may be all that an operator has as a root.
    openssl::sure_one(X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN));
    if (leaf == ChainLeaf::host)
        openssl::sure_one(X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_CLIENT));
}

Certificate borrowed(X509* x509) {
    openssl::sure_one(X509_up_ref(x509));
    return Certificate{
        std::make_shared<const Certificate::State>(Certificate::State{openssl::X509Owned{x509}})};
}

// The leaf up to the root, as found, or what is wrong with it.
Result<std::vector<Certificate>> find_path(std::span<const Certificate> chain,
                                           std::span<const Certificate> roots, WallTime now,
                                           ChainLeaf leaf) {
    const Store store = store_of(roots);
    const Stack others = stack_of(chain.subspan(1));
    const Context context{openssl::sure(X509_STORE_CTX_new())};
    X509* const first = chain.front().state().x509.get();
    openssl::sure_one(X509_STORE_CTX_init(context.get(), store.get(), first, others.get()));
    set_rules(context.get(), now, leaf);

    const bool good = X509_verify_cert(context.get()) == 1;
    ERR_clear_error();
    if (!good) {
        X509* const at = X509_STORE_CTX_get_current_cert(context.get());
        const Certificate failed = at ? borrowed(at) : chain.front();
        return denied(failed, words_for(X509_STORE_CTX_get_error(context.get()), failed, now));
    }
    std::vector<Certificate> path;
    STACK_OF(X509)* found = X509_STORE_CTX_get0_chain(context.get());
    for (int i = 0; i < sk_X509_num(found); ++i) path.push_back(borrowed(sk_X509_value(found, i)));
    return path;
}

// That every issuer is an authority is OpenSSL's to find, and store_of()'s for the last of them.
Result<void> check_leaf(const Certificate& certificate, ChainLeaf leaf) {
    const bool may_issue = certificate.is_authority();
    if (leaf == ChainLeaf::host && may_issue)
        return denied(certificate, "is an authority's, not a host's");
    if (leaf == ChainLeaf::authority && !may_issue) return denied(certificate, "is no authority's");
    return {};
}

// What an authority of Hansa's certifies counts only under its root: an authority from elsewhere
// may copy into a certificate whatever extension it is asked for.
Result<void> check_claims_of(std::span<const Certificate> path) {
    if (!path.front().has_claims()) return {};
    const auto claims = path.front().claims();
    const auto root = openssl::cluster_of(path.back());
    if (claims && root && claims->cluster == *root) return {};
    return denied(path.front(), "carries claims that its authority cannot make");
}

Result<void> check_revoked(std::span<const Certificate> path, const Revoked& revoked,
                           ChainLeaf leaf) {
    for (const Certificate& certificate : path)
        if (std::binary_search(revoked.serials.begin(), revoked.serials.end(),
                               certificate.serial()))
            return denied(certificate, "was revoked (serial " + certificate.serial() + ")");
    if (leaf != ChainLeaf::host) return {};
    // Who names no host that can be read could not be revoked by name either.
    auto claims = path.front().claims();
    if (!claims) return Error{Code::denied, std::move(claims).error().text};
    const auto named = revoked.names.find(claims->name);
    if (named != revoked.names.end() && path.front().not_before() <= named->second)
        return denied(path.front(), "was revoked at " + iso8601(named->second));
    return {};
}

}  // namespace

Result<void> verify_chain(std::span<const Certificate> chain, std::span<const Certificate> roots,
                          WallTime now, const Revoked& revoked, ChainLeaf leaf) {
    if (chain.empty()) return Error{Code::denied, "no certificate was shown"};
    auto path = find_path(chain, roots, now, leaf);
    if (!path) return std::move(path).error();
    if (auto good = check_leaf(path->front(), leaf); !good) return good;
    if (auto good = check_revoked(*path, revoked, leaf); !good) return good;
    return leaf == ChainLeaf::host ? check_claims_of(*path) : Result<void>{};
}

}  // namespace hansa
