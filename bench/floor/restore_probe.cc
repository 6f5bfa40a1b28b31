// How fast is a spoiled file right again? Deletes and edits a file in turn and waits, by inotify,
// until it holds its content again.
//
//     restore_probe floor DIR ROUNDS            against a child that does nothing else: the floor
//     restore_probe agent ROUNDS FILE FILE…     against whoever keeps these files (FILE in turn);
//                                               each must exist; its present content is right
//
// Prints "p50 p99 max" in microseconds. A round that takes 10 s ends the program with status 1.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "floor.h"

namespace {

constexpr const char* right_content = "what it shall hold\n";
constexpr std::uint32_t all_changes = IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM;

std::string read_file(const std::string& path) {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return {};
    char buffer[4096];
    const ssize_t length = read(file, buffer, sizeof buffer);
    close(file);
    return length < 0 ? std::string{} : std::string(buffer, static_cast<std::size_t>(length));
}

void write_file(const std::string& path, std::string_view content) {
    const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
    const int file = floors::need(open(path.c_str(), flags, 0644), path.c_str());
    if (write(file, content.data(), content.size()) != static_cast<ssize_t>(content.size()))
        floors::give_up("write");
    floors::need(close(file), "close");
}

std::string parent_of(const std::string& path) {
    return path.substr(0, path.rfind('/'));
}

int watch_directory(const std::string& directory) {
    const int watch = floors::need(inotify_init1(IN_CLOEXEC), "inotify_init1");
    floors::need(inotify_add_watch(watch, directory.c_str(), all_changes), directory.c_str());
    return watch;
}

// The shortest program that keeps one file: woken by inotify, temporary file and rename.
[[noreturn]] void keep(const std::string& path, int ready) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int watch = watch_directory(parent_of(path));
    const std::string temporary = parent_of(path) + "/.new";
    floors::need(static_cast<int>(write(ready, "r", 1)), "write");
    for (;;) {
        alignas(inotify_event) char buffer[8192];
        if (read(watch, buffer, sizeof buffer) <= 0) _exit(1);
        if (read_file(path) == right_content) continue;
        write_file(temporary, right_content);
        floors::need(rename(temporary.c_str(), path.c_str()), "rename");
    }
}

class Probe {
 public:
    explicit Probe(std::string path)
        : path_(std::move(path)),
          content_(read_file(path_)),
          watch_(watch_directory(parent_of(path_))) {
        if (content_.empty()) floors::give_up(path_.c_str());
    }
    ~Probe() { close(watch_); }
    Probe(const Probe&) = delete;

    long round(bool deletes) {
        const floors::Moment begun = floors::now();
        if (deletes)
            floors::need(unlink(path_.c_str()), path_.c_str());
        else
            write_file(path_, "spoiled\n");
        while (read_file(path_) != content_) await_event(begun);
        return floors::microseconds_since(begun);
    }

 private:
    void await_event(floors::Moment begun) {
        pollfd polled{watch_, POLLIN, 0};
        alignas(inotify_event) char buffer[8192];
        const long left = 10'000 - floors::microseconds_since(begun) / 1000;
        if (left <= 0 || poll(&polled, 1, static_cast<int>(left)) <= 0) {
            std::fprintf(stderr, "%s was not restored within 10 s\n", path_.c_str());
            std::exit(1);
        }
        if (read(watch_, buffer, sizeof buffer) <= 0) floors::give_up("reading inotify");
    }

    std::string path_;
    std::string content_;
    int watch_;
};

void measure(const std::vector<std::string>& paths, int rounds) {
    std::vector<long> times;
    for (int i = 0; i < rounds; ++i) {
        Probe probe(paths[static_cast<std::size_t>(i) % paths.size()]);
        times.push_back(probe.round(i % 2 == 0));
        const timespec pause{0, 4'000'000};  // the keeper comes to rest: each round stands alone
        nanosleep(&pause, nullptr);
    }
    std::sort(times.begin(), times.end());
    const auto at = [&](std::size_t percent) { return times[(times.size() - 1) * percent / 100]; };
    std::printf("%ld %ld %ld\n", at(50), at(99), times.back());
}

void measure_floor(const std::string& directory, int rounds) {
    const std::string path = directory + "/kept";
    write_file(path, right_content);
    int ready[2];
    floors::need(pipe2(ready, O_CLOEXEC), "pipe2");
    const pid_t keeper = floors::need(fork(), "fork");
    if (keeper == 0) keep(path, ready[1]);
    char byte = 0;
    if (read(ready[0], &byte, 1) != 1) floors::give_up("starting the keeper");
    measure({path}, rounds);
    kill(keeper, SIGKILL);
    waitpid(keeper, nullptr, 0);
}

}  // namespace

int main(int argc, char** argv) {
    const char* text = "restore_probe floor DIR ROUNDS | restore_probe agent ROUNDS FILE…";
    if (argc < 4) floors::usage(text);
    const std::string_view mode = argv[1];
    if (mode == "floor")
        measure_floor(argv[2], floors::to_number(argv[3]));
    else if (mode == "agent")
        measure({argv + 3, argv + argc}, floors::to_number(argv[2]));
    else
        floors::usage(text);
}
