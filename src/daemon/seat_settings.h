// What `hansa run` is told about seats: the options read, held against each other and against the
// certificate; and what follows from them for whom this host is to others. Pure.
//
// --listen and --advertise name an address, and both ports of etcd follow (2379 and 2380, or free
// ones); --client-urls and --server-urls name each port's address by itself. Only one of the two
// ways can be used, but --advertise goes with both.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/settings.h"
#include "mesh/seat_book.h"
#include "mesh/seat_records.h"
#include "servers/etcd_config.h"

namespace hansa {

// As they were written; empty: not given.
struct SeatOptions {
    std::string seat{};
    std::string domain{};
    std::string listen{};
    std::string advertise{};
    std::optional<std::int64_t> ideal_cluster_size{};
    std::optional<std::int64_t> expect{};
    std::string timing{};
    bool no_server = false;
};

// Code::invalid says which option is wrong, or which two do not go together, and what would be
// right. REQUIRES: the URLs are in `settings` already.
Result<void> add_seat_options(const SeatOptions& options, Settings& settings);

// How many seats there should be. Code::invalid: not odd, or not from 1 to 9.
Result<std::size_t> cluster_size(const std::string& text);

// Code::invalid names the profiles there are.
Result<void> check_timing(const std::string& name);

// The certified domain wins, and stands in `settings` afterwards. Code::conflict, with both, where
// another one was given.
Result<void> agree_on_domain(Settings& settings, const std::string& certified);

// What its member's certificate stands for, as member_addresses() has them: where others reach it
// and this machine's own names.
std::vector<std::string> seat_addresses(const Settings& settings);

// Of a seat of this host's own, by what it was told: where its etcd would listen, and what others
// are told of that.
struct SeatUrls {
    std::vector<std::string> clients;
    std::vector<std::string> peers;
    std::vector<std::string> clients_told;
    std::vector<std::string> peers_told;
};
SeatUrls seat_urls(const Settings& settings);

// Whether hosts elsewhere could be clients or members of a store there.
bool is_reached_by_others(const std::vector<std::string>& urls);

// What a cluster is to be founded with; `timing`: of the store that there is.
SeatSettings founding_settings(const Settings& settings, const std::string& timing);

// A line for each option that the cluster does not follow, since it was founded with something
// else: "--ideal-cluster-size 3: …".
std::vector<std::string> overruled(const Settings& settings, const SeatSettings& stored);

// Etcd's own share of the cluster's times. REQUIRES: a name that timing_named() knows.
EtcdTiming etcd_timing(const std::string& timing);

// What this host says of itself; `peer_urls`: where others reach a store of its own. Without any it
// is a client, and wants no seat.
SeatOffer seat_offer(const Settings& settings, std::vector<std::string> peer_urls);

}  // namespace hansa
