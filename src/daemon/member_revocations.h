// Whom a member of the store on this host lets in no more: follows the cluster's list of who is
// revoked, and keeps it where etcd reads it for each handshake.
//
//     PREFIX/HOST/trust/revoked.json   the newest list that was seen, as its authority signed it
//     PREFIX/HOST/trust/revoked.crl    the same for etcd, signed by this host: etcd looks at the
//                                      serials alone, and the list was verified here
//
// Owned by Seating; loop thread only; writes two small files when the list changes.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "daemon/settings.h"
#include "mesh/follower.h"
#include "report/report.h"
#include "sys/files.h"
#include "trust/key_set.h"
#include "trust/revocation.h"

namespace hansa {

class MemberRevocations {
 public:
    struct Ports {
        Loop& loop;
        Store& store;
        Files& files;
        Random& random;
        Report& report;
    };

    // Ports must outlive it. `credentials`: as they are now. `changed`: whoever is on the list may
    // still have a connection.
    using Mine = std::function<const Credentials&()>;
    MemberRevocations(Ports ports, std::string trust_directory, Mine mine, Action changed);

    // The file that etcd reads; written from what was kept, or empty of names, where it is not
    // there. Before etcd is started with it.
    Result<std::string> prepare();

    // From now on, while there is a member.
    void follow();
    void store_is(StoreStatus::State state);
    void stop() { follower_.reset(); }

 private:
    void take(const std::string& text);
    Result<void> write_crl();
    Result<RevocationList> read(const std::string& text) const;

    const Ports ports_;
    const std::string kept_path_;
    const std::string crl_path_;
    const Mine mine_;
    const Action changed_;
    bool is_prepared_ = false;
    RevocationList list_;
    std::unique_ptr<Follower> follower_;
};

}  // namespace hansa
