// For the tests of this room: a kind whose fields say what it provides, wants and owns, and a
// shorthand for manifests.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "graph/graph.h"
#include "resource/schema.h"

namespace hansa::testing {

struct PartParams {
    std::string value;
    std::vector<std::string> provides;  // "type:name"
    std::vector<std::string> wants;
    std::optional<std::string> owns;
    bool notifies = false;
};

inline const Schema<PartParams>& part_schema() {
    static const Schema<PartParams> schema = {
        field("value", &PartParams::value, "anything"),
        field("provides", &PartParams::provides, "things"),
        field("wants", &PartParams::wants, "things"),
        field("owns", &PartParams::owns, "a thing"),
        field("notifies", &PartParams::notifies, "every edge from here notifies"),
    };
    return schema;
}

inline Thing thing_of(const std::string& text) {
    const std::size_t colon = text.find(':');
    return {text.substr(0, colon), text.substr(colon + 1)};
}

inline std::vector<Thing> things_of(const std::vector<std::string>& texts) {
    std::vector<Thing> things;
    for (const std::string& text : texts) things.push_back(thing_of(text));
    return things;
}

class Part final : public Resource {
 public:
    explicit Part(PartParams params) : params_(std::move(params)) {}
    Result<Difference> check(const Context&) const override { return Difference{}; }
    Result<void> apply(const Context&, const Difference&) const override { return {}; }
    bool always_notifies() const override { return params_.notifies; }
    std::vector<Thing> provides() const override { return things_of(params_.provides); }
    std::vector<Thing> wants() const override { return things_of(params_.wants); }
    std::optional<Thing> owns() const override {
        if (!params_.owns) return std::nullopt;
        return thing_of(*params_.owns);
    }
    Value encode() const override { return part_schema().write(params_); }
    bool same_as(const Resource& other) const override {
        return part_schema().equal(params_, static_cast<const Part&>(other).params_);
    }

 private:
    PartParams params_;
};

class PartKind final : public Kind {
 public:
    explicit PartKind(std::string name, Support support = Support::full)
        : name_(std::move(name)), support_(support) {}
    const std::string& name() const override { return name_; }
    const std::string& help() const override { return name_; }
    std::span<const FieldInfo> fields() const override { return part_schema().fields(); }
    Support support() const override { return support_; }
    std::string hint() const override { return "use \"part\""; }
    Result<ResourcePtr> make(const Declaration& declaration,
                             std::vector<std::string>& warnings) const override {
        auto params = part_schema().read(declaration);
        if (!params) return std::move(params).error();
        if (params->value == "odd") warnings.push_back(about(declaration, "an odd value"));
        return ResourcePtr{std::make_shared<Part>(std::move(*params))};
    }

 private:
    std::string name_;
    Support support_;
};

// Kinds "part", "other" (alias "old"), "later" (schema only), "never" (refused).
inline Catalog part_catalog() {
    Catalog catalog;
    catalog.add(std::make_unique<PartKind>("part"));
    catalog.add(std::make_unique<PartKind>("other"));
    catalog.add(std::make_unique<PartKind>("later", Support::schema_only));
    catalog.add(std::make_unique<PartKind>("never", Support::refused));
    catalog.alias("old", "other");
    return catalog;
}

using Fields = std::vector<std::pair<std::string, std::string>>;

inline Declaration part(const std::string& name, const Fields& fields = {}) {
    Declaration declaration;
    declaration.id = {"part", name};
    for (const auto& [key, text] : fields)
        declaration.fields.map().push_back({key, {}, Value::of_scalar({text, true})});
    return declaration;
}

inline Declaration directory(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    const std::string parent = slash == 0 ? "/" : path.substr(0, slash);
    return part(
        path,
        {{"provides", "path:" + path}, {"wants", "path:" + parent}, {"owns", "path:" + path}});
}

inline Declaration from_host(Declaration declaration, const std::string& host, std::uint64_t rank) {
    declaration.origin.exporter = host;
    declaration.origin.rank = rank;
    return declaration;
}

// Gives every resource and edge a line of its own, in a file "g.yaml".
class ManifestBuilder {
 public:
    ManifestBuilder() { manifest_.name = "test"; }

    ManifestBuilder& add(Declaration declaration) {
        declaration.origin = here();
        manifest_.resources.push_back(std::move(declaration));
        return *this;
    }
    ManifestBuilder& edge(const std::string& from, const std::string& to) {
        manifest_.edges.push_back({from + "-" + to, {"part", from}, {"part", to}, false, here()});
        return *this;
    }
    ManifestBuilder& notify(const std::string& from, const std::string& to) {
        edge(from, to);
        manifest_.edges.back().notify = true;
        return *this;
    }
    ManifestBuilder& collect(const std::string& kind, const std::string& name_glob = {}) {
        manifest_.collects.push_back({kind, {}, name_glob, {}, here()});
        return *this;
    }
    Manifest& manifest() { return manifest_; }
    operator const Manifest&() const { return manifest_; }

 private:
    Origin here() { return {"g.yaml", {++line_, 1}, {}, {}, 0}; }

    Manifest manifest_;
    std::uint32_t line_ = 0;
};

}  // namespace hansa::testing
