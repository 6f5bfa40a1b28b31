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
    if (!line.connection) line = {std::make_shared<Connection>(address, *identity_), now, now};
    line.used = now;
    return line.connection;
}

Lines::Line* Lines::find(const std::shared_ptr<Connection>& on) {
    const auto found = lines_.find(on->address);
    return found != lines_.end() && found->second.connection == on ? &found->second : nullptr;
}

void Lines::heard(const std::shared_ptr<Connection>& on) {
    Line* line = find(on);
    if (!line) return;
    line->heard = clock_.now();
    line->has_answered = true;
}

void Lines::silent(const std::shared_ptr<Connection>& on, Duration limit) {
    const Line* line = find(on);
    if (!line) return;
    const Duration most = line->has_answered ? limit * 5 / 2 : first_answer_max;
    if (clock_.now() - line->heard >= most) drop(on);
}

void Lines::drop(const std::shared_ptr<Connection>& failed) {
    if (find(failed)) lines_.erase(failed->address);
}

}  // namespace hansa::etcd
