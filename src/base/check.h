// check() states what must hold; it stays on in release builds.
//
// A failed check is a bug of ours: it prints place, condition and meaning to stderr and aborts.
// Bad input is never a failed check, it is an Error.
#pragma once

#include <source_location>

namespace hansa {

void check(bool holds, const char* meaning,
           std::source_location where = std::source_location::current());

}  // namespace hansa
