// Every kind of resource that graphs may name.
#pragma once

#include "resource/kind.h"

namespace hansa {

Catalog standard_kinds();

}  // namespace hansa
