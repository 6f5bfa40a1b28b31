#include "daemon/authority_commands.h"

#include "base/host_port.h"
#include "base/text.h"
#include "daemon/authority_directory.h"
#include "daemon/home.h"
#include "daemon/issuer.h"
#include "sys/linux/accounts.h"
#include "sys/linux/files.h"
#include "sys/linux/locks.h"
#include "sys/linux/random.h"
#include "sys/linux/surroundings.h"

namespace hansa {

namespace {

constexpr std::size_t addresses_max = 16;  // in one token
constexpr std::size_t address_bytes_max = 64;
constexpr Duration life_max = Seconds{365 * 24 * 3600};

// The directory of this machine's authority, with real ports.
struct Desk {
    explicit Desk(const std::string& prefix)
        : directory({files, locks, accounts}, authority_path(absolute_path(prefix))) {}

    LinuxLoop loop;
    LinuxFiles files;
    LinuxAccounts accounts;
    LinuxLocks locks{loop};
    AuthorityDirectory directory;

    WallTime now() const { return loop.clock().wall(); }
    Pause pause() {
        return [this](Duration duration) { (void)loop.step(duration); };
    }

    Result<Authority> open() const {
        auto authority = directory.keys().open();
        if (!authority && authority.error().code == Code::missing)
            return Error{Code::missing, "no authority in " + directory.path() +
                                            "; make one with \"hansa ca init\", or give --prefix"};
        return authority;
    }

    std::string root_key_here() const {
        const std::string path = directory.keys().root_key();
        return files.status(path) ? path : std::string{};
    }
};

std::vector<std::string> addresses_of(const AuthorityDirectory& directory) {
    std::vector<std::string> texts;
    for (const auto& listener : directory.listeners()) {
        HostPort at = listener.at;
        // Listening everywhere: whoever joins from afar knows this machine by its name.
        if (at.host == "0.0.0.0" || at.host == "::") at.host = host_name();
        if (texts.size() < addresses_max && at.text().size() <= address_bytes_max)
            texts.push_back(at.text());
    }
    return texts;
}

Result<std::vector<std::string>> checked(const std::vector<std::string>& wished) {
    std::vector<std::string> texts;
    for (const std::string& text : wished) {
        auto at = HostPort::parse(text);
        if (!at) return std::move(at).error().during("--address");
        if (at->text().size() > address_bytes_max)
            return Error{Code::invalid,
                         "--address " + printable(text) + " is longer than 64 bytes"};
        texts.push_back(at->text());
    }
    if (texts.size() > addresses_max)
        return Error{Code::invalid, "a token names 16 addresses at most"};
    return texts;
}

AuthorityShown show(const Desk& desk, const Authority& authority) {
    return {desk.directory.path(),
            authority.cluster(),
            authority.root().key_pin(),
            authority.root().not_after(),
            authority.chain().front().not_after(),
            authority.issuing_is_due(desk.now()),
            desk.root_key_here(),
            addresses_of(desk.directory)};
}

Result<void> check_wishes(const TokenWishes& wishes) {
    if (wishes.name_glob.empty() || wishes.name_glob.size() > 253)
        return Error{Code::invalid, "--name is a pattern of 1 to 253 bytes, as in 'web*'"};
    if (wishes.uses < 1 || wishes.uses > 10'000)
        return Error{Code::invalid, "--uses is a number from 1 to 10000"};
    if (wishes.life < Seconds{1} || wishes.life > life_max)
        return Error{Code::invalid, "--ttl is a time from 1s to 365d"};
    Claims claims{"any", "00000000-0000-4000-8000-000000000000", "any", wishes.domain,
                  wishes.labels};
    return check_claims(claims);
}

}  // namespace

Result<AuthorityShown> make_authority(const std::string& prefix, const std::string& cluster) {
    Desk desk(prefix);
    LinuxRandom random;
    const std::string name = cluster.empty() ? "hansa-" + make_uuid(random).substr(0, 8) : cluster;
    if (auto good = check_claims({name, {}, {}, {}, {}}); !good)
        return std::move(good).error().during("--name");
    auto made = desk.directory.make(name, desk.now());
    if (!made) return std::move(made).error();
    return show(desk, *made);
}

Result<AuthorityShown> show_authority(const std::string& prefix) {
    const Desk desk(prefix);
    auto authority = desk.open();
    if (!authority) return std::move(authority).error();
    return show(desk, *authority);
}

Result<AuthorityShown> renew_authority(const std::string& prefix, const std::string& root_key) {
    const Desk desk(prefix);
    if (auto authority = desk.open(); !authority) return std::move(authority).error();
    const std::string path = root_key.empty() ? desk.root_key_here() : absolute_path(root_key);
    if (path.empty())
        return Error{Code::missing, desk.directory.keys().root_key() +
                                        " is not here any more; give --root-key FILE, from where "
                                        "you keep it"};
    auto renewed = desk.directory.keys().renew(path, desk.now());
    if (!renewed) return std::move(renewed).error();
    return show(desk, *renewed);
}

Result<MadeToken> make_token(const std::string& prefix, const TokenWishes& wishes) {
    if (auto good = check_wishes(wishes); !good) return std::move(good).error();
    auto addresses = checked(wishes.addresses);
    if (!addresses) return std::move(addresses).error();
    Desk desk(prefix);
    auto authority = desk.open();
    if (!authority) return std::move(authority).error();

    if (addresses->empty()) *addresses = addresses_of(desk.directory);
    if (addresses->empty()) *addresses = {HostPort{"127.0.0.1", enrolment_port_usual}.text()};
    const Token token = make_token(authority->root().key_pin(), *addresses);
    TokenRecord record = record_of(token, desk.now());
    record.name_glob = wishes.name_glob;
    record.domain = wishes.domain;
    record.labels = wishes.labels;
    record.uses = wishes.uses;
    record.expires = record.created + duration_cast<Milliseconds>(wishes.life);
    if (auto added = desk.directory.add(record); !added) return std::move(added).error();
    const bool answered = !desk.directory.listeners().empty();
    return MadeToken{encode(token), std::move(record), std::move(*addresses), answered};
}

Result<std::vector<TokenShown>> show_tokens(const std::string& prefix) {
    const Desk desk(prefix);
    if (auto authority = desk.open(); !authority) return std::move(authority).error();
    auto records = desk.directory.tokens();
    if (!records) return std::move(records).error();
    std::vector<TokenShown> shown;
    for (TokenRecord& record : *records) {
        std::string state = state_of(record, desk.now());
        shown.push_back({std::move(record), std::move(state)});
    }
    return shown;
}

Result<void> revoke_token(const std::string& prefix, const std::string& id) {
    Desk desk(prefix);
    if (auto authority = desk.open(); !authority) return std::move(authority).error();
    return desk.directory.revoke(id, desk.pause());
}

Result<PeerRevoked> revoke_peer(const std::string& prefix, const std::string& name) {
    auto host = HostName::parse(name);
    if (!host) return std::move(host).error();
    Desk desk(prefix);
    auto authority = desk.open();
    if (!authority) return std::move(authority).error();
    auto before = desk.directory.keys().revocations(*authority, desk.now());
    if (!before) return std::move(before).error();
    auto list = desk.directory.take_back(*host, *authority, desk.now(), desk.pause());
    if (list)
        return PeerRevoked{list->epoch,
                           list->revoked.serials.size() - before->revoked.serials.size()};
    if (list.error().code != Code::missing) return std::move(list).error();
    const std::vector<std::string> hosts = desk.directory.hosts();
    const auto near = nearest(host->text(), hosts);
    return Error{Code::missing, "no certificate was issued here to a host called " + host->text() +
                                    (near ? "; did you mean " + *near + "?"
                                          : ", but to " + counted(hosts.size(), "other host"))};
}

std::string state_of(const TokenRecord& record, WallTime now) {
    if (record.revoked) return "revoked";
    if (record.used_by.size() >= record.uses) return "used up";
    return now >= record.expires ? "expired" : "valid";
}

}  // namespace hansa
