// What a child printed: its end in memory, and its lines as they come.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace hansa {

constexpr std::size_t output_limit = 64 * 1024;

// The last 64 KiB of a stream.
class Tail {
 public:
    void append(std::string_view bytes);

    // Cuts to the limit and gives the bytes away.
    std::string take();

 private:
    std::string bytes_;  // up to twice the limit, so that cutting is rare
};

// Cuts a stream into lines without their ends; a longer line than 64 KiB comes in pieces.
class Lines {
 public:
    // Calls take(std::string line) for each line that is complete. `take` may end the owner of
    // this object when it returns false; nothing is touched after that.
    template <class Take>
    bool append(std::string_view bytes, Take take) {
        while (!bytes.empty()) {
            std::size_t end = bytes.find('\n');
            std::size_t room = output_limit - partial_.size();
            std::size_t size = std::min({end, bytes.size(), room});
            partial_.append(bytes.substr(0, size));
            bytes.remove_prefix(size);
            bool ended = !bytes.empty() && bytes[0] == '\n';
            if (ended) bytes.remove_prefix(1);
            if (!ended && partial_.size() < output_limit) return true;
            if (!take(std::exchange(partial_, {}))) return false;
        }
        return true;
    }

    // The last line, if it had no end; empty otherwise.
    std::string rest() { return std::exchange(partial_, {}); }

 private:
    std::string partial_;
};

}  // namespace hansa
