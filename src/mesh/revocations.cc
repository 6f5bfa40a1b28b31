#include "mesh/revocations.h"

namespace hansa {

Result<void> Revocations::use(std::string cluster, std::vector<Certificate> roots, WallTime now) {
    cluster_ = std::move(cluster);
    roots_ = std::move(roots);
    const std::string& remembered = keeper_.kept().revocations;
    if (!remembered.empty())
        if (auto list = read(remembered, now)) revoked_ = std::move(list->revoked);
    return take_shown(now);
}

Result<void> Revocations::show(std::string text, WallTime now) {
    shown_ = std::move(text);
    return take_shown(now);
}

Result<RevocationList> Revocations::read(const std::string& text, WallTime now) const {
    auto list = read_revocations(text, roots_, now);
    if (list && list->cluster != cluster_)
        return Error{Code::denied, "it is cluster " + list->cluster + "'s, not " + cluster_ + "'s"};
    return list;
}

Result<void> Revocations::take_shown(WallTime now) {
    if (cluster_.empty() || !shown_) return {};
    const TrustMemory& known = keeper_.kept();
    const std::string stays =
        "; the list of epoch " + std::to_string(known.revocation_epoch) + " stays in force";
    if (shown_->empty()) {
        if (known.revocation_epoch == 0) return {};
        return Error{Code::denied, "it is gone from the store" + stays};
    }
    auto list = read(*shown_, now);
    if (!list) return std::move(list).error();
    if (list->epoch < known.revocation_epoch)
        return Error{Code::denied, "epoch " + std::to_string(list->epoch) +
                                       " is older than one that was seen before" + stays};
    revoked_ = std::move(list->revoked);
    if (*shown_ != known.revocations) keeper_.keep_revocations(list->epoch, *shown_);
    return {};
}

}  // namespace hansa
