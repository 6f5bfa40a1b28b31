#include "daemon/home.h"

#include <utility>

namespace hansa {

namespace {

constexpr FileMode group_or_other_write = 0022;

FileAttributes mode(FileMode bits) {
    FileAttributes attributes;
    attributes.mode = bits;
    return attributes;
}

}  // namespace

Result<void> make_directories(Files& files, const std::string& path) {
    for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
        const bool last = end == std::string::npos;
        const std::string part = path.substr(0, end);
        auto status = files.status(part);
        if (!status && status.error().code == Code::missing) {
            auto made = files.make_directory(part, mode(last ? 0700 : 0755));
            // Another agent may have made it meanwhile.
            if (!made && !files.status(part)) return made;
        } else if (!status) {
            return std::move(status).error();
        }
        if (last) return {};
    }
}

Result<void> check_private(const Files& files, const Accounts& accounts, const std::string& path) {
    auto status = files.status(path);
    if (!status) return std::move(status).error();
    if (status->type != FileType::directory)
        return Error{Code::invalid, path + " is not a directory; move it away"};
    const bool ours = status->owner == accounts.self() || status->owner == 0;
    if (ours && (status->mode & group_or_other_write) == 0) return {};
    return Error{Code::denied,
                 path + " belongs to user " + accounts.user_name(status->owner) +
                     " or may be written by others; it must be yours alone (mode 0700), or give "
                     "another --prefix"};
}

Result<std::unique_ptr<Home>> Home::open(Ports ports, const std::string& prefix,
                                         const HostName& host) {
    std::unique_ptr<Home> home(new Home(ports.files, prefix, prefix + "/" + host.text()));
    if (host.text() == "cluster" || host.text() == "ca")
        return Error{Code::invalid, "host name \"" + host.text() +
                                        "\" is kept for this machine's own directories; choose "
                                        "another"};
    if (auto made = make_directories(ports.files, home->directory_); !made)
        return std::move(made).error().during("the state directory");
    if (auto is_ours = check_private(ports.files, ports.accounts, home->directory_); !is_ours)
        return std::move(is_ours).error();

    auto lock = ports.locks.take(home->directory_ + "/lock");
    if (!lock) {
        if (lock.error().code != Code::conflict) return std::move(lock).error();
        const auto holder = ports.locks.holder(home->directory_ + "/lock");
        return Error{Code::conflict,
                     "an agent named " + host.text() + " runs already (" +
                         (holder ? "pid " + std::to_string(holder->pid) : "pid unknown") +
                         ", state in " + home->directory_ +
                         "); stop it, or give this one another --hostname"};
    }
    home->lock_ = std::move(*lock);
    auto identity = claim_directory(ports.files, home->directory_, host, ports.random);
    if (!identity) return std::move(identity).error();
    home->identity_ = std::move(*identity);
    return home;
}

std::string authority_path(const std::string& prefix) {
    return prefix + "/ca";
}

Result<void> Home::open_to(std::optional<GroupId> group) {
    FileAttributes attributes;
    attributes.mode = group ? 0710 : 0700;
    attributes.group = group;
    return files_.set_attributes(directory_, attributes);
}

void Home::belong_to(const std::string& cluster, std::uint64_t epoch, Workers& workers,
                     std::function<void(Result<void>)> done) {
    if (identity_.cluster == cluster && identity_.epoch >= epoch) return;
    marking_ = true;
    const auto marked = std::make_shared<Result<Identity>>(Error{Code::cancelled, "not begun"});
    workers.run(
        [marked, cluster, epoch, &files = files_, directory = directory_, identity = identity_](
            Task&) { *marked = remember_cluster(files, directory, identity, cluster, epoch); },
        lifeline_.guard([this, marked, done = std::move(done)] {
            marking_ = false;
            if (*marked) identity_ = **marked;
            done(*marked ? Result<void>{} : marked->error());
            if (const Action finished = std::exchange(finished_, nullptr)) finished();
        }));
}

void Home::finish(Action done) {
    if (!marking_) return done();
    finished_ = std::move(done);
}

}  // namespace hansa
