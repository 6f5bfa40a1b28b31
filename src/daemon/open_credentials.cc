// The part of credentials.h that knows how a host is described.
#include "daemon/credentials.h"
#include "daemon/seat_settings.h"
#include "sys/linux/surroundings.h"

namespace hansa {

Result<HostCredentials> open_credentials(HostCredentials::Ports ports, const Home& home,
                                         Settings& settings) {
    if (settings.tls)
        for (auto path : {&TlsPaths::certificate, &TlsPaths::key, &TlsPaths::roots})
            (*settings.tls).*path = absolute_path((*settings.tls).*path);
    const HostCredentials::Places places{home.trust_directory(), home.authority_directory(),
                                         settings.tls};
    if (!settings.seeds.empty())
        if (auto able = require_identity_for_seeds(ports.files, places); !able)
            return std::move(able).error();
    auto opened = HostCredentials::open(
        ports, places, {home.identity().uuid, home.identity().host, settings.domain});
    if (!opened) return std::move(opened).error();
    if (auto agreed = agree_on_domain(settings, opened->domain()); !agreed)
        return std::move(agreed).error();
    if (settings.seeds.empty()) settings.seeds = opened->seeds();
    if (settings.seeds.empty() && opened->source() == TrustSource::joined)
        return Error{Code::conflict,
                     "this host has joined a cluster; give --seeds to say where "
                     "its store is"};
    return opened;
}

Result<void> require_identity_for_seeds(const Files& files, const HostCredentials::Places& places) {
    if (places.elsewhere || has_joined(files, places.directory)) return {};
    // The seeds may be this machine's own store.
    if (files.status(places.authority_directory + "/issuing.key")) return {};
    return Error{Code::conflict,
                 "--seeds: this host has nothing to show to them; give --join TOKEN (they make one "
                 "with \"hansa token create\"), or certificates of their authority with "
                 "--tls-cert, --tls-key and --tls-ca"};
}

}  // namespace hansa
