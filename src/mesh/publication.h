// What has to be written so that the store holds what this host exports. Pure.
//
// The plan is minimal: what is there already is not written again, so nobody wakes up. It is
// atomic: one step where the change fits one transaction, else steps that prepare both versions
// of every changed record, one put of the manifest that makes the new ones visible, and steps
// that clear away what is gone (records.h). It may be broken off after any step and planned anew:
// what was prepared and not announced is always written again before anything is announced.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/host.h"
#include "base/result.h"
#include "mesh/records.h"
#include "mesh/store.h"

namespace hansa {

// One resource that the graph exports.
struct Wanted {
    ResourceId id;
    Value fields = Value::of_map({});
    Meta meta;
};

struct Exporter {
    HostName host;
    std::uint64_t incarnation = 0;
};

struct ExportQuota {
    std::size_t exports_max = 5'000;
    std::size_t bytes_max = std::size_t{8} << 20;  // of all records together
};

// This host's part of the store, as last read or written.
struct Subtree {
    std::map<std::string, std::string> records;  // key to value; the manifest is not among them
    std::string manifest;                        // value; empty when absent
    Revision manifest_modified = 0;              // 0: absent

    static Subtree of(const Reading& reading, const HostName& host);
    // After `operations` were committed at `revision`.
    void apply(const std::vector<Operation>& operations, Revision revision, const HostName& host);
    friend bool operator==(const Subtree&, const Subtree&) = default;
};

// One transaction; its last operation puts the manifest.
struct PublicationStep {
    std::vector<Operation> operations;
};

struct PublicationPlan {
    std::vector<PublicationStep> steps;  // none: the store holds what is wanted
    std::size_t written = 0;
    std::size_t removed = 0;
};

enum class Fence {
    none,
    // An earlier commit may still be on its way: write the manifest at least, so that the
    // comparison which that commit makes with it cannot hold any more.
    needed,
};

// Code::invalid, naming the limit and what exceeds it.
Result<void> check_quota(std::span<const Wanted> wanted, const Exporter& me,
                         const ExportQuota& quota);

// REQUIRES: `wanted` passed check_quota. Fails only where two versions of one record do not fit
// one request of the store.
Result<PublicationPlan> plan_publication(const Subtree& known, std::span<const Wanted> wanted,
                                         const Exporter& me, const StoreLimits& limits,
                                         Fence fence);

}  // namespace hansa
