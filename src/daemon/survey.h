// Reads how the cluster is, when somebody asks (mesh/cluster_reading.h). Costs nothing until then.
//
// As of now where a majority answers: names, records and seats by linearizable reads, the list of
// members likewise, and a status of each. Where none does within the time, the same as one member
// has heard of it, which is marked as such.
//
// Owned by the cluster's desk. Loop thread only; never blocks.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "mesh/cluster_reading.h"
#include "mesh/lifeline.h"
#include "report/report.h"
#include "sys/loop.h"

namespace hansa {

class Survey {
 public:
    struct Ports {
        Loop& loop;
        Store& store;
        Electorate& electorate;
        const Report& report;
    };
    using Done = std::function<void(std::shared_ptr<const ClusterReading>)>;

    // Every port must outlive it. `host`: whose agent this is.
    Survey(Ports ports, std::string host) : ports_(ports), host_(std::move(host)) {}
    ~Survey();

    // `endpoints`: where the store serves clients, the best first. `done` is called once, later,
    // within 4 s.
    void take(std::vector<std::string> endpoints, Done done);

 private:
    struct Round;
    using RoundPtr = std::shared_ptr<Round>;  // shared by the answers that are still to come

    Duration share(const Round& round, int steps) const;
    void read_now(const RoundPtr& round);
    void list_now(const RoundPtr& round);
    void part_read(const RoundPtr& round, const Error* failed);
    void read_heard(const RoundPtr& round);
    void read_heard_at(const RoundPtr& round, const std::string& endpoint);
    void ask_members(const RoundPtr& round);
    void finish(const RoundPtr& round);

    const Ports ports_;
    const std::string host_;
    std::set<RoundPtr> rounds_;  // under way
    Lifeline lifeline_;
};

}  // namespace hansa
