// The machine's own authority: made without being asked by whichever agent comes first, used by
// every agent of the same user under that prefix.
//
//     PREFIX/cluster/trust/     0700
//     root.pem                  the root certificate
//     issuing.key, issuing.pem  0600; issuing certificate, then root
//
// The directory appears in one step, whole, so that agents that start at the same instant share
// one. The root's key is thrown away: nobody can make a second issuing key. Blocking, at start.
#pragma once

#include <string>

#include "base/random.h"
#include "base/result.h"
#include "sys/accounts.h"
#include "sys/files.h"
#include "trust/authority.h"

namespace hansa {

struct AuthorityPorts {
    Files& files;
    const Accounts& accounts;
    Random& random;
};

// Code::missing when there is none; Code::denied when others may write there or read the key.
Result<Authority> open_machine_authority(const AuthorityPorts& ports, const std::string& directory);

// The same, made where it is missing, for a new cluster.
Result<Authority> share_machine_authority(const AuthorityPorts& ports, const std::string& directory,
                                          WallTime now);

}  // namespace hansa
