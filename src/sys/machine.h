// The ports through which a resource touches this machine: a bundle of references, cheap to copy.
#pragma once

#include "base/time.h"
#include "sys/accounts.h"
#include "sys/files.h"
#include "sys/notices.h"
#include "sys/processes.h"

namespace hansa {

// Every port outlives every user of the bundle and may be called from any worker at once.
struct Machine {
    const Clock& clock;
    Files& files;
    Processes& processes;
    const Accounts& accounts;
    Notices& notices;
};

}  // namespace hansa
