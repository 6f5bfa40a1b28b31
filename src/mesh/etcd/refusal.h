// What etcd's refusals of changes to its members mean, by gRPC's code and etcd's own words. Pure.
#pragma once

#include <string>

#include "mesh/electorate.h"
#include "mesh/etcd/calls.h"

namespace hansa::etcd {

struct Refusal {
    MemberFault fault = MemberFault::no_answer;
    Error error;
};

// REQUIRES: the ending is not a success. `limit`: how long the answer was awaited.
Refusal refusal_of(const Ending& ending, const std::string& address, Duration limit);

}  // namespace hansa::etcd
