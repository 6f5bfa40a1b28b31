#include "cli/answer.h"
#include "cli/render.h"

namespace hansa {

namespace {

std::string or_none(std::string text) {
    return text.empty() ? "-" : text;
}

// As short as it can be told from `now`, both as "2026-11-22T12:34:56.789Z": the time of today, the
// day of this year, or the year.
std::string when(const std::string& time, const std::string& now) {
    constexpr std::size_t year = 4, day = 10, minute = 16;
    if (time.size() < minute || now.size() < minute) return or_none(time);
    if (time.substr(0, day) == now.substr(0, day)) return time.substr(day + 1, 5);
    if (time.substr(0, year) == now.substr(0, year)) return time.substr(year + 1, 5);
    return time.substr(0, year);
}

std::string last_contact(const Value& peer, const std::string& now) {
    if (truth_at(peer, "alive")) return "now";
    const std::string since = text_at(peer, "gone_since");
    return since.empty() ? "gone" : when(since, now);
}

std::string clock_of(const Value& peer) {
    const std::string offset = text_at(peer, "clock_offset_ms");
    if (offset.empty()) return "-";
    const bool is_behind = offset.front() == '-';
    const std::string size = offset.substr(is_behind ? 1 : 0);
    if (size == "0") return "0ms";
    const std::string sign = is_behind ? "-" : "+";
    const std::size_t digits = size.size();
    if (digits < 4) return sign + size + "ms";
    return sign + size.substr(0, digits - 3) + "." + size.substr(digits - 3, 1) + "s";
}

}  // namespace

std::string as_peers(const Value& answer) {
    const std::string now = text_at(answer, "time");
    std::vector<std::vector<std::string>> rows = {
        {"NAME", "ADDRESS", "SEAT", "SINCE", "DOMAIN", "VER", "LAG", "CLOCK", "LAST"}};
    for (const Value& peer : list_at(answer, "peers"))
        rows.push_back({text_at(peer, "name"), or_none(text_at(peer, "address")),
                        text_at(peer, "seat") + (truth_at(peer, "leads") ? "*" : ""),
                        when(text_at(peer, "since"), now), or_none(text_at(peer, "domain")),
                        or_none(text_at(peer, "version")), or_none(text_at(peer, "lag")),
                        clock_of(peer), last_contact(peer, now)});
    std::string text;
    const std::string reason = text_at(answer, "reason");
    if (truth_at(answer, "stale"))
        text = reason.empty() ? "the store has no majority: this is what one member had heard of\n"
                              : reason + "\n";
    return text + as_table(rows);
}

}  // namespace hansa
