#include "data/members.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace hansa {
namespace {

// JSON knows numbers, so a number within quotes is text here.
bool is_text(const Value& value) {
    return value.is_scalar() && !value.scalar().plain;
}

}  // namespace

Members::Members(const Value& object, std::string what) : object_(object), what_(std::move(what)) {
    if (!object_.is_map()) refuse("is " + std::string{object_.shape()} + ", not an object");
}

const Value* Members::any(std::string_view name) {
    asked_.push_back(name);
    return object_.find(name);
}

const Value* Members::required(std::string_view name) {
    const Value* value = any(name);
    if (!value) refuse("has no \"" + std::string{name} + "\"");
    return value;
}

std::string Members::text(std::string_view name) {
    const Value* value = required(name);
    if (!value) return {};
    if (!is_text(*value) || value->scalar().text.empty()) {
        refuse_type(name, *value, "text that is not empty");
        return {};
    }
    return value->scalar().text;
}

std::string Members::text_if_any(std::string_view name) {
    const Value* value = any(name);
    if (!value) return {};
    if (is_text(*value)) return value->scalar().text;
    refuse_type(name, *value, "text");
    return {};
}

bool Members::flag(std::string_view name, bool otherwise) {
    const Value* value = any(name);
    if (!value) return otherwise;
    if (const auto truth = value->as_bool()) return *truth;
    refuse_type(name, *value, "a bool");
    return otherwise;
}

std::vector<std::string> Members::texts(std::string_view name) {
    const Value* value = any(name);
    if (!value) return {};
    std::vector<std::string> found;
    if (value->is_list())
        for (const Value& item : value->list())
            if (is_text(item)) found.push_back(item.scalar().text);
    if (value->is_list() && found.size() == value->list().size()) return found;
    refuse_type(name, *value, "a list of texts");
    return {};
}

std::map<std::string, std::string> Members::text_map(std::string_view name) {
    const Value* value = any(name);
    if (!value) return {};
    std::map<std::string, std::string> found;
    if (value->is_map())
        for (const Value::Entry& entry : value->map())
            if (is_text(entry.value)) found.emplace(entry.key, entry.value.scalar().text);
    if (value->is_map() && found.size() == value->map().size()) return found;
    refuse_type(name, *value, "an object of texts");
    return {};
}

std::int64_t Members::number(std::string_view name, Range range) {
    return required(name) ? number_or(name, range, range.min) : range.min;
}

std::int64_t Members::number_or(std::string_view name, Range range, std::int64_t otherwise) {
    const Value* value = any(name);
    if (!value) return otherwise;
    const auto found = value->as_int();
    if (found && *found >= range.min && *found <= range.max) return *found;
    refuse_type(
        name, *value,
        "a whole number from " + std::to_string(range.min) + " to " + std::to_string(range.max));
    return otherwise;
}

double Members::real_or(std::string_view name, double otherwise) {
    const Value* value = any(name);
    if (!value) return otherwise;
    const auto found = value->as_real();
    if (found && std::isfinite(*found) && *found >= 0) return *found;
    refuse_type(name, *value, "a number that is not negative");
    return otherwise;
}

void Members::refuse(std::string reason) {
    if (wrong_.empty()) wrong_ = what_ + " " + std::move(reason);
}

void Members::refuse_type(std::string_view name, const Value& value, std::string_view wanted) {
    std::string found{value.shape()};
    if (value.is_scalar()) found += " (" + printable(value.scalar().text, 40) + ")";
    refuse("has \"" + std::string{name} + "\" as " + found + "; it must be " + std::string{wanted});
}

Result<void> Members::finish() const {
    if (!wrong_.empty()) return Error{Code::invalid, wrong_};
    for (const Value::Entry& entry : object_.map())
        if (std::find(asked_.begin(), asked_.end(), entry.key) == asked_.end())
            return Error{Code::invalid,
                         what_ + " has a member \"" + printable(entry.key, 40) + "\" unknown here"};
    return {};
}

}  // namespace hansa
