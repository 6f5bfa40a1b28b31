// Randomness as a port, so that a seed can replay everything that was decided by chance.
#pragma once

#include <cstdint>
#include <string>

namespace hansa {

// Not thread safe: one per owner.
class Random {
 public:
    virtual ~Random() = default;
    virtual std::uint64_t next() = 0;

    // Uniform in [0, bound). REQUIRES: bound > 0.
    std::uint64_t below(std::uint64_t bound);

    // True with the given chance in [0, 1].
    bool chance(double probability);
};

// The same seed gives the same numbers on every machine (splitmix64, Steele et al. 2014).
class SeededRandom final : public Random {
 public:
    explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next() override;

 private:
    std::uint64_t state_;
};

// A random (version 4, RFC 9562) UUID in its usual text form.
std::string make_uuid(Random& random);

}  // namespace hansa
