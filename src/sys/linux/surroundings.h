// Small facts about the process and its machine. Any thread.
#pragma once

#include <string>

#include "base/result.h"

namespace hansa {

std::string host_name();  // as gethostname(2) tells it
int process_id();
bool stderr_is_terminal();

// Against the working directory; "." and ".." stay as they are.
std::string absolute_path(const std::string& path);

// A fresh directory, mode 0700, in $TMPDIR or /tmp.
Result<std::string> make_temporary_directory(const std::string& prefix);

// Ends the process without any clean-up.
[[noreturn]] void leave_at_once(int exit_code);

// Gives unused memory back to the system; worth it once, after a large start.
void trim_memory();

}  // namespace hansa
