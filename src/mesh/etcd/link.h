// The way to the store: one connection to one endpoint at a time, watched and replaced.
//
// A connection counts as up when the endpoint has answered, has a leader and is no learner. It is
// looked at again after a while of silence, or whenever somebody doubts it; when the answer stays
// away the next endpoint is tried on a channel of its own, so gRPC's own (slow) reconnection never
// decides. Loop thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "mesh/etcd/connection.h"
#include "mesh/etcd/options.h"
#include "mesh/etcd/pump.h"
#include "mesh/store.h"

namespace hansa::etcd {

// Somebody who uses the link and follows it from endpoint to endpoint.
class Rider {
 public:
    virtual ~Rider() = default;
    virtual void link_up() = 0;
    virtual void link_down() = 0;
    virtual void stop() = 0;  // ends without a word; afterwards pump and link are not touched
};

class Link {
 public:
    // All must outlive the link.
    Link(Pump& pump, Random& random, const EtcdTimes& times, EtcdCounters& counters);
    ~Link();

    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    // The same endpoints once more, while there is no connection, mean: try again now.
    void use(const std::vector<std::string>& endpoints);

    // Nothing is dialled before the first one. See EtcdStore::use_identity().
    void use_identity(StoreIdentity identity);

    // Empty while there is none that is known to be good.
    const std::shared_ptr<Connection>& connection() const { return connection_; }

    // Something has come through `on`: silence begins anew.
    void heard(const std::shared_ptr<Connection>& on);

    // Something has failed or stays away on `on`: look at once whether the endpoint is well.
    void doubt(const std::shared_ptr<Connection>& on);

    // Forgotten when it ends.
    void add(std::weak_ptr<Rider> rider);
    void stop_riders() { for_each_rider(&Rider::stop); }

    const StoreStatus& status() const { return status_; }
    void on_status(std::function<void(const StoreStatus&)> changed);
    void on_distrust(std::function<void(const Error&)> distrusted);

 private:
    void connect();
    void probe(std::shared_ptr<Connection> on, Duration limit);
    void answered(const std::shared_ptr<Connection>& on, const std::string& fault);
    void failed(const std::string& address, const std::string& fault);
    void come_up(const std::shared_ptr<Connection>& on);
    void go_down(const std::string& why);
    void try_next();
    void move_later();
    void move();
    void move_to(const std::shared_ptr<Connection>& next);
    void watch_silence(Duration delay);
    void tell(StoreStatus::State state, std::string detail);
    void tell_connected();
    void tell_faults();
    void for_each_rider(void (Rider::*call)());

    Pump& pump_;
    Random& random_;
    const EtcdTimes& times_;
    EtcdCounters& counters_;

    std::optional<StoreIdentity> identity_;
    std::vector<std::string> addresses_;  // in the order in which they are tried
    std::size_t next_ = 0;
    std::size_t failures_ = 0;                   // since an endpoint was last up for a while
    std::map<std::string, std::string> faults_;  // by address, since one was last up
    std::string alarm_;                          // that the endpoint told last; empty: none
    std::shared_ptr<Connection> connection_;
    std::shared_ptr<Call> probe_;
    std::shared_ptr<Call> move_probe_;  // of a connection that shall replace the one that is up
    Held move_timer_;
    Held timer_;  // up: the silence; else: the rest before the next try
    Instant heard_;
    Instant up_since_;
    StoreStatus status_;
    std::function<void(const StoreStatus&)> changed_;
    std::function<void(const Error&)> distrusted_;
    std::vector<std::weak_ptr<Rider>> riders_;
    std::size_t riders_max_ = 16;  // the ended ones are swept out when there are more
};

}  // namespace hansa::etcd
