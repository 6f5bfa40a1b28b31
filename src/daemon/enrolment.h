// What a running agent has to do with authorities: it looks after the one of its prefix, answers
// joins where hosts are expected (--join-listen, or tokens that were made), and renews its own
// certificate where that came from another machine. And it sees to the certificate that this host
// would hold a seat with.
//
// Owned by Node; loop thread only.
#pragma once

#include <memory>
#include <optional>

#include "daemon/authority_keeper.h"
#include "daemon/credentials.h"
#include "daemon/home.h"
#include "daemon/issuer.h"
#include "daemon/member_certificate.h"
#include "daemon/renewer.h"
#include "daemon/settings.h"

namespace hansa {

class Enrolment {
 public:
    struct Ports {
        Loop& loop;
        Workers& workers;
        SecureSockets& sockets;
        Files& files;
        Locks& locks;
        const Accounts& accounts;
        Random& random;
        Report& report;
    };

    // Everything given must outlive it. `stores`: the store's client URLs, as known now.
    Enrolment(Ports ports, const Settings& settings, const Home& home, StoreUrls stores)
        : ports_(ports),
          settings_(settings),
          home_(home),
          stores_(std::move(stores)),
          keeper_({ports.loop, ports.report},
                  AuthorityFiles({ports.files, ports.accounts}, home.authority_directory())) {}

    // Code::denied for an authority whose files are not private, Code::unavailable for a port that
    // was asked for and is taken.
    Result<void> start(const HostCredentials& credentials);

    // The store does not accept this host's certificate. `refused` is called when its
    // authority says that it was revoked: Code::conflict, and what can be done.
    void doubt(std::function<void(Error)> refused);

 private:
    Result<void> start_issuer();
    Result<void> start_renewer();
    Result<void> start_member(const HostCredentials& credentials);
    Held ask_for_member(const MemberWish& wish, MemberCertificate::Done done);
    Result<std::string> issue_member(const MemberWish& wish);
    void warn_of_clock(const Certificate& leaf);
    Result<void> renewed(const Grant& grant);

    Ports ports_;
    const Settings& settings_;
    const Home& home_;
    StoreUrls stores_;
    AuthorityKeeper keeper_;
    std::unique_ptr<Issuer> issuer_;             // null: nobody is expected to join
    std::unique_ptr<Renewer> renewer_;           // null: nobody else has certified this host
    std::unique_ptr<MemberCertificate> member_;  // null: never a seat, or certified elsewhere
};

}  // namespace hansa
