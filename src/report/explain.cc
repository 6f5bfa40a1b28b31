#include "report/explain.h"

#include <map>
#include <vector>

#include "base/text.h"
#include "report/json.h"

namespace hansa {

namespace {

// What has the same id, at one place or several.
struct Known {
    const ResourceReport* report = nullptr;
    std::vector<const happened::Judged*> judged;
};

bool is_asked(std::string_view found, std::string_view id) {
    if (!found.starts_with(id)) return false;
    found.remove_prefix(id.size());
    return found.empty() || found.starts_with(" from ") || found.starts_with(" in ");
}

Value value_of(const happened::Judged& judged) {
    MapBuilder map;
    map.text("verdict", std::string(happened::name_of(judged.verdict)));
    map.text("place", judged.place).text("exporter", judged.exporter).text("uuid", judged.uuid);
    map.text("key", judged.key).text("rule", judged.rule).text("why", judged.why);
    return map.build();
}

Value value_of(const std::string& id, const Known& known) {
    MapBuilder map;
    map.text("id", id);
    if (const ResourceReport* report = known.report) {
        map.text("phase", std::string(name_of(report->phase)));
        map.text("since", iso8601(report->since)).text("detail", report->detail);
        map.text("last_error", report->last_error).number("runs", report->runs);
        map.number("changes", report->changes).number("failures", report->failures);
    }
    Value::List judged;
    for (const happened::Judged* each : known.judged) judged.push_back(value_of(*each));
    map.add("judged", Value::of_list(std::move(judged)));
    return map.build();
}

}  // namespace

Value explain(const Snapshot& snapshot, std::string_view id) {
    std::map<std::string, Known> found;
    for (const auto& [key, judged] : snapshot.judged)
        if (id.empty() || is_asked(judged.id, id)) found[judged.id].judged.push_back(&judged);
    for (const auto& [name, report] : snapshot.resources)
        if (id.empty() ? found.contains(name) : is_asked(name, id)) found[name].report = &report;
    MapBuilder map;
    map.text("id", std::string(id));
    if (found.empty() && !id.empty())
        map.text("error", "no resource \"" + printable(id) +
                              "\" is declared here or collected; \"hansa status\" lists what is");
    Value::List resources;
    for (const auto& [name, known] : found) resources.push_back(value_of(name, known));
    map.add("resources", Value::of_list(std::move(resources)));
    return map.build();
}

}  // namespace hansa
