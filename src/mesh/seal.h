// What the signatures of exports cover, and the digest by which a manifest vouches for records.
// Formats: docs/formats/records.md. Pure; values, any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mesh/records.h"
#include "trust/keys.h"

namespace hansa {

// What every signature is bound to: it is none in another cluster, nor for another host, nor for
// one that took over the name.
struct SealScope {
    std::string cluster;
    std::string uuid;
    std::string name;
    std::uint64_t epoch = 0;  // of the cluster; it grows when one is recovered
    friend bool operator==(const SealScope&, const SealScope&) = default;
};

// REQUIRES: text in UTF-8, as everything that was decoded is.
std::string statement_of(const SealScope& scope, const ResourceId& id,
                         const ExportVersion& version);
std::string statement_of(const SealScope& scope, const ExportManifest& manifest);

// What one host signs its exports with.
struct Signer {
    SealScope scope;
    SigningKey key;

    void sign(const ResourceId& id, ExportVersion& version) const;
    void sign(ExportManifest& manifest) const;
    bool made(const ResourceId& id, const ExportVersion& version) const;
    bool made(const ExportManifest& manifest) const;
};

// A short name for a key, so that a reader sees which one it lacks. Proves nothing.
std::string key_name(const VerifyingKey& key);

// SHA-256 over one key of the store and its value.
using Leaf = std::array<unsigned char, 32>;  // ordered as bytes are, on every machine
Leaf leaf_of(std::string_view key, std::string_view value);

// Of any number of leaves in any order, hexadecimal; each differs from every other.
std::string digest_of(std::vector<Leaf> leaves);

Milliseconds since_1970(WallTime time);

}  // namespace hansa
