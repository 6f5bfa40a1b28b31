// Messages of a simulation: kept, in order, instead of sent. Owned by SimMachine; loop thread and
// fibers only.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "sys/notices.h"

namespace hansa {

class SimNotices final : public Notices {
 public:
    Result<void> to_journal(const Notice& notice) override { return keep(notice, journal_); }
    Result<void> to_syslog(const Notice& notice) override { return keep(notice, syslog_); }

    const std::vector<Notice>& journal() const { return journal_; }
    const std::vector<Notice>& syslog() const { return syslog_; }

    // Nothing is taken from now on, until healed.
    void fail_with(Error error) { fault_ = std::move(error); }
    void heal() { fault_.reset(); }

 private:
    Result<void> keep(const Notice& notice, std::vector<Notice>& kept) {
        if (fault_) return *fault_;
        kept.push_back(notice);
        return {};
    }

    std::optional<Error> fault_;
    std::vector<Notice> journal_;
    std::vector<Notice> syslog_;
};

}  // namespace hansa
