// How far a declaration reaches into this machine, for whoever must decide whether somebody else
// may declare it here (the collect policy). Plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sys/files.h"

namespace hansa {

// Nothing set: a kind that has neither a path nor an account of its own. What stays silent about a
// power that a declaration has would be a hole: in doubt a kind claims more than it uses.
struct Reach {
    std::string path{};              // absolute, normal, no trailing slash; empty: none
    bool symlink = false;            // makes a symbolic link
    std::optional<FileMode> mode{};  // every bit that it may set
    std::string owner{};             // as declared: a name or a number; empty: not said
    std::string group{};             // likewise. For commands both say whose rights they have
    std::uint64_t bytes = 0;         // of content
    bool removes = false;            // takes away what was there: absent, purge, force
    // To check or watch it runs a command that it names: a noop is not harmless then.
    bool looks_by_command = false;
    friend bool operator==(const Reach&, const Reach&) = default;
};

}  // namespace hansa
