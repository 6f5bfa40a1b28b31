#include "data/value.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/check.h"

namespace hansa {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

std::size_t count_digits(std::string_view text) {
    std::size_t count = 0;
    while (count < text.size() && is_digit(text[count])) ++count;
    return count;
}

bool has_sign(std::string_view text) {
    return !text.empty() && (text[0] == '-' || text[0] == '+');
}

template <class Number>
std::optional<Number> whole(std::string_view text, auto... format) {
    Number number{};
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number, format...);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return number;
}

// from_chars also reads a second minus, so what it gets must begin with a digit.
std::optional<std::int64_t> based_int(std::string_view digits, int base) {
    if (digits.empty() || digits[0] == '-') return std::nullopt;
    return whole<std::int64_t>(digits, base);
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool looks_real(std::string_view text) {
    if (has_sign(text)) text.remove_prefix(1);
    const std::size_t whole_digits = count_digits(text);
    text.remove_prefix(whole_digits);
    std::size_t fraction_digits = 0;
    if (!text.empty() && text[0] == '.') {
        text.remove_prefix(1);
        fraction_digits = count_digits(text);
        text.remove_prefix(fraction_digits);
    }
    if (whole_digits + fraction_digits == 0) return false;
    if (text.empty()) return true;
    if (text[0] != 'e' && text[0] != 'E') return false;
    text.remove_prefix(1);
    if (has_sign(text)) text.remove_prefix(1);
    return !text.empty() && count_digits(text) == text.size();
}

bool same_scalar(const Value& a, const Value& b) {
    if (a.is_null() || b.is_null()) return a.is_null() && b.is_null();
    if (a.scalar().text != b.scalar().text) return false;
    return a.scalar().plain == b.scalar().plain || a.shape() == b.shape();
}

}  // namespace

Value::Value() : state_(Scalar{"", true}) {}
Value::Value(const Value& other) = default;
Value& Value::operator=(const Value& other) = default;
Value::Value(Scalar scalar) : state_(std::move(scalar)) {}
Value::Value(List list) : state_(std::move(list)) {}
Value::Value(Map map) : state_(std::move(map)) {}

Value Value::of_text(std::string text) {
    return Value{Scalar{std::move(text), false}};
}

Value Value::of_int(std::int64_t number) {
    return Value{Scalar{std::to_string(number), true}};
}

Value Value::of_bool(bool truth) {
    return Value{Scalar{truth ? "true" : "false", true}};
}

Value Value::of_scalar(Scalar scalar, Mark mark) {
    Value value{std::move(scalar)};
    value.mark_ = mark;
    return value;
}

Value Value::of_list(List list, Mark mark) {
    Value value{std::move(list)};
    value.mark_ = mark;
    return value;
}

Value Value::of_map(Map map, Mark mark) {
    Value value{std::move(map)};
    value.mark_ = mark;
    return value;
}

bool Value::is_null() const {
    if (!is_scalar() || !scalar().plain) return false;
    const std::string& text = scalar().text;
    return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

std::optional<bool> Value::as_bool() const {
    if (!is_scalar() || !scalar().plain) return std::nullopt;
    const std::string& text = scalar().text;
    if (text == "true" || text == "True" || text == "TRUE") return true;
    if (text == "false" || text == "False" || text == "FALSE") return false;
    return std::nullopt;
}

std::optional<std::int64_t> Value::as_int() const {
    if (!is_scalar() || !scalar().plain) return std::nullopt;
    std::string_view text = scalar().text;
    if (text.starts_with("0o")) return based_int(text.substr(2), 8);
    if (text.starts_with("0x")) return based_int(text.substr(2), 16);
    const std::size_t sign = has_sign(text) ? 1 : 0;
    if (text.size() == sign || count_digits(text.substr(sign)) != text.size() - sign)
        return std::nullopt;
    if (text[0] == '+') text.remove_prefix(1);
    return whole<std::int64_t>(text, 10);
}

std::optional<double> Value::as_real() const {
    if (!is_scalar() || !scalar().plain) return std::nullopt;
    if (auto number = as_int()) return static_cast<double>(*number);
    std::string_view text = scalar().text;
    if (text == ".nan" || text == ".NaN" || text == ".NAN")
        return std::numeric_limits<double>::quiet_NaN();
    const double sign = text.starts_with('-') ? -1 : 1;
    const std::string_view bare = has_sign(text) ? text.substr(1) : text;
    if (bare == ".inf" || bare == ".Inf" || bare == ".INF")
        return sign * std::numeric_limits<double>::infinity();
    if (!looks_real(text)) return std::nullopt;
    if (text[0] == '+') text.remove_prefix(1);
    return whole<double>(text, std::chars_format::general);
}

const Value::Scalar& Value::scalar() const {
    check(is_scalar(), "the value is a scalar");
    return *std::get_if<Scalar>(&state_);
}

const Value::List& Value::list() const {
    check(is_list(), "the value is a list");
    return *std::get_if<List>(&state_);
}

Value::List& Value::list() {
    check(is_list(), "the value is a list");
    return *std::get_if<List>(&state_);
}

const Value::Map& Value::map() const {
    check(is_map(), "the value is a map");
    return *std::get_if<Map>(&state_);
}

Value::Map& Value::map() {
    check(is_map(), "the value is a map");
    return *std::get_if<Map>(&state_);
}

const Value* Value::find(std::string_view key) const {
    if (!is_map()) return nullptr;
    for (const Entry& entry : map())
        if (entry.key == key) return &entry.value;
    return nullptr;
}

std::string_view Value::shape() const {
    if (is_map()) return "a map";
    if (is_list()) return "a list";
    if (is_null()) return "nothing";
    if (as_bool()) return "a bool";
    if (as_real()) return "a number";
    return "text";
}

bool operator==(const Value& a, const Value& b) {
    if (a.state_.index() != b.state_.index()) return false;
    if (a.is_scalar()) return same_scalar(a, b);
    if (a.is_list()) return a.list() == b.list();
    return std::equal(a.map().begin(), a.map().end(), b.map().begin(), b.map().end(),
                      [](const Value::Entry& x, const Value::Entry& y) {
                          return x.key == y.key && x.value == y.value;
                      });
}

}  // namespace hansa
