#include "mesh/subtree.h"

#include "base/check.h"
#include "mesh/keys.h"

namespace hansa {

StoredRecord stored_record(const std::string& key, std::string value) {
    const auto parsed = keys::parse_export(key);
    StoredRecord made{std::move(value), std::nullopt};
    if (parsed && parsed->id) made.leaf = leaf_of(key, made.value);
    return made;
}

Subtree Subtree::of(const Reading& reading, const HostName& host) {
    Subtree made;
    const std::string manifest_key = keys::manifest_of(host);
    for (const Record& record : reading.records) {
        if (record.key == manifest_key) {
            made.manifest = record.value;
            made.manifest_modified = record.modified;
        } else {
            made.records.emplace(record.key, stored_record(record.key, record.value));
        }
    }
    return made;
}

void Subtree::apply(const std::vector<Operation>& operations, Revision revision,
                    const HostName& host) {
    const std::string manifest_key = keys::manifest_of(host);
    const std::string below = keys::exports_of(host);
    for (const Operation& operation : operations) {
        check(operation.type != Operation::Type::remove_prefix, "a step touches single keys");
        if (operation.type == Operation::Type::remove) {
            records.erase(operation.key);
        } else if (operation.key == manifest_key) {
            manifest = operation.value;
            manifest_modified = revision;
        } else if (operation.key.starts_with(below)) {
            records.insert_or_assign(operation.key, stored_record(operation.key, operation.value));
        }
    }
}

}  // namespace hansa
