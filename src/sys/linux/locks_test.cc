#include "sys/linux/locks.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/linux/test_loop.h"

namespace hansa {
namespace {

// A child that holds the lock until it is killed.
class HoldingChild {
 public:
    // `user`: whose process it is, with its memory to itself; 0: ours.
    explicit HoldingChild(const std::string& path, uid_t user = 0) {
        int ready[2];
        check(::pipe(ready) == 0, "a pipe");
        pid_ = ::fork();
        if (pid_ == 0) {
            if (user != 0 && (::setuid(user) != 0 || ::prctl(PR_SET_DUMPABLE, 0) != 0)) ::_exit(1);
            LinuxLoop loop;
            auto lock = LinuxLocks(loop).take(path);
            (void)!::write(ready[1], lock ? "y" : "n", 1);
            for (;;) ::pause();
        }
        char told = 0;
        holds_ = ::read(ready[0], &told, 1) == 1 && told == 'y';
        ::close(ready[0]);
        ::close(ready[1]);
    }
    ~HoldingChild() { kill(); }
    void kill() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        pid_ = 0;
    }
    int pid() const { return pid_; }
    bool holds() const { return holds_; }

 private:
    int pid_ = 0;
    bool holds_ = false;
};

TEST(Locks, one_at_a_time_and_free_again_with_the_handle) {
    test::FreshDirectory directory;
    LinuxLoop loop;
    LinuxLocks locks(loop);
    const std::string path = directory.path() + "/lock";
    {
        auto first = locks.take(path);
        ASSERT_TRUE(first) << first.error().text;
        auto second = locks.take(path);
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().code, Code::conflict);
        EXPECT_NE(second.error().text.find(std::to_string(::getpid())), std::string::npos);
        ASSERT_TRUE(locks.holder(path));
        EXPECT_EQ(locks.holder(path)->pid, ::getpid());
        EXPECT_EQ(locks.holder(path)->user, ::getuid());
    }
    EXPECT_FALSE(locks.holder(path));
    EXPECT_TRUE(locks.take(path));
}

TEST(Locks, a_killed_holder_is_noticed_and_its_name_does_not_count) {
    test::FreshDirectory directory;
    LinuxLoop loop;
    LinuxLocks locks(loop);
    const std::string path = directory.path() + "/lock";
    HoldingChild child(path);
    ASSERT_TRUE(child.holds());
    const auto holder = locks.holder(path);
    ASSERT_TRUE(holder);
    EXPECT_EQ(holder->pid, child.pid());

    int freed = 0;
    auto waiting = locks.await_end(*holder, [&freed] { ++freed; });
    ASSERT_TRUE(waiting) << waiting.error().text;
    EXPECT_FALSE(locks.take(path));
    child.kill();
    EXPECT_TRUE(test::run_until(loop, [&freed] { return freed > 0; }));
    EXPECT_EQ(freed, 1);
    EXPECT_FALSE(locks.holder(path));
    EXPECT_TRUE(locks.take(path));
}

TEST(Locks, a_holder_that_keeps_its_memory_to_itself_is_known_by_its_own_user) {
    if (::getuid() != 0) GTEST_SKIP() << "needs root, to run a process as somebody else";
    constexpr uid_t somebody = 65'534;
    test::FreshDirectory directory;
    LinuxLoop loop;
    ASSERT_EQ(::chown(directory.path().c_str(), somebody, somebody), 0);
    const std::string path = directory.path() + "/lock";
    HoldingChild child(path, somebody);
    ASSERT_TRUE(child.holds());
    const auto holder = LinuxLocks(loop).holder(path);
    ASSERT_TRUE(holder);
    EXPECT_EQ(holder->user, somebody);
}

TEST(Locks, a_process_that_has_ended_is_missing) {
    LinuxLoop loop;
    LinuxLocks locks(loop);
    const int pid = ::fork();
    if (pid == 0) ::_exit(0);
    ::waitpid(pid, nullptr, 0);
    auto waiting = locks.await_end({pid, 0}, [] {});
    ASSERT_FALSE(waiting);
    EXPECT_EQ(waiting.error().code, Code::missing);
}

TEST(Locks, a_lock_in_no_directory_says_where) {
    LinuxLoop loop;
    auto lock = LinuxLocks(loop).take("/nonexistent-directory/lock");
    ASSERT_FALSE(lock);
    EXPECT_NE(lock.error().text.find("/nonexistent-directory/lock"), std::string::npos);
}

}  // namespace
}  // namespace hansa
