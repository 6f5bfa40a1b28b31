// The string that people paste: Token of token.h.
#include "trust/token.h"

#include <openssl/rand.h>

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "trust/keys.h"
#include "trust/openssl.h"

namespace hansa {
namespace {

// bytes = id (8) secret (32) pin (32) COUNT { LENGTH address } checksum (4): the first bytes of
// the SHA-256 of all before.
constexpr std::string_view head = "hansa1.";
constexpr std::size_t text_max = 2 << 10;
constexpr std::size_t id_bytes = 8;
constexpr std::size_t secret_bytes = 32;
constexpr std::size_t pin_bytes = 32;
constexpr std::size_t checksum_bytes = 4;
constexpr std::size_t addresses_max = 16;
constexpr std::size_t address_max = 64;

std::string random_bytes(std::size_t count) {
    std::string bytes(count, '\0');
    openssl::sure_one(
        RAND_priv_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)));
    return bytes;
}

std::string base64url(std::string_view bytes) {
    std::string text = base64_encode(bytes);
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    while (text.ends_with('=')) text.pop_back();
    return text;
}

std::optional<std::string> from_base64url(std::string text) {
    if (text.find_first_of("+/=") != std::string::npos) return std::nullopt;
    std::replace(text.begin(), text.end(), '-', '+');
    std::replace(text.begin(), text.end(), '_', '/');
    text.append((4 - text.size() % 4) % 4, '=');
    return base64_decode(text);
}

bool is_address(std::string_view text) {
    return !text.empty() && text.size() <= address_max &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

// Takes pieces off the front; an empty one when too little is left.
struct Pieces {
    std::string_view rest;
    bool short_of = false;

    std::string_view take(std::size_t count) {
        if (count > rest.size()) {
            short_of = true;
            return {};
        }
        const std::string_view piece = rest.substr(0, count);
        rest.remove_prefix(count);
        return piece;
    }
    std::size_t take_count() {
        const std::string_view piece = take(1);
        return piece.empty() ? 0 : static_cast<unsigned char>(piece[0]);
    }
};

std::optional<Token> token_of(std::string_view bytes) {
    Pieces pieces{bytes};
    Token token;
    token.id = hex_encode(pieces.take(id_bytes));
    token.secret = pieces.take(secret_bytes);
    token.pin = hex_encode(pieces.take(pin_bytes));
    const std::size_t count = pieces.take_count();
    if (count > addresses_max) return std::nullopt;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string_view address = pieces.take(pieces.take_count());
        if (!is_address(address)) return std::nullopt;
        token.addresses.emplace_back(address);
    }
    if (pieces.short_of || !pieces.rest.empty()) return std::nullopt;
    return token;
}

}  // namespace

Token make_token(const std::string& pin, std::vector<std::string> addresses) {
    return {hex_encode(random_bytes(id_bytes)), random_bytes(secret_bytes), pin,
            std::move(addresses)};
}

std::string encode(const Token& token) {
    const auto id = hex_decode(token.id), pin = hex_decode(token.pin);
    check(id && id->size() == id_bytes && pin && pin->size() == pin_bytes &&
              token.secret.size() == secret_bytes && token.addresses.size() <= addresses_max,
          "a token has its parts");
    std::string bytes = *id + token.secret + *pin;
    bytes += static_cast<char>(token.addresses.size());
    for (const std::string& address : token.addresses) {
        check(is_address(address), "an address is short and visible");
        bytes += static_cast<char>(address.size());
        bytes += address;
    }
    bytes += sha256(bytes).substr(0, checksum_bytes);
    return std::string{head} + base64url(bytes);
}

Result<Token> decode_token(std::string_view text) {
    text = trim(text);
    if (!text.starts_with(head))
        return Error{Code::invalid, "this is no join token; one begins with \"hansa1.\""};
    const Error damaged{Code::invalid, "the join token is damaged; copy it whole"};
    if (text.size() > text_max) return damaged;
    const auto bytes = from_base64url(std::string{text.substr(head.size())});
    if (!bytes || bytes->size() < checksum_bytes) return damaged;
    const std::string_view body =
        std::string_view{*bytes}.substr(0, bytes->size() - checksum_bytes);
    if (!equal_secrets(sha256(body).substr(0, checksum_bytes),
                       std::string_view{*bytes}.substr(body.size())))
        return damaged;
    auto token = token_of(body);
    if (!token) return damaged;
    return *std::move(token);
}

}  // namespace hansa
