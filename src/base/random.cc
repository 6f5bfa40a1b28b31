#include "base/random.h"

#include <array>

#include "base/check.h"

namespace hansa {

std::uint64_t Random::below(std::uint64_t bound) {
    check(bound > 0, "below() needs a bound above 0");
    // Numbers under the threshold would make the small remainders likelier, so they are drawn
    // again; the threshold is 2^64 mod bound.
    const std::uint64_t threshold = (0 - bound) % bound;
    for (;;) {
        const std::uint64_t number = next();
        if (number >= threshold) return number % bound;
    }
}

bool Random::chance(double probability) {
    const double unit = static_cast<double>(next() >> 11) * 0x1.0p-53;
    return unit < probability;
}

std::uint64_t SeededRandom::next() {
    state_ += 0x9e3779b97f4a7c15ULL;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
    return mixed ^ (mixed >> 31);
}

std::string make_uuid(Random& random) {
    std::array<std::uint8_t, 16> bytes;
    for (std::size_t half = 0; half < 2; ++half) {
        std::uint64_t number = random.next();
        for (std::size_t i = 0; i < 8; ++i, number >>= 8)
            bytes[half * 8 + i] = static_cast<std::uint8_t>(number);
    }
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);  // version 4
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);  // the RFC's variant

    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += digits[bytes[i] >> 4];
        text += digits[bytes[i] & 15];
    }
    return text;
}

}  // namespace hansa
