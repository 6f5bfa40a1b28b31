#include "daemon/recovery/store_desk.h"

#include <algorithm>

#include "base/text.h"
#include "daemon/credentials.h"
#include "daemon/machine_store.h"
#include "daemon/seat_holder.h"
#include "daemon/secret_files.h"
#include "sys/linux/surroundings.h"
#include "trust/authority.h"

namespace hansa {

namespace {

constexpr std::uint64_t file_bytes_max = 64 * 1024;
constexpr Duration look_limit = Seconds{3};

Result<std::string> chosen_home(const LinuxFiles& files, const std::string& prefix,
                                const std::string& given) {
    if (!given.empty()) return given;
    auto entries = files.list(prefix);
    if (!entries && entries.error().code != Code::missing) return std::move(entries).error();
    std::vector<std::string> hosts;
    if (entries)
        for (const DirectoryEntry& entry : *entries)
            if (files.status(prefix + "/" + entry.name + "/identity.json"))
                hosts.push_back(entry.name);
    if (hosts.size() == 1) return hosts.front();
    if (hosts.empty())
        return Error{Code::missing,
                     "no host has its state in " + printable(prefix) +
                         "; give --prefix, and run this as the agent's user or root"};
    return Error{Code::invalid, "several hosts have their state in " + printable(prefix) + " (" +
                                    join(hosts, ", ") + "); choose one with --hostname"};
}

std::string host_part(const std::string& url) {
    const auto at = HostPort::parse(url.substr(url.find("//") + 2));
    return at ? at->host : std::string{};
}

}  // namespace

Result<std::unique_ptr<StoreDesk>> StoreDesk::open(const std::string& prefix,
                                                   const std::string& host) {
    const std::string root = absolute_path(prefix);
    auto name = chosen_home(LinuxFiles(), root, host);
    if (!name) return std::move(name).error();
    if (auto parsed = HostName::parse(*name); !parsed)
        return std::move(parsed).error().during("--hostname");
    std::unique_ptr<StoreDesk> desk(new StoreDesk(root, *name));
    if (auto read = desk->read_host(); !read) return std::move(read).error();
    return desk;
}

Result<void> StoreDesk::read_host() {
    auto identity = read_identity(files, home_);
    if (!identity) return std::move(identity).error();
    identity_ = std::move(*identity);
    if (auto text = files.read(home_ + "/endpoints.json", endpoints_bytes_max))
        if (auto members = decode_endpoints(*text)) members_ = std::move(*members);
    read_own();
    return show_identity();
}

// The same files that the agent shows; as root these may be another user's.
Result<void> StoreDesk::show_identity() {
    const std::string trust = home_ + "/trust/";
    StoreIdentity shown;
    shown.server_name = store_server_name;
    const std::pair<const char*, std::string*> parts[] = {
        {"tls.key", &shown.key_pem}, {"tls.pem", &shown.chain_pem}, {"ca.pem", &shown.roots_pem}};
    for (const auto& [name, text] : parts) {
        auto read = files.read(trust + name, pem_bytes_max);
        if (!read && read.error().code == Code::missing)
            return Error{
                Code::missing,
                trust + name +
                    " is not there: this host has certificates from elsewhere, or none "
                    "yet; \"etcdctl snapshot save\" takes them by --cert, --key, --cacert"};
        if (!read) return std::move(read).error();
        *text = std::move(*read);
    }
    electorate_ = make_etcd_electorate(loop, std::move(shown));
    return {};
}

void StoreDesk::read_own() {
    const std::string seat = home_ + "/store";
    const auto has_data = [this](const std::string& directory) {
        return static_cast<bool>(files.status(directory + "/etcd/member"));
    };
    std::optional<MemberMarker> marker;
    if (auto text = files.read(seat + "/member.json", file_bytes_max))
        if (auto read = decode_member_marker(*text)) marker = std::move(*read);
    if (marker || has_joined(files, home_ + "/trust")) {
        own_ = {OwnStore::Kind::seat, seat};
        own_.has_data = has_data(seat);
        own_.is_member = marker.has_value();
        if (!marker) return;
        own_.client_urls = marker->client_urls;
        own_.peer_urls = marker->peer_urls;
        own_.timing = marker->timing;
        return;
    }
    own_ = {OwnStore::Kind::machine, prefix_ + "/cluster"};
    own_.has_data = has_data(own_.directory);
    own_.is_member = own_.has_data;
    auto text = files.read(own_.notice_path(), file_bytes_max);
    auto notice = text ? decode_notice(*text) : std::move(text).error();
    if (!notice) return;
    own_.notice = *notice;
    own_.timing = notice->timing;
    own_.is_member = own_.has_data || notice->elsewhere.empty();
    own_.client_urls = notice->client_urls;
    own_.peer_urls = notice->peer_urls;
    own_.clients_told = notice->clients_told;
    if (!own_.clients_told.empty())
        own_.peers_told = at_address(own_.peer_urls, host_part(own_.clients_told.front()));
}

// The host's own store first; what the store listed last may name it too.
std::vector<MemberSeen> StoreDesk::known() const {
    std::vector<MemberSeen> seen;
    const auto& own_told = own_.clients_told.empty() ? own_.client_urls : own_.clients_told;
    if (own_.is_member) {
        const std::string endpoint =
            own_.client_urls.empty() ? std::string{} : own_.client_urls.front();
        seen.push_back({identity_.host, true, false, endpoint});
    }
    for (const StoreMember& member : members_) {
        if (share_url(member.client_urls, own_told)) continue;
        const std::string host = host_part(member.client_urls.front());
        seen.push_back({host, false, member.learner, member.client_urls.front()});
    }
    return seen;
}

std::vector<MemberSeen> StoreDesk::look_around() {
    std::vector<MemberSeen> seen = known();
    std::size_t due = 0;
    for (MemberSeen& member : seen) {
        if (member.endpoint.empty()) {
            member.fault = "it is not known where it would answer";
            continue;
        }
        ++due;
        electorate_->status({member.endpoint, look_limit}, [&](Answer<MemberStatus> answer) {
            --due;
            if (answer)
                member.status = std::move(*answer.result);
            else
                member.fault = answer.result.error().text;
        });
    }
    while (due > 0) loop.step(Seconds{1});
    return seen;
}

}  // namespace hansa
