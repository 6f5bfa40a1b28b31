// A file descriptor that is closed with its owner.
#pragma once

#include <unistd.h>

#include <utility>

namespace hansa {

class Fd {
 public:
    Fd() = default;
    explicit Fd(int number) : number_(number) {}
    Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        if (this != &other) {
            close();
            number_ = std::exchange(other.number_, -1);
        }
        return *this;
    }
    ~Fd() { close(); }

    int get() const { return number_; }
    explicit operator bool() const { return number_ >= 0; }

    // Gives up ownership.
    int release() { return std::exchange(number_, -1); }

    // Keeps errno, so that it may stand between a failed call and its report.
    void close();

 private:
    int number_ = -1;
};

}  // namespace hansa
