// This host's keys and certificate, wherever they come from:
//
//   machine    made here, and certified for 24 h by the machine's own authority;
//   joined     certified by the authority of a cluster that this host has joined;
//   elsewhere  the files of --tls-cert, --tls-key and --tls-ca.
//
//     PREFIX/HOST/trust/  0700
//     signing.key         Ed25519; what this host exports is signed with it
//     tls.key             ECDSA P-256; not there with certificates from elsewhere
//     tls.pem, ca.pem     the certificate (leaf first), and whose certificates we believe
//     joined.json         there when the identity is a joined one; written last
//
// Made at start, on the loop thread; blocking but small. Files are looked at before they are
// believed: a key that others may read is refused, with what to do.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "daemon/home.h"
#include "daemon/settings.h"
#include "sys/accounts.h"
#include "sys/files.h"
#include "trust/authority.h"
#include "trust/key_set.h"

namespace hansa {

enum class TrustSource { machine, joined, elsewhere };

// An identity that a cluster's authority has given to this host. The key stays the same when the
// certificate is renewed.
struct JoinedIdentity {
    std::string key_pem;
    std::string chain_pem;  // leaf first
    std::string roots_pem;
    std::vector<std::string> seeds;  // client URLs where the cluster was met; may be empty
    std::string token{};             // id of the token that it was joined with
};

// Puts it into `directory` (PREFIX/HOST/trust), where the next start finds it. A crash in between
// leaves what was there before, or none.
Result<void> store_joined(Files& files, const std::string& directory,
                          const JoinedIdentity& identity);
// Code::missing when this host has not joined.
Result<JoinedIdentity> read_joined(const Files& files, const Accounts& accounts,
                                   const std::string& directory);
bool has_joined(const Files& files, const std::string& directory);
// Of the same key: what a renewal changes, in one step.
Result<void> replace_joined_certificate(Files& files, const std::string& directory,
                                        const std::string& chain_pem);

class HostCredentials {
 public:
    struct Ports {
        Files& files;
        const Accounts& accounts;
        Random& random;
        const Clock& clock;
    };
    struct Places {
        std::string directory;              // PREFIX/HOST/trust
        std::string authority_directory;    // of the machine's own
        std::optional<TlsPaths> elsewhere;  // wins over everything
    };
    struct Subject {
        std::string uuid;
        std::string name;
        std::string domain{};  // what a machine's own certificate says
    };

    // Code::denied and Code::invalid name the file, what is wrong with it, and what to do. Ports
    // must outlive the object.
    static Result<HostCredentials> open(Ports ports, Places places, Subject subject);

    const Credentials& current() const { return current_; }
    TrustSource source() const { return source_; }
    const std::string& cluster() const { return cluster_; }  // certified; empty: from elsewhere
    std::string domain() const;                              // certified; empty: none is
    // Where a joined cluster was met.
    const std::vector<std::string>& seeds() const { return seeds_; }

    // Takes what is newer: a machine's own certificate is issued again at two thirds of its life,
    // files that have changed are read again. True when current() is another; an error leaves it
    // as it was.
    Result<bool> refresh();

    // How long to wait before the next refresh().
    Duration until_refresh() const;

 private:
    HostCredentials(Ports ports, Places places, Subject subject, SigningKey signing_key,
                    PrivateKey tls_key);

    Result<Credentials> load() const;
    Result<Credentials> load_joined() const;
    Result<Credentials> load_elsewhere() const;
    Result<Credentials> issue_to_self() const;
    Result<Credentials> checked(Credentials made, const std::string& where) const;

    Ports ports_;
    Places places_;
    Subject subject_;
    TrustSource source_ = TrustSource::machine;
    std::string cluster_;
    std::vector<std::string> seeds_;
    Credentials current_;
};

// Those of the host that `settings` and `home` describe; completes the paths of --tls-*, and takes
// the seeds of a joined cluster where none are given. Code::conflict when what is there does not
// do for what is asked.
Result<HostCredentials> open_credentials(HostCredentials::Ports ports, const Home& home,
                                         Settings& settings);

// Code::conflict, with what to give, when there is nothing that a store elsewhere could believe:
// neither certificates from elsewhere nor a joined identity, nor an authority that it may share.
Result<void> require_identity_for_seeds(const Files& files, const HostCredentials::Places& places);

}  // namespace hansa
