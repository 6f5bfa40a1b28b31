#include "mesh/etcd/lines.h"

#include <utility>

namespace hansa::etcd {

void Lines::use_identity(StoreIdentity identity) {
    if (identity_ == identity) return;
    identity_ = std::move(identity);
    lines_.clear();
}

std::shared_ptr<Connection> Lines::to(const std::string& address) {
    if (!identity_) return nullptr;
    const Instant now = clock_.now();
    std::erase_if(lines_, [&](const auto& line) { return now - line.second.used > rest_max; });
    Line& line = lines_[address];
    if (!line.connection) line.connection = std::make_shared<Connection>(address, *identity_);
    line.used = now;
    return line.connection;
}

void Lines::drop(const std::shared_ptr<Connection>& failed) {
    const auto found = lines_.find(failed->address);
    if (found != lines_.end() && found->second.connection == failed) lines_.erase(found);
}

}  // namespace hansa::etcd
