#include "daemon/enrolment.h"

#include "base/text.h"
#include "daemon/ask_authority.h"
#include "daemon/first_join.h"
#include "daemon/joiner.h"
#include "daemon/seat_settings.h"

namespace hansa {

Result<void> Enrolment::start(const HostCredentials& credentials) {
    if (auto answering = start_issuer(); !answering) return answering;
    keeper_.look_soon();
    if (auto asked = start_member(credentials); !asked) return asked;
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

void Enrolment::doubt(std::function<void(Error)> refused) {
    if (!renewer_) return;
    renewer_->doubt([this, refused = std::move(refused)](const Error& why) {
        refused(Error{Code::conflict,
                      "the cluster does not let this host in any more: " + why.text +
                          "; where another machine is \"" + home_.identity().host +
                          "\" by now (--replace), this one needs another --hostname; else a new "
                          "token lets it in: \"hansa token create\" there, --join here"});
    });
}

Result<void> Enrolment::start_member(const HostCredentials& credentials) {
    if (settings_.seat == SeatWish::no) return {};
    if (credentials.source() == TrustSource::elsewhere) return {};
    const bool joined = credentials.source() == TrustSource::joined;
    member_ = std::make_unique<MemberCertificate>(
        MemberCertificate::Ports{ports_.loop, ports_.files, ports_.accounts, ports_.random,
                                 ports_.report},
        MemberCertificate::Subject{home_.trust_directory(), home_.identity().uuid,
                                   home_.identity().host},
        [this, joined](const MemberWish& wish, MemberCertificate::Done done) {
            if (joined) return ask_for_member(wish, std::move(done));
            return ports_.loop.after(Duration{0}, [issued = issue_member(wish),
                                                   done = std::move(done)] { done(issued); });
        });
    return member_->want(seat_addresses(settings_));
}

// Beside the authority.
Result<std::string> Enrolment::issue_member(const MemberWish& wish) {
    const WallTime now = ports_.loop.clock().wall();
    const AuthorityFiles files({ports_.files, ports_.accounts}, home_.authority_directory());
    auto authority = files.keep(now);
    if (!authority) return std::move(authority).error();
    IssueOrder order = member_order(home_.identity().host, home_.identity().uuid, wish.key);
    order.claims.domain = settings_.domain;
    order.addresses = wish.addresses;
    return authority->issue(order, now);
}

// Shows the certificate as it is now: renewals replace it.
Held Enrolment::ask_for_member(const MemberWish& wish, MemberCertificate::Done done) {
    auto joined = read_joined(ports_.files, ports_.accounts, home_.trust_directory());
    auto root = joined ? Certificate::from_pem(joined->roots_pem)
                       : Result<Certificate>(std::move(joined).error());
    if (!root)
        return ports_.loop.after(
            Duration{0}, [why = std::move(root).error(), done = std::move(done)] { done(why); });
    MemberRequest request{wish.key.public_pem(), wish.addresses, make_nonce(ports_.random)};
    Expectation expected{
        request.nonce, home_.identity().host, home_.identity().uuid, root->key_pin(),
        wish.key,      CertificateUse::member};
    return ask_authority(ports_.loop, ports_.sockets,
                         {read_issuers(ports_.files, home_.trust_directory()), std::move(request),
                          TlsIdentity{joined->chain_pem, joined->key_pem}, std::move(expected)},
                         [done = std::move(done)](Result<Grant> grant) {
                             if (!grant) return done(std::move(grant).error());
                             done(std::move(grant->chain_pem));
                         });
}

// The credentials look at their files by themselves.
Result<void> Enrolment::renewed(const Grant& grant) {
    const std::string directory = home_.trust_directory();
    auto kept = replace_joined_certificate(ports_.files, directory, grant.chain_pem);
    if (!kept || grant.addresses.empty()) return kept;
    return keep_issuers(ports_.files, directory, places_to_ask(grant.addresses, {}));
}

}  // namespace hansa
