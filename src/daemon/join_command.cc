#include "daemon/join_command.h"

#include <algorithm>

#include "base/text.h"
#include "daemon/credentials.h"
#include "daemon/first_join.h"
#include "daemon/home.h"
#include "sys/linux/accounts.h"
#include "sys/linux/files.h"
#include "sys/linux/locks.h"
#include "sys/linux/random.h"
#include "sys/linux/secure_sockets.h"
#include "sys/linux/surroundings.h"
#include "sys/linux/workers.h"
#include "trust/certificate.h"

namespace hansa {

namespace {

struct JoinDesk {
    LinuxLoop loop;
    LinuxWorkers workers{loop, {.limit = 4}};
    LinuxFiles files;
    LinuxAccounts accounts;
    LinuxLocks locks{loop};
    LinuxRandom random;
    LinuxSecureSockets sockets{loop, workers};

    Result<std::unique_ptr<Home>> open(const Settings& settings) {
        return Home::open({files, locks, accounts, random}, settings.prefix, settings.host);
    }
    Result<JoinNeed> need(const Home& home, const Token& token) {
        return join_need(files, accounts, home, token, loop.clock().wall());
    }
};

Result<std::string> abandon(JoinDesk& desk, std::unique_ptr<Home>& home, const Settings& settings) {
    const std::string from = home->directory();
    const std::string to = abandoned_path(from, desk.loop.clock().wall());
    home.reset();  // it is ours no longer, and what is moved must not be
    if (auto moved = desk.files.rename(from, to); !moved) return std::move(moved).error();
    auto afresh = desk.open(settings);
    if (!afresh) return std::move(afresh).error();
    home = std::move(*afresh);
    return to;
}

Result<std::string> cluster_of(JoinDesk& desk, const Home& home) {
    auto joined = read_joined(desk.files, desk.accounts, home.trust_directory());
    if (!joined) return std::move(joined).error();
    auto leaf = Certificate::from_pem(joined->chain_pem);
    if (!leaf) return std::move(leaf).error();
    auto claims = leaf->claims();
    if (!claims) return std::move(claims).error();
    return claims->cluster;
}

}  // namespace

std::string abandoned_path(const std::string& directory, WallTime now) {
    std::string when = iso8601(now).substr(0, 19);
    std::erase(when, '-');
    std::erase(when, ':');
    return directory + ".abandoned-" + when;
}

Result<JoinedShown> join_as_host(const Settings& given, bool abandons,
                                 const std::function<void(Report&)>& attach) {
    JoinDesk desk;
    Report report{desk.loop.clock()};
    attach(report);
    Settings settings = given;
    settings.prefix = absolute_path(settings.prefix);
    auto home = desk.open(settings);
    if (!home) return std::move(home).error();
    JoinedShown shown;
    auto need = desk.need(**home, *settings.join);
    if (!need && need.error().code == Code::conflict && abandons) {
        auto moved = abandon(desk, *home, settings);
        if (!moved) return std::move(moved).error().during("--abandon-mine");
        shown.abandoned = *moved;
    } else if (!need && need.error().code == Code::conflict) {
        return Error{Code::conflict,
                     need.error().text + "; or let it leave that one with --abandon-mine"};
    }
    auto ended =
        join_first({desk.loop, desk.sockets, desk.files, desk.accounts, desk.random, report},
                   settings, **home);
    if (!ended) {
        if (!shown.abandoned.empty())
            return std::move(ended).error().during("its former state is in " + shown.abandoned);
        return std::move(ended).error();
    }
    shown.host = (*home)->identity().host;
    shown.uuid = (*home)->identity().uuid;
    if (*ended) return shown;
    auto cluster = cluster_of(desk, **home);
    // Beside the authority itself there is nothing to join.
    shown.cluster = cluster ? *cluster : (*home)->identity().cluster;
    return shown;
}

}  // namespace hansa
