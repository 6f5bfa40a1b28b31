#include "daemon/member_certificate.h"

#include <algorithm>

#include "base/text.h"
#include "daemon/renewer.h"
#include "daemon/secret_files.h"

namespace hansa {

namespace {

// Nobody is promoted in its first moments, which belong to what the host is there for.
constexpr Duration calm = Seconds{1};
constexpr Backoff::Times first_pauses{
    .first = Milliseconds{1'000}, .max = Milliseconds{300'000}, .least = Milliseconds{500}};

}  // namespace

std::string member_key_path(const std::string& trust_directory) {
    return trust_directory + "/member.key";
}

std::string member_certificate_path(const std::string& trust_directory) {
    return trust_directory + "/member.pem";
}

Result<void> remove_member_certificate(Files& files, const std::string& trust_directory) {
    for (const std::string& path :
         {member_certificate_path(trust_directory), member_key_path(trust_directory)})
        if (auto gone = files.remove(path); !gone && gone.error().code != Code::missing)
            return gone;
    return {};
}

Result<void> MemberCertificate::want(std::vector<std::string> addresses) {
    if (addresses == addresses_) return {};
    auto private_key =
        check_secret(ports_.files, ports_.accounts, member_key_path(subject_.directory));
    if (!private_key && private_key.error().code != Code::missing) return private_key;
    addresses_ = std::move(addresses);
    asking_.reset();
    leaf_.reset();
    backoff_ = Backoff(first_pauses);
    timer_ = ports_.loop.after(calm, [this] { look(); });
    return {};
}

bool MemberCertificate::is_ready() const {
    return leaf_ && ports_.loop.clock().wall() < leaf_->not_after();
}

void MemberCertificate::look() {
    auto key = keep_key();
    if (!key) return again(key.error().text, [this] { look(); });
    key_ = *std::move(key);
    if (auto leaf = present()) return settle(*std::move(leaf));
    ask();
}

Result<PrivateKey> MemberCertificate::keep_key() {
    const std::string path = member_key_path(subject_.directory);
    auto text = read_secret(ports_.files, ports_.accounts, path);
    if (text) return PrivateKey::from_pem(*text);
    if (text.error().code != Code::missing) return std::move(text).error();
    PrivateKey made = PrivateKey::make();
    if (auto written = write_secret(ports_.files, path, made.pem()); !written)
        return std::move(written).error();
    return made;
}

// What is damaged is as good as nothing: it is made anew.
std::optional<Certificate> MemberCertificate::present() {
    auto text = ports_.files.read(member_certificate_path(subject_.directory), pem_bytes_max);
    if (!text) return std::nullopt;
    auto chain = Certificate::chain_from_pem(*text);
    if (!chain || !is_good(*chain)) return std::nullopt;
    return chain->front();
}

bool MemberCertificate::is_good(const std::vector<Certificate>& chain) const {
    auto text = ports_.files.read(subject_.directory + "/ca.pem", pem_bytes_max);
    if (!text) return false;
    const auto roots = Certificate::chain_from_pem(*text);
    if (!roots || !verify_chain(chain, *roots, ports_.loop.clock().wall())) return false;
    const Certificate& leaf = chain.front();
    const auto claims = leaf.claims();
    return claims && claims->name == subject_.name && claims->uuid == subject_.uuid &&
           leaf.may_serve_store() && leaf.belongs_to(*key_) && leaf.addresses() == addresses_;
}

void MemberCertificate::settle(Certificate leaf) {
    leaf_ = std::move(leaf);
    backoff_ = Backoff(renewal_pauses(*leaf_));
    const double spread = static_cast<double>(ports_.random.below(1 << 20)) / (1 << 20);
    due_ = renewal_due(*leaf_, spread);
    wait();
}

void MemberCertificate::wait() {
    const Duration left = due_ - ports_.loop.clock().wall();
    timer_ = ports_.loop.after(std::clamp(left, Duration{0}, renewal_glance), [this] {
        if (ports_.loop.clock().wall() < due_) return wait();
        ask();
    });
}

void MemberCertificate::ask() {
    asking_ = obtain_({*key_, addresses_}, [this](Result<std::string> chain_pem) {
        if (!chain_pem) return again(chain_pem.error().text, [this] { ask(); });
        take(*chain_pem);
    });
}

void MemberCertificate::take(const std::string& chain_pem) {
    auto chain = Certificate::chain_from_pem(chain_pem);
    if (!chain || !is_good(*chain))
        return again("what was issued is not for this host and its addresses", [this] { ask(); });
    keep(chain_pem, chain->front());
}

// A full disk is no reason to ask again: what was granted is still there.
void MemberCertificate::keep(const std::string& chain_pem, const Certificate& leaf) {
    const std::string path = member_certificate_path(subject_.directory);
    if (auto kept = write_secret(ports_.files, path, chain_pem); !kept)
        return again(kept.error().text, [this, chain_pem, leaf] { keep(chain_pem, leaf); });
    if (!leaf_)
        ports_.report.publish(
            happened::Noted{"this host may be given a seat: it has a certificate "
                            "for " +
                            join(addresses_, ", ")});
    settle(leaf);
}

void MemberCertificate::again(const std::string& why, Action action) {
    const Duration pause = backoff_.next(ports_.random);
    const std::string what = is_ready()
                                 ? "the certificate for this host's seat expires in " +
                                       readable(leaf_->not_after() - ports_.loop.clock().wall()) +
                                       " and could not be renewed: "
                                 : "this host cannot be given a seat, for want of a certificate: ";
    ports_.report.publish(happened::Warned{what + why + "; tried again in " + readable(pause)});
    timer_ = ports_.loop.after(pause, std::move(action));
}

}  // namespace hansa
