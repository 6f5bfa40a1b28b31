// The key files of a prefix's authority, PREFIX/ca: there is one authority per prefix.
//
//     DIRECTORY/               0700; appears in one step, whole
//     root.key                 to be kept offline where others join; read only to renew
//     root.pem                 the root certificate, whose pin tokens carry
//     issuing.key, issuing.pem what certificates are made with; issuing certificate, then root
//
// Made by the agent that comes first, for a cluster of a new name, or beforehand by "hansa ca
// init"; agents that start at the same instant share one. The issuing certificate lives two years
// and is renewed in place: in one atomic write without a lock, because whichever of two writers
// comes last, what stands there belongs to the same key. Every file is made with mode 0600.
// Blocking: for commands, workers, and small reads at start. The ports outlive all copies.
#pragma once

#include <optional>
#include <string>

#include "base/random.h"
#include "base/result.h"
#include "sys/accounts.h"
#include "sys/files.h"
#include "trust/authority.h"
#include "trust/revocation.h"

namespace hansa {

class AuthorityFiles {
 public:
    struct Ports {
        Files& files;
        const Accounts& accounts;
    };

    AuthorityFiles(Ports ports, std::string path) : ports_(ports), path_(std::move(path)) {}

    const std::string& path() const { return path_; }
    std::string root_key() const { return path_ + "/root.key"; }

    // Code::conflict when the directory has anything in it: nothing is overwritten.
    Result<Authority> make(const std::string& cluster, WallTime now) const;

    // Code::missing when there is none; Code::denied when somebody else may read its keys or
    // write into it.
    Result<Authority> open() const;

    // The same; renews the issuing certificate where that is due and the root key is here. What
    // keeps it from that is no error: the present one serves to its end, and issuing_warning()
    // says in time what to do.
    Result<Authority> keep(WallTime now) const;

    // The same, made where it is missing.
    Result<Authority> share(Random& random, WallTime now) const;

    // Who was taken back, in revocations.json there; the first list of all is empty. An error when
    // it cannot be read or believed: then nobody can be told from those on it.
    Result<RevocationList> revocations(const Authority& authority, WallTime now) const;
    std::string revocations_path() const { return path_ + "/revocations.json"; }

    // Renews the issuing certificate with the root key in the file `root_key`, due or not. Errors
    // as those of open(), check_secret() and Authority::renew_issuing().
    Result<Authority> renew(const std::string& root_key, WallTime now) const;

 private:
    Result<void> fill(const std::string& directory, const Authority::Made& made) const;
    Error taken() const;

    Ports ports_;
    std::string path_;
};

// What to tell an operator when the issuing certificate ends within 60 days: renewed by itself it
// never comes that near. Pure.
std::optional<std::string> issuing_warning(const Authority& authority, WallTime now);

}  // namespace hansa
