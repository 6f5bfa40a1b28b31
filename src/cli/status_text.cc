#include <algorithm>
#include <vector>

#include "base/text.h"
#include "cli/answer.h"
#include "cli/render.h"

namespace hansa {

namespace {

std::string count_at(const Value& map, std::string_view key, std::string_view noun) {
    return counted(number_at(map, key), noun);
}

std::string counts_text(const Value& counts) {
    std::string text;
    for (const Value::Entry& entry : counts.map())
        text += (text.empty() ? "" : ", ") + entry.value.scalar().text + " " + entry.key;
    return text.empty() ? "no resources" : text;
}

std::string resource_line(const Value& resource, std::size_t width) {
    const std::string why =
        reason_of(lines_at(resource, "detail"), lines_at(resource, "last_error"));
    std::string line = "  " + padded(text_at(resource, "id"), width) + "  " +
                       padded(text_at(resource, "phase"), 8) + "  " + text_at(resource, "since");
    return why.empty() ? line : line + "  " + why;
}

// "12:34:56" (UTC) of "2026-11-22T12:34:56.789Z"; nothing of anything else.
std::string time_of_day(const std::string& iso8601) {
    const std::size_t at = iso8601.find('T');
    return at == std::string::npos || iso8601.size() < at + 9 ? ""
                                                              : iso8601.substr(at + 1, 8) + "Z";
}

// The hosts that have ended and are still, or no longer, collected from; a line each.
std::string absent_text(const Value& status) {
    const Value* hosts = status.is_map() ? status.find("absent_hosts") : nullptr;
    std::string text;
    if (!hosts || !hosts->is_list()) return text;
    for (const Value& host : hosts->list()) {
        const std::string state = text_at(host, "state");
        text += padded(state, 7) + " host " + text_at(host, "host") + ", gone since " +
                text_at(host, "since") + "; what it exports is " +
                (state == "stale" ? "still in force" : "no longer collected") + "\n";
    }
    return text;
}

}  // namespace

std::string as_status(const Value& status) {
    const Value& agent = map_at(status, "agent");
    const Value& graph = map_at(status, "graph");
    const Value& store = map_at(status, "store");
    std::string text = "agent   " + text_at(agent, "host") + ", hansa " +
                       text_at(agent, "version") + ", pid " + text_at(agent, "pid") + ", since " +
                       text_at(agent, "started") + "\n";
    text += "graph   " + text_at(graph, "name") + " (" + text_at(graph, "file") + "), " +
            count_at(graph, "resources", "resource") + ", " + count_at(graph, "edges", "edge") +
            ", " + count_at(graph, "redraws", "redraw") + "\n";
    if (const std::string refused = lines_at(graph, "refused"); !refused.empty())
        text += "        a newer version is not enforced:\n        " + refused + "\n";
    const std::string detail = lines_at(store, "detail");
    const std::string since = time_of_day(text_at(store, "since"));
    text += "store   " + text_at(store, "state") + (since.empty() ? "" : " since " + since) +
            (detail.empty() ? "" : ", " + detail) + "\n";
    const std::string waiting = text_at(status, "waiting_for");
    text += "state   " + counts_text(map_at(status, "counts"));
    if (text_at(status, "at_rest") == "true") text += "; at rest";
    if (!waiting.empty()) text += "; waiting for " + waiting;
    text += "\n";
    text += absent_text(status);
    for (const Value::Entry& entry : map_at(status, "refusals").map())
        text += "refused " + entry.value.scalar().text + " x " + entry.key + "\n";

    const Value* resources = status.find("resources");
    if (!resources || !resources->is_list() || resources->list().empty()) return text;
    std::size_t width = 0;
    for (const Value& resource : resources->list())
        width = std::max(width, std::min<std::size_t>(text_at(resource, "id").size(), 48));
    text += "\n";
    for (const Value& resource : resources->list()) text += resource_line(resource, width) + "\n";
    return text;
}

}  // namespace hansa
