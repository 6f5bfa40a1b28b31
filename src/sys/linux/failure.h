// Errors of system calls as Error: the number decides the caller's next move, the text says where.
#pragma once

#include <string_view>

#include "base/result.h"

namespace hansa {

Code code_of(int error_number);

// "/etc/motd: permission denied". `where` is foreign text and is made printable.
Error failure(std::string_view where, int error_number);

// The same with errno.
Error failure(std::string_view where);

}  // namespace hansa
