#include "resource/schema.h"

#include <limits>

namespace hansa {
namespace {

Error wrong(const Value& value, std::string_view right) {
    std::string text = value.is_scalar() && !value.is_null()
                           ? "\"" + printable(value.scalar().text, 60) + "\""
                           : std::string(value.shape());
    if (value.is_scalar() && value.shape() == "text" && !value.scalar().plain) text += " (quoted)";
    return Error{Code::invalid, "is " + text + "; write " + std::string(right)};
}

// What one member type is called, reads and writes. Codec<T> hands everything here.
template <class T>
struct Form;

// Bytes that are not UTF-8 cannot stand in YAML or JSON, so they travel as {base64: TEXT}.
template <>
struct Form<std::string> {
    static constexpr const char* name = "text";

    static Result<std::string> read(const Value& value) {
        if (value.is_scalar()) return value.scalar().text;
        const Value* encoded = value.find("base64");
        if (!encoded || value.map().size() != 1) return wrong(value, "text");
        std::optional<std::string> bytes;
        if (encoded->is_scalar()) bytes = base64_decode(encoded->scalar().text);
        if (!bytes) return wrong(*encoded, "base64 with padding (RFC 4648)");
        return std::move(*bytes);
    }

    static std::optional<Value> write(const std::string& member) {
        if (valid_utf8(member)) return Value::of_text(member);
        return Value::of_map({{"base64", {}, Value::of_text(base64_encode(member))}});
    }
};

// Graphs of the YAML 1.1 days say yes and on; they mean what their author meant.
std::optional<bool> old_bool(const Value& value) {
    if (!value.is_scalar() || !value.scalar().plain) return std::nullopt;
    const std::string text = lower(value.scalar().text);
    if (text == "yes" || text == "on" || text == "y") return true;
    if (text == "no" || text == "off" || text == "n") return false;
    return std::nullopt;
}

template <>
struct Form<bool> {
    static constexpr const char* name = "bool";

    static Result<bool> read(const Value& value) {
        if (auto truth = value.as_bool()) return *truth;
        if (auto truth = old_bool(value)) return *truth;
        return wrong(value, "true or false");
    }

    static std::optional<Value> write(bool member) { return Value::of_bool(member); }
};

template <class Int>
Result<Int> read_int(const Value& value) {
    constexpr auto low = static_cast<std::int64_t>(std::numeric_limits<Int>::min());
    constexpr auto high = static_cast<std::int64_t>(std::numeric_limits<Int>::max());
    const auto number = value.as_int();
    if (number && *number >= low && *number <= high) return static_cast<Int>(*number);
    return wrong(value,
                 "a whole number from " + std::to_string(low) + " to " + std::to_string(high));
}

template <>
struct Form<std::int64_t> {
    static constexpr const char* name = "int";
    static Result<std::int64_t> read(const Value& value) { return read_int<std::int64_t>(value); }
    static std::optional<Value> write(std::int64_t member) { return Value::of_int(member); }
};

template <>
struct Form<std::uint32_t> {
    static constexpr const char* name = "int";
    static Result<std::uint32_t> read(const Value& value) { return read_int<std::uint32_t>(value); }
    static std::optional<Value> write(std::uint32_t member) { return Value::of_int(member); }
};

template <>
struct Form<std::vector<std::string>> {
    static constexpr const char* name = "list of text";

    static Result<std::vector<std::string>> read(const Value& value) {
        std::vector<std::string> texts;
        if (value.is_scalar()) {
            texts.push_back(value.scalar().text);
            return texts;
        }
        if (!value.is_list()) return wrong(value, "a list of text");
        texts.reserve(value.list().size());
        for (const Value& item : value.list()) {
            auto text = Form<std::string>::read(item);
            if (!text)
                return Error{Code::invalid,
                             "item " + std::to_string(texts.size() + 1) + " " + text.error().text};
            texts.push_back(std::move(*text));
        }
        return texts;
    }

    static std::optional<Value> write(const std::vector<std::string>& member) {
        Value::List list;
        list.reserve(member.size());
        for (const std::string& text : member) list.push_back(*Form<std::string>::write(text));
        return Value::of_list(std::move(list));
    }
};

template <>
struct Form<std::map<std::string, std::string>> {
    static constexpr const char* name = "map of text";

    static Result<std::map<std::string, std::string>> read(const Value& value) {
        if (!value.is_map()) return wrong(value, "a map of text");
        std::map<std::string, std::string> texts;
        for (const Value::Entry& entry : value.map()) {
            auto text = Form<std::string>::read(entry.value);
            if (!text)
                return Error{Code::invalid,
                             "key \"" + printable(entry.key, 60) + "\" " + text.error().text};
            texts.insert_or_assign(entry.key, std::move(*text));
        }
        return texts;
    }

    static std::optional<Value> write(const std::map<std::string, std::string>& member) {
        Value::Map map;
        map.reserve(member.size());
        for (const auto& [key, text] : member)
            map.push_back({key, {}, *Form<std::string>::write(text)});
        return Value::of_map(std::move(map));
    }
};

template <class T>
struct Form<std::optional<T>> {
    static constexpr const char* name = Form<T>::name;

    static Result<std::optional<T>> read(const Value& value) {
        auto read = Form<T>::read(value);
        if (!read) return std::move(read).error();
        return std::optional<T>{std::move(*read)};
    }

    static std::optional<Value> write(const std::optional<T>& member) {
        return member ? Form<T>::write(*member) : std::nullopt;
    }
};

// The place of a mark inside a declaration; what came from the mesh has no marks.
std::string place_of(const Declaration& declaration, Mark mark) {
    Origin origin = declaration.origin;
    if (mark.line > 0) origin.mark = mark;
    return origin.text();
}

std::string line_of(const Declaration& declaration, Mark mark, const std::string& what) {
    const std::string place = place_of(declaration, mark);
    const std::string id = printable(declaration.id.text());
    return (place.empty() ? id : place + ": " + id) + ": " + what;
}

}  // namespace

template <class T>
const char* Codec<T>::type_name() {
    return Form<T>::name;
}

template <class T>
Result<T> Codec<T>::read(const Value& value) {
    return Form<T>::read(value);
}

template <class T>
std::optional<Value> Codec<T>::write(const T& member) {
    return Form<T>::write(member);
}

template struct Codec<std::string>;
template struct Codec<bool>;
template struct Codec<std::int64_t>;
template struct Codec<std::uint32_t>;
template struct Codec<std::vector<std::string>>;
template struct Codec<std::map<std::string, std::string>>;
template struct Codec<std::optional<std::string>>;
template struct Codec<std::optional<bool>>;
template struct Codec<std::optional<std::int64_t>>;
template struct Codec<std::optional<std::uint32_t>>;
template struct Codec<std::optional<std::vector<std::string>>>;
template struct Codec<std::optional<std::map<std::string, std::string>>>;

std::string unknown_field(const Declaration& declaration, const Value::Entry& entry,
                          std::span<const FieldInfo> fields) {
    std::vector<std::string> names;
    names.reserve(fields.size());
    for (const FieldInfo& field : fields) names.push_back(field.name);
    std::string what = "no field \"" + printable(entry.key, 60) + "\"; ";
    if (auto meant = nearest(entry.key, names))
        what += "did you mean \"" + *meant + "\"?";
    else if (names.empty())
        what += "this kind has no fields";
    else
        what += "there are " + join(names, ", ");
    return line_of(declaration, entry.mark, what);
}

std::string bad_field(const Declaration& declaration, const Value::Entry& entry,
                      const std::string& what) {
    return line_of(declaration, entry.value.mark(), entry.key + " " + what);
}

std::string bad_choice(const Declaration& declaration, const Value::Entry& entry,
                       const std::vector<std::string>& choices) {
    const Value& value = entry.value;
    if (!value.is_scalar())
        return bad_field(declaration, entry,
                         "is " + std::string(value.shape()) + "; write " + join(choices, " or "));
    const std::string& text = value.scalar().text;
    std::string what = "\"" + printable(text, 60) + "\" is not known; ";
    if (auto meant = nearest(text, choices))
        what += "did you mean \"" + *meant + "\"?";
    else
        what += "write " + join(choices, " or ");
    return bad_field(declaration, entry, what);
}

std::string about(const Declaration& declaration, const std::string& what) {
    return line_of(declaration, {}, what);
}

}  // namespace hansa
