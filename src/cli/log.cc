#include "cli/log.h"

#include <cstdio>
#include <cstdlib>

#include "base/text.h"
#include "cli/render.h"
#include "daemon/inspect.h"
#include "daemon/settings.h"
#include "data/json.h"
#include "report/json.h"

namespace hansa {

namespace {

constexpr std::size_t line_bytes_max = 4096;

void print_line(std::FILE* file, const std::string& line) {
    std::fputs((line + "\n").c_str(), file);
}

Detail detail_of(Verbosity verbosity) {
    switch (verbosity) {
        case Verbosity::quiet: return Detail::quiet;
        case Verbosity::normal: return Detail::normal;
        case Verbosity::verbose: return Detail::verbose;
    }
    return Detail::normal;
}

}  // namespace

Log::Log(LogFormat format, Verbosity verbosity)
    : format_(format), verbosity_(verbosity), coloured_(stderr_takes_colours()) {}

void Log::attach(Report& report) {
    report.listen([this, &report](const Event& event, WallTime time) {
        tell(event, time, report.snapshot());
    });
}

void Log::tell(const Event& event, WallTime time, const Snapshot& snapshot) {
    const bool last = std::holds_alternative<happened::Stopped>(event);
    for (happened::Refused& sum : last ? pace_.sums() : pace_.sums(time))
        print(std::move(sum), time);
    if (const auto* refused = std::get_if<happened::Refused>(&event))
        if (!pace_.lets(*refused, time)) return;
    if (last && format_ == LogFormat::text)
        print(happened::Noted{as_summary(snapshot, time)}, time);
    print(event, time);
}

void Log::print(const Event& event, WallTime time) const {
    if (const auto* rest = std::get_if<happened::AtRest>(&event); rest && rest->only_a_number)
        return;
    if (const auto* spoke = std::get_if<happened::Spoke>(&event)) {
        print_line(stdout, spoke->line);
        std::fflush(stdout);
    }
    if (format_ == LogFormat::json) {
        print_line(stderr, to_json(to_value(event, time)));
        return;
    }
    const Colour colour = coloured_ ? Colour::ansi : Colour::none;
    if (const auto line = as_line(event, time, detail_of(verbosity_), colour))
        print_line(stderr, *line);
}

int Log::refuse(Report& report, const Error& error) const {
    if (format_ == LogFormat::text) return hansa::refuse(error);
    const int code = static_cast<int>(exit_code_of(error.code));
    report.publish(happened::Fatal{error.text});
    report.publish(happened::Stopped{code});
    return code;
}

int refuse(const Error& error) {
    for (const std::string& line : split(error.text, '\n'))
        std::fprintf(stderr, "hansa: %s\n", printable(line, line_bytes_max).c_str());
    return static_cast<int>(exit_code_of(error.code));
}

}  // namespace hansa
