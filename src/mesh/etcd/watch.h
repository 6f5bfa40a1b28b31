// One watch that survives its streams: it is opened again at the next revision wherever the link
// leads. Loop thread only.
//
// Invariant: `next_` is the first revision that the owner has not been given; events below it are
// dropped, so a repeat by the server is never seen. A commit that etcd cuts into fragments is put
// together before it is handed on.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "mesh/etcd/calls.h"
#include "mesh/etcd/link.h"

namespace hansa::etcd {

class Watching final : public Rider, public std::enable_shared_from_this<Watching> {
 public:
    // `pump`, `link`, `times` and `counters` must outlive it, or stop() be called before they end.
    Watching(Pump& pump, Link& link, const EtcdTimes& times, EtcdCounters& counters);

    // Begins; at most once.
    void start(std::string prefix, Revision from, WatchHandlers handlers);

    void link_up() override;
    void link_down() override;
    bool link_pulse() override;
    void stop() override;

 private:
    using Stream = StreamCall<etcdserverpb::WatchRequest, etcdserverpb::WatchResponse>;

    void open();
    void close();
    void receive(etcdserverpb::WatchResponse& response);
    void created(Revision now);
    void fell_behind(Revision now);
    void replaced();
    void cancelled(const etcdserverpb::WatchResponse& response);
    void collect(etcdserverpb::WatchResponse& response);
    void reopen_later();

    Pump& pump_;
    Link& link_;
    const EtcdTimes& times_;
    EtcdCounters& counters_;

    std::string prefix_;
    Revision next_ = 0;        // 0: from now on, until the server has said which revision that is
    std::uint64_t store_ = 0;  // that `next_` is a revision of
    WatchHandlers handlers_;
    bool stopped_ = false;
    bool behind_ = false;  // the server was at an earlier revision than we when it was last asked
    EventBatch batch_;     // of a commit whose last fragment is still to come
    std::shared_ptr<Connection> on_;
    std::shared_ptr<Stream> stream_;
    Instant heard_;  // on this stream
    Duration delay_{0};
    // For the next answer about the stream; longer where the last ones stayed away: they wait
    // behind the events, which may take their time on a slow line.
    Duration patience_{0};
    Held question_;  // whether the stream still lives is asked, and this is its time to answer
    Held timer_;     // the server's word that the watch stands, or the rest before the next try
};

}  // namespace hansa::etcd
