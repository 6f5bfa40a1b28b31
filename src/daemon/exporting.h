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

    void adopt(std::shared_ptr<const Manifest> manifest);  // shared with the worker that reads it

 private:
    void make();
    void take(Result<std::vector<Export>> exports);
    void watch_sources();

    Ports ports_;
    Deliver deliver_;
    Action moved_;
    std::shared_ptr<const Manifest> manifest_;
    std::vector<Held> watches_;
    bool busy_ = false;
    bool again_ = false;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with pending tasks
};

}  // namespace hansa
