#include "graph/candidate.h"

#include <set>
#include <unordered_map>

#include "base/text.h"

namespace hansa {
namespace {

// A list of names in an error is for one slip of the hand, not for a thousand.
constexpr int suggestions_max = 10;

std::string where(const Declaration& declaration) {
    return declaration.origin.text() + ": " + declaration.id.text();
}

std::string no_such_kind(const Origin& origin, const std::string& kind, const Catalog& catalog) {
    std::string text = origin.text() + ": no kind \"" + printable(kind) + "\"";
    if (auto meant = nearest(kind, catalog.names())) text += "; did you mean \"" + *meant + "\"?";
    return text;
}

// Gathers the errors of one manifest while it becomes a candidate.
class ManifestCheck {
 public:
    ManifestCheck(const Manifest& manifest, const Catalog& catalog, Purpose purpose)
        : manifest_(manifest), catalog_(catalog), purpose_(purpose) {}

    Result<Candidate> run() {
        candidate_.name = manifest_.name;
        candidate_.here.reserve(manifest_.resources.size());
        places_.reserve(manifest_.resources.size());
        for (const Declaration& declaration : manifest_.resources) add(declaration);
        for (const CollectRequest& collect : manifest_.collects) check_kind(collect);
        std::vector<EdgeDeclaration> edges = check_edges();
        check_owners();
        if (errors_.empty())
            if (std::string cycle = describe_cycle(edges); !cycle.empty()) fail(std::move(cycle));
        if (!errors_.empty()) return Error{Code::invalid, join(errors_, "\n")};
        candidate_.edges = EdgePlan(edges);
        return std::move(candidate_);
    }

 private:
    void fail(std::string text) { errors_.push_back(std::move(text)); }

    void add(const Declaration& declaration) {
        auto made = make_wanted(declaration, catalog_, purpose_, candidate_.warnings);
        const Kind* kind = catalog_.find(declaration.id.kind);
        // Also when the kind refuses it: its edges need not be reported a second time.
        const auto [first, fresh] = places_.try_emplace(
            made ? made->id
                 : ResourceId{kind ? kind->name() : declaration.id.kind, declaration.id.name},
            &declaration);
        if (!made) fail(std::move(made).error().text);
        if (!fresh)
            fail(where(declaration) + " is declared twice; the first one stands at " +
                 first->second->origin.text());
        if (!made || !fresh) return;
        if (made->meta.sensitive && made->meta.exported)
            fail(where(declaration) +
                 " is sensitive and exported; what is exported stands in the store for every peer "
                 "to read, so choose one of the two");
        const bool elsewhere_only = made->meta.exported && !made->meta.also_here;
        if (!elsewhere_only) candidate_.here.push_back(std::move(*made));
    }

    void check_kind(const CollectRequest& collect) {
        if (!catalog_.find(collect.kind))
            fail(no_such_kind(collect.origin, collect.kind, catalog_));
    }

    // The edges with the names of kinds instead of aliases.
    std::vector<EdgeDeclaration> check_edges() {
        std::vector<EdgeDeclaration> edges = manifest_.edges;
        for (EdgeDeclaration& edge : edges) {
            check_end(edge, edge.from);
            check_end(edge, edge.to);
        }
        return edges;
    }

    void check_end(const EdgeDeclaration& edge, ResourceId& end) {
        const Kind* kind = catalog_.find(end.kind);
        if (!kind) return fail(no_such_kind(edge.origin, end.kind, catalog_));
        end.kind = kind->name();
        const auto found = places_.find(end);
        const bool here = found != places_.end() &&
                          (!found->second->meta.exported || found->second->meta.also_here);
        if (here || collectable(end)) return;
        std::string text = edge.origin.text() + ": edge \"" + printable(edge.name) + "\" names " +
                           printable(end.text()) + ", which is ";
        if (found != places_.end())
            return fail(text + "exported and not applied here; add \"also_here: true\" to it");
        text += "neither declared nor collected";
        if (++suggestions_ <= suggestions_max)
            if (auto meant = nearest(end.name, names_of(end.kind)))
                text += "; did you mean " + end.kind + "[" + *meant + "]?";
        fail(std::move(text));
    }

    bool collectable(const ResourceId& id) const {
        for (const CollectRequest& collect : manifest_.collects) {
            const Kind* kind = catalog_.find(collect.kind);
            if (!kind || kind->name() != id.kind) continue;
            if (collect.name_glob.empty() || glob_matches(collect.name_glob, id.name)) return true;
        }
        return false;
    }

    std::vector<std::string> names_of(const std::string& kind) const {
        std::set<std::string> names;
        for (const auto& [id, declaration] : places_)
            if (id.kind == kind) names.insert(id.name);
        return {names.begin(), names.end()};
    }

    void check_owners() {
        std::unordered_map<std::string, const WantedVertex*> owners;
        owners.reserve(candidate_.here.size());
        for (const WantedVertex& wanted : candidate_.here) {
            const std::optional<Thing> thing = wanted.resource->owns();
            if (!thing) continue;
            const auto [first, fresh] =
                owners.try_emplace(thing->type + ":" + thing->name, &wanted);
            if (fresh) continue;
            fail(wanted.origin.text() + ": " + wanted.id.text() + " keeps " + thing->type + " " +
                 printable(thing->name) + ", and so does " + first->second->id.text() + " at " +
                 first->second->origin.text() + "; drop one of the two");
        }
    }

    const Manifest& manifest_;
    const Catalog& catalog_;
    const Purpose purpose_;
    Candidate candidate_;
    std::unordered_map<ResourceId, const Declaration*> places_;
    std::vector<std::string> errors_;
    int suggestions_ = 0;
};

}  // namespace

Result<Candidate> check_manifest(const Manifest& manifest, const Catalog& catalog,
                                 Purpose purpose) {
    return ManifestCheck(manifest, catalog, purpose).run();
}

Result<WantedVertex> make_wanted(const Declaration& declaration, const Catalog& catalog,
                                 Purpose purpose, std::vector<std::string>& warnings) {
    const Kind* kind = catalog.find(declaration.id.kind);
    if (!kind)
        return Error{Code::invalid, no_such_kind(declaration.origin, declaration.id.kind, catalog)};
    const bool unable = kind->support() == Support::refused ||
                        (kind->support() == Support::schema_only && purpose == Purpose::run);
    if (unable) {
        std::string text = where(declaration) + ": kind \"" + kind->name() + "\" cannot be applied";
        if (const std::string hint = kind->hint(); !hint.empty()) text += "; " + hint;
        return Error{Code::invalid, std::move(text)};
    }
    auto resource = kind->make(declaration, warnings);
    if (!resource) return std::move(resource).error();
    return WantedVertex{{kind->name(), declaration.id.name},
                        std::move(*resource),
                        declaration.meta,
                        declaration.origin};
}

}  // namespace hansa
