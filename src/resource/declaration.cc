#include "resource/declaration.h"

namespace hansa {

std::string Origin::text() const {
    if (!exporter.empty()) return "host " + exporter;
    if (mark.line == 0) return file;
    return file + ":" + std::to_string(mark.line) + ":" + std::to_string(mark.column);
}

}  // namespace hansa
