// Names over libresolv. See sys/names.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sys/names.h"

namespace hansa {

// Any thread.
class LinuxNames final : public Names {
 public:
    Result<std::vector<ServiceRecord>> services(const std::string& name) const override;
};

// The SRV records of a DNS message, which anybody may have made. Code::invalid when it is none.
Result<std::vector<ServiceRecord>> parse_services(std::string_view message);

}  // namespace hansa
