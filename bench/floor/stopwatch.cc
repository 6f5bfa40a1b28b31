// Measures whole processes from the moment before posix_spawn, without an interpreter's noise.
//
//     stopwatch exit N COMMAND…                 N runs, each to its end
//     stopwatch files DIR=N[,DIR=N…] COMMAND…   one run, until every DIR holds N entries; then the
//                                               command gets SIGTERM and is awaited
//
// Prints one number of microseconds per run. The command's output is thrown away. A command that
// fails, or 60 s without the files, ends the program with status 1.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "floor.h"

extern char** environ;

namespace {

struct Wanted {
    std::string directory;
    long entries = 0;
};

pid_t start(char** command) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    pid_t child = 0;
    errno = posix_spawnp(&child, command[0], &actions, nullptr, command, environ);
    if (errno != 0) floors::give_up(command[0]);
    posix_spawn_file_actions_destroy(&actions);
    return child;
}

void await_success(pid_t child) {
    int status = 0;
    floors::need(waitpid(child, &status, 0), "waitpid");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
    std::fprintf(stderr, "the command ended with wait status 0x%x\n", status);
    std::exit(1);
}

std::vector<Wanted> parse(std::string_view text) {
    std::vector<Wanted> all;
    while (!text.empty()) {
        const std::string_view part = text.substr(0, text.find(','));
        text.remove_prefix(std::min(text.size(), part.size() + 1));
        const std::size_t equals = part.rfind('=');
        if (equals == std::string_view::npos) floors::usage("DIR=N[,DIR=N…]");
        const std::string number(part.substr(equals + 1));
        all.push_back({std::string(part.substr(0, equals)), floors::to_number(number.c_str())});
    }
    return all;
}

// Temporary files begin with a dot and do not count.
bool complete(const Wanted& wanted) {
    long found = 0;
    for (const auto& entry : std::filesystem::directory_iterator(wanted.directory))
        if (entry.path().filename().native().front() != '.') ++found;
    return found >= wanted.entries;
}

void run_until_files(const std::vector<Wanted>& all, char** command) {
    const int watch = floors::need(inotify_init1(IN_CLOEXEC), "inotify_init1");
    for (const Wanted& wanted : all)
        floors::need(inotify_add_watch(watch, wanted.directory.c_str(), IN_CREATE | IN_MOVED_TO),
                     wanted.directory.c_str());
    const floors::Moment begun = floors::now();
    const pid_t child = start(command);
    const int ended =
        floors::need(static_cast<int>(syscall(SYS_pidfd_open, child, 0)), "pidfd_open");
    pollfd polled[] = {{watch, POLLIN, 0}, {ended, POLLIN, 0}};
    while (!std::all_of(all.begin(), all.end(), complete)) {
        const long left_ms = 60'000 - floors::microseconds_since(begun) / 1000;
        if (left_ms <= 0 || poll(polled, 2, static_cast<int>(left_ms)) <= 0 ||
            polled[1].revents != 0) {
            kill(child, SIGTERM);
            std::fprintf(stderr, "the files did not come within 60 s, or the command ended\n");
            std::exit(1);
        }
        alignas(inotify_event) char buffer[8192];
        if (read(watch, buffer, sizeof buffer) <= 0) floors::give_up("reading inotify");
    }
    std::printf("%ld\n", floors::microseconds_since(begun));
    kill(child, SIGTERM);
    await_success(child);
}

}  // namespace

int main(int argc, char** argv) {
    const char* text = "stopwatch exit N COMMAND… | stopwatch files DIR=N[,DIR=N…] COMMAND…";
    if (argc < 4) floors::usage(text);
    const std::string_view mode = argv[1];
    if (mode == "files") {
        run_until_files(parse(argv[2]), argv + 3);
    } else if (mode == "exit") {
        for (int left = floors::to_number(argv[2]); left > 0; --left) {
            const floors::Moment begun = floors::now();
            await_success(start(argv + 3));
            std::printf("%ld\n", floors::microseconds_since(begun));
        }
    } else {
        floors::usage(text);
    }
}
