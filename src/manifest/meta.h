// Reads the `meta` map of a resource (graph.md 1, "meta").
#pragma once

#include "manifest/findings.h"
#include "resource/meta.h"

namespace hansa {

// `named_for_export`: the name began with "@@". What is wrong is told to `reader`; the result then
// holds what could be read.
struct MetaNotes {
    bool named_for_export = false;
};
Meta read_meta(const Value& meta, const MetaNotes& notes, const FieldReader& reader);

}  // namespace hansa
