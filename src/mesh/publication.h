// What has to be written so that the store holds what this host exports. Pure.
//
// The plan is minimal: what is there already is not written again, so nobody wakes up. It is
// atomic: one step where the change fits one transaction, else steps that prepare both versions
// of every changed record, one put of the manifest that makes the new ones visible, and steps
// that clear away what is gone (records.h). It may be broken off after any step and planned anew:
// what was prepared and not announced is always written again before anything is announced.
//
// Every version and the manifest of every step are signed; the manifest vouches for all records as
// they stand after its step. Where something else stands there than was left there, nobody may
// vouch for it in between: then the steps repair under manifests without a digest, which tell
// collectors to keep what they have, and the last one vouches for the whole.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/host.h"
#include "base/result.h"
#include "mesh/records.h"
#include "mesh/seal.h"
#include "mesh/store.h"
#include "mesh/subtree.h"

namespace hansa {

// One resource that the graph exports.
struct Wanted {
    ResourceId id;
    Value fields = Value::of_map({});
    Meta meta;
};

// Who publishes.
struct Exporter {
    HostName host;
    std::uint64_t incarnation = 0;
    Signer signer;
};

struct ExportQuota {
    std::size_t exports_max = 5'000;
    std::size_t bytes_max = std::size_t{8} << 20;  // of all records together
};

// How long signatures are good. A manifest is short-lived, so that a store that shows an old
// state is found out within that time; each renewal is one commit that every collector sees.
struct ExportTimes {
    Seconds manifest_life{600};  // renewed at half of it
    Seconds record_life{30 * 86400};
    Seconds record_least{10 * 86400};  // written again when less than that is left
};

// What this run has published so far. Somebody may bring an older state of the store back; the
// numbers go on from here all the same.
struct Floor {
    std::uint64_t incarnation = 0;
    std::uint64_t seq = 0;   // acknowledged; a manifest below it is not the last one
    std::uint64_t used = 0;  // of the last one that was sent, whatever became of it
    std::uint64_t generation = 0;
};

// One transaction; its last operation puts the manifest.
struct PublicationStep {
    std::vector<Operation> operations;
    Floor floor;  // once it is acknowledged
};

struct PublicationPlan {
    std::vector<PublicationStep> steps;  // none: the store holds what is wanted
    std::size_t written = 0;
    std::size_t removed = 0;
    bool repairs = false;  // what stands there is not what was left there
};

enum class Fence {
    none,
    // Write the manifest at least: it has to be renewed, or an earlier commit may still be on its
    // way, and its comparison with the manifest must not hold any more.
    needed,
};

struct PublicationOrder {
    const Subtree& known;
    std::span<const Wanted> wanted;
    const Exporter& me;
    StoreLimits limits = {};
    Fence fence = Fence::none;
    Floor floor = {};
    Milliseconds now{0};  // since 1970
    ExportTimes times = {};
    std::string identity = {};  // to be put with the first step; empty: the one there is right
    // Some run of this host published here: that nothing stands there is somebody else's work, and
    // even an empty set has to be said.
    bool published_before = false;
};

// Code::invalid, naming the limit and what exceeds it.
Result<void> check_quota(std::span<const Wanted> wanted, const Exporter& me,
                         const ExportQuota& quota);

// REQUIRES: `wanted` passed check_quota. Fails only where two versions of one record do not fit
// one request of the store.
Result<PublicationPlan> plan_publication(const PublicationOrder& order);

}  // namespace hansa
