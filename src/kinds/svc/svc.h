// The kind `svc` (once `service`): a systemd unit that runs or not, now and after a boot.
#pragma once

#include <memory>

#include "resource/kind.h"

namespace hansa::kinds {

std::unique_ptr<const Kind> svc();

}  // namespace hansa::kinds
