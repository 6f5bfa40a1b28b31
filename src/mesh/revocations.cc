#include "mesh/revocations.h"

#include <algorithm>
#include <iterator>

#include "mesh/keys.h"

namespace hansa {
namespace {

Revoked either(const Revoked& a, const Revoked& b) {
    Revoked both{{}, a.names};
    std::set_union(a.serials.begin(), a.serials.end(), b.serials.begin(), b.serials.end(),
                   std::back_inserter(both.serials));
    for (const auto& [name, until] : b.names) {
        WallTime& latest = both.names.try_emplace(name, until).first->second;
        latest = std::max(latest, until);
    }
    return both;
}

}  // namespace

bool same(const Revoked& a, const Revoked& b) {
    return a.serials == b.serials && a.names == b.names;
}

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
    if (list->epoch == known.revocation_epoch)
        if (const auto seen = read(known.revocations, now)) {
            const bool other = !same(seen->revoked, list->revoked);
            revoked_ = either(revoked_, list->revoked);
            if (!other) return {};
            return Error{Code::denied, "there are two of epoch " + std::to_string(list->epoch) +
                                           "; whoever is on either is revoked until there is one "
                                           "of a later epoch"};
        }
    revoked_ = std::move(list->revoked);
    if (*shown_ != known.revocations) keeper_.keep_revocations(list->epoch, *shown_);
    return {};
}

}  // namespace hansa
