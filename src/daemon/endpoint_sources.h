// Where an agent learns of endpoints beside the store itself: a file of its own, and the DNS.
//
//     PREFIX/HOST/endpoints.json    the members of the store as it listed them last, mode 0600
//
// Loop thread only; what is slow goes through workers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mesh/endpoints.h"
#include "mesh/lifeline.h"
#include "report/report.h"
#include "sys/accounts.h"
#include "sys/files.h"
#include "sys/names.h"
#include "sys/task.h"

namespace hansa {

class EndpointCache {
 public:
    struct Ports {
        Workers& workers;
        Files& files;
        const Accounts& accounts;
        Report& report;
    };

    // Everything given must outlive it, and so must the workers' tasks.
    EndpointCache(Ports ports, std::string path) : ports_(ports), path_(std::move(path)) {}

    // Blocking: at start. Nothing where nothing usable is kept; what is wrong with it is told.
    std::vector<StoreMember> read() const;

    // Replaces what is kept, soon. One write at a time; the last one wins.
    void keep(const std::vector<StoreMember>& members);

 private:
    void write();

    const Ports ports_;
    const std::string path_;
    std::optional<std::string> unwritten_;
    bool writing_ = false;
    bool told_ = false;  // that it cannot be written
    Lifeline lifeline_;
};

// The service under which the endpoints of a cluster are found in the DNS.
inline constexpr const char* endpoint_service = "_hansa._tcp";

// Asks on a worker; `found` is called on the loop thread, with nothing where nothing was found.
// `names` is shared with the task, which may still wait for an answer when we end.
void look_up_endpoints(Workers& workers, std::shared_ptr<const Names> names, std::uint64_t seed,
                       std::function<void(std::vector<std::string>)> found);

}  // namespace hansa
