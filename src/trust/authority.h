// An authority makes certificates: a root that may be kept offline, and an issuing key below it
// that works online. A machine's own authority is the same thing, made without being asked.
//
// Pure but for randomness (serial numbers, keys) from OpenSSL. Values; any thread.
#pragma once

#include <string>
#include <vector>

#include "trust/certificate.h"

namespace hansa {

enum class CertificateUse {
    peer,    // a client of the store, and the exporter of what it signs
    member,  // runs the store: serves clients and speaks to other members
};

// The name that every member's certificate carries and every client insists on, so that a peer's
// certificate can never pass for the store (it stands for no address).
inline constexpr const char* store_server_name = "store.hansa.internal";
// The common name that members insist on among themselves (etcd's --peer-cert-allowed-cn).
inline constexpr const char* member_common_name = "hansa-member";

struct IssueOrder {
    Claims claims;
    std::string public_pem;  // of the key that the certificate is for
    CertificateUse use = CertificateUse::peer;
    std::vector<std::string> addresses;  // IP addresses and DNS names; for members
    Duration life = Seconds{24 * 3600};
};

class Authority {
 public:
    // A new root (20 years) and an issuing key below it (2 years).
    struct Made;
    static Made make(const std::string& cluster, WallTime now);

    // `chain_pem`: the issuing certificate, then the root.
    static Result<Authority> open(std::string_view key_pem, std::string_view chain_pem);

    const std::string& cluster() const { return cluster_; }
    const Certificate& root() const { return chain_.back(); }
    const std::vector<Certificate>& chain() const { return chain_; }  // issuing first
    std::string chain_pem() const;
    const PrivateKey& key() const { return key_; }

    // PEM: the certificate, then the issuing one. Begins a minute before `now`, for clocks that
    // differ. Code::invalid for a key or claims that no certificate can carry.
    Result<std::string> issue(const IssueOrder& order, WallTime now) const;

 private:
    Authority(PrivateKey key, std::vector<Certificate> chain, std::string cluster)
        : key_(std::move(key)), chain_(std::move(chain)), cluster_(std::move(cluster)) {}

    PrivateKey key_;
    std::vector<Certificate> chain_;
    std::string cluster_;
};

struct Authority::Made {
    PrivateKey root_key;  // to be kept offline, or thrown away by a machine's own authority
    Authority issuing;
};

}  // namespace hansa
