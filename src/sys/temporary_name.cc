#include "sys/temporary_name.h"

#include <cstdio>

namespace hansa {

namespace {

constexpr std::string_view prefix = ".hansa-";
constexpr std::size_t digits = 16;

}  // namespace

std::string temporary_name(std::uint64_t number) {
    char text[digits + 1];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number));
    return std::string(prefix) + text;
}

bool is_temporary_name(std::string_view name) {
    return name.starts_with(prefix) && name.size() == prefix.size() + digits &&
           name.find_first_not_of("0123456789abcdef", prefix.size()) == name.npos;
}

}  // namespace hansa
