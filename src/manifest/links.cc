#include "manifest/links.h"

#include <algorithm>
#include <functional>
#include <unordered_map>

#include "base/text.h"

namespace hansa {
namespace {

const std::vector<std::string> edge_keys = {"name", "from", "to", "notify"};
const std::vector<std::string> end_keys = {"kind", "name"};
const std::vector<std::string> collect_keys = {"kind", "pattern", "name", "from"};

bool is_kind_key(const std::string& key) {
    return key == "kind" || key == "type";
}

// "an edge needs KEY": where a key is missing, the place is that of the map.
std::string needs(const std::string& key, const std::string& example) {
    return "no " + key + "; write " + example;
}

// One end of an edge: {kind: file, name: x}.
std::optional<ResourceId> read_end(const Value::Entry& end, const Catalog& catalog,
                                   const FieldReader& reader, Findings& findings) {
    const std::string example = end.key + ": {kind: file, name: x}";
    if (!end.value.is_map()) {
        reader.wrong(end.value.mark(),
                     end.key + " is " + std::string(end.value.shape()) + "; write " + example);
        return std::nullopt;
    }
    std::optional<std::string> name;
    const Kind* kind = nullptr;
    bool kind_seen = false, name_seen = false;
    for (const Value::Entry& entry : end.value.map()) {
        if (is_kind_key(entry.key) && kind_seen) {
            reader.wrong(entry.mark, "kind and type mean the same; write one of them");
        } else if (is_kind_key(entry.key)) {
            kind_seen = true;
            if (auto text = reader.name(entry))
                kind = read_kind(*text, entry.value.mark(), reader.subject(), catalog, findings);
        } else if (entry.key == "name") {
            name_seen = true;
            name = reader.name(entry);
        } else {
            reader.unknown(entry, end_keys);
        }
    }
    if (!kind_seen) reader.wrong(end.value.mark(), needs("kind", example));
    if (!name_seen) reader.wrong(end.value.mark(), needs("name", example));
    if (!kind || !name) return std::nullopt;
    // An edge to an exported resource may repeat the mark of its name.
    if (name->starts_with("@@") && name->size() > 2) name->erase(0, 2);
    return ResourceId{kind->name(), *std::move(name)};
}

std::string edge_subject(const Value& edge) {
    const Value* name = edge.find("name");
    if (!name || !name->is_scalar() || name->is_null()) return "edge";
    return "edge \"" + printable(name->scalar().text, 60) + "\"";
}

std::optional<EdgeDeclaration> read_edge(const Value& edge, const Catalog& catalog,
                                         Findings& findings) {
    const FieldReader reader{findings, edge_subject(edge)};
    if (!edge.is_map()) {
        reader.wrong(edge.mark(),
                     "is " + std::string(edge.shape()) + "; write {name: e1, from: {…}, to: {…}}");
        return std::nullopt;
    }
    EdgeDeclaration made;
    std::optional<ResourceId> from, to;
    for (const Value::Entry& entry : edge.map()) {
        if (entry.key == "name")
            made.name = reader.name(entry).value_or("");
        else if (entry.key == "from")
            from = read_end(entry, catalog, reader, findings);
        else if (entry.key == "to")
            to = read_end(entry, catalog, reader, findings);
        else if (entry.key != "notify")
            reader.unknown(entry, edge_keys);
        else if (!entry.value.is_null())
            made.notify = reader.truth(entry).value_or(false);
    }
    for (const char* key : {"from", "to"})
        if (!edge.find(key))
            reader.wrong(edge.mark(), needs(key, std::string(key) + ": {kind: file, name: x}"));
    if (!from || !to) return std::nullopt;
    made.from = *std::move(from);
    made.to = *std::move(to);
    return made;
}

std::optional<CollectRequest> read_collect(const Value& collect, const Catalog& catalog,
                                           Findings& findings) {
    const FieldReader reader{findings, "collect"};
    if (!collect.is_map()) {
        reader.wrong(collect.mark(), "an entry is " + std::string(collect.shape()) +
                                         "; write {kind: file, pattern: /tmp/here/}");
        return std::nullopt;
    }
    CollectRequest made;
    const Kind* kind = nullptr;
    const Value* pattern = nullptr;
    bool kind_seen = false;
    for (const Value::Entry& entry : collect.map()) {
        if (is_kind_key(entry.key) && kind_seen) {
            reader.wrong(entry.mark, "kind and type mean the same; write one of them");
        } else if (is_kind_key(entry.key)) {
            kind_seen = true;
            if (auto text = reader.name(entry))
                kind = read_kind(*text, entry.value.mark(), reader.subject(), catalog, findings);
        } else if (entry.key == "pattern") {
            pattern = &entry.value;
            made.pattern = reader.text(entry).value_or("");
        } else if (entry.key == "name") {
            made.name_glob = reader.text(entry).value_or("");
        } else if (entry.key == "from") {
            made.from_glob = reader.text(entry).value_or("");
        } else {
            reader.unknown(entry, collect_keys);
        }
    }
    if (!kind_seen) reader.wrong(collect.mark(), needs("kind", "kind: file"));
    if (!kind) return std::nullopt;
    made.kind = kind->name();
    // A pattern is a directory wherever it is used; kinds without directories leave it alone.
    const bool directory = made.pattern.starts_with('/') && made.pattern.ends_with('/');
    if (!made.pattern.empty() && !directory)
        reader.wrong(pattern->mark(), "pattern \"" + printable(made.pattern, 60) +
                                          "\" is not a directory; write an absolute path that ends "
                                          "in '/'");
    return made;
}

template <class Made, class Read>
std::vector<Made> read_list(const Value& list, const char* key, const std::string& file,
                            Findings& findings, const Read& read) {
    std::vector<Made> all;
    if (list.is_null()) return all;
    if (!list.is_list()) {
        findings.wrong(list.mark(),
                       std::string(key) + " is " + std::string(list.shape()) + "; write a list");
        return all;
    }
    all.reserve(list.list().size());
    for (const Value& item : list.list()) {
        std::optional<Made> made = read(item);
        if (!made) continue;
        made->origin.file = file;
        made->origin.mark = item.mark();
        all.push_back(*std::move(made));
    }
    return all;
}

// Says why an edge cannot name `id`; empty when it can.
std::string why_not(const ResourceId& id, const Manifest& manifest,
                    const std::unordered_map<ResourceId, const Declaration*>& declared) {
    const auto found = declared.find(id);
    if (found != declared.end()) {
        const Meta& meta = found->second->meta;
        if (!meta.exported || meta.also_here) return {};
    }
    for (const CollectRequest& collect : manifest.collects) {
        if (collect.kind != id.kind) continue;
        if (collect.name_glob.empty() || glob_matches(collect.name_glob, id.name)) return {};
    }
    const std::string names = "names " + printable(id.text()) + ", which is ";
    if (found == declared.end())
        return names + "neither declared here nor collected; declare it or add it to collect";
    return names + "exported and not applied here; write also_here: true or collect it";
}

}  // namespace

const Kind* read_kind(const std::string& name, Mark mark, const std::string& subject,
                      const Catalog& catalog, Findings& findings) {
    const FieldReader reader{findings, subject};
    const Kind* kind = catalog.find(name);
    const std::string shown = "\"" + printable(name, 60) + "\"";
    if (!kind) {
        const std::vector<std::string> names = catalog.names();
        const auto meant = nearest(name, names);
        reader.wrong(mark, "no kind " + shown +
                               (meant ? "; did you mean \"" + *meant + "\"?"
                                      : "; there are " + join(names, ", ")));
        return nullptr;
    }
    if (kind->support() != Support::refused) return kind;
    reader.wrong(mark, "kind " + shown + " is not supported" +
                           (kind->hint().empty() ? "; use another one" : "; " + kind->hint()));
    return nullptr;
}

std::vector<EdgeDeclaration> read_edges(const Value& edges, const std::string& file,
                                        const Catalog& catalog, Findings& findings) {
    return read_list<EdgeDeclaration>(edges, "edges", file, findings, [&](const Value& edge) {
        return read_edge(edge, catalog, findings);
    });
}

std::vector<CollectRequest> read_collects(const Value& collects, const std::string& file,
                                          const Catalog& catalog, Findings& findings) {
    auto all = read_list<CollectRequest>(
        collects, "collect", file, findings,
        [&](const Value& collect) { return read_collect(collect, catalog, findings); });
    std::unordered_map<std::string, const CollectRequest*> seen;
    for (const CollectRequest& collect : all) {
        const std::string key = join(std::vector<std::string>{collect.kind, collect.pattern,
                                                              collect.name_glob, collect.from_glob},
                                     std::string_view("\0", 1));
        const auto [first, fresh] = seen.emplace(key, &collect);
        if (!fresh)
            findings.wrong(collect.origin.mark, "collect: the same entry is already written at " +
                                                    findings.place(first->second->origin.mark) +
                                                    "; drop one");
    }
    return all;
}

void check_edges(const Manifest& manifest, Findings& findings) {
    std::unordered_map<ResourceId, const Declaration*> declared;
    declared.reserve(manifest.resources.size());
    for (const Declaration& declaration : manifest.resources)
        declared.emplace(declaration.id, &declaration);

    struct Pair {
        ResourceId from, to;
        bool operator==(const Pair&) const = default;
    };
    const auto hash = [](const Pair& pair) {
        const std::hash<ResourceId> each;
        return each(pair.from) * 31 + each(pair.to);
    };
    std::unordered_map<Pair, const EdgeDeclaration*, decltype(hash)> pairs(manifest.edges.size(),
                                                                           hash);
    for (const EdgeDeclaration& edge : manifest.edges) {
        const FieldReader reader{
            findings, edge.name.empty() ? "edge" : "edge \"" + printable(edge.name, 60) + "\""};
        const Mark mark = edge.origin.mark;
        for (const ResourceId* id : {&edge.from, &edge.to})
            if (const std::string what = why_not(*id, manifest, declared); !what.empty())
                reader.wrong(mark, what);
        const auto [first, fresh] = pairs.emplace(Pair{edge.from, edge.to}, &edge);
        if (!fresh)
            reader.warn(mark, printable(edge.from.text()) + " -> " + printable(edge.to.text()) +
                                  " is already written at " +
                                  findings.place(first->second->origin.mark) +
                                  "; they count as one, which notifies if either does");
    }
}

}  // namespace hansa
