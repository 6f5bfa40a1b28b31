// Exported resources as they stand in the store: JSON, so that anyone can read them with etcdctl.
// The format with example bytes is docs/formats/records.md. Pure.
//
// A record is at most two versions of one resource. Where a change of many records does not fit
// one transaction, each is written with the new version, the one `before` it, and a generation
// that is not announced yet; the one put of the manifest that announces it makes all of them
// visible at once. So a reader never sees half of a publication, and a record keeps its key and
// with it its create revision.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "data/value.h"
#include "mesh/keys.h"
#include "resource/id.h"
#include "resource/meta.h"

namespace hansa {

// One version, encoded: 1 MiB of content as base64 and room for everything else (bytes).
inline constexpr std::size_t version_bytes_max = (std::size_t{1} << 20) / 3 * 4 + (64 << 10);
// Of every number here: what every reader of JSON takes for a whole number.
inline constexpr std::int64_t number_max = (std::int64_t{1} << 53) - 1;
// What a reader looks at: two versions.
inline constexpr std::size_t record_bytes_max = 2 * version_bytes_max;

// What a collector needs of an export. Of `meta` everything travels but `exported`, `also_here`
// and `sema`, which concern the exporter's own graph; `export_to` says whom it is addressed to.
struct ExportBody {
    Value fields = Value::of_map({});
    Meta meta;
    friend bool operator==(const ExportBody&, const ExportBody&) = default;
};

// The same text for equal bodies, another for others.
std::string text_of(const ExportBody& body);

// `meta` with what does not travel at its default.
Meta travelling(Meta meta);

// What an exporter says with its signature about one version of a resource (mesh/seal.h).
struct Seal {
    std::uint64_t incarnation = 0;  // grows with every start of the exporter
    std::uint64_t seq = 0;          // grows with every change that the exporter publishes
    Milliseconds until{0};          // since 1970; not good any more afterwards
    std::string signature;          // empty: not signed
    friend bool operator==(const Seal&, const Seal&) = default;
};

struct ExportVersion {
    ExportBody body;
    Seal seal;
    friend bool operator==(const ExportVersion&, const ExportVersion&) = default;
};

struct ExportRecord {
    ResourceId id;
    std::string from;                      // host name of the exporter
    std::uint64_t generation = 0;          // `version` holds once this one is announced
    std::optional<ExportVersion> version;  // empty: withdrawn
    std::optional<ExportVersion> before;   // what holds until then; empty: nothing
    friend bool operator==(const ExportRecord&, const ExportRecord&) = default;

    // What holds when `announced` is the exporter's announced generation; null: nothing.
    const ExportVersion* visible(std::uint64_t announced) const;
};

// Stands beside the records of a host and vouches for all of them. Written with every
// publication, so a comparison with its modify revision refuses a publication that was delayed on
// its way; and renewed while its exporter lives, so that a store that shows an old state is found
// out.
struct ExportManifest {
    std::string from;
    std::uint64_t incarnation = 0;
    std::uint64_t seq = 0;         // of the last publication
    std::uint64_t generation = 0;  // the announced one
    std::uint64_t exports = 0;     // how many there are, for people
    Milliseconds time{0};          // since 1970; when it was made, by the exporter's clock
    Milliseconds until{0};         // not good any more afterwards
    // Of the records that stand there (digest_of in mesh/seal.h), hexadecimal. Empty: what stands
    // there is being repaired; nobody vouches for it.
    std::string digest;
    std::string key;        // key_name() of the one that signed
    std::string signature;  // empty: not signed
    friend bool operator==(const ExportManifest&, const ExportManifest&) = default;
};

// Code::invalid for what JSON cannot carry (bytes that are not UTF-8) and for a version larger
// than version_bytes_max.
Result<std::string> encode(const ExportRecord& record);
std::string encode(const ExportManifest& manifest);

// Strict and bounded. The error names key and reason; host, kind and name within must be those
// of the key.
Result<ExportRecord> decode_export(std::string_view key, std::string_view value);
Result<ExportManifest> decode_manifest(std::string_view key, std::string_view value);

}  // namespace hansa
