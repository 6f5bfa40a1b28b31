#include "sys/linux/spawn.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/check.h"
#include "base/text.h"
#include "sys/linux/failure.h"

// The child runs on our memory while our thread stands still: shadow state must not change.
#define HANSA_IN_CHILD \
    __attribute__((no_sanitize("address"), no_sanitize("thread"), no_sanitize("undefined")))

// The thread sanitizer takes the child's first steps for a fork of its own state, which the child
// shares with us; this name of the same function it does not know.
#if defined(__SANITIZE_THREAD__)
extern "C" int __clone(int (*)(void*), void*, int, void*, ...);
#define HANSA_CLONE ::__clone
#else
#define HANSA_CLONE ::clone
#endif

namespace hansa {

namespace {

constexpr std::size_t child_stack_bytes = 16 * 1024;
constexpr int signals_end = 65;
constexpr std::size_t record_start = 1024;
constexpr std::size_t record_max = 4 * 1024 * 1024;  // of a user

enum class Step { start, output, limit, group, groups, user, parent, directory, program };

// Everything the child needs, made before it starts, and where it says what failed.
struct Plan {
    std::vector<char*> arguments;
    std::vector<char*> environment;
    std::vector<std::string> candidates;  // of the program, in the order of PATH
    std::vector<const char*> candidate_texts;
    const char* directory = nullptr;
    int output = -1;
    int our_pid = -1;
    bool tied = false;

    bool change_limit = false;
    rlimit64 descriptors{};

    bool change_group = false;
    bool change_groups = false;
    bool change_user = false;
    gid_t group = 0;
    uid_t user = 0;
    std::vector<gid_t> groups;

    volatile Step step = Step::start;
    volatile int error = 0;
};

// What the kernel takes for a disposition; libc's struct is laid out otherwise.
struct KernelAction {
    void (*handler)(int) = nullptr;
    unsigned long flags = 0;
    void (*restorer)() = nullptr;
    unsigned long mask = 0;
};

HANSA_IN_CHILD int child_main(void* argument) {
    Plan& plan = *static_cast<Plan*>(argument);
    KernelAction standard;
    for (int number = 1; number < signals_end; ++number) {
        ::syscall(SYS_rt_sigaction, number, &standard, nullptr, sizeof standard.mask);
    }
    plan.step = Step::output;
    ::syscall(SYS_setpgid, 0, 0);
    long null = ::syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR);
    bool ready = null >= 0 && ::syscall(SYS_dup3, plan.output, 1, 0) >= 0 &&
                 ::syscall(SYS_dup3, plan.output, 2, 0) >= 0 &&
                 (null == 0 || ::syscall(SYS_dup3, null, 0, 0) >= 0);
    if (ready) ready = ::syscall(SYS_close_range, 3u, ~0u, 0u) == 0 || errno == ENOSYS;
    if (ready && plan.change_limit) {
        plan.step = Step::limit;
        ready = ::syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &plan.descriptors, nullptr) == 0;
    }
    if (ready && plan.change_groups) {
        plan.step = Step::groups;
        ready = ::syscall(SYS_setgroups, plan.groups.size(), plan.groups.data()) == 0;
    }
    if (ready && plan.change_group) {
        plan.step = Step::group;
        ready = ::syscall(SYS_setgid, plan.group) == 0;
    }
    if (ready && plan.change_user) {
        plan.step = Step::user;
        ready = ::syscall(SYS_setuid, plan.user) == 0;
    }
    if (ready && plan.tied) {  // after the user: changing that clears it
        plan.step = Step::parent;
        ready = ::syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0;
        if (ready && ::syscall(SYS_getppid) != plan.our_pid) ::syscall(SYS_exit_group, 1);
    }
    if (ready && plan.directory != nullptr) {
        plan.step = Step::directory;
        ready = ::syscall(SYS_chdir, plan.directory) == 0;
    }
    if (ready) {
        plan.step = Step::program;
        unsigned long nothing = 0;
        ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &nothing, nullptr, sizeof nothing);
        int denied = 0;
        for (const char* const* file = plan.candidate_texts.data(); *file != nullptr; ++file) {
            ::syscall(SYS_execve, *file, plan.arguments.data(), plan.environment.data());
            if (errno == EACCES) denied = EACCES;
            if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) break;
        }
        if (denied != 0) errno = denied;
    }
    plan.error = errno;
    ::syscall(SYS_exit_group, 127);
    return 127;
}

bool overrides(const std::string& setting, const char* existing) {
    std::size_t name = setting.find('=');
    return name != std::string::npos &&
           setting.compare(0, name + 1, existing, std::min(name + 1, std::strlen(existing))) == 0;
}

void plan_environment(const Command& command, Plan& plan) {
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        bool replaced = false;
        for (const std::string& setting : command.environment) {
            replaced = replaced || overrides(setting, *entry);
        }
        if (!replaced) plan.environment.push_back(*entry);
    }
    for (const std::string& setting : command.environment) {
        plan.environment.push_back(const_cast<char*>(setting.c_str()));
    }
    plan.environment.push_back(nullptr);
}

void plan_program(const Command& command, Plan& plan) {
    const std::string& program = command.arguments[0];
    if (program.find('/') != std::string::npos) {
        plan.candidates.push_back(program);
    } else {
        std::string_view path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        for (const char* entry : plan.environment) {
            if (entry != nullptr && std::string_view(entry).starts_with("PATH=")) path = entry + 5;
        }
        for (const std::string& directory : split(path, ':')) {
            plan.candidates.push_back((directory.empty() ? "." : directory) + "/" + program);
        }
    }
    for (const std::string& candidate : plan.candidates) {
        plan.candidate_texts.push_back(candidate.c_str());
    }
    plan.candidate_texts.push_back(nullptr);
}

// The user's entry: its name, and its group unless one is wanted. False when there is none.
bool find_user(Plan& plan, bool group_given, std::string& name) {
    std::vector<char> buffer(record_start);
    for (;;) {
        passwd record;
        passwd* found = nullptr;
        const int number = ::getpwuid_r(plan.user, &record, buffer.data(), buffer.size(), &found);
        if (number == ERANGE && buffer.size() < record_max) {
            buffer.resize(buffer.size() * 2);
            continue;
        }
        if (found == nullptr) return false;
        name = found->pw_name;
        if (!group_given) plan.group = found->pw_gid;
        return true;
    }
}

// The groups that a login of this user would have. A user that nobody knows has none, and must
// not be left with ours.
Result<void> plan_groups(Plan& plan, bool group_given) {
    std::string name;
    const bool known = find_user(plan, group_given, name);
    if (!known && !group_given) {
        return Error{Code::denied, "user " + std::to_string(plan.user) +
                                       " has no entry in the user database, so its group is not "
                                       "known; write group too"};
    }
    if (!known) {
        plan.groups = {plan.group};
        return {};
    }
    int count = 64;
    plan.groups.resize(static_cast<std::size_t>(count));
    if (::getgrouplist(name.c_str(), plan.group, plan.groups.data(), &count) < 0) {
        plan.groups.resize(static_cast<std::size_t>(count));
        ::getgrouplist(name.c_str(), plan.group, plan.groups.data(), &count);
    }
    plan.groups.resize(static_cast<std::size_t>(count));
    return {};
}

Result<void> plan_identity(const Command& command, Plan& plan) {
    plan.group = command.group.value_or(::getegid());
    plan.user = command.user.value_or(::geteuid());
    plan.change_user = plan.user != ::geteuid();
    if (plan.change_user) {
        if (auto planned = plan_groups(plan, command.group.has_value()); !planned) return planned;
        plan.change_groups = true;
    }
    plan.change_group = plan.group != ::getegid();
    return {};
}

// The hard limit stays as it is, so no rights are needed.
void plan_limit(std::optional<std::uint64_t> descriptors, Plan& plan) {
    if (!descriptors || ::getrlimit64(RLIMIT_NOFILE, &plan.descriptors) != 0) return;
    plan.change_limit = true;
    plan.descriptors.rlim_cur = std::min<rlim64_t>(*descriptors, plan.descriptors.rlim_max);
}

Error program_failure(const std::string& program, int number) {
    bool by_path = program.find('/') != std::string::npos;
    std::string shown = printable(program, 4096);
    if (number == ENOENT && !by_path) {
        return Error{Code::missing, "\"" + shown + "\": not found in PATH; is it installed?"};
    }
    if (number == ENOENT && program[0] == '/' && ::access(program.c_str(), F_OK) == 0) {
        return Error{Code::missing, shown + ": the interpreter in its first line is not there"};
    }
    return failure(program, number);
}

Error explain(const Plan& plan, const Command& command) {
    int number = plan.error;
    switch (plan.step) {
        case Step::start:
        case Step::output: return failure("preparing a child process", number);
        case Step::limit: return failure("limiting the descriptors of a child", number);
        case Step::groups:
        case Step::group: return failure("taking on group " + std::to_string(plan.group), number);
        case Step::user: return failure("taking on user " + std::to_string(plan.user), number);
        case Step::parent: return failure("tying a child to its parent", number);
        case Step::directory: return failure(command.directory, number).during("directory");
        case Step::program: break;
    }
    return program_failure(command.arguments[0], number);
}

Result<void> refuse_nul(const std::vector<std::string>& texts, const char* what) {
    for (const std::string& text : texts) {
        if (text.find('\0') != std::string::npos) {
            return Error{Code::invalid,
                         std::string(what) + " \"" + printable(text) + "\" holds NUL"};
        }
    }
    return {};
}

Result<void> validate(const Command& command) {
    if (command.arguments.empty() || command.arguments[0].empty()) {
        return Error{Code::invalid, "no program given"};
    }
    if (auto clean = refuse_nul(command.arguments, "argument"); !clean) return clean;
    if (auto clean = refuse_nul(command.environment, "environment"); !clean) return clean;
    for (const std::string& setting : command.environment) {
        if (setting.find('=') == std::string::npos || setting[0] == '=') {
            return Error{Code::invalid,
                         "environment \"" + printable(setting) + "\": must read NAME=value"};
        }
    }
    return refuse_nul({command.directory}, "directory");
}

// The clone itself. The stack is in this frame, which stands still until the child has gone.
int clone_child(Plan& plan, int* pidfd) {
    alignas(16) char stack[child_stack_bytes];
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);  // no handler of ours may run in the child
    int pid = HANSA_CLONE(child_main, stack + sizeof stack,
                          CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &plan, pidfd);
    int number = errno;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    errno = number;
    return pid;
}

}  // namespace

Result<Spawned> spawn(const Command& command, const SpawnTerms& terms, int output) {
    if (auto valid = validate(command); !valid) return std::move(valid).error();
    // Above the standard ones, so that putting it there cannot overwrite or keep it.
    Fd high(::fcntl(output, F_DUPFD_CLOEXEC, 3));
    if (!high) return failure("preparing a child process");

    Plan plan;
    for (const std::string& text : command.arguments) {
        plan.arguments.push_back(const_cast<char*>(text.c_str()));
    }
    plan.arguments.push_back(nullptr);
    plan_environment(command, plan);
    plan_program(command, plan);
    if (auto planned = plan_identity(command, plan); !planned) return std::move(planned).error();
    plan_limit(terms.descriptors, plan);
    plan.directory = command.directory.empty() ? nullptr : command.directory.c_str();
    plan.output = high.get();
    plan.our_pid = ::getpid();
    plan.tied = terms.lifetime == Lifetime::tied_to_us;

    // Before the first child: a later look may fall between another worker's child and its repair.
    static const int inspectable = ::prctl(PR_GET_DUMPABLE);
    int pidfd = -1;
    int pid = clone_child(plan, &pidfd);
    if (pid < 0) return failure("starting \"" + command.arguments[0] + "\"");
    // Changing the child's user marks the shared memory, and so us, as not for inspection.
    if (plan.change_user && inspectable >= 0) ::prctl(PR_SET_DUMPABLE, inspectable);

    Spawned child{pid, Fd(pidfd)};
    if (plan.error == 0) return child;
    reap(child);
    return explain(plan, command);
}

Exit reap(const Spawned& child) {
    siginfo_t info{};
    int done;
    do {
        done = ::waitid(P_PIDFD, static_cast<id_t>(child.pidfd.get()), &info, WEXITED);
    } while (done != 0 && (errno == EINTR || errno == EAGAIN));
    check(done == 0, "a child is reaped once, by us");
    Exit exit;
    if (info.si_code == CLD_EXITED) {
        exit.status = info.si_status;
    } else {
        exit.signal = info.si_status;
    }
    return exit;
}

}  // namespace hansa
