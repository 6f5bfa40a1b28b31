// All that is known about one resource: how it is, and for what comes from elsewhere who exports
// it, whether the signature is good, and what the collect policy says. Pure.
#pragma once

#include <string>
#include <string_view>

#include "data/value.h"
#include "report/report.h"

namespace hansa {

// `id`: "file[/etc/motd]", which means those of every exporter too, or "file[f1] from b"; empty:
// everything that was ever judged. {"id": …, "resources": [{…}]}, in order of ids; a resource that
// is not let in has no phase. With a member "error" when nothing is known.
Value explain(const Snapshot& snapshot, std::string_view id);

}  // namespace hansa
