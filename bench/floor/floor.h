// What every floor program needs: a clock, a way to give up, numbers from arguments.
//
// Floors are what a figure is compared with: the same work by the shortest program that does it,
// with system calls only. They never run in the product.
#pragma once

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace floors {

[[noreturn]] inline void give_up(const char* what) {
    std::fprintf(stderr, "%s: %s\n", what, std::strerror(errno));
    std::exit(1);
}

[[noreturn]] inline void usage(const char* text) {
    std::fprintf(stderr, "usage: %s\n", text);
    std::exit(2);
}

// A system call's result, or the end of the program.
inline int need(int result, const char* what) {
    if (result < 0) give_up(what);
    return result;
}

using Moment = std::chrono::steady_clock::time_point;

inline Moment now() {
    return std::chrono::steady_clock::now();
}

inline long microseconds_since(Moment start) {
    return std::chrono::duration_cast<std::chrono::microseconds>(now() - start).count();
}

inline int to_number(const char* text) {
    char* end = nullptr;
    const long number = std::strtol(text, &end, 10);
    if (end == text || *end != '\0' || number < 1 || number > 10'000'000) usage("a number");
    return static_cast<int>(number);
}

}  // namespace floors
