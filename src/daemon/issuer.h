// The agent beside an authority: answers joins, renewals and requests for members' certificates on
// the enrolment port.
//
// Owned by Node; loop thread only. Records and signatures are a worker's business. Nothing that an
// asker says changes anything before it has proved a token's secret, or the key of a certificate
// of this authority.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/host_port.h"
#include "daemon/authority_directory.h"
#include "report/report.h"
#include "sys/secure_sockets.h"
#include "sys/task.h"
#include "trust/enrolment.h"

namespace hansa {

inline constexpr std::uint16_t enrolment_port_usual = 2381;

struct IssuerWishes {
    std::string host;                // of this agent
    std::string uuid;                // of this agent
    std::optional<HostPort> listen;  // empty: loopback, the port of last time, the usual, or any
    Duration life = Seconds{24 * 3600};
    Duration grace = renewal_grace_default;
};

// Client URLs of the store, as the agent knows them now.
using StoreUrls = std::function<std::vector<std::string>()>;

class Issuer {
 public:
    struct Ports {
        Loop& loop;
        Workers& workers;
        SecureSockets& sockets;
        Report& report;
    };

    // Ports must outlive the issuer.
    Issuer(Ports ports, AuthorityDirectory directory, Authority authority, IssuerWishes wishes,
           StoreUrls stores);
    ~Issuer();

    // Opens the enrolment port and says where. Code::unavailable when a port that was asked for is
    // taken.
    Result<HostPort> start();

 private:
    struct Case;

    Result<SecureSockets::Served> listen(HostPort& at);
    std::vector<HostPort> places() const;
    const TlsIdentity& identity();
    void read_authority(WallTime now);
    void hear(const SecurePeer& peer, const std::string& text, SecureSockets::Answer answer);
    void decide(std::shared_ptr<Case> open);
    void tell(const Case& closed);
    void lose(const std::string& address, Unheard why);

    Ports ports_;
    AuthorityDirectory directory_;
    Authority authority_;  // read again at each renewal of our identity
    IssuerWishes wishes_;
    StoreUrls stores_;
    HostPort at_;
    TlsIdentity identity_;  // of the port: made here, never written
    WallTime identity_until_;
    Instant refusals_told_;                                       // of those who proved nothing
    std::uint64_t refusals_ = 0;                                  // since then
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with workers' reports
    Held served_;
};

}  // namespace hansa
