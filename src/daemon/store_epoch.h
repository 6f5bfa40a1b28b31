// Of which epoch the data of a store is, and how it is put out of the way when that is over.
//
//     DIRECTORY/epoch.json     written where a store was recovered or restored; absent: epoch 0
//     DIRECTORY/etcd           its data
//     DIRECTORY/etcd.aside-20261122T150113Z      what was data once; nothing ever removes it
//
// The epoch of a cluster counts its recoveries; it stands in the store itself too
// (docs/formats/records.md). Data of an older one holds a past that everybody else has left.
// Blocking, small.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "sys/files.h"

namespace hansa {

// An error when it cannot be read: then nobody knows.
Result<std::uint64_t> read_store_epoch(const Files& files, const std::string& directory);
Result<void> write_store_epoch(Files& files, const std::string& directory, std::uint64_t epoch);

// Where it is now; empty when there was none.
Result<std::string> put_data_aside(Files& files, const std::string& data, WallTime now);

}  // namespace hansa
