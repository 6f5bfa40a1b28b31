#include "sys/linux/watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>

#include "base/text.h"
#include "sys/linux/failure.h"
#include "sys/linux/path.h"
#include "sys/linux/watch_tree.h"

namespace hansa {

namespace {

constexpr std::size_t buffer_bytes = 64 * 1024;
constexpr int reads_max = 16;  // then others on the loop have their turn
constexpr Duration limit_pause = Seconds{10};
constexpr std::uint32_t names_move = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
constexpr std::uint32_t folder_gone = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED;

// "//" and "/./" would make two names of one folder.
std::string without_empty_steps(const std::string& path) {
    std::string clean;
    for (const std::string& step : split(path, '/')) {
        if (!step.empty() && step != ".") clean += "/" + step;
    }
    return clean.empty() ? "/" : clean;
}

}  // namespace

class LinuxPathWatcher::Handle final : public Subscription {
 public:
    Handle(LinuxPathWatcher& watcher, std::shared_ptr<PathWatch> watch)
        : watcher_(watcher), watch_(std::move(watch)) {}
    ~Handle() override { watcher_.drop(watch_); }

 private:
    LinuxPathWatcher& watcher_;
    std::shared_ptr<PathWatch> watch_;
};

Result<std::unique_ptr<LinuxPathWatcher>> LinuxPathWatcher::make(LinuxLoop& loop) {
    Fd inotify(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!inotify && errno == EMFILE) {
        return Error{Code::unavailable,
                     "no inotify instance left; raise \"sysctl fs.inotify.max_user_instances\" "
                     "or the limit of open files"};
    }
    if (!inotify) return failure("making an inotify instance");
    return std::unique_ptr<LinuxPathWatcher>(new LinuxPathWatcher(loop, std::move(inotify)));
}

LinuxPathWatcher::LinuxPathWatcher(LinuxLoop& loop, Fd inotify)
    : loop_(loop), folders_(std::move(inotify)) {
    readable_ = loop_.watch_fd(folders_.inotify(), [this] { read_events(); });
}

LinuxPathWatcher::~LinuxPathWatcher() = default;

Result<Held> LinuxPathWatcher::watch(const std::string& path, WatchDepth depth, Action changed) {
    auto clean = clean_path(path);
    if (!clean) return std::move(clean).error();
    std::string normal = without_empty_steps(*clean);
    if (depth == WatchDepth::tree) {
        auto tree = TreeWatch::make(*this, normal, std::move(changed));
        if (!tree) return std::move(tree).error();
        return Held(*std::move(tree));
    }
    auto made = std::make_shared<PathWatch>();
    made->changed = std::move(changed);
    auto added = folders_.add(*made, normal, depth == WatchDepth::content);
    if (!added) return std::move(added).error();
    watches_.emplace(made.get(), made);
    return Held(std::make_unique<Handle>(*this, std::move(made)));
}

void LinuxPathWatcher::drop(const std::shared_ptr<PathWatch>& watch) {
    watch->dropped = true;
    folders_.remove(*watch);
    watches_.erase(watch.get());
}

void LinuxPathWatcher::read_events() {
    alignas(inotify_event) char buffer[buffer_bytes];
    for (int i = 0; i < reads_max; ++i) {
        ssize_t size = ::read(folders_.inotify(), buffer, sizeof buffer);
        if (size <= 0) break;
        for (const char* at = buffer; at < buffer + size;) {
            const auto* event = reinterpret_cast<const inotify_event*>(at);
            take_event(event->wd, event->mask, event->len > 0 ? event->name : nullptr);
            at += sizeof *event + event->len;
        }
    }
    try_limited_later();
    call();
}

void LinuxPathWatcher::take_event(int descriptor, std::uint32_t mask, const char* name) {
    if ((mask & IN_Q_OVERFLOW) != 0) {
        folders_.settle_all();
        wake_all();
        return;
    }
    std::vector<Folder*> folders = folders_.find(descriptor);
    if ((mask & IN_IGNORED) != 0) folders_.forget(descriptor);
    for (Folder* folder : folders) {
        if ((mask & folder_gone) != 0) {
            folders_.settle(*folder);
            wake_below(*folder);
        } else if (name != nullptr) {
            take_name(*folder, mask, name);
        } else {
            for (PathWatch* watch : folder->content) wake(watch);
        }
    }
}

void LinuxPathWatcher::take_name(Folder& folder, std::uint32_t mask, const char* name) {
    for (PathWatch* watch : folder.content) wake(watch);
    auto found = folder.entries.find(name);
    if (found == folder.entries.end()) return;
    for (PathWatch* watch : found->second.watches) wake(watch);
    if (found->second.folder == nullptr || (mask & names_move) == 0) return;
    folders_.settle(*found->second.folder);
    wake_below(*found->second.folder);
}

void LinuxPathWatcher::wake(PathWatch* watch) {
    if (watch->queued) return;
    watch->queued = true;
    queue_.push_back(watches_.at(watch));
}

void LinuxPathWatcher::wake_below(const Folder& folder) {
    std::vector<PathWatch*> found;
    folders_.collect(folder, found);
    for (PathWatch* watch : found) wake(watch);
}

void LinuxPathWatcher::wake_all() {
    for (auto& [watch, owner] : watches_) wake(watch);
}

// Nothing of the map is being walked any more, so a callback may add and drop watches.
void LinuxPathWatcher::call() {
    auto batch = std::move(queue_);
    queue_.clear();
    for (auto& watch : batch) watch->queued = false;
    for (auto& watch : batch) {
        if (!watch->dropped) watch->changed();
    }
}

// A directory that appeared when the kernel's limit was reached is tried again from time to time.
void LinuxPathWatcher::try_limited_later() {
    if (limit_timer_ || !folders_.limit_hit()) return;
    limit_timer_ = loop_.after(limit_pause, [this] {
        limit_timer_.reset();
        folders_.settle_limited();
        wake_all();
        try_limited_later();
        call();
    });
}

}  // namespace hansa
