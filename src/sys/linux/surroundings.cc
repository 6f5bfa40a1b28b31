#include "sys/linux/surroundings.h"

#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sys/linux/failure.h"

namespace hansa {

std::string host_name() {
    char name[HOST_NAME_MAX + 1] = {};
    if (::gethostname(name, sizeof name - 1) != 0) return {};
    return name;
}

int process_id() {
    return ::getpid();
}

bool stderr_is_terminal() {
    return ::isatty(STDERR_FILENO) == 1;
}

bool stdout_is_terminal() {
    return ::isatty(STDOUT_FILENO) == 1;
}

bool is_ignored(int signal) {
    struct sigaction action {};
    return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

std::string absolute_path(const std::string& path) {
    if (path.starts_with('/')) return path;
    char directory[PATH_MAX];
    if (!::getcwd(directory, sizeof directory)) return path;
    return std::string(directory) + "/" + path;
}

Result<std::string> make_temporary_directory(const std::string& prefix) {
    const char* parent = ::getenv("TMPDIR");
    std::string name =
        std::string(parent && parent[0] == '/' ? parent : "/tmp") + "/" + prefix + "XXXXXX";
    if (!::mkdtemp(name.data())) return failure(name);
    return name;
}

std::optional<std::uint64_t> raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::nullopt;
    const std::uint64_t former = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);  // refused: the former limit stays, and is as good
    return former;
}

void leave_at_once(int exit_code) {
    ::_exit(exit_code);
}

void keep_memory_private() {
#ifndef __SANITIZE_ADDRESS__
    (void)::prctl(PR_SET_DUMPABLE, 0);  // cannot fail
#endif
}

void trim_memory() {
    ::malloc_trim(0);
}

}  // namespace hansa
