// Tells the cluster whom its authority has taken back: keeps the signed list under `revocations`
// in the store, whatever anybody else writes there. Runs beside the authority.
//
// Owned by Mesh; loop thread only. Watches one key, and writes it when it is absent, no list of
// this cluster's authority, or an older one (never a list that is not of that authority itself);
// with growing pauses, because somebody who writes against us has no more to do than we.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mesh/follower.h"
#include "report/report.h"
#include "trust/revocation.h"

namespace hansa {

class Announcer {
 public:
    // Every reference must outlive it.
    Announcer(Loop& loop, Store& store, Random& random, Report& report);

    // Whose lists count. Until it is called nothing is written.
    void use(std::vector<Certificate> roots);

    // Replaces what is announced. REQUIRES: `text` is `list`, signed.
    void announce(const RevocationList& list, std::string text);

    void store_is(StoreStatus::State state);

 private:
    void follow();
    void take(std::optional<Record> shown);
    void weigh();
    void settle();
    bool is_good(const Record& shown);
    void put();

    Loop& loop_;
    Store& store_;
    Random& random_;
    Report& report_;
    std::vector<Certificate> roots_;
    RevocationList list_;
    std::string text_;                            // empty: nothing is to be announced
    bool counts_ = false;                         // it is of an authority below `roots_`
    std::optional<std::optional<Record>> shown_;  // empty: not known; holds nothing: absent
    std::uint64_t newer_told_ = 0;
    std::uint64_t other_told_ = 0;  // epoch of which another list than ours was told
    Backoff backoff_{
        {.first = Milliseconds{100}, .max = Milliseconds{10'000}, .least = Milliseconds{5}}};
    Episode episode_;
    bool putting_ = false;
    Held retry_;
    std::unique_ptr<Follower> follower_;
    Lifeline lifeline_;
};

}  // namespace hansa
