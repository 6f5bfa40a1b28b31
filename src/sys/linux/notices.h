// The journal's native protocol and syslog's datagrams (systemd.io/JOURNAL_NATIVE_PROTOCOL;
// RFC 3164 as local daemons read it).
#pragma once

#include <string>

#include "sys/notices.h"

namespace hansa {

// Where the daemons listen.
struct NoticePaths {
    std::string journal = "/run/systemd/journal/socket";
    std::string syslog = "/dev/log";
};

class LinuxNotices final : public Notices {
 public:
    explicit LinuxNotices(NoticePaths paths = {}) : paths_(std::move(paths)) {}

    Result<void> to_journal(const Notice& notice) override;
    Result<void> to_syslog(const Notice& notice) override;

 private:
    NoticePaths paths_;
};

}  // namespace hansa
