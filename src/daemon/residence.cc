#include "daemon/residence.h"

#include "sys/linux/surroundings.h"

namespace hansa {

Result<Residence> Residence::open(const Home::Ports& ports, const Clock& clock, Settings& settings,
                                  const Enter& enter) {
    Residence residence;
    if (settings.tmp_prefix) {
        auto made = make_temporary_directory("hansa-");
        if (!made) return std::move(made).error().during("--tmp-prefix");
        residence.temporary = std::make_unique<TemporaryPrefix>(ports.files, *made);
        settings.prefix = std::move(*made);
    }
    settings.prefix = absolute_path(settings.prefix);
    auto home = Home::open(ports, settings.prefix, settings.host);
    if (!home) return std::move(home).error();
    residence.home = std::move(*home);
    if (settings.standalone) return residence;
    if (auto entered = enter(*residence.home); !entered) return std::move(entered).error();
    auto own = open_credentials({ports.files, ports.accounts, ports.random, clock}, *residence.home,
                                settings);
    if (!own) return std::move(own).error();
    residence.credentials.emplace(std::move(*own));
    return residence;
}

}  // namespace hansa
