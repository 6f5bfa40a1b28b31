// How many refusals get a line in the log: for each exporter and cause a few a minute, then one
// line that says how many more there were. Whoever can write to the store can have a refusal for
// each write; they are all counted in the report.
//
// Owned by Log. Pure but for what it remembers.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "report/event.h"

namespace hansa {

class RefusalPace {
 public:
    static constexpr std::uint64_t lines_max = 10;  // in each window, besides the sum
    static constexpr Duration window = Seconds{60};
    // Exporters are as many as somebody invents: beyond these they share one window a cause.
    static constexpr std::size_t windows_max = 256;

    // Whether this one gets a line.
    bool lets(const happened::Refused& refused, WallTime now);

    // A line for each window that is over and had more refusals than lines; once.
    std::vector<happened::Refused> sums(WallTime now);

    // The same for all windows: nothing comes after it.
    std::vector<happened::Refused> sums();

 private:
    struct Window {
        WallTime began;
        std::uint64_t refusals = 0;
    };
    using Whose = std::pair<std::string, std::string>;  // exporter, cause

    std::vector<happened::Refused> close(bool (*over)(const Window&, WallTime), WallTime now);

    std::map<Whose, Window> windows_;
};

}  // namespace hansa
