// Kinds whose graphs load, are checked and drawn, but that this version cannot apply: a table and
// a check of its values are all they have.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kinds/table_kind.h"

namespace hansa::kinds {

// What a resource means to automatic edges and to the rule that nothing has two owners.
struct Ties {
    std::vector<Thing> provides;
    std::vector<Thing> wants;
    std::optional<Thing> owns;
};

// The error of every verb of a resource that cannot be applied.
Error cannot_be_applied(const ResourceId& id);

template <class P>
class Unapplied final : public Resource {
 public:
    // `schema` lives for ever.
    Unapplied(ResourceId id, const Schema<P>& schema, P params, Ties ties)
        : id_(std::move(id)), schema_(schema), params_(std::move(params)), ties_(std::move(ties)) {}

    Result<Difference> check(const Context&) const override { return cannot_be_applied(id_); }
    Result<void> apply(const Context&, const Difference&) const override {
        return cannot_be_applied(id_);
    }
    std::vector<Thing> provides() const override { return ties_.provides; }
    std::vector<Thing> wants() const override { return ties_.wants; }
    std::optional<Thing> owns() const override { return ties_.owns; }
    Value encode() const override { return schema_.write(params_); }
    bool same_as(const Resource& other) const override {
        return schema_.equal(params_, static_cast<const Unapplied&>(other).params_);
    }

 private:
    const ResourceId id_;
    const Schema<P>& schema_;
    const P params_;
    const Ties ties_;
};

// `ties` and `reach` may be null: none.
template <class P>
std::unique_ptr<const Kind> unapplied(std::string name, std::string help, const Schema<P>& schema,
                                      void (*complete)(P&, Findings&),
                                      Ties (*ties)(const ResourceId&, const P&),
                                      Reach (*reach)(const ResourceId&, const P&)) {
    auto build = [&schema, ties](const ResourceId& id, P params) -> ResourcePtr {
        Ties tied = ties == nullptr ? Ties{} : ties(id, params);
        return std::make_shared<const Unapplied<P>>(id, schema, std::move(params), std::move(tied));
    };
    KindParts<P> parts{.name = std::move(name),
                       .help = std::move(help),
                       .schema = schema,
                       .build = std::move(build),
                       .complete = complete,
                       .support = Support::schema_only};
    if (reach != nullptr) parts.reach = reach;
    return from_parts<P>(std::move(parts));
}

}  // namespace hansa::kinds
