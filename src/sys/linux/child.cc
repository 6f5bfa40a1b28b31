#include "sys/linux/child.h"

#include <signal.h>

#include "sys/linux/output.h"
#include "sys/linux/pipe.h"

namespace hansa {

struct LinuxChild::State : std::enable_shared_from_this<LinuxChild::State> {
    Spawned child;
    Fd reader;
    ChildEvents events;
    Instant began;
    const Clock* clock = nullptr;
    Lines lines;
    Tail tail;
    Held output_watch;
    Held end_watch;
    bool owned = true;  // the LinuxChild still exists
    bool reaped = false;

    // False when the owner has gone meanwhile.
    bool take(std::string_view bytes);
    void on_output();
    void on_end();
};

bool LinuxChild::State::take(std::string_view bytes) {
    tail.append(bytes);
    return lines.append(bytes, [this](std::string line) {
        if (events.on_line) events.on_line(std::move(line));
        return owned;
    });
}

void LinuxChild::State::on_output() {
    auto keep = shared_from_this();
    bool open = drain(reader, [this](std::string_view bytes) {
        if (owned) take(bytes);
    });
    if (!open) output_watch.reset();
}

void LinuxChild::State::on_end() {
    auto keep = shared_from_this();
    if (reader) {
        drain(reader, [this](std::string_view bytes) {
            if (owned) take(bytes);
        });
    }
    if (!owned) return;
    std::string rest = lines.rest();
    if (!rest.empty() && events.on_line) events.on_line(std::move(rest));
    if (!owned) return;
    output_watch.reset();
    end_watch.reset();
    // What it left in its group; as long as it is not reaped, no other group has that number.
    ::kill(-child.pid, SIGKILL);
    Exit exit = reap(child);
    reaped = true;
    exit.output = tail.take();
    exit.ran = clock->now() - began;
    if (events.on_exit) events.on_exit(std::move(exit));
}

LinuxChild::LinuxChild(LinuxLoop& loop, LinuxProcesses& processes, Spawned child, Fd reader,
                       ChildEvents events)
    : processes_(processes), state_(std::make_shared<State>()) {
    State& state = *state_;
    state.child = std::move(child);
    state.reader = std::move(reader);
    state.events = std::move(events);
    state.clock = &loop.clock();
    state.began = state.clock->now();
    state.output_watch = loop.watch_fd(state.reader.get(), [raw = &state] { raw->on_output(); });
    state.end_watch = loop.watch_fd(state.child.pidfd.get(), [raw = &state] { raw->on_end(); });
}

LinuxChild::~LinuxChild() {
    state_->owned = false;
    state_->output_watch.reset();
    state_->end_watch.reset();
    if (state_->reaped) return;
    ::kill(-state_->child.pid, SIGKILL);
    processes_.bury(std::move(state_->child));
}

int LinuxChild::pid() const {
    return state_->child.pid;
}

void LinuxChild::signal(int number) {
    if (!state_->reaped) ::kill(-state_->child.pid, number);
}

}  // namespace hansa
