// Randomness of the kernel behind the Random port.
#pragma once

#include <array>
#include <cstddef>

#include "base/random.h"

namespace hansa {

// Reads ahead, so that a draw costs a system call only now and then.
class LinuxRandom final : public Random {
 public:
    std::uint64_t next() override;

 private:
    std::array<std::uint64_t, 16> ahead_;
    std::size_t left_ = 0;
};

}  // namespace hansa
