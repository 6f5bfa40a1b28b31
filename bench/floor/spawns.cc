// Floor of the exec rows: starts a program N times with posix_spawn and waits for it.
//
//     spawns sequence N PROGRAM [ARGUMENT …]    one after the other
//     spawns together N PROGRAM [ARGUMENT …]    all at once
#include <spawn.h>
#include <sys/wait.h>

#include <string_view>
#include <vector>

#include "floor.h"

extern char** environ;

namespace {

pid_t start(char** arguments) {
    pid_t child = 0;
    errno = posix_spawnp(&child, arguments[0], nullptr, nullptr, arguments, environ);
    if (errno != 0) floors::give_up(arguments[0]);
    return child;
}

void await(pid_t child) {
    int status = 0;
    floors::need(waitpid(child, &status, 0), "waitpid");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) floors::give_up("the program failed");
}

}  // namespace

int main(int argc, char** argv) {
    const char* text = "spawns sequence|together N PROGRAM [ARGUMENT …]";
    if (argc < 4) floors::usage(text);
    const std::string_view mode = argv[1];
    const int count = floors::to_number(argv[2]);
    if (mode == "sequence") {
        for (int i = 0; i < count; ++i) await(start(argv + 3));
    } else if (mode == "together") {
        std::vector<pid_t> children;
        for (int i = 0; i < count; ++i) children.push_back(start(argv + 3));
        for (pid_t child : children) await(child);
    } else {
        floors::usage(text);
    }
}
