// One host's part of the store, as its publisher knows it: what stands below exports/HOST/.
// A value; pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/host.h"
#include "mesh/seal.h"
#include "mesh/store.h"

namespace hansa {

struct StoredRecord {
    std::string value;
    std::optional<Leaf> leaf;  // empty: the key is none of a record, so no digest covers it
    friend bool operator==(const StoredRecord&, const StoredRecord&) = default;
};
StoredRecord stored_record(const std::string& key, std::string value);

using StoredRecords = std::map<std::string, StoredRecord>;  // by key, without the manifest

struct Subtree {
    StoredRecords records;
    std::string manifest;            // value; empty when absent
    Revision manifest_modified = 0;  // 0: absent

    static Subtree of(const Reading& reading, const HostName& host);

    // After `operations` were committed at `revision`.
    void apply(const std::vector<Operation>& operations, Revision revision, const HostName& host);
    friend bool operator==(const Subtree&, const Subtree&) = default;
};

}  // namespace hansa
