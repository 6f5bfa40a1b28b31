// Whether a lost majority may be given up, decided from what of it can be seen. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "daemon/recovery_commands.h"

namespace hansa {

struct RecoveryFacts {
    std::size_t voters = 0;            // as they were listed last
    std::string with_majority{};       // an endpoint that a majority stands behind; empty: none
    std::vector<std::string> running;  // voters that answer, without a majority
    bool own_could_start = false;      // this host is a voter, its data is well and it is stopped
    std::string own{};                 // its name
};

// Why a recovery would be wrong, and what is to be done instead; empty: nothing speaks against it.
std::string refusal_of(const RecoveryFacts& facts);

// Who lost least, first. Of one epoch the logs of all members agree as far as they are committed,
// so the highest index has everything that the others have.
void order_survivors(std::vector<Survivor>& survivors);

}  // namespace hansa
