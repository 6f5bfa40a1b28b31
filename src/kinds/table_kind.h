// A Kind put together from a schema table and a few functions, so that a kind's folder holds its
// parameters, its table and its two verbs, and nothing that every kind repeats.
//
// Immutable after construction; any thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kinds/findings.h"
#include "resource/kind.h"
#include "resource/schema.h"

namespace hansa::kinds {

template <class P>
struct KindParts {
    std::string name;
    std::string help;         // one sentence, lower case, for the manual
    const Schema<P>& schema;  // lives for ever
    std::function<ResourcePtr(const ResourceId& id, P params)> build;

    // Takes defaults from the name and looks for what the table cannot see. Doing it twice gives
    // the same as doing it once: encoded parameters pass through it again.
    std::function<void(P& params, Findings& findings)> complete = {};

    Support support = Support::full;
    std::function<Result<Declaration>(Declaration, const std::string& pattern)> relocate = {};
    std::function<Result<Declaration>(Declaration, const Files& files)> prepare_export = {};
    std::function<Reach(const ResourceId& id, const P& params)> reach = {};  // after complete
};

template <class P>
class TableKind final : public Kind {
 public:
    explicit TableKind(KindParts<P> parts) : parts_(std::move(parts)) {}

    const std::string& name() const override { return parts_.name; }
    const std::string& help() const override { return parts_.help; }
    std::span<const FieldInfo> fields() const override { return parts_.schema.fields(); }
    Support support() const override { return parts_.support; }

    Result<ResourcePtr> make(const Declaration& declaration,
                             std::vector<std::string>& warnings) const override {
        auto params = completed(declaration, warnings);
        if (!params) return std::move(params).error();
        return parts_.build(declaration.id, std::move(*params));
    }

    Result<Declaration> relocate(Declaration declaration,
                                 const std::string& pattern) const override {
        if (!parts_.relocate) return Kind::relocate(std::move(declaration), pattern);
        return parts_.relocate(std::move(declaration), pattern);
    }

    Result<Declaration> prepare_export(Declaration declaration, const Files& files) const override {
        if (!parts_.prepare_export) return Kind::prepare_export(std::move(declaration), files);
        return parts_.prepare_export(std::move(declaration), files);
    }

    Result<Reach> reach(const Declaration& declaration) const override {
        if (!parts_.reach) return Kind::reach(declaration);
        std::vector<std::string> told_at_load;
        auto params = completed(declaration, told_at_load);
        if (!params) return std::move(params).error();
        return parts_.reach(declaration.id, *params);
    }

 private:
    Result<P> completed(const Declaration& declaration, std::vector<std::string>& warnings) const {
        Result<P> params = parts_.schema.read(declaration);
        if (!params) return params;
        Findings findings(declaration, warnings);
        if (parts_.complete) parts_.complete(*params, findings);
        if (auto verdict = findings.verdict(); !verdict) return std::move(verdict).error();
        return params;
    }

    const KindParts<P> parts_;
};

template <class P>
std::unique_ptr<const Kind> from_parts(KindParts<P> parts) {
    return std::make_unique<const TableKind<P>>(std::move(parts));
}

}  // namespace hansa::kinds
