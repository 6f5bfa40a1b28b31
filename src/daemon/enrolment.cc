#include "daemon/enrolment.h"

#include "base/text.h"
#include "daemon/first_join.h"
#include "daemon/joiner.h"

namespace hansa {

Result<void> Enrolment::start(const HostCredentials& credentials) {
    if (auto answering = start_issuer(); !answering) return answering;
    keeper_.look_soon();
    if (credentials.source() != TrustSource::joined) return {};
    warn_of_clock(credentials.current().chain.front());
    return start_renewer();
}

void Enrolment::warn_of_clock(const Certificate& leaf) {
    const Duration early = leaf.not_before() - ports_.loop.clock().wall();
    if (early <= Duration::zero()) return;
    ports_.report.publish(
        happened::Warned{"this machine's clock is at least " + readable(early) +
                         " behind that of its authority: its certificate is not valid before " +
                         iso8601(leaf.not_before()) +
                         "; set the clock (NTP), until then the store is tried in vain"});
}

Result<void> Enrolment::start_issuer() {
    AuthorityDirectory directory({ports_.files, ports_.locks, ports_.accounts},
                                 home_.authority_directory());
    if (!settings_.join_listen && !directory.has_tokens()) return {};
    auto authority = directory.keys().open();
    if (!authority && authority.error().code == Code::missing) {
        if (!settings_.join_listen) return {};
        return Error{Code::invalid, "--join-listen: there is no authority in " + directory.path() +
                                        "; make one with \"hansa ca init\""};
    }
    if (!authority) return std::move(authority).error();
    IssuerWishes wishes;
    wishes.host = home_.identity().host;
    wishes.uuid = home_.identity().uuid;
    wishes.listen = settings_.join_listen;
    wishes.life = settings_.certificate_life;
    issuer_ = std::make_unique<Issuer>(
        Issuer::Ports{ports_.loop, ports_.workers, ports_.sockets, ports_.report},
        std::move(directory), std::move(*authority), std::move(wishes), stores_);
    if (auto at = issuer_->start(); !at) return std::move(at).error();
    return {};
}

Result<void> Enrolment::start_renewer() {
    auto joined = read_joined(ports_.files, ports_.accounts, home_.trust_directory());
    if (!joined) return std::move(joined).error();
    auto key = PrivateKey::from_pem(joined->key_pem);
    if (!key) return std::move(key).error();
    renewer_ = std::make_unique<Renewer>(
        Renewer::Ports{ports_.loop, ports_.sockets, ports_.random, ports_.report},
        [this](const Grant& grant) { return renewed(grant); });
    return renewer_->keep({joined->chain_pem, joined->roots_pem, *key,
                           read_issuers(ports_.files, home_.trust_directory())});
}

// The credentials look at their files by themselves.
Result<void> Enrolment::renewed(const Grant& grant) {
    const std::string directory = home_.trust_directory();
    auto kept = replace_joined_certificate(ports_.files, directory, grant.chain_pem);
    if (!kept || grant.addresses.empty()) return kept;
    return keep_issuers(ports_.files, directory, places_to_ask(grant.addresses, {}));
}

}  // namespace hansa
