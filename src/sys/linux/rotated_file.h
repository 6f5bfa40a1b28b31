// A log file of bounded size: when it is full it becomes NAME.1 and a new one begins.
//
// Blocking (an append to the page cache); one owner.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sys/linux/fd.h"

namespace hansa {

class RotatedFile {
 public:
    // Opens, or makes with mode 0600, and goes on at the end. `bytes_max`: of one file; there are
    // two.
    static Result<RotatedFile> open(std::string path, std::uint64_t bytes_max);

    // Appends the line and its end. On failure (a full disk) the line is lost, later ones may not
    // be. A file that cannot be put aside grows beyond its bound.
    Result<void> add(std::string_view line);

 private:
    RotatedFile(std::string path, std::uint64_t bytes_max)
        : path_(std::move(path)), bytes_max_(bytes_max) {}
    Result<void> reopen();

    std::string path_;
    std::uint64_t bytes_max_;
    std::uint64_t bytes_ = 0;
    Fd file_;
};

}  // namespace hansa
