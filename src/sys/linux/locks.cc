#include "sys/linux/locks.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/text.h"
#include "sys/linux/failure.h"
#include "sys/linux/fd.h"

namespace hansa {

namespace {

class Flock final : public HeldLock {
 public:
    explicit Flock(Fd file) : file_(std::move(file)) {}
    // The name goes before the lock does, so that nobody takes us for the holder any longer.
    ~Flock() override { (void)!::ftruncate(file_.get(), 0); }

 private:
    Fd file_;
};

class Watching final : public Subscription {
 public:
    Watching(Fd process, LinuxLoop& loop, Action freed) : process_(std::move(process)) {
        watch_ = loop.watch_fd(process_.get(), [this, freed = std::move(freed)] {
            const Action once = freed;  // the handle, and this lambda with it, may go meanwhile
            watch_.reset();
            once();
        });
    }

 private:
    Fd process_;
    Held watch_;
};

Result<Fd> open_lock(const std::string& path) {
    Fd file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (!file) return failure(path);
    return file;
}

// "PID BEGAN", which no other process ever has: proc(5), /proc/PID/stat, field 22.
std::string process_name(int pid) {
    const std::string name = std::to_string(pid);
    Fd file{::open(("/proc/" + name + "/stat").c_str(), O_RDONLY | O_CLOEXEC)};
    char text[1024];
    const ssize_t length = file ? ::read(file.get(), text, sizeof text) : -1;
    if (length <= 0) return {};
    std::string_view stat(text, static_cast<std::size_t>(length));
    stat.remove_prefix(std::min(stat.rfind(')'), stat.size()));  // a command name may hold blanks
    const auto fields = split(stat, ' ');
    constexpr std::size_t began = 20;  // counted from the field after the name
    return fields.size() > began ? name + " " + fields[began] : std::string{};
}

// The real user: proc(5), /proc/PID/status, "Uid:". The directory's owner says nothing of a process
// that keeps its memory to itself: it is root's then.
std::optional<UserId> user_of(int pid) {
    Fd file{::open(("/proc/" + std::to_string(pid) + "/status").c_str(), O_RDONLY | O_CLOEXEC)};
    char text[4096];
    const ssize_t length = file ? ::read(file.get(), text, sizeof text) : -1;
    if (length <= 0) return std::nullopt;
    constexpr std::string_view title = "\nUid:\t";
    const std::string_view status(text, static_cast<std::size_t>(length));
    const std::size_t at = status.find(title);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view rest = status.substr(at + title.size());
    const auto number = to_int(rest.substr(0, rest.find_first_of("\t\n")));
    return number ? std::optional(static_cast<UserId>(*number)) : std::nullopt;
}

}  // namespace

Result<std::unique_ptr<HeldLock>> LinuxLocks::take(const std::string& path) {
    auto file = open_lock(path);
    if (!file) return std::move(file).error();
    while (::flock(file->get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR) continue;
        if (errno != EWOULDBLOCK) return failure(path);
        const auto by = holder(path);
        return Error{Code::conflict,
                     path + " is held by " +
                         (by ? "process " + std::to_string(by->pid) : "another process")};
    }
    const std::string name = process_name(::getpid()) + "\n";
    if (::ftruncate(file->get(), 0) != 0 ||
        ::pwrite(file->get(), name.data(), name.size(), 0) != static_cast<ssize_t>(name.size()))
        return failure(path);
    return std::unique_ptr<HeldLock>(std::make_unique<Flock>(std::move(*file)));
}

std::optional<LockHolder> LinuxLocks::holder(const std::string& path) const {
    Fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    if (!file) return std::nullopt;
    char text[64];
    const ssize_t length = ::pread(file.get(), text, sizeof text, 0);
    if (length <= 0) return std::nullopt;
    const std::string name(trim({text, static_cast<std::size_t>(length)}));
    const auto pid = to_int(std::string_view(name).substr(0, name.find(' ')));
    if (!pid || *pid <= 0) return std::nullopt;
    // A process that was killed leaves its name; a later one of that number began later.
    if (name != process_name(static_cast<int>(*pid))) return std::nullopt;
    const auto user = user_of(static_cast<int>(*pid));
    if (!user) return std::nullopt;
    return LockHolder{static_cast<int>(*pid), *user};
}

Result<Held> LinuxLocks::await_end(const LockHolder& holder, Action freed) {
    Fd process{static_cast<int>(::syscall(SYS_pidfd_open, holder.pid, 0))};
    if (!process) return failure("process " + std::to_string(holder.pid));
    return Held(std::make_unique<Watching>(std::move(process), loop_, std::move(freed)));
}

}  // namespace hansa
