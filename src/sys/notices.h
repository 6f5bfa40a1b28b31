// Messages to the people who keep this machine, where they look for them: the systemd journal and
// syslog. Blocking, though hardly; any thread.
#pragma once

#include <map>
#include <string>

#include "base/result.h"

namespace hansa {

enum class Priority { emergency, alert, critical, error, warning, notice, info, debug };

struct Notice {
    std::string text;
    Priority priority = Priority::info;
    std::map<std::string, std::string> fields;
};

class Notices {
 public:
    virtual ~Notices() = default;

    // With its fields as fields of the journal: names in capitals, '_' for what those may not
    // hold. Code::missing where no journal runs, Code::unavailable when it is too busy,
    // Code::invalid when the message is too long.
    virtual Result<void> to_journal(const Notice& notice) = 0;

    // As one line, fields after the text as NAME=value. The same codes.
    virtual Result<void> to_syslog(const Notice& notice) = 0;
};

}  // namespace hansa
