// Which of n hosts that start together founds their cluster (seats.md 4, "two first nodes at
// once"). Pure.
//
// All are given the same n addresses. Each asks all of them and tells what it is: nobody founds
// unless all n answer it at the same time, have no cluster and wait for the same n; then the one
// with the smallest hash of its uuid does, and the others join it. Nobody founds because time has
// passed.
//
// Why there is never a second one: whoever founds has seen all n, each of which has one uuid, so
// at most one of them is the smallest. One that lost its state is somebody else; it waits for all
// n again, of whom those that belong to a cluster do not answer.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hansa {

inline constexpr std::size_t expect_max = 9;  // hosts that found together

// What a host tells of itself while it belongs to no cluster; who does, does not answer.
struct FounderWord {
    std::string uuid;
    std::string host;
    std::string group;  // founding_group() of what it was given
    friend bool operator==(const FounderWord&, const FounderWord&) = default;
};

// The same for all hosts that were given these addresses, in whatever order; different for others.
std::string founding_group(std::vector<std::string> addresses);

std::string encode(const FounderWord& word);
// Strict and bounded; Code::invalid says what is wrong.
Result<FounderWord> decode_founder_word(std::string_view text);

struct FoundingStep {
    enum class Do {
        wait,
        found,   // ours is the smallest of all n
        refuse,  // an operator must look: `says` tells why
    };
    Do what = Do::wait;
    std::string says;  // for people
};

// `heard`: the newest answer of each of the other addresses; none: it has not answered lately.
FoundingStep decide_founding(const FounderWord& me,
                             const std::map<std::string, std::optional<FounderWord>>& heard);

}  // namespace hansa
