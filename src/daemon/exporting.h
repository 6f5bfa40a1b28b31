// Turns the exported part of a manifest into exports, away from the loop, and again whenever a
// file that one of them names as its `source` changes.
//
// Owned by Node; loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "graph/exports.h"
#include "report/report.h"
#include "resource/declaration.h"
#include "resource/kind.h"
#include "sys/files.h"
#include "sys/task.h"
#include "sys/watch.h"

namespace hansa {

class Exporting {
 public:
    struct Ports {
        Workers& workers;
        PathWatcher& watcher;
        const Files& files;
        const Catalog& catalog;
        Report& report;
    };
    using Deliver = std::function<void(std::vector<Export>)>;

    // `deliver` gets each complete set; one that cannot be made is reported, and the set before
    // it stays.
    // `moved` is called whenever busy() may have changed.
    Exporting(Ports ports, Deliver deliver, Action moved);
    ~Exporting();

    // A newer set than the one delivered is being made.
    bool busy() const { return busy_; }

    // The newest set could not be made: a source is unreadable, for one.
    bool failed() const { return failed_; }

    // From now on these are exported, all of them.
    void adopt(std::vector<Declaration> exported);

 private:
    void make();
    void take(Result<std::vector<Export>> exports);
    void watch_sources();

    Ports ports_;
    Deliver deliver_;
    Action moved_;
    // Shared with the worker that reads it.
    std::shared_ptr<const std::vector<Declaration>> exported_;
    std::vector<Held> watches_;
    bool busy_ = false;
    bool again_ = false;
    bool failed_ = false;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with pending tasks
};

// Those that are marked for export.
std::vector<Declaration> exported_of(std::vector<Declaration> declarations);

}  // namespace hansa
