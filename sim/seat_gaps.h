// Invariant 19: how long clients of a fleet go without a write that is acknowledged, and without
// anything new, when one thing fails and nothing else does.
//
// It judges from a moment when all is well on, through one fault and until all is well again. A
// second fault meanwhile, or one that takes the majority, ends that; so does work on a voter's
// file, for which its clients wait. Only clients count that can reach a voter who leads or could.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "seat_client.h"
#include "seat_faults.h"

namespace hansa {

struct SeatGapCounts {
    std::uint64_t judged = 0;  // single faults, to their end
    // The longest ones seen while judging.
    Duration write_kill{}, write_silence{}, view{};

    SeatGapCounts& operator+=(const SeatGapCounts& other);
};

class SeatGaps {
 public:
    SeatGaps(const SeatWorld& world, const SimEtcd& etcd,
             const std::vector<SimSeatClient>& clients);

    void fault_begins(SeatFault what);
    // `is_quiet`: no fault is open that will end by itself.
    void after_step(bool is_quiet);

    // Every client whose host is up writes, and hears of it, but for those that cannot.
    const SimSeatClient* unwell_client() const;  // one of them; null: none

    const std::string& violation() const { return violation_; }
    const SeatGapCounts& counts() const { return counts_; }

 private:
    // Of what is going on now.
    enum class Phase { trouble, well, single };

    bool has_quorum() const;
    bool counts(const SimSeatClient& client) const;
    bool is_well(const SimSeatClient& client) const;
    bool is_well(bool is_quiet) const;
    void judge(std::size_t number);

    const SeatWorld& world_;
    const SimEtcd& etcd_;
    const std::vector<SimSeatClient>& clients_;
    Phase phase_ = Phase::trouble;
    SeatFault fault_ = SeatFault::crash;
    Instant next_look_;
    std::optional<Instant> well_since_;
    std::vector<std::optional<Instant>> counted_since_;  // by client
    std::string violation_;
    SeatGapCounts counts_;
};

}  // namespace hansa
