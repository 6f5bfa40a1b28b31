#include "trust/digest.h"

#include <array>

#include "trust/openssl.h"

namespace hansa {

struct Sha256::State {
    openssl::DigestContext context{openssl::sure(EVP_MD_CTX_new())};
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
    openssl::sure_one(EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr));
}

Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::add(std::string_view piece) {
    openssl::sure_one(EVP_DigestUpdate(state_->context.get(), piece.data(), piece.size()));
}

std::string Sha256::finish() {
    std::array<unsigned char, bytes> digest;
    openssl::sure_one(EVP_DigestFinal_ex(state_->context.get(), digest.data(), nullptr));
    return {digest.begin(), digest.end()};
}

}  // namespace hansa
