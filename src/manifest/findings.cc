#include "manifest/findings.h"

#include <algorithm>
#include <tuple>

#include "base/check.h"
#include "base/text.h"
#include "resource/schema.h"

namespace hansa {
namespace {

// Whether it may stand in a log as it is.
bool is_printable(std::string_view text) {
    return printable(text, text.size()) == text;
}

}  // namespace

std::string Findings::place(Mark mark) const {
    return file_ + ":" + std::to_string(mark.line) + ":" + std::to_string(mark.column);
}

void Findings::wrong(Mark mark, std::string what) {
    wrong_.push_back({mark, wrong_.size(), std::move(what)});
}

void Findings::warn(Mark mark, const std::string& what) {
    warnings_.push_back(place(mark) + ": " + what);
}

Error Findings::error() && {
    check(!wrong_.empty(), "there is something to tell");
    std::sort(wrong_.begin(), wrong_.end(), [](const Wrong& a, const Wrong& b) {
        return std::tie(a.mark.line, a.mark.column, a.order) <
               std::tie(b.mark.line, b.mark.column, b.order);
    });
    const std::size_t shown = std::min(wrong_.size(), shown_max_);
    std::string text;
    for (std::size_t i = 0; i < shown; ++i) {
        if (i > 0) text += '\n';
        text += place(wrong_[i].mark) + ": " + wrong_[i].what;
    }
    if (shown < wrong_.size())
        text += "\n" + file_ + ": and " + counted(wrong_.size() - shown, "more error");
    return Error{Code::invalid, std::move(text)};
}

void FieldReader::wrong(Mark mark, const std::string& what) const {
    findings_.wrong(mark, subject_.empty() ? what : subject_ + ": " + what);
}

void FieldReader::warn(Mark mark, const std::string& what) const {
    findings_.warn(mark, subject_.empty() ? what : subject_ + ": " + what);
}

void FieldReader::bad(const Value::Entry& entry, const std::string& what) const {
    wrong(entry.value.mark(), entry.key + " " + what);
}

void FieldReader::unknown(const Value::Entry& entry, std::span<const std::string> known) const {
    std::string what = "no key \"" + printable(entry.key, 60) + "\"; ";
    if (auto meant = nearest(entry.key, known))
        what += "did you mean \"" + *meant + "\"?";
    else
        what += "there are " + join(known, ", ");
    wrong(entry.mark, what);
}

std::optional<bool> FieldReader::truth(const Value::Entry& entry) const {
    auto read = Codec<bool>::read(entry.value);
    if (read) return *read;
    bad(entry, read.error().text);
    return std::nullopt;
}

std::optional<std::int64_t> FieldReader::number(const Value::Entry& entry, std::int64_t low,
                                                std::int64_t high) const {
    const auto number = entry.value.as_int();
    if (number && *number >= low && *number <= high) return number;
    const std::string range = " from " + std::to_string(low) + " to " + std::to_string(high);
    const std::string found = entry.value.is_scalar()
                                  ? "\"" + printable(entry.value.scalar().text, 60) + "\""
                                  : std::string(entry.value.shape());
    bad(entry, "is " + found + "; write a whole number" + range);
    return std::nullopt;
}

std::optional<std::string> FieldReader::text(const Value::Entry& entry) const {
    if (entry.value.is_scalar())
        return entry.value.is_null() ? std::string{} : entry.value.scalar().text;
    bad(entry, "is " + std::string(entry.value.shape()) + "; write text");
    return std::nullopt;
}

std::optional<std::string> FieldReader::name(const Value::Entry& entry) const {
    auto found = text(entry);
    if (!found) return std::nullopt;
    if (found->empty())
        bad(entry, "is empty; write a name");
    else if (!is_printable(*found))
        bad(entry, "\"" + printable(*found, 60) +
                       "\" holds a control character or bytes that are " +
                       "not UTF-8; remove them");
    else
        return found;
    return std::nullopt;
}

}  // namespace hansa
