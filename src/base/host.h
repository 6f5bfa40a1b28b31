// The name by which the peers of a mesh know a machine.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hansa {

// 1 to 253 bytes of letters, digits, '-', '_' and '.', not starting with '.' or '-': what a DNS
// name may be, and safe as a directory name and as a key segment. Compared by bytes.
class HostName {
 public:
    static Result<HostName> parse(std::string_view text);

    const std::string& text() const { return text_; }
    friend auto operator<=>(const HostName&, const HostName&) = default;

 private:
    explicit HostName(std::string text) : text_(std::move(text)) {}

    std::string text_;
};

}  // namespace hansa
