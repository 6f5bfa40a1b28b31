// The way to the store: one connection to one endpoint at a time, watched and replaced.
//
// A connection counts as up when the endpoint has answered, has a leader and is no learner. It is
// looked at again after a while of silence, or whenever somebody doubts it; when the answer stays
// away the next endpoint is tried on a channel of its own, so gRPC's own (slow) reconnection never
// decides. An endpoint that has a leader and yet leaves requests unanswered (it may hear the
// leader, and not be heard) must also answer a linearizable read. Loop thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
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
    // About each second while the link is busy, in turn: whether it has asked something about a
    // stream of its own.
    virtual bool link_pulse() { return false; }
    virtual void stop() = 0;  // ends without a word; afterwards pump and link are not touched
};

class Link {
 public:
    // All must outlive the link.
    Link(Pump& pump, Random& random, const EtcdTimes& times, EtcdCounters& counters);
    ~Link();

    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    // In the order in which they are to be tried. The same ones once more, while there is no
    // connection, mean: try again now.
    void use(const std::vector<std::string>& endpoints);

    // How many voters the store has, for what is told of an outage. 0: unknown.
    void expect_members(std::size_t voters) { voters_ = voters; }

    // Nothing is dialled before the first one. See EtcdStore::use_identity().
    void use_identity(StoreIdentity identity);

    // Empty while there is none that is known to be good.
    const std::shared_ptr<Connection>& connection() const { return connection_; }

    // Something has come through `on`: silence begins anew.
    void heard(const std::shared_ptr<Connection>& on);

    // The same of what somebody asked for or waits for: the link is busy for a while.
    void carried(const std::shared_ptr<Connection>& on);

    // Something has failed or stays away on `on`: look at once whether the endpoint is well.
    enum class Doubt { stream, request };
    void doubt(const std::shared_ptr<Connection>& on, Doubt about = Doubt::stream);

    // `on` is of no use though it answers: go to another endpoint, if there is one.
    void leave(const std::shared_ptr<Connection>& on, const std::string& why);

    // Whatever says that it is this store is not used from now on.
    void refuse(std::uint64_t store);

    // Forgotten when it ends.
    void add(std::weak_ptr<Rider> rider);
    void stop_riders() { for_each_rider(&Rider::stop); }

    const StoreStatus& status() const { return status_; }
    void on_status(std::function<void(const StoreStatus&)> changed);
    void on_distrust(std::function<void(const Error&)> distrusted);
    void on_unaccepted(Action unaccepted);

 private:
    // Empty text: none. `member`: who told it; 0: nobody answered.
    struct Fault {
        std::string text;
        std::uint64_t member = 0;
    };

    std::string fault_of(const etcdserverpb::StatusResponse& response, Connection& on) const;
    void connect();
    void probe(std::shared_ptr<Connection> on, Duration limit);
    void probe_reading(std::shared_ptr<Connection> on, Duration limit, std::uint64_t member);
    void abandon_probe();
    void answered(const std::shared_ptr<Connection>& on, const Fault& fault);
    void failed(const std::string& address, const Fault& fault);
    void come_up(const std::shared_ptr<Connection>& on);
    void go_down(const Fault& fault);
    void try_next();
    void try_later();
    bool somebody_answers() const;
    std::string quorum_text() const;
    bool could_be_better() const;
    void prefer_first();
    void move_later();
    void move();
    void move_to(const std::shared_ptr<Connection>& next);
    void watch_silence();
    bool is_busy() const;
    void pulse();
    void ask_next_stream();
    Instant now() const { return pump_.loop().clock().now(); }
    void tell(StoreStatus::State state, std::string detail);
    void tell_connected();
    void tell_faults();
    void for_each_rider(void (Rider::*call)());

    Pump& pump_;
    Random& random_;
    const EtcdTimes& times_;
    EtcdCounters& counters_;

    std::optional<StoreIdentity> identity_;
    std::set<std::uint64_t> refused_;     // stores, by etcd's id
    std::vector<std::string> addresses_;  // in the order in which they are tried
    std::size_t next_ = 0;
    std::size_t voters_ = 0;
    std::size_t failures_ = 0;             // since an endpoint was last up for a while
    Instant down_since_;                   // when that ended
    Instant dialled_;                      // when the last endpoint was
    Duration first_answer_took_{0};        // of the last one that answered
    std::map<std::string, Fault> faults_;  // by address, since one was last up
    std::string alarm_;                    // that the endpoint told last; empty: none
    bool probe_reads_ = false;             // what is asked of `connection_` now is a reading
    bool must_read_ = false;               // requests went unanswered, and no read has passed since
    std::shared_ptr<Connection> connection_;
    std::shared_ptr<Connection> spare_;  // answers, but has no quorum: need not be dialled again
    std::shared_ptr<Call> probe_;
    std::shared_ptr<Call> move_probe_;  // of a connection that shall replace the one that is up
    Held move_timer_;
    Held timer_;  // up: the silence; else: the rest before the next try
    Held pulse_;  // up and busy
    Instant heard_;
    Instant busy_until_;
    Instant up_since_;
    StoreStatus status_;
    std::function<void(const StoreStatus&)> changed_;
    std::function<void(const Error&)> distrusted_;
    Action unaccepted_;
    std::vector<std::weak_ptr<Rider>> riders_;
    std::size_t asked_ = 0;        // the rider that asked last
    std::size_t riders_max_ = 16;  // the ended ones are swept out when there are more
};

}  // namespace hansa::etcd
