// One simulated fleet by seed, from founding to its end, with everything that befalls it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "seat_checker.h"
#include "seat_faults.h"
#include "seat_gaps.h"
#include "steward_checker.h"

namespace hansa {

enum class SeatMode {
    safety,    // faults to the last moment; nothing forbidden may happen
    liveness,  // faults end; then the seats must come to rest, and stay there
};

// What a seed stands for.
struct SeatCase {
    std::uint64_t seed = 0;
    SeatMode mode = SeatMode::safety;
    SeatWorldOptions options;
    std::vector<SimSeatFault> faults;
};
SeatCase seat_case(std::uint64_t seed, SeatMode mode);

struct SeatOutcome {
    std::string violation;  // empty: none
    SeatCounts counts;
    SeatGapCounts gaps;
    UpkeepCounts upkeep;
    std::uint64_t faults = 0;
    std::string says;  // the steward's last word
};
// `trace`: takes a line for everything that was done or told, if not null.
SeatOutcome run(const SeatCase& the, std::vector<std::string>* trace = nullptr);

// Leaves out faults for as long as it still fails.
SeatCase shrunk(SeatCase failing);
std::string text_of(const SeatCase& the);

// A fleet that is moved on by hand.
class SeatFleet {
 public:
    SeatFleet(const SeatWorldOptions& options, std::uint64_t seed,
              std::vector<SimSeatFault> faults = {});

    void step();
    void run_for(Duration time);

    // As many seats as there should be, held by whom choose() would take if everybody who runs were
    // well; nothing half done.
    bool at_rest() const;
    // Something that only time may lift keeps the steward from what it wants.
    bool is_held_back() const;

    // Moves on until it is at rest; false: it is not, after `limit` in which it was not held back.
    bool comes_to_rest(Duration limit);

    SeatWorld& world() { return *world_; }
    SimEtcd& etcd() { return *etcd_; }
    SeatChecker& checker() { return *checker_; }
    const SeatGapCounts& gaps() const { return gaps_->counts(); }
    UpkeepCounts upkeep() const;
    const SimSeatClient* unwell_client() const { return gaps_->unwell_client(); }
    // Of anything; empty: all is well.
    std::string violation() const;
    SeatFaultBringer& faults() { return *faults_; }
    const SeatStep& steward_says() const;

    // Takes a line for everything that is done or told from now on.
    void trace_to(std::vector<std::string>* trace) { trace_ = trace; }

 private:
    void add_agent(std::size_t host);
    void tell();

    std::unique_ptr<SeatWorld> world_;
    std::unique_ptr<SimEtcd> etcd_;
    std::vector<SimSeatAgent> agents_;
    std::vector<SimSeatClient> clients_;  // as many as at the beginning
    std::unique_ptr<SeatHistory> history_;
    std::unique_ptr<SeatChecker> checker_;
    std::unique_ptr<StewardChecker> steward_checker_;
    std::unique_ptr<SeatGaps> gaps_;
    std::unique_ptr<SeatFaultBringer> faults_;
    std::vector<std::string>* trace_ = nullptr;
    std::string told_;
};

}  // namespace hansa
