// The exported part of a manifest, as records for others will carry it.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "resource/declaration.h"
#include "resource/kind.h"

namespace hansa {

struct Export {
    ResourceId id;
    Value fields;  // as Resource::encode gives them; `source` inlined
    Meta meta;
    Origin origin;
};

// Of those marked for export, in declaration order. Reads files named by `source` (Code::invalid
// above 1 MiB).
Result<std::vector<Export>> exports_of(std::span<const Declaration> declarations,
                                       const Catalog& catalog, const Files& files);

}  // namespace hansa
