#include "daemon/revocation_watch.h"

namespace hansa {

namespace {

// Of a promise of 60 s (trust.md S6).
constexpr Duration poll_pause = Seconds{10};

}  // namespace

RevocationWatch::RevocationWatch(Ports ports, const std::string& directory, Changed changed)
    : ports_(ports),
      authority_({ports.files, ports.accounts}, directory),
      changed_(std::move(changed)) {}

void RevocationWatch::start() {
    watch();
    look();
}

void RevocationWatch::watch() {
    auto watching =
        ports_.watcher.watch(authority_.revocations_path(), WatchDepth::entry, [this] { look(); });
    if (watching) {
        watch_ = std::move(*watching);
        return;
    }
    poll_ = ports_.loop.after(poll_pause, [this] {
        watch();
        look();
    });
}

void RevocationWatch::look() {
    auto there = ports_.files.status(authority_.revocations_path());
    if (!there && there.error().code == Code::missing) return;  // nobody was taken back
    if (!there) return warn(there.error().text);
    const WallTime now = ports_.loop.clock().wall();
    auto authority = authority_.open();
    if (!authority) return warn(authority.error().text);
    auto list = authority_.revocations(*authority, now);
    if (!list) return warn(list.error().text);
    warned_.clear();
    if (list->epoch <= epoch_) return;
    auto text = sign_revocations(*list, *authority);
    if (!text) return warn(text.error().text);
    epoch_ = list->epoch;
    changed_(*list, *text);
}

// What is mended may make no event on the list itself.
void RevocationWatch::warn(const std::string& why) {
    again_ = ports_.loop.after(poll_pause, [this] { look(); });
    if (why == warned_) return;
    warned_ = why;
    ports_.report.publish(happened::Warned{"who was taken back is not known: " + why});
}

}  // namespace hansa
