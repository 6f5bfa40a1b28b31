// What an etcd of ours shows to others, as files, and whom it lets in.
//
//     PREFIX/cluster/tls/      0700
//     member.pem   key and chain, issued by the prefix's authority for the addresses it serves at
//     members.pem  its root: who may speak to the peer port, as hansa-member only
//     revoked.crl  certificates of peers that were taken back; etcd reads it for each handshake
//
// Its client side shows the same certificate; with certificates from elsewhere the operator's,
// so that clients anywhere can check it against the operator's authority. Its peer side is always
// the prefix's own: an in-house authority certifies many who are no members. etcd reads
// certificate and key for each handshake, so a renewal is a matter of writing the files. Blocking.
#pragma once

#include <string>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "daemon/settings.h"
#include "servers/etcd_config.h"
#include "sys/accounts.h"
#include "sys/files.h"

namespace hansa {

struct StoreCertificate {
    EtcdTls client_tls;
    EtcdTls peer_tls;
    std::string server_name;  // what clients on this machine insist on
    WallTime renew_at;        // of the member certificate
    WallTime begins;          // likewise: before that it is none, as when a clock was set back
};

class StoreCertifier {
 public:
    struct Ports {
        Files& files;
        const Accounts& accounts;
        Random& random;
    };
    struct Places {
        std::string directory;  // PREFIX/cluster/tls
        std::string authority_directory;
        std::optional<TlsPaths> elsewhere;
    };
    struct Subject {
        std::string uuid;
        std::string name;
    };

    StoreCertifier(Ports ports, const Clock& clock, Places places, Subject subject)
        : ports_(ports), clock_(clock), places_(std::move(places)), subject_(std::move(subject)) {}

    // Issues and writes a fresh one for `urls`; a new key each time.
    Result<StoreCertificate> certify(const std::vector<std::string>& urls) const;

 private:
    Result<EtcdTls> issue(const std::vector<std::string>& urls, StoreCertificate& made) const;

    Ports ports_;
    const Clock& clock_;
    Places places_;
    Subject subject_;
};

// The addresses that a certificate for these URLs stands for: this machine's own names besides.
// Pure.
std::vector<std::string> certified_addresses(const std::vector<std::string>& urls,
                                             const std::string& host_name);

}  // namespace hansa
