// The certificate that this host's member of the store shows, once the host is given a seat.
//
//     PREFIX/HOST/trust/member.key  ECDSA P-256, made once
//     PREFIX/HOST/trust/member.pem  its certificate for this host's addresses, then the issuing one
//
// It is got in advance and renewed at two thirds of its life, since whoever issues it may be away
// at the moment of the promotion. The key stays, so that etcd, which reads both files for each
// handshake, never finds one beside the other's.
//
// Owned by Enrolment; loop thread only. The files are small; nothing waits for anybody.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "mesh/backoff.h"
#include "report/report.h"
#include "sys/accounts.h"
#include "sys/files.h"
#include "sys/loop.h"
#include "trust/certificate.h"

namespace hansa {

std::string member_key_path(const std::string& trust_directory);
std::string member_certificate_path(const std::string& trust_directory);

// Of a host that joins anew: somebody else may have its keys. What is not there is gone.
Result<void> remove_member_certificate(Files& files, const std::string& trust_directory);

struct MemberWish {
    PrivateKey key;
    std::vector<std::string> addresses;  // as member_addresses() has them
};

class MemberCertificate {
 public:
    struct Ports {
        Loop& loop;
        Files& files;
        const Accounts& accounts;
        Random& random;
        Report& report;
    };
    struct Subject {
        std::string directory;  // PREFIX/HOST/trust
        std::string uuid;
        std::string name;
    };
    // Has one issued: its chain, leaf first. `done` is called once, later, unless the Held is gone.
    using Done = std::function<void(Result<std::string>)>;
    using Obtain = std::function<Held(const MemberWish&, Done done)>;

    MemberCertificate(Ports ports, Subject subject, Obtain obtain)
        : ports_(ports), subject_(std::move(subject)), obtain_(std::move(obtain)) {}

    // Where this host is reached from now on; one that stands for these addresses is kept, for
    // others one is asked for soon. Code::denied when others may read the key that is there.
    // REQUIRES: as member_addresses() has them.
    Result<void> want(std::vector<std::string> addresses);

    // Whether the files are good for these addresses now.
    bool is_ready() const;

 private:
    void look();
    Result<PrivateKey> keep_key();
    std::optional<Certificate> present();
    bool is_good(const std::vector<Certificate>& chain) const;
    void settle(Certificate leaf);
    void wait();
    void ask();
    void take(const std::string& chain_pem);
    void keep(const std::string& chain_pem, const Certificate& leaf);
    void again(const std::string& why, Action action);

    Ports ports_;
    Subject subject_;
    Obtain obtain_;
    std::vector<std::string> addresses_;
    std::optional<PrivateKey> key_;
    std::optional<Certificate> leaf_;  // in the file, and good when it was looked at
    WallTime due_;
    Backoff backoff_;
    Held asking_;
    Held timer_;
};

}  // namespace hansa
