// Copies of the whole store that peers keep by themselves, against the loss of all voters (seats.md
// 4): who keeps one, and what each tells of its newest. Pure. Format: docs/formats/records.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "mesh/seat_facts.h"
#include "mesh/store.h"

namespace hansa {

inline constexpr std::size_t keepers_wanted = 2;

// Uuids of those who are to keep one: of the peers that are alive and that others reach, the ones
// with the smallest hash of their uuid, members of the store only where there are no others.
// Whatever else changes, these stay the same ones.
std::vector<std::string> choose_keepers(const SeatFacts& facts);

// Of the newest copy of one host. Not leased: a copy is of use above all when its host has been
// switched off since.
struct CopyRecord {
    std::string uuid;    // of the host
    Milliseconds at{0};  // since 1970, when it was begun
    std::uint64_t epoch = 0;
    Revision revision = 0;
    std::uint64_t bytes = 0;  // of the file
    friend bool operator==(const CopyRecord&, const CopyRecord&) = default;
};

std::string encode(const CopyRecord& record);

// Strict and bounded; Code::invalid says what is wrong.
Result<CopyRecord> decode_copy(std::string_view text);

}  // namespace hansa
