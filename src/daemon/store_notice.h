// What the agent that holds a machine's lock tells the others of that machine about its store, in
// PREFIX/cluster/store.json. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace hansa {

struct StoreNotice {
    int pid = 0;
    std::vector<std::string> client_urls;
    std::vector<std::string> peer_urls;
    std::string server_name{};  // that its certificate carries: whoever lacks it is somebody else
    bool serving = true;        // false: its etcd is down
    std::vector<std::string> clients_told{};  // what other hosts are told; empty: the same
    // Where the store answers since this machine has no member of it any more; empty: it has.
    std::vector<std::string> elsewhere{};
    std::string timing{};  // of the cluster that it was founded for; empty: the usual one
};

std::string encode(const StoreNotice& notice);
Result<StoreNotice> decode_notice(const std::string& text);

}  // namespace hansa
