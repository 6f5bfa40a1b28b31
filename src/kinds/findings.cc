#include "kinds/findings.h"

#include <algorithm>

#include "base/text.h"
#include "kinds/paths.h"
#include "resource/schema.h"

namespace hansa::kinds {

void Findings::wrong(std::string_view field, const std::string& what) {
    wrongs_.push_back(place(field, what));
}

void Findings::warn(std::string_view field, const std::string& what) {
    warnings_.push_back(place(field, what));
}

void Findings::one_of(std::string_view field, const std::string& value,
                      std::span<const std::string> choices) {
    if (value.empty() || std::find(choices.begin(), choices.end(), value) != choices.end()) return;
    const auto meant = nearest(value, choices);
    wrong(field,
          "is \"" + printable(value, 60) + "\"; " +
              (meant ? "did you mean \"" + *meant + "\"?" : "write " + join(choices, " or ")));
}

void Findings::path(std::string_view field, std::string& value) {
    if (value.empty()) return;
    if (auto normal = normal_path(value))
        value = std::move(*normal);
    else
        wrong(field, "\"" + printable(value, 60) + "\" " + normal.error().text);
}

Result<void> Findings::verdict() const {
    if (wrongs_.empty()) return {};
    return Error{Code::invalid, join(wrongs_, "\n")};
}

std::string Findings::place(std::string_view field, const std::string& what) const {
    for (const Value::Entry& entry : declaration_.fields.map())
        if (entry.key == field) return bad_field(declaration_, entry, what);
    return about(declaration_, std::string(field) + " " + what);
}

}  // namespace hansa::kinds
