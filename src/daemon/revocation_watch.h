// Sees to it that whom this machine's authority has taken back is known here at once: follows the
// list that "hansa peers revoke" writes beside the authority's keys.
//
// Owned by StoreLink; loop thread only; reads one file of at most 1 MiB when it has changed.
#pragma once

#include <functional>
#include <string>

#include "daemon/authority_files.h"
#include "report/report.h"
#include "sys/loop.h"
#include "sys/watch.h"

namespace hansa {

class RevocationWatch {
 public:
    struct Ports {
        Loop& loop;
        Files& files;
        const Accounts& accounts;
        PathWatcher& watcher;
        Report& report;
    };
    // A list of a later epoch than any before; `text` is it, signed by the present authority.
    using Changed = std::function<void(const RevocationList& list, const std::string& text)>;

    // Ports must outlive it. `directory`: of the authority, which need not be there.
    RevocationWatch(Ports ports, const std::string& directory, Changed changed);

    // Tells of a list that is there already, too.
    void start();

 private:
    void look();
    void watch();
    void warn(const std::string& why);

    Ports ports_;
    AuthorityFiles authority_;
    Changed changed_;
    std::uint64_t epoch_ = 0;
    std::string warned_;
    Held watch_;
    Held poll_;   // instead of a watch that the kernel refused
    Held again_;  // the next look after one that failed
};

}  // namespace hansa
