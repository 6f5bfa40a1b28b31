// What operators ask an agent about its cluster, and change of it, over the control socket
// (control.h). Needs no tool and no key of etcd: the agent asks with its own.
//
// Owned by StoreLink. Loop thread only; views of many peers are made on a worker.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/change_wait.h"
#include "daemon/control.h"
#include "daemon/removal.h"
#include "daemon/survey.h"
#include "mesh/steward.h"
#include "sys/task.h"

namespace hansa {

class ClusterDesk {
 public:
    struct Ports {
        Loop& loop;
        Workers& workers;
        Store& store;
        const Report& report;
    };
    struct Around {
        std::function<Electorate&()> electorate;              // asked for once, when it is needed
        std::function<std::vector<std::string>()> endpoints;  // of the store, the best first
        std::function<const Steward*()> steward;              // of this agent; null: none
        std::function<void(Sockets::Answer)> leave;           // Leaving::ask()
    };

    // Every port must outlive it.
    ClusterDesk(Ports ports, std::string host, Around around);

    // "cluster": how it is.
    void show(Sockets::Answer answer);

    // "peers": who is in it. "peers after REVISION": the same once that has changed since then, or
    // {"unchanged": true} after 3 s.
    void show_peers(const std::string& rest, Sockets::Answer answer);

    // "size K", "timing NAME": what is asked for from now on, and what follows.
    void set_size(const std::string& wanted, Sockets::Answer answer);
    void set_timing(const std::string& wanted, Sockets::Answer answer);

    // "leave": one step of it.
    void leave(Sockets::Answer answer) { around_.leave(std::move(answer)); }

    // "remove NAME": one step of it. "removal NAME": what would go. See removal.h.
    void remove(const std::string& host, Sockets::Answer answer);
    void tell_removal(const std::string& host, Sockets::Answer answer);

    void survey(Survey::Done then);

 private:
    using ReadingPtr = std::shared_ptr<const ClusterReading>;
    using Change = std::function<void(SeatSettings&)>;

    void answer_from(ReadingPtr reading, std::function<Value(const ClusterReading&)> view,
                     Sockets::Answer answer);
    void tell_peers(Sockets::Answer answer);
    void waited(ChangeWait::Ended ended, const Sockets::Answer& answer);
    void change(Change change, Sockets::Answer answer);
    void put(ReadingPtr reading, const Change& change, Sockets::Answer answer);

    const Ports ports_;
    const Around around_;
    const std::string host_;
    std::optional<Survey> survey_;  // once somebody has asked
    std::map<std::uint64_t, ChangeWait> waits_;
    std::uint64_t last_wait_ = 0;
    Removal removal_;
    Lifeline lifeline_;
};

// `desk` null: of an agent without a store, which says so.
std::vector<ControlTopic> cluster_topics(ClusterDesk* desk);

}  // namespace hansa
