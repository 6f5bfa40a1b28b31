// What a reader finds wrong or worth a warning in one text, told in the order of the text.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/value.h"

namespace hansa {

class Findings {
 public:
    // Shows at most `shown_max` errors and counts the rest.
    Findings(std::string_view file, std::size_t shown_max) : file_(file), shown_max_(shown_max) {}

    // "file:line:column: what". `what` names the resource where there is one.
    void wrong(Mark mark, std::string what);
    void warn(Mark mark, const std::string& what);

    bool clean() const { return wrong_.empty(); }
    Error error() &&;  // REQUIRES: not clean
    std::vector<std::string> take_warnings() { return std::move(warnings_); }

    // "file:line:column"
    std::string place(Mark mark) const;

 private:
    struct Wrong {
        Mark mark;
        std::size_t order = 0;  // of being found, for errors of one place
        std::string what;
    };

    std::string file_;
    std::size_t shown_max_;
    std::vector<Wrong> wrong_;
    std::vector<std::string> warnings_;
};

// Readers of single values. Each tells what is wrong as "SUBJECT: KEY is …" and then gives nothing.
class FieldReader {
 public:
    FieldReader(Findings& findings, std::string subject)
        : findings_(findings), subject_(std::move(subject)) {}

    void wrong(Mark mark, const std::string& what) const;
    void warn(Mark mark, const std::string& what) const;
    void unknown(const Value::Entry& entry, std::span<const std::string> known) const;

    std::optional<bool> truth(const Value::Entry& entry) const;
    std::optional<std::int64_t> number(const Value::Entry& entry, std::int64_t low,
                                       std::int64_t high) const;
    std::optional<std::string> text(const Value::Entry& entry) const;

    // Text that names something: not empty, no control characters.
    std::optional<std::string> name(const Value::Entry& entry) const;

    const std::string& subject() const { return subject_; }

 private:
    void bad(const Value::Entry& entry, const std::string& right) const;

    Findings& findings_;
    std::string subject_;
};

}  // namespace hansa
