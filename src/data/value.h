// A tree of values that remembers where each of them was written.
//
// A scalar keeps its text as written; what the text means is decided by whoever asks, so that a
// `mode: 0644` or a `state: yes` keeps its spelling. Maps keep their order. Has no meaning of its
// own: meaning comes from a Schema (room resource).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace hansa {

// A place in a text; both count from 1. {0, 0}: the value was not read from a text.
struct Mark {
    std::uint32_t line = 0;
    std::uint32_t column = 0;
    friend bool operator==(const Mark&, const Mark&) = default;
};

class Value {
 public:
    struct Entry;
    using List = std::vector<Value>;
    using Map = std::vector<Entry>;

    // `plain`: written without quotes, so the YAML 1.2 core schema (section 10.3.2) resolves it
    // to null, a bool or a number where it looks like one. A quoted scalar is always text.
    struct Scalar {
        std::string text;
        bool plain = false;
    };

    Value();  // null
    static Value of_text(std::string text);
    static Value of_int(std::int64_t number);
    static Value of_bool(bool truth);
    static Value of_scalar(Scalar scalar, Mark mark = {});
    static Value of_list(List list, Mark mark = {});
    static Value of_map(Map map, Mark mark = {});

    Value(const Value& other);
    Value& operator=(const Value& other);
    Value(Value&& other) noexcept;
    Value& operator=(Value&& other) noexcept;
    ~Value();

    bool is_scalar() const { return std::holds_alternative<Scalar>(state_); }
    bool is_list() const { return std::holds_alternative<List>(state_); }
    bool is_map() const { return std::holds_alternative<Map>(state_); }

    // By the core schema: plain "", "~", "null" are null; plain "true", "True", "TRUE" and so on
    // are bools; plain decimal, 0o and 0x are ints.
    bool is_null() const;
    std::optional<bool> as_bool() const;
    std::optional<std::int64_t> as_int() const;
    std::optional<double> as_real() const;

    // REQUIRES: of that shape (aborts otherwise).
    const Scalar& scalar() const;
    const List& list() const;
    List& list();
    const Map& map() const;
    Map& map();

    // The entry's value in a map, or null. Linear: maps here are small.
    const Value* find(std::string_view key) const;

    // "a map", "a list", "text", "a number", "a bool", "nothing": for error texts.
    std::string_view shape() const;

    Mark mark() const { return mark_; }

    // Same shape and content; marks and, for scalars, quoting of equal meaning do not count.
    friend bool operator==(const Value& a, const Value& b);

 private:
    explicit Value(Scalar scalar);
    explicit Value(List list);
    explicit Value(Map map);

    std::variant<Scalar, List, Map> state_;
    Mark mark_;
};

struct Value::Entry {
    std::string key;
    Mark mark;  // of the key
    Value value;
};

// Down here, where Entry is complete: a list of entries cannot be moved or destroyed before.
inline Value::Value(Value&& other) noexcept = default;
inline Value& Value::operator=(Value&& other) noexcept = default;
inline Value::~Value() = default;

}  // namespace hansa
