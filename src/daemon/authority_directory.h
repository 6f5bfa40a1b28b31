// An authority on disk that others join: beside its keys (authority_files.h)
//
//     lock                     held while something is judged by what stands here, and written
//     revocations.json         signed list of who is taken back; missing: nobody
//     issued/NAME.json         which certificates that host can still show
//     tokens/ID.json           a record each; agents answer joins where there is this directory
//     listening/HOST           where the agent of that name answers requests: HOST:PORT
//
// Every file is made with mode 0600. Blocking: for workers, commands, and small reads at start.
// Copies mean the same directory; the ports outlive all of them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/host.h"
#include "base/host_port.h"
#include "base/result.h"
#include "daemon/authority_files.h"
#include "daemon/secret_files.h"
#include "sys/locks.h"
#include "trust/enrolment.h"
#include "trust/issued.h"
#include "trust/revocation.h"
#include "trust/token.h"

namespace hansa {

// Lets that much time pass, or a little less: a worker sleeps, a command turns its loop.
using Pause = std::function<void(Duration)>;

class AuthorityDirectory {
 public:
    struct Ports {
        Files& files;
        Locks& locks;
        const Accounts& accounts;
    };

    AuthorityDirectory(Ports ports, std::string path)
        : ports_(ports), path_(path), keys_({ports.files, ports.accounts}, std::move(path)) {}

    const std::string& path() const { return path_; }
    const AuthorityFiles& keys() const { return keys_; }

    // Makes everything. Errors as those of AuthorityFiles::make().
    Result<Authority> make(const std::string& cluster, WallTime now);

    // Whether hosts are expected to join: tokens were made here, or are to be.
    bool has_tokens() const;

    // Takes back the host of that name with every certificate that was issued to it and has not
    // expired. Code::missing when none was ever issued to such a host.
    Result<RevocationList> take_back(const HostName& name, const Authority& authority, WallTime now,
                                     const Pause& pause);

    // To whom certificates were issued here, in order.
    std::vector<std::string> hosts() const;

    // In the order of their making.
    Result<std::vector<TokenRecord>> tokens() const;

    // Records that expired long ago go at the same time.
    Result<void> add(const TokenRecord& record);

    // Code::missing when there is no such token.
    Result<void> revoke(const std::string& id, const Pause& pause);

    struct Rules {
        Duration life = Seconds{24 * 3600};      // of the certificate
        Duration grace = renewal_grace_default;  // after its end, for a renewal
    };
    // Grants `request` (the new certificate, then the issuing one) and counts it before anybody
    // can learn of it: the records are on the disk when this returns, so that neither a second
    // agent nor a kill makes one use two, and whoever is taken back at the same moment is. Code::
    // denied as decide_join and Authority::issue, which costs no use; Code::unavailable when a
    // record cannot be read, locked or written.
    Result<std::string> grant_join(const JoinRequest& request, const Authority& authority,
                                   const Rules& rules, WallTime now, const Pause& pause);

    // The same for whoever shows `chain_pem`; errors as decide_renewal.
    Result<std::string> grant_renewal(const std::string& chain_pem, const Authority& authority,
                                      const Rules& rules, WallTime now, const Pause& pause);

    // A member's certificate for that peer; errors as decide_member, and Code::denied for an
    // address that is another host's name.
    Result<std::string> grant_member(const MemberRequest& request, const std::string& chain_pem,
                                     const Authority& authority, const Rules& rules, WallTime now,
                                     const Pause& pause);

    // Where agents answer, by their names.
    struct Listener {
        std::string host;
        HostPort at;
    };
    std::vector<Listener> listeners() const;
    Result<void> remember_listener(const Listener& listener);

 private:
    // What somebody may have, as far as revocations go.
    using Judge = std::function<Result<IssueOrder>(const Revoked&)>;
    Result<std::string> grant(const Judge& judge, const Authority& authority, const Rules& rules,
                              WallTime now, const Pause& pause);
    Result<std::unique_ptr<HeldLock>> lock(const Pause& pause) const;
    Result<std::string> issue(const IssueOrder& order, const Authority& authority,
                              const Revoked& revoked, WallTime now);
    Result<void> check_name(const Claims& claims) const;
    Result<void> check_addresses(const IssueOrder& order) const;
    Result<IssuedRecord> read_issued(const std::string& name) const;
    Result<Revoked> revoked(const Authority& authority, WallTime now) const;
    Result<TokenRecord> read_requested(const JoinRequest& request) const;
    Result<TokenRecord> read_token(const std::string& id) const;
    Result<void> write(const std::string& name, const std::string& text) const {
        return write_secret(ports_.files, path_ + "/" + name, text);
    }
    std::string token_name(const std::string& id) const { return "tokens/" + id + ".json"; }
    std::string issued_name(const std::string& host) const { return "issued/" + host + ".json"; }

    Ports ports_;
    std::string path_;
    AuthorityFiles keys_;
};

}  // namespace hansa
