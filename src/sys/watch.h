// Wake-ups about paths: "look again", never "this happened".
#pragma once

#include <string>

#include "base/result.h"
#include "sys/loop.h"

namespace hansa {

enum class WatchDepth {
    entry,    // the path itself: its content, attributes, appearance, disappearance
    content,  // for a directory: its direct entries too
    tree,     // for a directory: everything below
};

class PathWatcher {
 public:
    virtual ~PathWatcher() = default;

    // Calls `changed` on the loop thread whenever `path`, or a directory above it, may have
    // changed; several changes may come as one call. The path need not exist: the nearest
    // existing ancestor is watched and the watch climbs down as directories appear, and up when
    // they go. What has been moved away is no longer watched. Every path of the agent shares one
    // inotify instance. When the kernel lost events (queue overflow), every watch is called.
    // Fails with Code::unavailable when the kernel's limit is reached; the text names it.
    [[nodiscard]] virtual Result<Held> watch(const std::string& path, WatchDepth depth,
                                             Action changed) = 0;
};

}  // namespace hansa
