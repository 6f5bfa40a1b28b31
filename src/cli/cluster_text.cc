#include <algorithm>
#include <vector>

#include "base/text.h"
#include "base/time.h"
#include "cli/answer.h"
#include "cli/render.h"

namespace hansa {

namespace {

constexpr std::size_t label_width = 10;

// A label and what stands beside it; more lines below that.
std::string lines_of(std::string_view label, const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines)
        text += padded(text.empty() ? std::string{label} : "", label_width) + line + "\n";
    return text;
}

std::vector<std::string> texts_at(const Value& map, std::string_view key) {
    std::vector<std::string> texts;
    for (const Value& text : list_at(map, key)) texts.push_back(printable(text.scalar().text, 400));
    return texts;
}

std::string time_of_day(const std::string& iso8601) {
    const std::size_t at = iso8601.find('T');
    return at == std::string::npos || iso8601.size() < at + 9 ? iso8601
                                                              : iso8601.substr(at + 1, 8) + "Z";
}

std::string bytes_text(std::uint64_t bytes) {
    if (bytes < 10'000) return std::to_string(bytes) + " B";
    if (bytes < 10'000'000) return std::to_string(bytes / 1000) + " kB";
    return std::to_string(bytes / 1'000'000) + " MB";
}

bool knows_members(const Value& status) {
    return !list_at(status, "members").empty();
}

std::string health_text(const Value& status) {
    const std::string health = text_at(status, "health");
    std::vector<std::string> lines = texts_at(status, "reasons");
    if (lines.empty()) {
        const std::uint64_t voters = number_at(status, "voters");
        lines = {voters == 1 ? "the only voter answers"
                             : "all " + counted(voters, "voter") + " answer"};
    }
    const std::string since = time_of_day(text_at(status, "read_only_since"));
    lines.front() = health + (since.empty() ? ": " : " since " + since + ", ") + lines.front();
    lines.push_back(text_at(status, "tolerance"));
    if (const std::string remedy = text_at(status, "remedy"); !remedy.empty())
        lines.push_back("to do: " + remedy);
    if (truth_at(status, "stale") && knows_members(status))
        lines.push_back("what follows may be stale: it is what one member had heard of");
    return lines_of("health", lines);
}

std::string store_text(const Value& status) {
    if (!knows_members(status)) return {};
    std::vector<std::string> versions;
    for (const Value& member : list_at(status, "members"))
        if (const std::string version = text_at(member, "etcd");
            !version.empty() &&
            std::find(versions.begin(), versions.end(), version) == versions.end())
            versions.push_back(version);
    std::string line = "revision " + text_at(status, "revision") + ", " +
                       bytes_text(number_at(status, "bytes_used")) + " used of a file of " +
                       bytes_text(number_at(status, "bytes"));
    if (!versions.empty()) line += ", etcd " + join(versions, " and ");
    return lines_of("store", {line});
}

std::string seats_text(const Value& status) {
    const Value& seats = map_at(status, "seats");
    if (!truth_at(seats, "known")) return lines_of("seats", {"not known"});
    if (!truth_at(seats, "given"))
        return lines_of("seats", {"none to give: this store serves its own machine only"});
    std::vector<std::string> lines = {text_at(seats, "taken") + " of " +
                                      counted(number_at(seats, "wanted"), "seat") +
                                      " taken, ideal size " + text_at(seats, "ideal")};
    if (text_at(seats, "timing") != "default") lines[0] += ", timing " + text_at(seats, "timing");
    for (const char* why : {"fewer_because", "open_because"})
        for (std::string& line : texts_at(seats, why)) lines.push_back(std::move(line));
    return lines_of("seats", lines);
}

// Empty of a store that gives no seats: nobody copies that one by himself.
std::string copies_text(const Value& status) {
    std::vector<std::string> copies;
    for (const Value& copy : list_at(status, "copies")) {
        const auto age = static_cast<Seconds::rep>(number_at(copy, "age"));
        copies.push_back(readable(Seconds{age}) + " old at " + text_at(copy, "host"));
    }
    if (!copies.empty()) return lines_of("copies", {join(copies, ", ")});
    return truth_at(map_at(status, "seats"), "given") ? lines_of("copies", {"none yet"}) : "";
}

std::string steward_text(const Value& status) {
    std::string text;
    const Value& steward = map_at(status, "steward");
    if (const std::string host = text_at(steward, "host"); !host.empty()) {
        const std::string says = text_at(steward, "says");
        text += lines_of("steward",
                         {host + (says.empty() ? " has decided nothing yet"
                                               : ": " + says + " (said at " +
                                                     time_of_day(text_at(steward, "at")) + ")")});
    }
    const Value& intent = map_at(status, "intent");
    if (text_at(intent, "purpose").empty()) return text;
    std::string line = text_at(intent, "purpose") + ": " + text_at(intent, "why");
    if (const auto adds = texts_at(intent, "adds"); !adds.empty())
        line += "; adds " + join(adds, ", ");
    if (const auto removes = texts_at(intent, "removes"); !removes.empty())
        line += "; removes " + join(removes, ", ");
    if (text_at(intent, "next") == "add_learner" || text_at(intent, "next") == "promote")
        line += "; given up after " + time_of_day(text_at(intent, "deadline"));
    return text + lines_of("intent", {line});
}

std::string troubles_text(const Value& status) {
    std::string text = lines_of("alarms", texts_at(status, "alarms"));
    std::vector<std::string> penalties;
    for (const Value& penalty : list_at(status, "penalties"))
        penalties.push_back(text_at(penalty, "host") + " gets no seat until " +
                            time_of_day(text_at(penalty, "until")) + ", after " +
                            counted(number_at(penalty, "strikes"), "failure"));
    return text + lines_of("penalties", penalties);
}

std::string members_text(const Value& status) {
    std::vector<std::vector<std::string>> rows = {
        {"HOST", "SEAT", "DOMAIN", "ANSWERS", "BEHIND", "ADDRESS"}};
    for (const Value& member : list_at(status, "members")) {
        const std::string domain = text_at(member, "domain"), behind = text_at(member, "behind"),
                          silence = text_at(member, "silence"), url = text_at(member, "url");
        rows.push_back({text_at(member, "host"),
                        text_at(member, "seat") + (truth_at(member, "leads") ? "*" : ""),
                        domain.empty() ? "-" : domain, truth_at(member, "answers") ? "yes" : "no",
                        behind.empty() ? "-" : behind, url.empty() ? "-" : url});
    }
    return rows.size() == 1 ? "" : "\n" + as_table(rows);
}

}  // namespace

std::string as_cluster(const Value& status) {
    std::string leader = knows_members(status) ? "none" : "not known";
    for (const Value& member : list_at(status, "members"))
        if (truth_at(member, "leads")) leader = text_at(member, "host");
    return health_text(status) + lines_of("leader", {leader}) + store_text(status) +
           seats_text(status) + copies_text(status) + steward_text(status) + troubles_text(status) +
           members_text(status);
}

}  // namespace hansa
