#include "daemon/member_revocations.h"

#include "daemon/secret_files.h"
#include "mesh/follow_key.h"
#include "mesh/keys.h"

namespace hansa {

MemberRevocations::MemberRevocations(Ports ports, std::string trust_directory, Mine mine,
                                     Action changed)
    : ports_(ports),
      kept_path_(trust_directory + "/revoked.json"),
      crl_path_(std::move(trust_directory) + "/revoked.crl"),
      mine_(std::move(mine)),
      changed_(std::move(changed)) {}

// A list outlives its signer's certificate, so what was believed once is.
Result<RevocationList> MemberRevocations::read(const std::string& text) const {
    auto list = read_revocations(text, mine_().roots, ports_.loop.clock().wall());
    if (!list) return list;
    const auto claims = mine_().chain.front().claims();
    if (claims && list->cluster != claims->cluster)
        return Error{Code::denied,
                     "a list of cluster " + list->cluster + ", not " + claims->cluster};
    return list;
}

Result<std::string> MemberRevocations::prepare() {
    if (is_prepared_) return crl_path_;
    if (auto kept = ports_.files.read(kept_path_, revocations_bytes_max)) {
        if (auto list = read(*kept))
            list_ = std::move(*list);
        else
            ports_.report.publish(happened::Warned{kept_path_ + ": " + list.error().text});
    }
    if (auto written = write_crl(); !written) return std::move(written).error();
    is_prepared_ = true;
    return crl_path_;
}

Result<void> MemberRevocations::write_crl() {
    const Credentials& mine = mine_();
    auto crl = crl_of(list_, mine.chain.front(), mine.tls_key, ports_.loop.clock().wall());
    if (!crl) return std::move(crl).error();
    return write_secret(ports_.files, crl_path_, *crl);
}

void MemberRevocations::follow() {
    if (follower_) return;
    auto events = follow_key(keys::revocations(),
                             {.on_record =
                                  [this](const std::optional<Record>& record) {
                                      if (record) take(record->value);
                                  },
                              .on_error =
                                  [this](const Error& error) {
                                      ports_.report.publish(happened::Refused{
                                          "store_error", "who is revoked: " + error.text});
                                  }});
    follower_ = std::make_unique<Follower>(ports_.loop, ports_.store, ports_.random,
                                           keys::revocations(), FollowerTimes{}, std::move(events));
    follower_->store_is(ports_.store.status().state);
}

void MemberRevocations::store_is(StoreStatus::State state) {
    if (follower_) follower_->store_is(state);
}

void MemberRevocations::take(const std::string& text) {
    auto list = read(text);
    if (!list) return ports_.report.publish(happened::Refused{"revocations", list.error().text});
    if (list->epoch <= list_.epoch) return;
    list_ = std::move(*list);
    auto kept = write_secret(ports_.files, kept_path_, text);
    if (kept) kept = write_crl();
    if (!kept)
        ports_.report.publish(happened::Warned{
            "this host's member of the store may let revoked hosts in: " + kept.error().text});
    changed_();
}

}  // namespace hansa
