// Reads the members of one JSON object, strictly: each by name and type, no other beside them.
//
// The first thing found wrong is kept and told by finish(); until then reading goes on with
// defaults, so that a decoder reads as a list of members. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/value.h"

namespace hansa {

class Members {
 public:
    // `object` must outlive the reader; `what` names it in errors ("record", "meta").
    Members(const Value& object, std::string what);

    // Optional members; null when absent.
    const Value* any(std::string_view name);

    std::string text(std::string_view name);           // required, not empty
    std::string text_if_any(std::string_view name);    // empty when absent
    bool flag(std::string_view name, bool otherwise);  // `otherwise` when absent
    std::vector<std::string> texts(std::string_view name);
    std::map<std::string, std::string> text_map(std::string_view name);

    struct Range {
        std::int64_t min = 0;
        std::int64_t max = INT64_MAX;
    };
    std::int64_t number(std::string_view name, Range range);  // required
    std::int64_t number_or(std::string_view name, Range range, std::int64_t otherwise);
    double real_or(std::string_view name, double otherwise);  // finite, not negative

    // Something that the caller found wrong.
    void refuse(std::string reason);

    // The first error, or a member that nobody asked for.
    Result<void> finish() const;

 private:
    const Value* required(std::string_view name);
    void refuse_type(std::string_view name, const Value& value, std::string_view wanted);

    const Value& object_;
    std::string what_;
    std::string wrong_;
    std::vector<std::string_view> asked_;
};

}  // namespace hansa
