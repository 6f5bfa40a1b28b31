// The file in which a manifest stands: read at start, and again whenever its bytes change.
//
// A symbolic link is followed, and every link on the way is watched too, so that `ln -sfn` is a
// change like any other. A burst of events (editors write, rename and touch) is settled into one
// reading, which happens in a worker. What is wrong with a new version is told like the version
// itself; what to do then is for the owner to decide.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "manifest/parse.h"
#include "sys/files.h"
#include "sys/loop.h"
#include "sys/task.h"
#include "sys/watch.h"

namespace hansa {

struct ManifestPath {
    std::string path;   // absolute
    std::string shown;  // as people wrote it, for errors and origins
};

// Blocking; any thread. Code::missing, Code::denied or Code::invalid, with what would be right.
Result<Manifest> load_manifest(const Files& files, const ManifestPath& path, const Catalog& catalog,
                               const ManifestLimits& limits = {});

// Loop thread only. After destruction the callback is never called again.
class ManifestFile {
 public:
    using Changed = std::function<void(Result<Manifest> now)>;

    // All must outlive the file, and Workers' tasks end before `files` and `catalog` do.
    struct Ports {
        Loop& loop;
        Workers& workers;
        const Files& files;
        PathWatcher& watcher;
    };

    static constexpr Milliseconds settle_quiet{50};  // no event for this long: the burst is over
    static constexpr Milliseconds settle_max{500};   // since its first event: look anyway

    ManifestFile(ManifestPath path, const Catalog& catalog, Ports ports,
                 ManifestLimits limits = {});
    ~ManifestFile();
    ManifestFile(const ManifestFile&) = delete;

    // Reads now, blocking: for the start, before anything else runs on the loop.
    Result<Manifest> load();

    // From now on calls `changed` with each version that differs from the last one told (by
    // load() or `changed`), errors included; also when it changed between load() and now.
    Result<void> watch(Changed changed);

 private:
    struct Reading;

    Result<void> hold(std::vector<std::string> paths);
    void wake();
    void begin_reading();
    void finish_reading(Reading& reading);

    ManifestPath path_;
    const Catalog& catalog_;
    Ports ports_;
    ManifestLimits limits_;
    Changed changed_;
    std::optional<std::uint64_t> told_;  // fingerprint of the bytes or error told last
    std::vector<std::string> watched_;
    std::vector<Held> held_;
    Held timer_;
    std::optional<Instant> burst_began_;
    bool reading_ = false;
    bool again_ = false;  // an event came while a reading was under way
    std::shared_ptr<Cancel> cancel_;
    std::shared_ptr<const char> alive_;  // shared with callbacks, which outlive us in the loop
};

}  // namespace hansa
