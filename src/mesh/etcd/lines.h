// Connections to as many endpoints as are asked for, each kept until it fails or rests too long.
//
// What fails is thrown away and the next call dials anew, so that gRPC's own reconnection never
// decides (docs/decisions/005). Who only is silent may be at the far end of a slow line: what was
// dialled for one call may first answer the next, and a packet that was lost comes again. Calls
// under way hold a share of theirs. Loop thread only.
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

    // A call on it has ended: with an answer, with none within `limit`, or it failed.
    void heard(const std::shared_ptr<Connection>& on);
    void silent(const std::shared_ptr<Connection>& on, Duration limit);
    void drop(const std::shared_ptr<Connection>& failed);

    // Silence for two and a half limits ends a connection that has answered: of somebody who asks
    // as often as that, the second call in a row that got no answer. For its first answer it has
    // longer: TCP's second try of a handshake comes after 1 s, the third after 3 s.
    static constexpr Duration first_answer_max = Seconds(4);

 private:
    struct Line {
        std::shared_ptr<Connection> connection;  // shared with the calls on it
        Instant used;
        Instant heard;  // or dialled
        bool has_answered = false;
    };

    Line* find(const std::shared_ptr<Connection>& on);

    static constexpr Duration rest_max = Seconds(60);

    const Clock& clock_;
    std::optional<StoreIdentity> identity_;
    std::map<std::string, Line> lines_;  // by address
};

}  // namespace hansa::etcd
