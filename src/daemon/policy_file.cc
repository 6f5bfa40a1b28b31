#include "daemon/policy_file.h"

#include <functional>

#include "base/check.h"
#include "base/text.h"
#include "sys/linux/surroundings.h"

namespace hansa {

namespace {

constexpr std::uint64_t policy_bytes_read_max = std::uint64_t{1} << 20;
constexpr FileMode group_or_other_write = 0022;
constexpr FileMode group_or_other = 0077;

// The bytes of a file that nobody else may have written; nothing where there is no file.
Result<std::optional<std::string>> read_ours(const Files& files, const Accounts& accounts,
                                             const std::string& path, const std::string& shown,
                                             FileMode forbidden) {
    auto status = files.status(path);
    if (!status && status.error().code == Code::missing) return std::optional<std::string>();
    if (!status) return Error{Code::invalid, shown + ": " + status.error().text};
    if (status->type != FileType::regular)
        return Error{Code::invalid, shown + ": is not a regular file; write one in its place"};
    const bool ours = status->owner == accounts.self() || status->owner == 0;
    if (!ours || (status->mode & forbidden) != 0)
        return Error{Code::invalid, shown + ": belongs to user " +
                                        accounts.user_name(status->owner) +
                                        " or is open to others; make it root's or the agent's, "
                                        "mode " +
                                        (forbidden == group_or_other ? "0600" : "0644")};
    auto bytes = files.read(path, policy_bytes_read_max);
    if (!bytes) return Error{Code::invalid, shown + ": " + bytes.error().text};
    return std::optional<std::string>(std::move(*bytes));
}

Result<Acceptance> read_acceptance(const Files& files, const Accounts& accounts,
                                   const std::string& path) {
    if (path.empty()) return Acceptance();
    auto text = read_ours(files, accounts, path, path, group_or_other);
    if (!text) return std::move(text).error();
    if (!*text) return Acceptance();
    auto acceptance = Acceptance::parse(**text);
    if (acceptance) return acceptance;
    return Error{Code::invalid, path + ": " + acceptance.error().text + "; repair or remove it"};
}

std::size_t fingerprint(const Result<PolicyState>& state) {
    return state ? state->print : ~std::hash<std::string>{}(state.error().text);
}

}  // namespace

std::string policy_beside(const std::string& config) {
    const std::size_t slash = config.rfind('/');
    return (slash == std::string::npos ? "" : config.substr(0, slash + 1)) + "policy.yaml";
}

std::string accepted_path(const std::string& prefix, const std::string& host) {
    return prefix + "/" + host + "/accepted.json";
}

PolicyPaths policy_paths(const Settings& settings) {
    const PolicySource& source = settings.policy;
    PolicyPaths paths{absolute_path(source.file), source.file, source.named, {}};
    if (!settings.tmp_prefix)
        paths.accepted = accepted_path(absolute_path(settings.prefix), settings.host.text());
    return paths;
}

Result<PolicyState> read_policy(const Files& files, const Accounts& accounts,
                                const PolicyPaths& paths, std::span<const std::string> kinds) {
    auto text = read_ours(files, accounts, paths.policy, paths.shown, group_or_other_write);
    if (!text) return std::move(text).error();
    if (!*text && paths.required)
        return Error{Code::invalid, paths.shown + ": there is no such policy file; check --policy"};
    PolicyState state;
    if (*text) {
        auto policy = Policy::parse(**text, paths.shown, kinds);
        if (!policy) return std::move(policy).error();
        state.policy = std::move(*policy);
        state.written = true;
        state.print = std::hash<std::string>{}(**text);
    }
    auto acceptance = read_acceptance(files, accounts, paths.accepted);
    if (!acceptance) return std::move(acceptance).error();
    state.acceptance = std::move(*acceptance);
    state.print = state.print * 31 + std::hash<std::string>{}(state.acceptance.text());
    return state;
}

Result<bool> accept_exporter(Files& files, const Accounts& accounts, const std::string& path,
                             const HostName& exporter) {
    auto acceptance = read_acceptance(files, accounts, path);
    if (!acceptance) return std::move(acceptance).error();
    if (!acceptance->accept(exporter)) return false;
    auto written = files.write(path, acceptance->text(), {.mode = 0600});
    if (written) return true;
    if (written.error().code == Code::missing)
        return Error{Code::missing,
                     "no agent has its state where " + path +
                         " would be; start it once, or give --prefix and --hostname"};
    return std::move(written).error().during("writing " + path);
}

// What a worker brings back; shared, since the loop may drop its interest first.
struct PolicyFile::Reading {
    std::optional<Result<PolicyState>> state;
};

PolicyFile::PolicyFile(PolicyPaths paths, std::vector<std::string> kinds, Ports ports)
    : paths_(std::move(paths)),
      kinds_(std::move(kinds)),
      ports_(ports),
      alive_(std::make_shared<const char>('\0')) {}

PolicyFile::~PolicyFile() {
    if (cancel_) cancel_->cancel();
}

Result<PolicyState> PolicyFile::load() {
    auto state = read_policy(ports_.files, ports_.accounts, paths_, kinds_);
    told_ = fingerprint(state);
    expect(state);
    return state;
}

// A policy that was there once and is gone is an accident, or an editor at work: what it held back
// is not let in for that.
void PolicyFile::expect(const Result<PolicyState>& state) {
    if (state && state->written) paths_.required = true;
}

Result<void> PolicyFile::watch(Changed changed) {
    check(!changed_, "a policy file is watched once");
    changed_ = std::move(changed);
    for (const std::string& path : {paths_.policy, paths_.accepted}) {
        if (path.empty()) continue;
        auto watch = ports_.watcher.watch(path, WatchDepth::entry, [this] { wake(); });
        if (!watch) return std::move(watch).error().during("watching " + path);
        held_.push_back(*std::move(watch));
    }
    begin_reading();  // it may have changed since load()
    return {};
}

void PolicyFile::follow(Report& report, std::function<void(const PolicyState& now)> changed) {
    auto watching = watch([&report, changed = std::move(changed)](const Result<PolicyState>& next) {
        if (next) return changed(*next);
        report.publish(
            happened::Warned{"the collect policy stays as it was: " + next.error().text});
    });
    if (!watching)
        report.publish(
            happened::Warned{"edits of the collect policy are not seen: " + watching.error().text});
}

void PolicyFile::wake() {
    if (reading_) {
        again_ = true;
        return;
    }
    timer_ = ports_.loop.after(settle, [this] { begin_reading(); });
}

void PolicyFile::begin_reading() {
    reading_ = true;
    auto reading = std::make_shared<Reading>();
    cancel_ = ports_.workers.run(
        [reading, &files = ports_.files, &accounts = ports_.accounts, paths = paths_,
         kinds = kinds_](Task&) { reading->state = read_policy(files, accounts, paths, kinds); },
        [this, reading, alive = std::weak_ptr<const char>(alive_)] {
            if (!alive.expired()) finish_reading(*reading);
        });
}

void PolicyFile::finish_reading(Reading& reading) {
    reading_ = false;
    cancel_.reset();
    if (again_) {
        again_ = false;
        wake();
    }
    if (!reading.state) return;  // cancelled before it began
    const std::size_t now = fingerprint(*reading.state);
    if (told_ == now) return;
    told_ = now;
    expect(*reading.state);
    const Changed changed = changed_;  // may end us
    changed(*std::move(reading.state));
}

}  // namespace hansa
