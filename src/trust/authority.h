// An authority makes certificates: a root that may be kept offline, and an issuing key below it
// that works online and gets a new certificate from the root in time.
//
// Pure but for randomness (serial numbers, keys) from OpenSSL. Values; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trust/certificate.h"

namespace hansa {

enum class CertificateUse {
    peer,    // a client of the store, and the exporter of what it signs
    member,  // runs the store: serves clients and speaks to other members
};

// The name that every member's certificate carries and every client insists on, so that a peer's
// certificate can never pass for the store (it stands for no address). No peer may be called so.
inline constexpr const char* store_server_name = "store.hansa.internal";
// The common name that members insist on among themselves (etcd's --peer-cert-allowed-cn). No
// peer may be called so either: its name is its certificate's common name.
inline constexpr const char* member_common_name = "hansa-member";
bool is_reserved_name(std::string_view name);  // one of the two, in any spelling

struct IssueOrder {
    Claims claims;                      // an empty cluster becomes the authority's
    std::string public_pem;             // of the P-256 key that the certificate is for
    std::optional<PrivateKey> own_key;  // instead, where the key itself is at hand
    CertificateUse use = CertificateUse::peer;
    std::vector<std::string> addresses;  // IP addresses and DNS names; for members
    Duration life = Seconds{24 * 3600};  // never beyond the authority's own
    WallTime begins_after{};             // of a name that was revoked: the time of that
};

// For whoever serves others beside the authority: the store, the enrolment port.
IssueOrder member_order(std::string name, std::string uuid, const PrivateKey& key);

class Authority {
 public:
    // A new root (20 years) and an issuing key below it (2 years).
    // REQUIRES: check_claims finds nothing wrong with the cluster's name.
    struct Made;
    static Made make(const std::string& cluster, WallTime now);

    // `chain_pem`: the issuing certificate, then the root. Code::invalid unless the key belongs to
    // the first, and both are authorities of one cluster that were made by Hansa.
    static Result<Authority> open(std::string_view key_pem, std::string_view chain_pem);

    const std::string& cluster() const { return cluster_; }
    const Certificate& root() const { return chain_.back(); }
    const std::vector<Certificate>& chain() const { return chain_; }  // issuing first
    std::string chain_pem() const;
    const PrivateKey& key() const { return key_; }

    // Whether the issuing certificate should be made anew: two thirds of its life are over, or it
    // begins later than now (somebody's clock was wrong), and the root would let it live longer.
    bool issuing_is_due(WallTime now) const;

    // The same issuing key with a new certificate of two years, never beyond the root's own: what
    // was issued before and after leads to the same root. Also of an expired one. Code::invalid
    // when `root_key` is not the root's; Code::denied when the root is not valid now.
    Result<Authority> renew_issuing(const PrivateKey& root_key, WallTime now) const;

    // PEM: the certificate, then the issuing one. Begins five minutes before `now`, for clocks
    // that differ; one for less by no more than its life. Code::invalid for a key or claims that no
    // certificate can carry; Code::denied when the issuing certificate has expired.
    Result<std::string> issue(const IssueOrder& order, WallTime now) const;

    // The same two, for whoever goes on with them here: reading a certificate's text takes OpenSSL
    // longer than making one.
    Result<std::vector<Certificate>> issue_chain(const IssueOrder& order, WallTime now) const;

 private:
    Authority(PrivateKey key, std::vector<Certificate> chain, std::string cluster)
        : key_(std::move(key)), chain_(std::move(chain)), cluster_(std::move(cluster)) {}

    PrivateKey key_;
    std::vector<Certificate> chain_;
    std::string cluster_;
};

struct Authority::Made {
    PrivateKey root_key;  // to be kept offline where others join
    Authority issuing;
};

}  // namespace hansa
