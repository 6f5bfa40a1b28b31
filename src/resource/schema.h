// A kind's fields as one table. It feeds parsing, checking, comparing, export and the manual.
//
//     const Schema<FileParams>& file_schema() {
//         static const Schema<FileParams> schema = {
//             field("path", &FileParams::path, "absolute path of the file"),
//             field("content", &FileParams::content, "exact bytes; left alone when absent"),
//         };
//         return schema;
//     }
//
// Member types and what they read: std::string (any scalar, as written), bool, std::int64_t,
// std::uint32_t, std::vector<std::string> (a list of scalars, or one scalar), std::map<std::string,
// std::string>, and std::optional of each (absent: empty). An explicit null counts as absent.
// An enumeration is a std::string field with one_of({...}). Text that is not UTF-8 is written, and
// read, as {base64: TEXT}. A bool may also be yes, no, on or off, as YAML 1.1 had it.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "resource/kind.h"

namespace hansa {

// Codec<T>::read: the value, or what is wrong with it ("is a list; write text").
// Codec<T>::write: nothing when the member says nothing. Defined in schema.cc for the types named
// above.
template <class T>
struct Codec {
    static const char* type_name();
    static Result<T> read(const Value& value);
    static std::optional<Value> write(const T& member);
};

template <class P>
struct Field {
    FieldInfo info;
    std::vector<std::string> choices;  // empty: any
    std::function<Result<void>(P&, const Value&)> read;
    std::function<std::optional<Value>(const P&)> write;
    std::function<bool(const P&, const P&)> equal;

    Field&& one_of(std::vector<std::string> allowed) && {
        choices = std::move(allowed);
        return std::move(*this);
    }
};

template <class P, class T>
Field<P> field(std::string name, T P::*member, std::string help) {
    Field<P> made;
    made.info = {std::move(name), Codec<T>::type_name(), std::move(help)};
    made.read = [member](P& params, const Value& value) -> Result<void> {
        auto read = Codec<T>::read(value);
        if (!read) return std::move(read).error();
        params.*member = std::move(*read);
        return {};
    };
    made.write = [member](const P& params) { return Codec<T>::write(params.*member); };
    made.equal = [member](const P& a, const P& b) { return a.*member == b.*member; };
    return made;
}

// Error texts that do not depend on the type of the parameters.
std::string unknown_field(const Declaration& declaration, const Value::Entry& entry,
                          std::span<const FieldInfo> fields);
std::string bad_field(const Declaration& declaration, const Value::Entry& entry,
                      const std::string& what);
std::string bad_choice(const Declaration& declaration, const Value::Entry& entry,
                       const std::vector<std::string>& choices);
// "web.yaml:12:3: file[x]: what", for checks that concern the whole declaration.
std::string about(const Declaration& declaration, const std::string& what);

template <class P>
class Schema {
 public:
    Schema(std::initializer_list<Field<P>> fields) : fields_(fields) {
        for (const Field<P>& field : fields_) infos_.push_back(field.info);
    }

    std::span<const FieldInfo> fields() const { return infos_; }

    // All that is wrong, one a line; unknown keys are wrong.
    Result<P> read(const Declaration& declaration) const {
        P params;
        std::string wrong;
        for (const Value::Entry& entry : declaration.fields.map()) {
            std::string line = read_entry(declaration, entry, params);
            if (line.empty()) continue;
            if (!wrong.empty()) wrong += '\n';
            wrong += line;
        }
        if (!wrong.empty()) return Error{Code::invalid, std::move(wrong)};
        return params;
    }

    // Schema order; what equals the default is left out.
    Value write(const P& params) const {
        static const P defaults{};
        Value::Map map;
        for (const Field<P>& field : fields_) {
            if (field.equal(params, defaults)) continue;
            if (auto value = field.write(params))
                map.push_back({field.info.name, {}, std::move(*value)});
        }
        return Value::of_map(std::move(map));
    }

    bool equal(const P& a, const P& b) const {
        for (const Field<P>& field : fields_)
            if (!field.equal(a, b)) return false;
        return true;
    }

 private:
    std::string read_entry(const Declaration& declaration, const Value::Entry& entry,
                           P& params) const {
        for (const Field<P>& field : fields_) {
            if (field.info.name != entry.key) continue;
            if (entry.value.is_null()) return {};
            if (!field.choices.empty() && !chosen(field.choices, entry.value))
                return bad_choice(declaration, entry, field.choices);
            auto read = field.read(params, entry.value);
            return read ? std::string{} : bad_field(declaration, entry, read.error().text);
        }
        return unknown_field(declaration, entry, infos_);
    }

    static bool chosen(const std::vector<std::string>& choices, const Value& value) {
        if (!value.is_scalar()) return false;
        for (const std::string& choice : choices)
            if (choice == value.scalar().text) return true;
        return false;
    }

    std::vector<Field<P>> fields_;
    std::vector<FieldInfo> infos_;
};

}  // namespace hansa
