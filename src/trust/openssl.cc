#include "trust/openssl.h"

#include <openssl/pem.h>

#include <algorithm>
#include <ctime>

namespace hansa::openssl {
namespace {

// Half the range of WallTime, so that the difference of two such times is a Duration: from 1824
// to 2116.
constexpr std::int64_t seconds_max = INT64_MAX / 1'000'000'000 / 2;

}  // namespace

Bio reader(std::string_view text) {
    check(text.size() <= INT32_MAX, "texts for OpenSSL are short");
    return Bio{sure(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())))};
}

Bio writer() {
    return Bio{sure(BIO_new(BIO_s_mem()))};
}

std::string text_of(const Bio& bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return size <= 0 ? std::string{} : std::string{data, static_cast<std::size_t>(size)};
}

int no_passphrase(char*, int, int, void*) {
    return -1;
}

Key private_key_from_pem(std::string_view pem) {
    Key key{PEM_read_bio_PrivateKey(reader(pem).get(), nullptr, no_passphrase, nullptr)};
    ERR_clear_error();
    return key;
}

Key public_key_from_pem(std::string_view pem) {
    Key key{PEM_read_bio_PUBKEY(reader(pem).get(), nullptr, no_passphrase, nullptr)};
    ERR_clear_error();
    return key;
}

std::string pem_of_private(EVP_PKEY* key) {
    const Bio bio = writer();
    sure_one(PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr));
    return text_of(bio);
}

std::string der_of_public(EVP_PKEY* key) {
    unsigned char* der = nullptr;
    const int size = i2d_PUBKEY(key, &der);
    check(size > 0, "a public key has an encoding");
    std::string text{reinterpret_cast<char*>(der), static_cast<std::size_t>(size)};
    OPENSSL_free(der);
    return text;
}

const EVP_MD* digest_for(EVP_PKEY* key) {
    const int type = EVP_PKEY_get_base_id(key);
    return type == EVP_PKEY_ED25519 || type == EVP_PKEY_ED448 ? nullptr : EVP_sha256();
}

std::optional<std::string> sign(EVP_PKEY* key, std::string_view message) {
    const DigestContext context{sure(EVP_MD_CTX_new())};
    std::size_t size = 0;
    if (EVP_DigestSignInit(context.get(), nullptr, digest_for(key), nullptr, key) != 1 ||
        EVP_DigestSign(context.get(), nullptr, &size, bytes_of(message), message.size()) != 1) {
        ERR_clear_error();
        return std::nullopt;
    }
    std::string signature(size, '\0');
    auto* start = reinterpret_cast<unsigned char*>(signature.data());
    if (EVP_DigestSign(context.get(), start, &size, bytes_of(message), message.size()) != 1) {
        ERR_clear_error();
        return std::nullopt;
    }
    signature.resize(size);
    return signature;
}

bool verifies(EVP_PKEY* key, std::string_view message, std::string_view signature) {
    const DigestContext context{sure(EVP_MD_CTX_new())};
    const bool good =
        EVP_DigestVerifyInit(context.get(), nullptr, digest_for(key), nullptr, key) == 1 &&
        EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(message),
                         message.size()) == 1;
    if (!good) ERR_clear_error();  // or the next caller would find our refusal in the queue
    return good;
}

WallTime wall_time(const ASN1_TIME* time) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return WallTime{};
    const std::int64_t seconds = timegm(&parts);
    return WallTime{Seconds{std::clamp(seconds, -seconds_max, seconds_max)}};
}

Time asn1_time(WallTime time) {
    const auto seconds = std::chrono::floor<Seconds>(time.time_since_epoch()).count();
    return Time{sure(ASN1_TIME_adj(nullptr, 0, static_cast<int>(seconds / 86'400),
                                   static_cast<long>(seconds % 86'400)))};
}

}  // namespace hansa::openssl
