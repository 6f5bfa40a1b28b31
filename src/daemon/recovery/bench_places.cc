#include "daemon/recovery/bench_places.h"

#include "trust/claims.h"

namespace hansa {

namespace {

constexpr std::string_view prefix_of(BenchUse use) {
    return use == BenchUse::make ? "new-" : "look-";
}

bool is_bench(std::string_view name) {
    for (const BenchUse use : {BenchUse::make, BenchUse::look}) {
        const std::string_view prefix = prefix_of(use);
        if (name.starts_with(prefix) && is_uuid(name.substr(prefix.size()))) return true;
    }
    return false;
}

}  // namespace

std::string bench_place(const std::string& store, BenchUse use, Random& random) {
    return store + "/" + std::string(prefix_of(use)) + make_uuid(random);
}

Result<std::size_t> clear_benches(Files& files, const std::string& store) {
    auto entries = files.list(store);
    if (!entries && entries.error().code == Code::missing) return std::size_t{0};
    if (!entries) return std::move(entries).error();
    std::size_t cleared = 0;
    for (const DirectoryEntry& entry : *entries) {
        if (!is_bench(entry.name)) continue;
        const std::string path = store + "/" + entry.name;
        if (auto gone = files.remove_tree(path); !gone)
            return std::move(gone).error().during("clearing " + path);
        ++cleared;
    }
    return cleared;
}

}  // namespace hansa
