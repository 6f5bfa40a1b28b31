// Any bytes may stand in the store under our prefix. What must hold: no crash and no report of a
// sanitizer; a refusal says why; what is accepted is written, read again and the same, in both
// styles.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "data/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using hansa::JsonStyle;
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    auto value = hansa::parse_json(text);
    if (!value) {
        hansa::check(value.error().text.starts_with("json"), "a refusal names the format");
        return 0;
    }
    for (const JsonStyle style : {JsonStyle::compact, JsonStyle::pretty}) {
        auto again = hansa::parse_json(hansa::to_json(*value, style));
        hansa::check(bool(again), "what was written can be read");
        hansa::check(*again == *value, "a value survives its text");
    }
    return 0;
}
