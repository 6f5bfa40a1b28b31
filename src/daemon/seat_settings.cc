#include "daemon/seat_settings.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "daemon/machine_store.h"
#include "daemon/store_certificate.h"
#include "mesh/endpoints.h"
#include "mesh/founding.h"
#include "mesh/seat_records.h"
#include "trust/claims.h"
#include "trust/member_address.h"

namespace hansa {

namespace {

constexpr const char* loopback = "127.0.0.1";

Error refused(const std::string& text) {
    return Error{Code::invalid, text};
}

Result<void> add_wish(const SeatOptions& options, Settings& settings) {
    if (!options.seat.empty()) {
        auto wish = wish_named(options.seat);
        if (!wish) return std::move(wish).error().during("--seat");
        if (options.no_server && *wish != SeatWish::no)
            return refused("--no-server and --seat " + options.seat +
                           ": choose one; --no-server is --seat no");
        settings.seat = *wish;
    }
    if (options.no_server) settings.seat = SeatWish::no;
    return {};
}

Result<void> add_size(const std::optional<std::int64_t>& given, Settings& settings) {
    if (!given) return {};
    auto size = cluster_size(std::to_string(*given));
    if (!size) return refused("--ideal-cluster-size " + size.error().text);
    settings.ideal_cluster_size = static_cast<std::uint32_t>(*size);
    return {};
}

// An address of this machine: etcd listens at no name.
Result<std::string> parse_listen(const std::string& text) {
    if (text == "localhost") return std::string{loopback};
    if (is_any_address(text)) return text;
    auto address = member_address(text);
    const bool is_address =
        address && address->find_first_not_of("0123456789abcdef.:") == std::string::npos;
    if (is_address && address->find_first_of(".:") != std::string::npos) return address;
    return refused("--listen \"" + printable(text, 80) +
                   "\" is no IP address of this machine, without a port, as in 192.0.2.1 or "
                   "0.0.0.0");
}

Result<void> add_listen(const SeatOptions& options, Settings& settings) {
    if (options.listen.empty()) return {};
    if (!settings.client_urls.empty() || !settings.server_urls.empty())
        return refused(std::string("--listen and ") +
                       (settings.client_urls.empty() ? "--server-urls" : "--client-urls") +
                       ": choose one; --listen gives an address to both ports of the store, the "
                       "other one address and port");
    auto listen = parse_listen(options.listen);
    if (!listen) return std::move(listen).error();
    if (is_any_address(*listen) && options.advertise.empty())
        return refused("--listen " + *listen +
                       ": others cannot be told that address; give --advertise with one that they "
                       "reach, as in 192.0.2.1");
    settings.listen = *std::move(listen);
    return {};
}

bool all_loopback(const Settings& settings) {
    if (!settings.listen.empty()) return is_loopback(settings.listen);
    const auto is_local = [](const std::string& url) {
        const auto at = HostPort::parse(url.substr(url.find("//") + 2));
        return at && is_loopback(at->host);
    };
    return std::all_of(settings.client_urls.begin(), settings.client_urls.end(), is_local) &&
           std::all_of(settings.server_urls.begin(), settings.server_urls.end(), is_local);
}

Result<void> add_advertise(const SeatOptions& options, Settings& settings) {
    if (options.advertise.empty()) return {};
    auto address = member_address(options.advertise);
    if (!address) return std::move(address).error().during("--advertise");
    if (all_loopback(settings) && !is_loopback(*address))
        return refused("--advertise " + *address +
                       ": the store would listen at the loopback interface alone; give --listen "
                       "too, as in --listen 0.0.0.0");
    settings.advertise = *std::move(address);
    return {};
}

std::string url_at(const std::string& listen, std::uint16_t port) {
    return "https://" + HostPort{listen.empty() ? loopback : listen, port}.text();
}

// Everybody in the list has to be told apart, and be asked.
Result<void> add_expect(const SeatOptions& options, Settings& settings) {
    if (!options.expect) return {};
    const std::int64_t n = *options.expect;
    const std::string given = "--expect " + std::to_string(n);
    if (n < 2 || n > static_cast<std::int64_t>(expect_max))
        return refused(given + ": from 2 to " + std::to_string(expect_max) +
                       " hosts found a cluster together");
    if (settings.seeds.size() != static_cast<std::size_t>(n))
        return refused(given + ": --seeds names " + counted(settings.seeds.size(), "host") +
                       "; give the address of each of them, the same list on all");
    if (settings.seat == SeatWish::no)
        return refused(given + " and --seat no: whoever founds runs the store");
    const SeatUrls urls = seat_urls(settings);
    if (!share_url(urls.clients_told, settings.seeds))
        return refused(given + ": none of --seeds is this host's own, " +
                       join(urls.clients_told, ", ") + "; see --listen and --advertise");
    settings.expect = static_cast<std::uint32_t>(n);
    return {};
}

// What others are told, where URLs do not say it.
std::string told_address(const Settings& settings) {
    if (!settings.advertise.empty()) return settings.advertise;
    return settings.listen.empty() ? loopback : settings.listen;
}

}  // namespace

Result<void> add_seat_options(const SeatOptions& options, Settings& settings) {
    if (auto added = add_wish(options, settings); !added) return added;
    if (auto good = check_domain(options.domain); !good)
        return std::move(good).error().during("--domain");
    settings.domain = options.domain;
    if (auto added = add_listen(options, settings); !added) return added;
    if (auto added = add_advertise(options, settings); !added) return added;
    if (!options.timing.empty())
        if (auto known = timing_named(options.timing); !known)
            return std::move(known).error().during("--seat-timing");
    settings.seat_timing = options.timing;
    if (auto added = add_size(options.ideal_cluster_size, settings); !added) return added;
    return add_expect(options, settings);
}

Result<std::size_t> cluster_size(const std::string& text) {
    const auto size = to_int(text);
    if (size && *size >= 1 && *size <= std::int64_t{seats_max} && *size % 2 == 1)
        return static_cast<std::size_t>(*size);
    return refused(printable(text, 40) +
                   ": must be odd, from 1 to 9: an even number of seats can lose no more of them "
                   "than one less");
}

Result<void> check_timing(const std::string& name) {
    auto known = timing_named(name);
    return known ? Result<void>{} : Result<void>(std::move(known).error());
}

Result<void> agree_on_domain(Settings& settings, const std::string& certified) {
    if (certified.empty()) return {};
    if (!settings.domain.empty() && settings.domain != certified)
        return Error{Code::conflict, "--domain " + settings.domain +
                                         ": this host's certificate says " + certified +
                                         "; leave the option out, or join with a token of that "
                                         "domain"};
    settings.domain = certified;
    return {};
}

SeatUrls seat_urls(const Settings& settings) {
    SeatUrls urls{settings.client_urls, settings.server_urls, {}, {}};
    if (urls.clients.empty()) urls.clients = {url_at(settings.listen, etcd_client_port)};
    if (urls.peers.empty()) urls.peers = {url_at(settings.listen, etcd_peer_port)};
    const auto told = [&](const std::vector<std::string>& own) {
        return settings.advertise.empty() ? own : at_address(own, settings.advertise);
    };
    urls.clients_told = told(urls.clients);
    urls.peers_told = told(urls.peers);
    return urls;
}

bool is_reached_by_others(const std::vector<std::string>& urls) {
    return !urls.empty() && !is_loopback_url(urls.front());
}

std::vector<std::string> seat_addresses(const Settings& settings) {
    std::vector<std::string> urls = settings.client_urls;
    urls.insert(urls.end(), settings.server_urls.begin(), settings.server_urls.end());
    for (const std::string& address : {told_address(settings), settings.listen})
        if (!address.empty()) urls.push_back("https://" + HostPort{address, 1}.text());
    std::vector<std::string> addresses;
    for (const std::string& text : certified_addresses(urls, settings.host.text()))
        if (auto address = member_address(text)) addresses.push_back(*std::move(address));
    if (addresses.size() > member_addresses_max) addresses.resize(member_addresses_max);
    return *member_addresses(addresses);
}

SeatSettings founding_settings(const Settings& settings, const std::string& timing) {
    SeatSettings made;
    if (settings.ideal_cluster_size) made.ideal = *settings.ideal_cluster_size;
    if (!timing.empty()) made.timing = timing;
    return made;
}

std::vector<std::string> overruled(const Settings& settings, const SeatSettings& stored) {
    std::vector<std::string> lines;
    if (settings.ideal_cluster_size && *settings.ideal_cluster_size != stored.ideal)
        lines.push_back("--ideal-cluster-size " + std::to_string(*settings.ideal_cluster_size) +
                        " has no effect: the cluster's size is " + std::to_string(stored.ideal) +
                        "; it is changed by \"hansa cluster size " +
                        std::to_string(*settings.ideal_cluster_size) + "\"");
    if (!settings.seat_timing.empty() && settings.seat_timing != stored.timing)
        lines.push_back("--seat-timing " + settings.seat_timing +
                        " has no effect: the cluster's times are \"" + stored.timing +
                        "\" since it was founded, and the same for all; leave the option out");
    return lines;
}

EtcdTiming etcd_timing(const std::string& timing) {
    const auto known = timing_named(timing.empty() ? default_timing().name : timing);
    check(static_cast<bool>(known), "a name of times that was checked before");
    return {known->heartbeat, known->election};
}

SeatOffer seat_offer(const Settings& settings, std::vector<std::string> peer_urls) {
    SeatOffer offer;
    offer.domain = settings.domain;
    offer.wish = peer_urls.empty() ? SeatWish::no : settings.seat;
    offer.peer_urls = std::move(peer_urls);
    return offer;
}

}  // namespace hansa
