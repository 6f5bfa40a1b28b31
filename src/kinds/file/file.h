// The kind `file`: a file, directory or symbolic link at one path.
//
// Nothing but the named path is touched, and below it only what recurse, purge and force allow.
// The last step of the path is never followed when it is a symbolic link.
#pragma once

#include <cstdint>
#include <memory>

#include "resource/kind.h"

namespace hansa::kinds {

// What an exported file may carry; larger ones do not belong into a store.
constexpr std::uint64_t export_bytes_max = std::uint64_t{1} << 20;

// What `source` may point at: a file is read whole.
constexpr std::uint64_t source_bytes_max = std::uint64_t{1} << 30;

std::unique_ptr<const Kind> file();

}  // namespace hansa::kinds
