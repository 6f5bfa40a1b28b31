#include "manifest/parse.h"

#include <unordered_set>

#include "base/text.h"
#include "manifest/findings.h"
#include "manifest/links.h"
#include "manifest/meta.h"

namespace hansa {
namespace {

const std::vector<std::string> top_keys = {"graph", "comment", "resources", "edges", "collect"};

struct IdHash {
    std::size_t operator()(const Declaration* declaration) const {
        return std::hash<ResourceId>{}(declaration->id);
    }
};
struct IdEqual {
    bool operator()(const Declaration* a, const Declaration* b) const { return a->id == b->id; }
};

class ManifestReader {
 public:
    ManifestReader(std::string_view file, const Catalog& catalog, const ManifestLimits& limits)
        : file_(file), catalog_(catalog), findings_(file, limits.errors_shown) {}

    // Takes the tree apart: fields are moved into the declarations, never copied.
    Result<Manifest> read(Value tree);

 private:
    void read_top(Value::Entry& entry);
    void read_resources(Value::Entry& entry);
    void read_resource(const Kind& kind, Value resource);
    std::optional<std::string> take_name(const Kind& kind, const Value& resource);
    void refuse_duplicates();

    std::string file_;
    const Catalog& catalog_;
    Findings findings_;
    Manifest manifest_;
    const std::string* resources_key_ = nullptr;
};

Result<Manifest> ManifestReader::read(Value tree) {
    const Mark start = tree.mark().line > 0 ? tree.mark() : Mark{1, 1};
    if (tree.is_null()) {
        findings_.wrong(start, "the file is empty; begin with \"graph: NAME\"");
    } else if (!tree.is_map()) {
        findings_.wrong(start, "the file is " + std::string(tree.shape()) +
                                   "; write a map with graph and resources");
    } else {
        for (Value::Entry& entry : tree.map()) read_top(entry);
        if (!tree.find("graph"))
            findings_.wrong(start, "the graph has no name; write \"graph: NAME\"");
        refuse_duplicates();
        // With resources left out for their errors, edges would only seem to name nothing.
        if (findings_.clean()) check_edges(manifest_, findings_);
    }
    if (!findings_.clean()) return std::move(findings_).error();
    manifest_.warnings = findings_.take_warnings();
    return std::move(manifest_);
}

void ManifestReader::read_top(Value::Entry& entry) {
    const FieldReader reader{findings_, ""};
    if (entry.key == "graph")
        manifest_.name = reader.name(entry).value_or("");
    else if (entry.key == "comment")
        manifest_.comment = reader.text(entry).value_or("");
    else if (entry.key == "resources" || entry.key == "types")
        read_resources(entry);
    else if (entry.key == "edges")
        manifest_.edges = read_edges(entry.value, file_, catalog_, findings_);
    else if (entry.key == "collect")
        manifest_.collects = read_collects(entry.value, file_, catalog_, findings_);
    else if (entry.key == "hostname" || entry.key == "remote")
        findings_.warn(entry.mark, entry.key + " has no effect; " +
                                       (entry.key == "hostname" ? "use --hostname"
                                                                : "start hansa on that machine"));
    else
        reader.unknown(entry, top_keys);
}

void ManifestReader::read_resources(Value::Entry& entry) {
    if (resources_key_)
        findings_.wrong(entry.mark, "resources and types mean the same; write one of them");
    resources_key_ = &entry.key;
    if (entry.value.is_null()) return;
    if (!entry.value.is_map())
        return findings_.wrong(entry.value.mark(), entry.key + " is " +
                                                       std::string(entry.value.shape()) +
                                                       "; write a map from kind to list");
    for (Value::Entry& of_kind : entry.value.map()) {
        const Kind* kind = read_kind(of_kind.key, of_kind.mark, "", catalog_, findings_);
        if (!kind || of_kind.value.is_null()) continue;
        if (!of_kind.value.is_list()) {
            findings_.wrong(of_kind.value.mark(), of_kind.key + " is " +
                                                      std::string(of_kind.value.shape()) +
                                                      "; write a list of resources");
            continue;
        }
        Value::List& list = of_kind.value.list();
        manifest_.resources.reserve(manifest_.resources.size() + list.size());
        for (Value& resource : list) read_resource(*kind, std::move(resource));
        Value::List{}.swap(list);  // its fields have moved on: keep the peak low
    }
}

// The name as written, still with a leading "@@".
std::optional<std::string> ManifestReader::take_name(const Kind& kind, const Value& resource) {
    const FieldReader reader{findings_, kind.name()};
    for (const Value::Entry& entry : resource.map()) {
        if (entry.key != "name") continue;
        auto name = reader.name(entry);
        if (name != "@@") return name;
        reader.wrong(entry.value.mark(), "name is empty behind its \"@@\"; write a name");
        return std::nullopt;
    }
    reader.wrong(resource.mark(), "a resource without a name; add \"name: …\"");
    return std::nullopt;
}

void ManifestReader::read_resource(const Kind& kind, Value resource) {
    const Mark mark = resource.mark();
    if (!resource.is_map())
        return findings_.wrong(mark, kind.name() + ": a resource is " +
                                         std::string(resource.shape()) +
                                         "; write a map with a name");
    std::optional<std::string> name = take_name(kind, resource);
    MetaNotes notes;
    if (name && name->starts_with("@@")) {
        notes.named_for_export = true;
        name->erase(0, 2);
    }
    Declaration declaration;
    declaration.id = {kind.name(), name.value_or("")};
    declaration.origin.file = file_;
    declaration.origin.mark = mark;
    declaration.meta.exported = notes.named_for_export;
    if (const Value* meta = resource.find("meta")) {
        const FieldReader reader{findings_, name ? printable(declaration.id.text()) : kind.name()};
        declaration.meta = read_meta(*meta, notes, reader);
    }
    std::erase_if(resource.map(), [](const Value::Entry& entry) {
        return entry.key == "name" || entry.key == "meta";
    });
    declaration.fields = std::move(resource);
    if (name) manifest_.resources.push_back(std::move(declaration));
}

void ManifestReader::refuse_duplicates() {
    std::unordered_set<const Declaration*, IdHash, IdEqual> seen;
    seen.reserve(manifest_.resources.size());
    for (const Declaration& declaration : manifest_.resources) {
        const auto [first, fresh] = seen.insert(&declaration);
        if (!fresh)
            findings_.wrong(declaration.origin.mark,
                            printable(declaration.id.text()) + " is already declared at " +
                                (*first)->origin.text() + "; give one of the two another name");
    }
}

}  // namespace

Result<Manifest> parse_manifest(std::string_view text, std::string_view file,
                                const Catalog& catalog, const ManifestLimits& limits) {
    auto tree = parse_yaml(text, file, limits.yaml);
    if (!tree) return std::move(tree).error();
    return ManifestReader{file, catalog, limits}.read(*std::move(tree));
}

}  // namespace hansa
