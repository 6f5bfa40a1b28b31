// What the Files port calls a file that is not yet in its place: ".hansa-" and 16 hexadecimal
// digits. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hansa {

std::string temporary_name(std::uint64_t number);
bool is_temporary_name(std::string_view name);

}  // namespace hansa
