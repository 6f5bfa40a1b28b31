#include "seat_world.h"

#include <algorithm>

namespace hansa {

SeatWorld::SeatWorld(const SeatWorldOptions& options_in, std::uint64_t seed)
    : options(options_in), random(seed), ideal(options_in.ideal) {
    for (std::size_t i = 0; i < options.hosts; ++i) (void)join(options);
}

std::size_t SeatWorld::join(const SeatWorldOptions& how) {
    SimHost host;
    const std::size_t number = hosts.size();
    host.uuid = "h" + std::to_string(number);
    if (how.domains > 0) host.domain.push_back("dc=" + std::to_string(number % how.domains));
    if (how.racks) host.domain.push_back("rack=" + std::to_string(random.below(3)));
    host.weight = static_cast<std::int64_t>(random.below(3));
    if (random.chance(0.1)) host.wish = SeatWish::prefer;
    if (number > 0 && random.chance(0.05)) host.wish = SeatWish::no;
    host.clock_offset =
        Milliseconds{random.below(static_cast<std::uint64_t>(2 * clock_skew_max.count()))} -
        clock_skew_max;
    host.lease_until = now + Seconds{30};
    hosts.push_back(std::move(host));
    for (SimCut& cut : cuts) {
        cut.from.push_back(false);
        cut.to.push_back(false);
    }
    return number;
}

bool SeatWorld::passes(std::size_t from, std::size_t to) const {
    for (const SimCut& cut : cuts)
        if (cut.from[from] && cut.to[to]) return false;
    return true;
}

std::optional<std::size_t> SeatWorld::host_of(const std::string& uuid) const {
    if (uuid.empty()) return std::nullopt;
    return static_cast<std::size_t>(std::stoul(uuid.substr(1)));
}

std::size_t SeatWorld::registered_for_seats() const {
    return static_cast<std::size_t>(std::count_if(hosts.begin(), hosts.end(), [](const auto& host) {
        return host.registered && host.wish != SeatWish::no;
    }));
}

void SeatWorld::crash(std::size_t number) {
    SimHost& host = hosts[number];
    host.up = host.agent_stopped = host.paused = false;
    host.etcd.running = false;
    host.etcd.starts.reset();
    host.etcd.busy_until.reset();
    host.etcd.copied.reset();
    host.etcd.active_since.clear();
}

void SeatWorld::start(std::size_t number) {
    SimHost& host = hosts[number];
    if (host.up) return;
    host.up = true;
    ++host.lives;
}

}  // namespace hansa
