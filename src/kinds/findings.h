// What a kind finds wrong in a declaration beyond what its table can see: values out of range,
// fields that exclude each other.
//
// Made for one declaration and used up at once; not thread safe. Collects instead of stopping at
// the first, so that an author sees all of it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "resource/declaration.h"

namespace hansa::kinds {

class Findings {
 public:
    // Both must outlive this object. Warnings are appended to `warnings`.
    Findings(const Declaration& declaration, std::vector<std::string>& warnings)
        : declaration_(declaration), warnings_(warnings) {}

    const Declaration& declaration() const { return declaration_; }
    const std::string& name() const { return declaration_.id.name; }

    // Points at `field` where the author wrote it, else at the resource.
    void wrong(std::string_view field, const std::string& what);
    void warn(std::string_view field, const std::string& what);

    // Wrong when `value` is neither empty, which means "left out", nor one of `choices`.
    void one_of(std::string_view field, const std::string& value,
                std::span<const std::string> choices);

    // Brings a path field into its normal form; an empty one stays.
    void path(std::string_view field, std::string& value);

    // Everything wrong, one a line, as Code::invalid.
    Result<void> verdict() const;

 private:
    std::string place(std::string_view field, const std::string& what) const;

    const Declaration& declaration_;
    std::vector<std::string>& warnings_;
    std::vector<std::string> wrongs_;
};

}  // namespace hansa::kinds
