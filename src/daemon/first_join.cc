#include "daemon/first_join.h"

#include <csignal>

#include "base/text.h"
#include "daemon/credentials.h"
#include "daemon/joiner.h"
#include "daemon/member_certificate.h"
#include "daemon/secret_files.h"

namespace hansa {

namespace {

constexpr std::uint64_t issuers_bytes_max = 16 * 1024;
constexpr Duration turn = Seconds{1};

std::string issuers_path(const std::string& directory) {
    return directory + "/issuers";
}

Error of_another_cluster(const Home& home, const std::string& whose) {
    return Error{Code::conflict, home.directory() + " belongs to " + whose +
                                     ", not to the cluster of this join token; move the directory "
                                     "away to join as a new peer, or give another --prefix"};
}

// Of a host that joins anew: it may have been taken back because somebody else has its keys.
std::string next_key_path(const std::string& directory) {
    return directory + "/next.key";
}

// Kept before it is used, so that an answer that was lost can be asked for again.
Result<PrivateKey> keep_tls_key(const FirstJoinPorts& ports, const std::string& directory) {
    const bool anew = has_joined(ports.files, directory);
    const std::string path = anew ? next_key_path(directory) : directory + "/tls.key";
    if (auto made = make_directories(ports.files, directory); !made) return std::move(made).error();
    auto text = read_secret(ports.files, ports.accounts, path);
    if (text) return PrivateKey::from_pem(*text);
    if (text.error().code != Code::missing) return std::move(text).error();
    PrivateKey key = PrivateKey::make();
    if (auto written = write_secret(ports.files, path, key.pem()); !written)
        return std::move(written).error();
    return key;
}

Result<void> keep_identity(const FirstJoinPorts& ports, const std::string& directory,
                           const PrivateKey& key, const Grant& grant, const Token& token,
                           const std::vector<HostPort>& asked) {
    std::vector<std::string> addresses = grant.addresses;
    for (const HostPort& at : asked) addresses.push_back(at.text());
    auto kept = keep_issuers(ports.files, directory, places_to_ask(addresses, {}));
    if (!kept) return kept;
    const std::string leftover = next_key_path(directory);
    const bool anew = static_cast<bool>(ports.files.status(leftover));
    if (anew) {
        if (auto gone = ports.files.remove(directory + "/signing.key");
            !gone && gone.error().code != Code::missing)
            return gone;
        if (auto gone = remove_member_certificate(ports.files, directory); !gone) return gone;
    }
    kept = store_joined(ports.files, directory,
                        {key.pem(), grant.chain_pem, grant.root_pem, grant.stores, token.id});
    if (kept && anew) return ports.files.remove(leftover);
    return kept;
}

// What ends the wait other than an answer.
std::vector<Held> watch_for_ends(LinuxLoop& loop, const Settings& settings,
                                 std::optional<ExitCode>& end) {
    std::vector<Held> held;
    for (const int number : {SIGINT, SIGTERM})
        held.push_back(loop.on_signal(number, [&end] { end = ExitCode::fine; }));
    if (settings.max_runtime)
        held.push_back(loop.after(*settings.max_runtime, [&end] { end = ExitCode::max_runtime; }));
    return held;
}

}  // namespace

Result<JoinNeed> join_need(const Files& files, const Accounts& accounts, const Home& home,
                           const Token& token, WallTime now) {
    if (auto joined = read_joined(files, accounts, home.trust_directory())) {
        const auto root = Certificate::from_pem(joined->roots_pem);
        const auto leaf = Certificate::from_pem(joined->chain_pem);
        if (!root || !leaf) return JoinNeed::ask;
        if (root->key_pin() != token.pin)
            return of_another_cluster(home, "a cluster it has joined");
        // With another token than before somebody wants it to join anew: it may have been revoked,
        // which it cannot know.
        const bool lapsed = now > leaf->not_after() + renewal_grace_default;
        return lapsed || joined->token != token.id ? JoinNeed::ask : JoinNeed::ignore;
    } else if (joined.error().code != Code::missing) {
        return std::move(joined).error();
    }
    // Beside the authority itself no token is needed.
    auto root = files.read(home.authority_directory() + "/root.pem", pem_bytes_max);
    if (root)
        if (auto own = Certificate::from_pem(*root); own && own->key_pin() == token.pin)
            return JoinNeed::ignore;
    // A join anew that was cut off has taken the marker away already.
    auto before = files.read(home.trust_directory() + "/ca.pem", pem_bytes_max);
    if (before)
        if (auto known = Certificate::from_pem(*before); known && known->key_pin() == token.pin)
            return JoinNeed::ask;
    if (!home.identity().cluster.empty())
        return of_another_cluster(home, "cluster " + home.identity().cluster);
    return JoinNeed::ask;
}

Result<std::optional<ExitCode>> join_first(const FirstJoinPorts& ports, const Settings& settings,
                                           const Home& home) {
    if (!settings.join) return std::optional<ExitCode>{};
    const Token& token = *settings.join;
    auto need = join_need(ports.files, ports.accounts, home, token, ports.loop.clock().wall());
    if (!need) return std::move(need).error();
    if (*need == JoinNeed::ignore) {
        ports.report.publish(
            happened::Noted{"this host belongs to the token's cluster already; --join is ignored"});
        return std::optional<ExitCode>{};
    }
    const std::string directory = home.trust_directory();
    auto key = keep_tls_key(ports, directory);
    if (!key) return std::move(key).error();
    const auto places = places_to_ask(token.addresses, settings.seeds);

    std::optional<ExitCode> end;
    std::optional<Result<Grant>> answer;
    const std::vector<Held> held = watch_for_ends(ports.loop, settings, end);
    Joiner joiner({ports.loop, ports.sockets, ports.random, ports.report},
                  {token, places, home.identity().host, home.identity().uuid, *key},
                  [&answer](Result<Grant> given) { answer.emplace(std::move(given)); });
    joiner.start();
    while (!answer && !end) (void)ports.loop.step(turn);
    if (!answer) return end;
    // Whoever refuses us does so for who we are: exit 3.
    if (!*answer) return Error{Code::conflict, answer->error().during("--join").text};
    if (auto kept = keep_identity(ports, directory, *key, **answer, token, places); !kept)
        return std::move(kept).error().during("keeping the identity of this host");
    ports.report.publish(happened::Noted{"this host has joined as " + home.identity().host});
    return std::optional<ExitCode>{};
}

std::vector<HostPort> read_issuers(const Files& files, const std::string& directory) {
    auto text = files.read(issuers_path(directory), issuers_bytes_max);
    if (!text) return {};
    return places_to_ask(split(trim(*text), '\n'), {});
}

Result<void> keep_issuers(Files& files, const std::string& directory,
                          const std::vector<HostPort>& places) {
    std::string text;
    for (const HostPort& at : places) text += at.text() + "\n";
    return write_secret(files, issuers_path(directory), text);
}

}  // namespace hansa
