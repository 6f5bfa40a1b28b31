#include "trust/certificate.h"

#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <utility>

#include "base/host.h"
#include "base/text.h"
#include "trust/authority.h"
#include "trust/extension.h"
#include "trust/ip_address.h"
#include "trust/keys.h"
#include "trust/member_address.h"
#include "trust/openssl.h"

namespace hansa {
namespace {

constexpr std::size_t pem_bytes_max = 64 << 10;
constexpr std::size_t chain_max = 8;

struct FreeBytes {
    void operator()(unsigned char* bytes) const { OPENSSL_free(bytes); }
};
using Bytes = std::unique_ptr<unsigned char, FreeBytes>;

using Names = openssl::Owned<GENERAL_NAMES, GENERAL_NAMES_free>;

std::string text_of(const ASN1_STRING* string) {
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
            static_cast<std::size_t>(ASN1_STRING_length(string))};
}

// Also when there are two: which of them a reader believes must not be left to chance.
Result<std::string> common_name(const X509* x509) {
    const X509_NAME* subject = X509_get_subject_name(x509);
    const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at < 0) return Error{Code::invalid, "the certificate names no host"};
    if (X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0)
        return Error{Code::invalid, "the certificate has several common names"};
    return text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
}

std::optional<std::string> first_dns_name(const X509* x509) {
    const Names names{static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(x509, NID_subject_alt_name, nullptr, nullptr))};
    ERR_clear_error();
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
        if (name->type == GEN_DNS) return text_of(name->d.dNSName);
    }
    return std::nullopt;
}

std::vector<std::string> alternative_names(const X509* x509) {
    std::vector<std::string> texts;
    const Names names{static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(x509, NID_subject_alt_name, nullptr, nullptr))};
    ERR_clear_error();
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
        if (name->type == GEN_DNS) texts.push_back(text_of(name->d.dNSName));
        if (name->type == GEN_IPADD)
            texts.push_back(openssl::text_of_ip(text_of(name->d.iPAddress)));
    }
    return texts;
}

Result<Claims> claims_of_name(const X509* x509) {
    std::string text;
    if (auto dns = first_dns_name(x509)) {
        text = *std::move(dns);
    } else {
        auto common = common_name(x509);
        if (!common) return std::move(common).error();
        text = *std::move(common);
    }
    auto name = HostName::parse(text);
    if (!name) return std::move(name).error().during("the certificate's");
    Claims claims;
    claims.name = name->text();
    return claims;
}

// The certificates of authorities that were read last, by their encoding: the same one or two stand
// in every chain, and OpenSSL 3.0 takes 0.5 ms to read one (it looks for a decoder of the key among
// all it has). The only state of this room that outlives a call; any thread.
class KnownAuthorities {
 public:
    using Shared = std::shared_ptr<const Certificate::State>;

    Shared find(std::string_view der) {
        const std::lock_guard lock(mutex_);
        for (const auto& [encoding, state] : known_)
            if (encoding == der) return state;
        return nullptr;
    }

    void keep(std::string_view der, const Shared& state) {
        if (der.size() > bytes_max || X509_check_ca(state->x509.get()) != 1) return;
        const std::lock_guard lock(mutex_);
        known_[next_] = {std::string{der}, state};
        next_ = (next_ + 1) % known_.size();
    }

 private:
    static constexpr std::size_t bytes_max = 4 << 10;
    std::mutex mutex_;
    std::array<std::pair<std::string, Shared>, 8> known_;
    std::size_t next_ = 0;
};

// Never destroyed: OpenSSL ends before the objects of this program do.
KnownAuthorities& known_authorities() {
    static auto* const known = new KnownAuthorities;
    return *known;
}

// Null at the end of the text, or at a certificate that is damaged.
std::shared_ptr<const Certificate::State> next_certificate(BIO* text) {
    unsigned char* data = nullptr;
    long size = 0;
    if (PEM_bytes_read_bio(&data, &size, nullptr, PEM_STRING_X509, text, openssl::no_passphrase,
                           nullptr) != 1)
        return nullptr;
    const Bytes owner{data};
    const std::string_view der{reinterpret_cast<const char*>(data), static_cast<std::size_t>(size)};
    if (auto known = known_authorities().find(der)) return known;
    const unsigned char* at = data;
    openssl::X509Owned x509{d2i_X509(nullptr, &at, size)};
    if (!x509) return nullptr;
    auto state = std::make_shared<const Certificate::State>(Certificate::State{std::move(x509)});
    known_authorities().keep(der, state);
    return state;
}

}  // namespace

Result<Certificate> Certificate::from_pem(std::string_view pem) {
    auto chain = chain_from_pem(pem);
    if (!chain) return std::move(chain).error();
    return std::move(chain->front());
}

Result<std::vector<Certificate>> Certificate::chain_from_pem(std::string_view pem) {
    if (pem.size() > pem_bytes_max)
        return Error{Code::invalid, "certificates take " + counted(pem.size(), "byte") + "; " +
                                        std::to_string(pem_bytes_max) + " at most"};
    const openssl::Bio bio = openssl::reader(pem);
    std::vector<Certificate> chain;
    while (true) {
        auto state = next_certificate(bio.get());
        if (!state) break;
        if (chain.size() == chain_max)
            return Error{Code::invalid,
                         "more than " + std::to_string(chain_max) + " certificates in one text"};
        chain.push_back(Certificate{std::move(state)});
    }
    const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    if (!at_end)
        return Error{Code::invalid,
                     "certificate " + std::to_string(chain.size() + 1) + " of the text is damaged"};
    if (chain.empty()) return Error{Code::invalid, "no certificate in PEM form"};
    return chain;
}

std::string pem_of(std::span<const Certificate> chain) {
    std::string text;
    for (const Certificate& certificate : chain) text += certificate.pem();
    return text;
}

std::string Certificate::pem() const {
    const openssl::Bio bio = openssl::writer();
    openssl::sure_one(PEM_write_bio_X509(bio.get(), state_->x509.get()));
    return openssl::text_of(bio);
}

std::string Certificate::public_pem() const {
    const openssl::Bio bio = openssl::writer();
    openssl::sure_one(PEM_write_bio_PUBKEY(bio.get(), X509_get0_pubkey(state_->x509.get())));
    return openssl::text_of(bio);
}

std::string Certificate::fingerprint() const {
    unsigned char* der = nullptr;
    const int size = i2d_X509(state_->x509.get(), &der);
    check(size > 0, "a certificate has an encoding");
    const std::string digest =
        sha256({reinterpret_cast<char*>(der), static_cast<std::size_t>(size)});
    OPENSSL_free(der);
    return hex_encode(digest);
}

std::string Certificate::key_pin() const {
    unsigned char* der = nullptr;
    const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(state_->x509.get()), &der);
    check(size > 0, "a public key has an encoding");
    const std::string digest =
        sha256({reinterpret_cast<char*>(der), static_cast<std::size_t>(size)});
    OPENSSL_free(der);
    return hex_encode(digest);
}

std::string Certificate::serial() const {
    const openssl::Number number{
        openssl::sure(ASN1_INTEGER_to_BN(X509_get0_serialNumber(state_->x509.get()), nullptr))};
    char* digits = openssl::sure(BN_bn2hex(number.get()));
    std::string text = lower(digits);
    OPENSSL_free(digits);
    return text;
}

WallTime Certificate::not_before() const {
    return openssl::wall_time(X509_get0_notBefore(state_->x509.get()));
}

WallTime Certificate::not_after() const {
    return openssl::wall_time(X509_get0_notAfter(state_->x509.get()));
}

bool Certificate::is_authority() const {
    return X509_check_ca(state_->x509.get()) == 1;
}

bool Certificate::has_claims() const {
    return openssl::has_claims(state_->x509.get());
}

Result<Claims> Certificate::claims() const {
    if (!has_claims()) return claims_of_name(state_->x509.get());
    auto text = openssl::claims_text(state_->x509.get());
    if (!text) return std::move(text).error();
    auto claims = decode_claims(*text);
    if (!claims) return std::move(claims).error().during("the certificate's");
    if (claims->name.empty())
        return Error{Code::invalid, "the certificate is an authority's and names no host"};
    return claims;
}

bool Certificate::may_serve_store() const {
    if (!has_claims()) return true;
    return (X509_get_extended_key_usage(state_->x509.get()) & XKU_SSL_SERVER) != 0 &&
           (X509_get_extension_flags(state_->x509.get()) & EXFLAG_XKUSAGE) != 0;
}

std::vector<std::string> Certificate::addresses() const {
    std::vector<std::string> found;
    for (std::string& text : alternative_names(state_->x509.get())) {
        if (text == store_server_name) continue;
        auto usual = member_address(text);
        found.push_back(usual ? *std::move(usual) : std::move(text));
    }
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
}

bool Certificate::verifies(std::string_view message, std::string_view signature) const {
    EVP_PKEY* key = X509_get0_pubkey(state_->x509.get());
    return key && openssl::verifies(key, message, signature);
}

bool Certificate::belongs_to(const PrivateKey& key) const {
    const bool same = X509_check_private_key(state_->x509.get(), key.state().key.get()) == 1;
    ERR_clear_error();
    return same;
}

std::string Certificate::label() const {
    if (auto named = claims()) return named->name;
    const openssl::Bio bio = openssl::writer();
    X509_NAME_print_ex(bio.get(), X509_get_subject_name(state_->x509.get()), 0, XN_FLAG_ONELINE);
    return "\"" + printable(openssl::text_of(bio), 120) + "\"";
}

WallTime renewal_time(const Certificate& certificate) {
    const Duration life = certificate.not_after() - certificate.not_before();
    return certificate.not_before() + life / 3 * 2;
}

}  // namespace hansa
