// Where an agent lives while it runs: its prefix, its home there, its keys and certificate.
//
// Owned by Node. Given back from the last to the first: a temporary prefix goes at the very end.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "daemon/credentials.h"
#include "daemon/home.h"

namespace hansa {

struct Residence {
    std::unique_ptr<TemporaryPrefix> temporary;  // null: --prefix stays
    std::unique_ptr<Home> home;
    std::optional<GroupId> readers;              // who may ask the agent; empty: nobody else
    std::optional<HostCredentials> credentials;  // empty: standalone

    // Makes what is missing. Completes `settings`: the prefix, whole paths, the seeds of a cluster
    // that this host has joined. Code::invalid for a group that there is not; others as those of
    // Home::open() and open_credentials(). `enter` is called with the home, before there are keys:
    // a host may have to join first.
    using Enter = std::function<Result<void>(const Home&)>;
    static Result<Residence> open(const Home::Ports& ports, const Clock& clock, Settings& settings,
                                  const Enter& enter);
};

}  // namespace hansa
