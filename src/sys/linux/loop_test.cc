#include "sys/linux/loop.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "sys/linux/fd.h"
#include "sys/linux/test_loop.h"

namespace hansa {

using test::run_for;
using test::run_until;

TEST(LinuxLoop, takes_posts_from_many_threads_without_losing_one) {
    LinuxLoop loop;
    constexpr int each = 5'000;
    int ran = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < each; ++i) loop.post([&] { ++ran; });
        });
    }
    EXPECT_TRUE(run_until(loop, [&] { return ran == 4 * each; }));
    for (std::thread& thread : threads) thread.join();
}

TEST(LinuxLoop, run_ends_on_stop_and_can_run_again) {
    LinuxLoop loop;
    int rounds = 0;
    for (int i = 0; i < 2; ++i) {
        loop.post([&] {
            ++rounds;
            loop.stop();
        });
        loop.run();
    }
    EXPECT_EQ(rounds, 2);
}

TEST(LinuxLoop, a_timer_that_was_dropped_wakes_nobody) {
    LinuxLoop loop;
    bool rang = false;
    Held later = loop.after(Seconds{60}, [&] { rang = true; });
    Held deadline = loop.after(Milliseconds{15}, [&] { rang = true; });
    deadline.reset();
    while (loop.step(Milliseconds{2})) {
    }
    EXPECT_FALSE(loop.step(Milliseconds{40})) << "woke for nothing";
    EXPECT_FALSE(rang);
}

TEST(LinuxLoop, a_post_wakes_a_loop_that_waits) {
    LinuxLoop loop;
    bool came = false;
    std::thread other([&] {
        loop.post([&] {
            came = true;
            loop.stop();
        });
    });
    loop.run();
    other.join();
    EXPECT_TRUE(came);
}

TEST(LinuxLoop, calls_for_a_readable_descriptor_as_long_as_it_is) {
    LinuxLoop loop;
    Fd event(eventfd(3, EFD_SEMAPHORE | EFD_NONBLOCK | EFD_CLOEXEC));
    int calls = 0;
    Held watch = loop.watch_fd(event.get(), [&] {
        ++calls;
        eventfd_t value;
        eventfd_read(event.get(), &value);  // takes one of three
    });
    EXPECT_TRUE(run_until(loop, [&] { return calls == 3; }));
    run_for(loop, Milliseconds{20});
    EXPECT_EQ(calls, 3);
    eventfd_write(event.get(), 1);
    EXPECT_TRUE(run_until(loop, [&] { return calls == 4; }));
}

TEST(LinuxLoop, a_dropped_watch_is_silent_even_when_its_descriptor_is_ready) {
    LinuxLoop loop;
    Fd event(eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC));
    int calls = 0;
    Held first;
    Held second;
    // Whichever is called first drops both while the other is already due.
    auto drop = [&] {
        ++calls;
        first.reset();
        second.reset();
    };
    Fd copy(::dup(event.get()));
    first = loop.watch_fd(event.get(), drop);
    second = loop.watch_fd(copy.get(), drop);
    run_for(loop, Milliseconds{20});
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(fcntl(event.get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC) << "still open";
}

TEST(LinuxLoop, sees_the_other_end_of_a_pipe_go_and_room_to_write) {
    LinuxLoop loop;
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    Fd reader(ends[0]);
    Fd writer(ends[1]);
    bool writable = false;
    bool gone = false;
    Held room = loop.watch_writable(writer.get(), [&] {
        writable = true;
        room.reset();
    });
    Held end = loop.watch_fd(reader.get(), [&] {
        char byte;
        gone = ::read(reader.get(), &byte, 1) == 0;
        end.reset();
    });
    EXPECT_TRUE(run_until(loop, [&] { return writable; }));
    EXPECT_FALSE(gone);
    writer.close();
    EXPECT_TRUE(run_until(loop, [&] { return gone; }));
}

TEST(LinuxLoop, signals_arrive_as_callbacks_again_and_again) {
    LinuxLoop loop;
    int came = 0;
    Held watch = loop.on_signal(SIGUSR1, [&] { ++came; });
    ::raise(SIGUSR1);
    EXPECT_TRUE(run_until(loop, [&] { return came == 1; }));
    ::raise(SIGUSR1);
    EXPECT_TRUE(run_until(loop, [&] { return came == 2; }));
}

TEST(LinuxLoop, writing_to_a_closed_pipe_is_an_error_not_the_end) {
    LinuxLoop loop;
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    ::close(ends[0]);
    Fd writer(ends[1]);
    EXPECT_EQ(::write(writer.get(), "x", 1), -1);
    EXPECT_EQ(errno, EPIPE);
}

TEST(LinuxLoop, ten_thousand_timers_cost_no_wake_up_while_they_wait) {
    LinuxLoop loop;
    std::vector<Held> timers;
    for (int i = 0; i < 10'000; ++i) timers.push_back(loop.after(Seconds{3'600 + i}, [] {}));
    bool end = false;
    Held last = loop.after(Milliseconds{100}, [&] { end = true; });
    rusage before;
    getrusage(RUSAGE_THREAD, &before);
    while (!end) loop.step(Seconds{1});
    rusage after;
    getrusage(RUSAGE_THREAD, &after);
    EXPECT_LE(after.ru_nvcsw - before.ru_nvcsw, 5);
}

TEST(LinuxLoop, an_endless_delay_does_not_overflow) {
    LinuxLoop loop;
    bool ran = false;
    Held timer = loop.after(Duration::max(), [&] { ran = true; });
    run_for(loop, Milliseconds{10});
    EXPECT_FALSE(ran);
}

}  // namespace hansa
