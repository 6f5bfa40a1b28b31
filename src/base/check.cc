#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace hansa {

void check(bool holds, const char* meaning, std::source_location where) {
    if (holds) [[likely]]
        return;
    std::fprintf(stderr, "%s:%u: broken promise: %s\n", where.file_name(),
                 static_cast<unsigned>(where.line()), meaning);
    std::abort();
}

}  // namespace hansa
