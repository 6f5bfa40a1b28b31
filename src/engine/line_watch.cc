#include "engine/line_watch.h"

#include <algorithm>

namespace hansa {
namespace {

constexpr Duration pause_first = Seconds{1};
constexpr Duration pause_max = Seconds{60};
constexpr Duration lasting = Seconds{60};

}  // namespace

LineWatch::LineWatch(Ports ports, Command command, Events events)
    : ports_(ports),
      command_(std::move(command)),
      events_(std::move(events)),
      self_(std::make_shared<LineWatch*>(this)),
      pause_(pause_first) {
    start();
}

LineWatch::~LineWatch() = default;

void LineWatch::start() {
    const std::weak_ptr<LineWatch*> self = self_;
    started_ = ports_.loop.clock().now();
    auto child = ports_.processes.start(command_, Lifetime::tied_to_us,
                                        {.on_line =
                                             [self](const std::string&) {
                                                 if (const auto alive = self.lock())
                                                     (*alive)->events_.on_line();
                                             },
                                         .on_exit =
                                             [self](const Exit& exit) {
                                                 if (const auto alive = self.lock())
                                                     (*alive)->ended(exit.describe());
                                             }});
    if (child)
        child_ = std::move(*child);
    else
        ended(child.error().text);
}

void LineWatch::ended(const std::string& how) {
    child_.reset();
    if (ports_.loop.clock().now() - started_ >= lasting) pause_ = pause_first;
    const Duration pause = pause_;
    pause_ = std::min(pause_ * 2, pause_max);
    restart_ = ports_.loop.after(pause, [this] {
        start();
        // What changed in the pause has no line.
        if (child_) events_.on_line();
    });
    events_.on_trouble(how + "; again in " + readable(pause));
}

}  // namespace hansa
