// Connections to as many endpoints as are asked for, each kept until it fails or rests too long.
//
// What fails is thrown away and the next call dials anew, so that gRPC's own reconnection never
// decides (docs/decisions/005). Calls under way hold a share of theirs. Loop thread only.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/time.h"
#include "mesh/etcd/connection.h"

namespace hansa::etcd {

class Lines {
 public:
    // `clock` must outlive it.
    explicit Lines(const Clock& clock) : clock_(clock) {}

    // Shown by every connection from now on.
    void use_identity(StoreIdentity identity);

    // Empty as long as there is no identity.
    std::shared_ptr<Connection> to(const std::string& address);

    void drop(const std::shared_ptr<Connection>& failed);

 private:
    struct Line {
        std::shared_ptr<Connection> connection;  // shared with the calls on it
        Instant used;
    };

    static constexpr Duration rest_max = Seconds(60);

    const Clock& clock_;
    std::optional<StoreIdentity> identity_;
    std::map<std::string, Line> lines_;  // by address
};

}  // namespace hansa::etcd
