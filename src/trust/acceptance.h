// The exporters whose quarantine an operator has ended: a file of the agent's own, written by
// `hansa policy accept`. Pure; a value.
//
//     {"accepted": ["web1", "web2"]}
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

#include "base/host.h"
#include "base/result.h"

namespace hansa {

inline constexpr std::size_t acceptance_bytes_max = std::size_t{1} << 20;

class Acceptance {
 public:
    // Code::invalid for text that is not of this form; nobody is accepted in part.
    static Result<Acceptance> parse(std::string_view text);
    std::string text() const;

    bool accepted(const std::string& exporter) const { return hosts_.contains(exporter); }
    const std::set<std::string>& hosts() const { return hosts_; }

    // False when it was accepted already.
    bool accept(const HostName& exporter) { return hosts_.insert(exporter.text()).second; }

 private:
    std::set<std::string> hosts_;
};

}  // namespace hansa
