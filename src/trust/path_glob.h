// Globs over absolute paths, a step at a time, unlike glob_matches() whose '*' runs over slashes.
//
// A step of the glob matches one step of the path as glob_matches() says; the step "**" matches
// any number of steps, and at least one where it is the last. Pure; bytes.
#pragma once

#include <string>
#include <string_view>

namespace hansa {

// REQUIRES: `path` is normal (absolute, no trailing slash, no "." and "..").
bool path_glob_matches(std::string_view glob, std::string_view path);

// Whether something done at `path` might touch what the glob means: the path matches, lies below
// something that does, or leads to where the glob's own directories are.
bool path_glob_touches(std::string_view glob, std::string_view path);

// The directory in which everything that the glob matches must lie: its leading steps that have
// no wildcard, but never its last step. "/srv/www/**" gives "/srv/www", "/etc/motd" gives "/etc".
std::string path_glob_root(std::string_view glob);

// What is wrong with a glob, as "is …; write …"; empty: nothing.
std::string path_glob_fault(std::string_view glob);

}  // namespace hansa
