// Whom the cluster's authority has taken back, as far as this host has seen: the newest list that
// stood in the store, or the one that it remembers from before (trust.md 1).
//
// Owned by Collector. Pure but for the keeper. A list of an older epoch never takes the place of a
// newer one, and one that is held back does not undo itself, over restarts neither. Of two
// different lists of one epoch whoever is on either is taken back.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mesh/store.h"
#include "mesh/trust_memory.h"
#include "trust/revocation.h"

namespace hansa {

bool same(const Revoked& a, const Revoked& b);

class Revocations {
 public:
    // `keeper` must outlive it.
    explicit Revocations(TrustKeeper& keeper) : keeper_(keeper) {}

    // Whose lists count from now on. What is remembered and what was shown is read by that.
    Result<void> use(std::string cluster, std::vector<Certificate> roots, WallTime now);

    // What stands in the store; empty: nothing does. The error says what is wrong with it; what was
    // in force stays then.
    Result<void> show(std::string text, WallTime now);

    const Revoked& revoked() const { return revoked_; }

 private:
    Result<void> take_shown(WallTime now);
    Result<RevocationList> read(const std::string& text, WallTime now) const;

    TrustKeeper& keeper_;
    std::string cluster_;  // empty: not known yet
    std::vector<Certificate> roots_;
    std::optional<std::string> shown_;  // nothing yet
    Revoked revoked_;
};

}  // namespace hansa
