#include "base/time.h"

#include <array>
#include <cmath>
#include <cstdio>

namespace hansa {
namespace {

struct Unit {
    const char* name;
    double nanoseconds;
    double below;  // in this unit; from here on the next one reads better
};

constexpr std::array<Unit, 6> units = {{
    {"ns", 1, 999.5},
    {"us", 1e3, 999.5},
    {"ms", 1e6, 999.5},
    {"s", 1e9, 119.5},
    {"min", 60e9, 119.5},
    {"h", 3600e9, 0},
}};

const Unit& unit_for(double nanoseconds) {
    for (const Unit& unit : units)
        if (nanoseconds / unit.nanoseconds < unit.below) return unit;
    return units.back();
}

}  // namespace

std::string readable(Duration duration) {
    const double count = static_cast<double>(duration.count());
    const Unit& unit = unit_for(std::fabs(count));
    const double value = count / unit.nanoseconds;
    const double tenths = std::round(value * 10);
    const bool one_decimal = std::fabs(tenths) < 100 && std::fmod(tenths, 10) != 0;

    std::array<char, 48> text;
    std::snprintf(text.data(), text.size(), "%.*f %s", one_decimal ? 1 : 0, value, unit.name);
    return text.data();
}

std::string iso8601(WallTime time) {
    namespace chrono = std::chrono;
    const auto ms = chrono::floor<Milliseconds>(time);
    const auto day = chrono::floor<chrono::days>(ms);
    const chrono::year_month_day date{day};
    const chrono::hh_mm_ss<Milliseconds> clock{ms - day};

    std::array<char, 48> text;
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
                  static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()),
                  static_cast<int>(clock.subseconds().count()));
    return text.data();
}

}  // namespace hansa
