#include "daemon/settings.h"

#include <algorithm>
#include <filesystem>

#include "base/check.h"
#include "base/host_port.h"
#include "base/text.h"
#include "daemon/policy_file.h"
#include "sys/linux/surroundings.h"

namespace hansa {

namespace {

constexpr std::string_view scheme = "https://";

}  // namespace

bool is_loopback(const std::string& host) {
    return host == "localhost" || host == "::1" || host.starts_with("127.");
}

bool is_any_address(const std::string& host) {
    return host == "0.0.0.0" || host == "::";
}

std::string default_prefix(bool root, const char* xdg_state_home, const char* home) {
    if (root) return "/var/lib/hansa";
    if (xdg_state_home && xdg_state_home[0] == '/') return std::string(xdg_state_home) + "/hansa";
    if (home && home[0] == '/') return std::string(home) + "/.local/state/hansa";
    return "/var/lib/hansa";
}

PolicySource policy_source(const std::string& policy, const std::string& config) {
    if (!policy.empty()) return {policy, true};
    return {policy_beside(config), false};
}

std::vector<std::string> files_read(const Settings& settings) {
    std::vector<std::string> files = {settings.graph_file, settings.config_file,
                                      settings.policy.file};
    if (settings.tls)
        files.insert(files.end(),
                     {settings.tls->certificate, settings.tls->key, settings.tls->roots});
    std::erase(files, "");
    for (std::string& file : files)
        file = std::filesystem::path(absolute_path(file)).lexically_normal().string();
    return files;
}

std::string describe_store(const Settings& settings) {
    if (settings.standalone) return "standalone";
    if (settings.seeds.empty()) return "with the store of this machine";
    return "joining " + join(settings.seeds, ", ");
}

Result<void> check_join_listen(const Settings& settings) {
    if (!settings.join_listen || is_loopback(settings.join_listen->host)) return {};
    // A store elsewhere, or of another agent, is where it is.
    if (!settings.seeds.empty() || settings.seat == SeatWish::no || settings.standalone) return {};
    if (!settings.listen.empty() && !is_loopback(settings.listen)) return {};
    const auto reached = [](const std::string& url) {
        const auto at = HostPort::parse(url.substr(url.find("//") + 2));
        return at && !is_loopback(at->host);
    };
    if (std::any_of(settings.client_urls.begin(), settings.client_urls.end(), reached)) return {};
    const std::string given =
        settings.client_urls.empty() ? "without --client-urls" : "at these --client-urls";
    return Error{Code::invalid,
                 "--join-listen " + settings.join_listen->text() +
                     ": hosts elsewhere could join, but " + given +
                     " the store serves this machine alone; give --client-urls with an " +
                     "address that they reach, as in 192.0.2.1:2379, or listen at 127.0.0.1"};
}

std::vector<std::string> flags_without_effect(const Settings& settings) {
    std::vector<std::string> told;
    if (!settings.standalone && settings.seat != SeatWish::no) return told;
    const std::string why = std::string(" has no effect with ") +
                            (settings.standalone ? "--standalone" : "--seat no or --no-server") +
                            ": no etcd is run here";
    if (!settings.listen.empty()) told.push_back("--listen" + why);
    if (!settings.advertise.empty()) told.push_back("--advertise" + why);
    if (!settings.client_urls.empty()) told.push_back("--client-urls" + why);
    if (!settings.server_urls.empty()) told.push_back("--server-urls" + why);
    return told;
}

Result<std::string> parse_url(const std::string& text) {
    std::string_view rest = text;
    if (rest.starts_with("http://"))
        return Error{Code::invalid, "url \"" + printable(text) +
                                        "\": a store is never spoken to in clear; write "
                                        "https://HOST:PORT"};
    if (rest.starts_with(scheme)) rest.remove_prefix(scheme.size());
    while (rest.ends_with('/')) rest.remove_suffix(1);
    auto at = HostPort::parse(rest);
    if (!at)
        return Error{Code::invalid, "url \"" + printable(text) +
                                        "\" is not of the form https://HOST:PORT, PORT from 1 to "
                                        "65535, as in https://127.0.0.1:2379"};
    return std::string(scheme) + at->text();
}

HostPort place_of_url(const std::string& url) {
    auto at = HostPort::parse(url.substr(scheme.size()));
    check(static_cast<bool>(at), "a url that was parsed before");
    return *std::move(at);
}

ExitCode exit_code_of(Code code) {
    if (code == Code::invalid) return ExitCode::usage;
    if (code == Code::conflict) return ExitCode::identity;
    return ExitCode::internal;
}

}  // namespace hansa
