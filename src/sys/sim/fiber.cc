#include "sys/sim/fiber.h"

#include <ucontext.h>

#include <cstdint>
#include <utility>

#include "base/check.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HANSA_FIBER_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define HANSA_FIBER_TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define HANSA_FIBER_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__)
#define HANSA_FIBER_TSAN 1
#endif

#if defined(HANSA_FIBER_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(HANSA_FIBER_TSAN)
#include <sanitizer/tsan_interface.h>
#endif

namespace hansa {

struct Fiber::State {
    State(FiberStacks& from, std::function<void()> run) : stacks(from), body(std::move(run)) {}

    FiberStacks& stacks;
    std::function<void()> body;
    std::unique_ptr<std::byte[]> stack;  // null before the first resume and after the end
    ucontext_t inside{};
    ucontext_t outside{};
    bool finished = false;

#if defined(HANSA_FIBER_ASAN)
    const void* outside_stack = nullptr;
    std::size_t outside_bytes = 0;
    void* outside_fake = nullptr;
    void* inside_fake = nullptr;
#endif
#if defined(HANSA_FIBER_TSAN)
    void* tsan_inside = nullptr;
    void* tsan_outside = nullptr;
#endif

    void begin();
    void enter();
    void leave();
    void arrived();
    static void run(unsigned high, unsigned low);
};

std::unique_ptr<std::byte[]> FiberStacks::take() {
    if (free_.empty()) return std::unique_ptr<std::byte[]>(new std::byte[bytes]);
    std::unique_ptr<std::byte[]> stack = std::move(free_.back());
    free_.pop_back();
    return stack;
}

void FiberStacks::give_back(std::unique_ptr<std::byte[]> stack) {
#if defined(HANSA_FIBER_ASAN)
    __asan_unpoison_memory_region(stack.get(), bytes);  // the last frames never returned
#endif
    free_.push_back(std::move(stack));
}

void Fiber::State::begin() {
    stack = stacks.take();
    getcontext(&inside);
    inside.uc_stack.ss_sp = stack.get();
    inside.uc_stack.ss_size = FiberStacks::bytes;
    inside.uc_link = nullptr;
    const auto self = reinterpret_cast<std::uintptr_t>(this);
    makecontext(&inside, reinterpret_cast<void (*)()>(&State::run), 2,
                static_cast<unsigned>(self >> 32), static_cast<unsigned>(self));
#if defined(HANSA_FIBER_TSAN)
    tsan_inside = __tsan_create_fiber(0);
#endif
}

void Fiber::State::run(unsigned high, unsigned low) {
    auto* self = reinterpret_cast<State*>((static_cast<std::uintptr_t>(high) << 32) | low);
    self->arrived();
    self->body();
    self->body = nullptr;
    self->finished = true;
    self->leave();
}

// On the fiber's own stack, after each entry: tells ASan where we are and where we came from.
void Fiber::State::arrived() {
#if defined(HANSA_FIBER_ASAN)
    __sanitizer_finish_switch_fiber(inside_fake, &outside_stack, &outside_bytes);
#endif
}

void Fiber::State::enter() {
#if defined(HANSA_FIBER_ASAN)
    __sanitizer_start_switch_fiber(&outside_fake, stack.get(), FiberStacks::bytes);
#endif
#if defined(HANSA_FIBER_TSAN)
    tsan_outside = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(tsan_inside, 0);
#endif
    swapcontext(&outside, &inside);
#if defined(HANSA_FIBER_ASAN)
    __sanitizer_finish_switch_fiber(outside_fake, nullptr, nullptr);
#endif
}

void Fiber::State::leave() {
#if defined(HANSA_FIBER_ASAN)
    // Null for the last time: the fake stack is given up.
    __sanitizer_start_switch_fiber(finished ? nullptr : &inside_fake, outside_stack, outside_bytes);
#endif
#if defined(HANSA_FIBER_TSAN)
    __tsan_switch_to_fiber(tsan_outside, 0);
#endif
    swapcontext(&inside, &outside);
    arrived();
}

Fiber::Fiber(FiberStacks& stacks, std::function<void()> body)
    : state_(std::make_unique<State>(stacks, std::move(body))) {}

Fiber::~Fiber() {
    check(state_->stack == nullptr, "a fiber is run to its end");
}

void Fiber::resume() {
    check(!state_->finished, "a finished fiber is not resumed");
    if (!state_->stack) state_->begin();
    state_->enter();
    if (!state_->finished) return;
#if defined(HANSA_FIBER_TSAN)
    __tsan_destroy_fiber(state_->tsan_inside);
#endif
    state_->stacks.give_back(std::move(state_->stack));
}

void Fiber::pause() {
    state_->leave();
}

bool Fiber::finished() const {
    return state_->finished;
}

}  // namespace hansa
