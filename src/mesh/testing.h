// What the tests of this room share: a catalog of two kinds and short ways to write records.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "mesh/publication.h"
#include "resource/kind.h"

namespace hansa::testing {

// Takes any fields; `relocates` kinds put the pattern in front of the resource's name.
class PlainKind final : public Kind {
 public:
    PlainKind(std::string name, bool relocates) : name_(std::move(name)), relocates_(relocates) {}

    const std::string& name() const override { return name_; }
    const std::string& help() const override { return name_; }
    std::span<const FieldInfo> fields() const override { return {}; }
    Result<ResourcePtr> make(const Declaration&, std::vector<std::string>&) const override {
        return Error{Code::internal, "not made in these tests"};
    }
    Result<Declaration> relocate(Declaration declaration,
                                 const std::string& pattern) const override {
        if (!relocates_) return declaration;
        if (declaration.id.name == "stuck")
            return Error{Code::invalid, declaration.id.text() + ": cannot be moved"};
        declaration.fields =
            Value::of_map({{"path", {}, Value::of_text(pattern + declaration.id.name)}});
        return declaration;
    }

 private:
    std::string name_;
    bool relocates_;
};

inline Catalog two_kinds() {
    Catalog catalog;
    catalog.add(std::make_unique<PlainKind>("file", true));
    catalog.add(std::make_unique<PlainKind>("noop", false));
    catalog.alias("nothing", "noop");
    return catalog;
}

inline HostName host(std::string_view text) {
    return *HostName::parse(text);
}

inline Value content(std::string text) {
    return Value::of_map({{"content", {}, Value::of_text(std::move(text))}});
}

inline Wanted file(std::string name, std::string text) {
    return {{"file", std::move(name)}, content(std::move(text)), {}};
}

inline CollectRequest collect(std::string kind, std::string pattern = {}, std::string name = {},
                              std::string from = {}) {
    return {std::move(kind), std::move(pattern), std::move(name), std::move(from), {}};
}

// A record as `from` would write it.
inline Record record(std::string_view from, const Wanted& wanted, Revision modified,
                     Revision created = 0) {
    ExportRecord made;
    made.id = wanted.id;
    made.from = std::string{from};
    made.incarnation = 1;
    made.seq = static_cast<std::uint64_t>(modified);
    made.body = {wanted.fields, travelling(wanted.meta)};
    return {keys::exported(host(from), wanted.id), *encode(made), created ? created : modified,
            modified, 0};
}

inline StoreEvent put(Record record) {
    return {StoreEvent::Type::put, std::move(record)};
}

inline StoreEvent removed(std::string key, Revision at) {
    return {StoreEvent::Type::removed, {std::move(key), {}, 0, at, 0}};
}

}  // namespace hansa::testing
