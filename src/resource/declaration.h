// What a Source says: the resources that shall exist, their order, and what to take from others.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/value.h"
#include "resource/id.h"
#include "resource/meta.h"

namespace hansa {

// Where a declaration was written: a place in a file, or a host that exported it.
struct Origin {
    std::string file;
    Mark mark;
    std::string exporter;    // empty: declared here
    std::string place;       // the pattern of the collect entry that took it; mostly empty
    std::uint64_t rank = 0;  // 0: declared here; else the export's create revision in the store

    // "web.yaml:12:11" or "host b".
    std::string text() const;
    friend bool operator==(const Origin&, const Origin&) = default;
};

// `fields` is a map of the kind's own fields, checked by nobody yet.
struct Declaration {
    ResourceId id;
    Meta meta;
    Value fields = Value::of_map({});
    Origin origin;

    // The directory that a collected resource must not leave, nor through symbolic links below it;
    // absolute. Set by mesh from the policy's decision; empty: nothing is held.
    std::string beneath{};

    InstanceId instance() const { return {id, origin.exporter, origin.place}; }
};

struct EdgeDeclaration {
    std::string name;
    ResourceId from;
    ResourceId to;
    bool notify = false;
    Origin origin;
};

// One `collect` entry. Empty globs match everything.
struct CollectRequest {
    std::string kind;
    std::string pattern;
    std::string name_glob;
    std::string from_glob;
    Origin origin;
    friend bool operator==(const CollectRequest&, const CollectRequest&) = default;
};

// One whole graph as declared.
struct Manifest {
    std::string name;
    std::string comment;
    std::vector<Declaration> resources;
    std::vector<EdgeDeclaration> edges;
    std::vector<CollectRequest> collects;
    std::vector<std::string> warnings;  // "web.yaml:3:1: hostname has no effect; …"
};

}  // namespace hansa
