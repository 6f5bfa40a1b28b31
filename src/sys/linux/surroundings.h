// Small facts about the process and its machine. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"

namespace hansa {

std::string host_name();  // as gethostname(2) tells it
int process_id();
bool stderr_is_terminal();
bool stdout_is_terminal();

bool is_ignored(int signal);  // by this process, as nohup(1) asks for SIGHUP

// Against the working directory; "." and ".." stay as they are.
std::string absolute_path(const std::string& path);

// A fresh directory, mode 0700, in $TMPDIR or /tmp.
Result<std::string> make_temporary_directory(const std::string& prefix);

// Lets this process have as many open descriptors as its hard limit allows. Returns the soft limit
// that it had before, which children should get back: select(2) cannot handle more than 1,024.
// Nothing where the kernel does not tell.
[[nodiscard]] std::optional<std::uint64_t> raise_descriptor_limit();

// Ends the process without any clean-up.
[[noreturn]] void leave_at_once(int exit_code);

// From now on no core file shows this process's memory, and nobody but root may read it (prctl(2),
// PR_SET_DUMPABLE): it holds keys. Programs that it starts are as others are. With the address
// sanitizer nothing is done, whose leak check reads the process's own memory as a stranger would.
void keep_memory_private();

// Gives unused memory back to the system; worth it once, after a large start.
void trim_memory();

}  // namespace hansa
