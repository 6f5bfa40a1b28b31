// Paths below a directory that must not be left: the half of Files::within() that needs no file
// system. Pure.
#pragma once

#include <string>

#include "base/result.h"

namespace hansa {

// The steps of `path` below `directory`, joined by slashes; empty for the directory itself. Code::
// invalid for what is no absolute path, Code::denied for what lies elsewhere or could be two places
// ("..", ".", empty steps). REQUIRES: `directory` is absolute, without a trailing slash.
Result<std::string> steps_below(const std::string& directory, const std::string& path);

// "/a/b/" to "/a/b". Code::invalid for what is no absolute directory.
Result<std::string> held_directory(const std::string& directory);

// What to say of a symbolic link that stands between `directory` and the end of `path`.
Error link_below(const std::string& directory, const std::string& path);

// What to say where somebody else's file or directory would change hands.
Error foreign_owner(const std::string& path, const std::string& owner);

// What to say where a change would be seen under a name that may be anywhere.
Error more_names(const std::string& path);

// What to say of changes of the directory itself.
Error is_the_limit(const std::string& directory);

}  // namespace hansa
