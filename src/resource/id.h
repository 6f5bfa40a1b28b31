// The identity of a resource: its kind and its name, written kind[name].
#pragma once

#include <compare>
#include <functional>
#include <string>

namespace hansa {

struct ResourceId {
    std::string kind;
    std::string name;

    std::string text() const { return kind + "[" + name + "]"; }
    friend auto operator<=>(const ResourceId&, const ResourceId&) = default;
};

// One resource as this machine keeps it. What is declared here has no exporter and no place; one
// exported resource that several `collect` entries put into several directories is several
// instances.
struct InstanceId {
    ResourceId resource;
    std::string exporter;  // host name
    std::string place;     // the collect entry's pattern

    // "file[f3b]" or "file[f3b] from b".
    std::string text() const {
        return exporter.empty() ? resource.text() : resource.text() + " from " + exporter;
    }
    friend auto operator<=>(const InstanceId&, const InstanceId&) = default;
};

}  // namespace hansa

template <>
struct std::hash<hansa::ResourceId> {
    std::size_t operator()(const hansa::ResourceId& id) const noexcept {
        const std::size_t kind = std::hash<std::string>{}(id.kind);
        return std::hash<std::string>{}(id.name) ^ (kind * 0x9e3779b97f4a7c15ULL);
    }
};

template <>
struct std::hash<hansa::InstanceId> {
    std::size_t operator()(const hansa::InstanceId& id) const noexcept {
        const std::size_t resource = std::hash<hansa::ResourceId>{}(id.resource);
        const std::size_t from = std::hash<std::string>{}(id.exporter);
        const std::size_t place = std::hash<std::string>{}(id.place);
        return resource ^ (from * 0x9e3779b97f4a7c15ULL) ^ (place * 0xc2b2ae3d27d4eb4fULL);
    }
};
