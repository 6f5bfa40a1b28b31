// Paths as graphs write them, brought into one form. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace hansa::kinds {

// "/a//b/./c" becomes "/a/b/c", "/a/b//" becomes "/a/b/": a trailing slash says "directory" and
// stays. Refused: relative paths, "..", control bytes (NUL among them).
Result<std::string> normal_path(std::string_view text);

// Without the trailing slash; "/" stays. This is the form of ports and of things.
// REQUIRES: normal.
std::string as_entry(std::string_view path);

// The directory that holds it, as an entry: "/a/b/" and "/a/b" give "/a"; "/" gives "/".
// REQUIRES: normal.
std::string parent_of(std::string_view path);

// The last step with its trailing slash, if any: "/a/b/" gives "b/". "/" gives "".
// REQUIRES: normal.
std::string base_of(std::string_view path);

}  // namespace hansa::kinds
