#include "daemon/inspect.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <set>

#include "base/text.h"
#include "daemon/policy_file.h"
#include "graph/exports.h"
#include "manifest/file.h"
#include "sys/linux/accounts.h"
#include "sys/linux/files.h"
#include "sys/linux/loop.h"
#include "sys/linux/sockets.h"
#include "sys/linux/surroundings.h"

namespace hansa {

namespace {

constexpr std::uint64_t config_bytes_max = 1 << 20;

std::string socket_of(const std::string& prefix, const std::string& host) {
    return prefix + "/" + host + "/control.sock";
}

// The only agent that runs with its state under `prefix`.
Result<std::string> only_host(const LinuxFiles& files, const std::string& prefix) {
    auto entries = files.list(prefix);
    if (!entries && entries.error().code != Code::missing) return std::move(entries).error();
    std::vector<std::string> hosts;
    if (entries)
        for (const DirectoryEntry& entry : *entries)
            if (files.status(socket_of(prefix, entry.name))) hosts.push_back(entry.name);
    if (hosts.size() == 1) return hosts.front();
    const std::string known = join(hosts, ", ");
    std::erase_if(hosts, [&prefix](const std::string& host) {  // a killed one leaves its socket
        return !LinuxSockets::is_served(socket_of(prefix, host));
    });
    if (hosts.size() == 1) return hosts.front();
    if (hosts.empty() && !known.empty())
        return Error{Code::missing,
                     "no agent runs here (state of " + known + " in " + prefix + ")"};
    if (hosts.empty())
        return Error{Code::missing, "no agent has its state in " + prefix +
                                        "; start one with \"hansa run\", or give --prefix"};
    return Error{Code::invalid, "several agents have their state in " + prefix + " (" +
                                    join(hosts, ", ") + "); choose one with --hostname"};
}

Result<std::string> chosen_host(const LinuxFiles& files, const std::string& prefix,
                                const std::string& given) {
    return given.empty() ? only_host(files, prefix) : given;
}

}  // namespace

Result<Inspected> inspect(const std::string& path, const Catalog& catalog) {
    LinuxFiles files;
    auto manifest = load_manifest(files, {absolute_path(path), path}, catalog);
    if (!manifest) return std::move(manifest).error();
    Graph graph(catalog);
    auto delta = graph.declare(*manifest);
    if (!delta) return std::move(delta).error();
    auto exports = exports_of(manifest->resources, catalog, files);
    if (!exports) return std::move(exports).error();
    std::vector<std::string> warnings = std::move(manifest->warnings);
    warnings.insert(warnings.end(), delta->warnings.begin(), delta->warnings.end());
    return Inspected{std::move(graph), std::move(warnings), kinds_not_runnable(*manifest, catalog)};
}

std::vector<std::string> kinds_not_runnable(const Manifest& manifest, const Catalog& catalog) {
    std::set<std::string> kinds;
    for (const Declaration& declaration : manifest.resources) {
        const Kind* kind = catalog.find(declaration.id.kind);
        const bool applied = !declaration.meta.exported || declaration.meta.also_here;
        if (applied && kind && kind->support() != Support::full) kinds.insert(kind->name());
    }
    return {kinds.begin(), kinds.end()};
}

Surroundings surroundings() {
    return {LinuxAccounts().self() == 0, host_name()};
}

Result<std::string> ask_agent(const std::string& prefix, const std::string& host,
                              const std::string& request) {
    const std::string root = absolute_path(prefix);
    auto name = chosen_host(LinuxFiles(), root, host);
    if (!name) return name;
    LinuxLoop loop;
    auto answer = LinuxSockets(loop).ask(socket_of(root, *name), request);
    if (answer) return answer;
    if (answer.error().code == Code::missing)
        return Error{Code::missing,
                     "no agent named " + printable(*name) + " runs here (state in " + root + ")"};
    if (answer.error().code == Code::unavailable)
        return Error{Code::unavailable, "the agent named " + printable(*name) +
                                            " does not answer: " + answer.error().text +
                                            "; it may be stopped or very busy"};
    return std::move(answer).error();
}

Result<Policy> read_policy_here(const PolicySource& source, std::span<const std::string> kinds) {
    auto state = read_policy(LinuxFiles(), LinuxAccounts(),
                             {absolute_path(source.file), source.file, source.named, {}}, kinds);
    if (!state) return std::move(state).error();
    return std::move(state->policy);
}

Result<bool> accept_exporter_here(const std::string& prefix, const std::string& host,
                                  const HostName& exporter) {
    LinuxFiles files;
    const std::string root = absolute_path(prefix);
    auto name = chosen_host(files, root, host);
    if (!name) return std::move(name).error();
    auto parsed = HostName::parse(*name);
    if (!parsed) return std::move(parsed).error().during("--hostname");
    return accept_exporter(files, LinuxAccounts(), accepted_path(root, parsed->text()), exporter);
}

std::string account_here() {
    const LinuxAccounts accounts;
    return accounts.user_name(accounts.self());
}

void keep_secrets() {
    keep_memory_private();
}

bool stderr_takes_colours() {
    const char* terminal = std::getenv("TERM");
    if (std::getenv("NO_COLOR") || !terminal || std::string(terminal) == "dumb") return false;
    return stderr_is_terminal();
}

bool stdout_redraws() {
    const char* terminal = std::getenv("TERM");
    return terminal && std::string(terminal) != "dumb" && stdout_is_terminal();
}

Result<std::string> read_whole(const std::string& path) {
    return LinuxFiles().read(absolute_path(path), config_bytes_max);
}

void forget_variable(const char* name) {
    char* text = std::getenv(name);
    if (!text) return;
    std::fill_n(text, std::strlen(text), '\0');  // what /proc/PID/environ shows is this memory
    ::unsetenv(name);
}

void forget_argument(int argc, char** argv, const std::string& option) {
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        char* text = nullptr;
        if (word == option && i + 1 < argc) text = argv[i + 1];
        if (word.starts_with(option + "=")) text = argv[i] + option.size() + 1;
        if (text) std::fill_n(text, std::strlen(text), '*');
    }
}

}  // namespace hansa
