// Certificates come from whoever connects or writes to the store: an input is PEM text, claims in
// JSON, or the DER bytes of one certificate. What must hold: no crash and no report of a sanitizer;
// what is read is written, read again and the same; claims obey their rules; a label is safe to
// print; no chain is believed that does not lead to a root that is known.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/host.h"
#include "base/text.h"
#include "trust/authority.h"

namespace {

using namespace hansa;

const WallTime noon{Seconds{1475323200}};

void look_at_claims(std::string_view text) {
    auto claims = decode_claims(text);
    if (!claims) return check(!claims.error().text.empty(), "a refusal says why");
    auto again = encode(*claims);
    check(again && *decode_claims(*again) == *claims, "claims survive their text");
}

void look_at(const Certificate& certificate) {
    const Certificate again = *Certificate::from_pem(certificate.pem());
    check(again.fingerprint() == certificate.fingerprint(), "a certificate survives its text");
    check(certificate.key_pin().size() == 64, "every key has a pin");
    check(certificate.not_before() - WallTime{} < Duration::max(), "every time can be told");
    (void)certificate.not_after();
    (void)certificate.serial();
    (void)certificate.is_authority();
    (void)certificate.may_serve_store();
    (void)renewal_time(certificate);
    (void)certificate.verifies("message", "signature");
    const std::string label = certificate.label();
    check(printable(label, 400) == label, "a label is safe to print");
    if (auto claims = certificate.claims())
        check(bool(HostName::parse(claims->name)), "claims name a host");
}

void judge(const std::vector<Certificate>& chain) {
    static const std::vector<Certificate> ours{Authority::make("c1", noon).issuing.root()};
    check(!verify_chain(chain, ours, noon), "nobody below our root but us");
    // With its own last certificate as a root, as far as anybody can get.
    const std::vector<Certificate> own{chain.back()};
    if (verify_chain(chain, own, noon))
        check(!chain.front().is_authority() && chain.front().claims(), "a leaf is a host's");
    (void)verify_chain(chain, own, noon, {}, ChainLeaf::authority);
}

std::string as_pem(std::string_view der) {
    std::string text = "-----BEGIN CERTIFICATE-----\n";
    const std::string encoded = base64_encode(der);
    for (std::size_t i = 0; i < encoded.size(); i += 64) text += encoded.substr(i, 64) + "\n";
    return text + "-----END CERTIFICATE-----\n";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(bytes), size);
    if (input.starts_with('{')) look_at_claims(input);
    auto chain = Certificate::chain_from_pem(input.starts_with("-----") ? std::string{input}
                                                                        : as_pem(input));
    if (!chain) {
        check(!chain.error().text.empty(), "a refusal says why");
        return 0;
    }
    for (const Certificate& certificate : *chain) look_at(certificate);
    judge(*chain);
    return 0;
}
