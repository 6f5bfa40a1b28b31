// What `hansa explain` prints.
#include "base/text.h"
#include "cli/answer.h"
#include "cli/render.h"

namespace hansa {

namespace {

std::string line(std::string title, const std::string& text) {
    title.resize(11, ' ');
    return "  " + title + text + "\n";
}

std::string state_of(const Value& resource) {
    const std::string phase = text_at(resource, "phase");
    if (phase.empty()) return line("state", "not applied");
    const std::string why = reason_of(text_at(resource, "detail"), text_at(resource, "last_error"));
    std::string text = phase + " since " + text_at(resource, "since");
    for (const char* what : {"run", "change", "failure"})
        text += ", " + counted(static_cast<std::uint64_t>(
                                   to_int(text_at(resource, std::string(what) + "s")).value_or(0)),
                               what);
    return line("state", why.empty() ? text : text + ": " + why);
}

std::string signature_of(const std::string& verdict, const Value& judged) {
    if (verdict == "refused")
        return "refused: " + text_at(judged, "why") + "; what was accepted before stays";
    return "good, by key " + text_at(judged, "key");
}

std::string policy_of(const std::string& verdict, const Value& judged) {
    const std::string rule = text_at(judged, "rule");
    if (verdict == "refused") return "not asked";
    if (verdict == "denied") return "denied by " + rule + ": " + text_at(judged, "why");
    if (verdict == "quarantined")
        return "in quarantine by " + rule + ": shown as noop until \"hansa policy accept " +
               text_at(judged, "exporter") + "\"";
    return "allowed by " + rule;
}

std::string told(const Value& judged) {
    const std::string verdict = text_at(judged, "verdict");
    const std::string uuid = text_at(judged, "uuid");
    std::string text = line("exporter", text_at(judged, "exporter") +
                                            (uuid.empty() ? ", not certified" : ", uuid " + uuid));
    if (const std::string place = text_at(judged, "place"); !place.empty())
        text += line("into", place);
    text += line("signature", signature_of(verdict, judged));
    return text + line("policy", policy_of(verdict, judged));
}

}  // namespace

std::string as_explanation(const Value& answer) {
    const Value* resources = answer.is_map() ? answer.find("resources") : nullptr;
    if (!resources || !resources->is_list()) return {};
    std::string text;
    for (const Value& resource : resources->list()) {
        text += text_at(resource, "id") + "\n" + state_of(resource);
        const Value* judged = resource.is_map() ? resource.find("judged") : nullptr;
        if (!judged || !judged->is_list() || judged->list().empty()) {
            text += line("declared", "by this host's own graph");
            continue;
        }
        for (const Value& each : judged->list()) text += told(each);
    }
    return text;
}

}  // namespace hansa
