// For tests: authorities, peers and times that read as a story, and certificates as an attacker
// or somebody else's software would make them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "trust/authority.h"
#include "trust/draft.h"
#include "trust/openssl.h"

namespace hansa::testing {

inline const WallTime noon{Seconds{1'475'323'200}};  // 2016-10-01T12:00:00Z
inline constexpr Duration hour = Seconds{3600};
inline constexpr Duration day = 24 * hour;
inline const std::string some_uuid = "5d0f2a4c-1c1b-4c7e-8f0a-2b9d6e4f7a11";

// A host with its key and what an authority issued to it.
struct Identity {
    PrivateKey key;
    std::vector<Certificate> chain;  // without the root
    const Certificate& leaf() const { return chain.front(); }
};

inline IssueOrder order_for(const std::string& name, const PrivateKey& key) {
    IssueOrder order;
    order.claims.name = name;
    order.claims.uuid = some_uuid;
    order.public_pem = key.public_pem();
    return order;
}

inline Identity issued(const Authority& authority, const IssueOrder& order, const PrivateKey& key,
                       WallTime now = noon) {
    auto pem = authority.issue(order, now);
    check(bool(pem), "the test's order is granted");
    return {key, *Certificate::chain_from_pem(*pem)};
}

inline Identity peer(const Authority& authority, const std::string& name, WallTime now = noon) {
    const PrivateKey key = PrivateKey::make();
    return issued(authority, order_for(name, key), key, now);
}

// A certificate of a host as software elsewhere makes it; `change` spoils it before it is signed.
inline openssl::Draft host_draft(const std::string& name) {
    openssl::Draft draft;
    draft.subject = {{NID_commonName, name}};
    draft.extensions = {{NID_basic_constraints, "critical,CA:FALSE"},
                        {NID_key_usage, "critical,digitalSignature"}};
    draft.not_before = noon - hour;
    draft.not_after = noon + day;
    return draft;
}
inline openssl::Draft authority_draft(const std::string& name) {
    openssl::Draft draft = host_draft(name);
    draft.extensions = {{NID_basic_constraints, "critical,CA:TRUE"},
                        {NID_key_usage, "critical,keyCertSign,cRLSign"}};
    draft.not_after = noon + 365 * day;
    return draft;
}
inline Certificate made(const openssl::Draft& draft, const PrivateKey& key,
                        const Certificate* issuer, const PrivateKey& issuer_key) {
    return openssl::make_certificate(draft, key.state().key.get(), issuer, issuer_key);
}

// The same certificate after `edit`, with a new signature by `issuer_key`.
inline Certificate edited(const Certificate& certificate, const PrivateKey& issuer_key,
                          const std::function<void(X509*)>& edit) {
    openssl::X509Owned copy{openssl::sure(X509_dup(certificate.state().x509.get()))};
    edit(copy.get());
    check(X509_sign(copy.get(), issuer_key.state().key.get(), EVP_sha256()) > 0, "signed again");
    return Certificate{
        std::make_shared<const Certificate::State>(Certificate::State{std::move(copy)})};
}

// RSA, as Puppet's CA and most in-house ones use it.
inline PrivateKey rsa_key(unsigned bits = 2048) {
    const openssl::Key key{openssl::sure(EVP_RSA_gen(bits))};
    auto made = PrivateKey::from_pem(openssl::pem_of_private(key.get()));
    check(bool(made), "the RSA key is strong enough");
    return *std::move(made);
}

}  // namespace hansa::testing
