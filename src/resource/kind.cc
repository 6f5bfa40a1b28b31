#include "resource/kind.h"

#include "base/check.h"

namespace hansa {

Result<Declaration> Kind::relocate(Declaration declaration, const std::string&) const {
    return declaration;
}

Result<Declaration> Kind::prepare_export(Declaration declaration, const Files&) const {
    return declaration;
}

Result<Reach> Kind::reach(const Declaration&) const {
    return Reach{};
}

void Catalog::add(std::unique_ptr<const Kind> kind) {
    const std::string name = kind->name();
    check(find(name) == nullptr, "a kind's name is not taken");
    kinds_.emplace(name, std::move(kind));
}

void Catalog::alias(std::string old_name, std::string name) {
    check(find(old_name) == nullptr, "an alias is not taken");
    check(kinds_.contains(name), "an alias names a kind that is there");
    aliases_.emplace(std::move(old_name), std::move(name));
}

const Kind* Catalog::find(const std::string& name) const {
    const auto alias = aliases_.find(name);
    const auto kind = kinds_.find(alias == aliases_.end() ? name : alias->second);
    return kind == kinds_.end() ? nullptr : kind->second.get();
}

std::vector<std::string> Catalog::names() const {
    std::vector<std::string> names;
    names.reserve(kinds_.size());
    for (const auto& [name, kind] : kinds_) names.push_back(name);
    return names;
}

}  // namespace hansa
