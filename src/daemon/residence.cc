#include "daemon/residence.h"

#include "sys/linux/surroundings.h"

namespace hansa {

namespace {

Result<std::optional<GroupId>> readers_of(const Settings& settings, const Accounts& accounts) {
    if (settings.control_group.empty()) return std::optional<GroupId>();
    auto group = accounts.group(settings.control_group);
    if (!group) return Error{Code::invalid, "--control-group: " + group.error().text};
    return std::optional<GroupId>(*group);
}

}  // namespace

Result<Residence> Residence::open(const Home::Ports& ports, const Clock& clock, Settings& settings,
                                  const Enter& enter) {
    Residence residence;
    auto readers = readers_of(settings, ports.accounts);
    if (!readers) return std::move(readers).error();
    residence.readers = *readers;
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
    if (auto opened = residence.home->open_to(residence.readers); !opened)
        return std::move(opened).error().during("--control-group " + settings.control_group);
    if (settings.standalone) return residence;
    if (auto entered = enter(*residence.home); !entered) return std::move(entered).error();
    auto own = open_credentials({ports.files, ports.accounts, ports.random, clock}, *residence.home,
                                settings);
    if (!own) return std::move(own).error();
    residence.credentials.emplace(std::move(*own));
    return residence;
}

}  // namespace hansa
