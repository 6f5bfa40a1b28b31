// The kind `cron`: a command on a calendar, by a systemd timer.
#pragma once

#include <memory>

#include "resource/kind.h"

namespace hansa::kinds {

std::unique_ptr<const Kind> cron();

}  // namespace hansa::kinds
