#include "trust/token.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "trust/keys.h"
#include "trust/testing.h"

namespace hansa {
namespace {

using namespace testing;

const std::string pin(64, 'a');

Token some_token() {
    return make_token(pin, {"10.0.0.1:7443", "a.example.org:7443"});
}

TEST(Token, survives_its_text) {
    const Token token = some_token();
    const std::string text = encode(token);
    EXPECT_TRUE(text.starts_with("hansa1."));
    EXPECT_LT(text.size(), 200U);
    EXPECT_EQ(text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "0123456789-_."),
              std::string::npos);
    EXPECT_EQ(*decode_token(text), token);
    EXPECT_EQ(*decode_token("  " + text + "\n"), token);
    const Token alone = make_token(pin, {});
    EXPECT_EQ(*decode_token(encode(alone)), alone);
    EXPECT_NE(some_token().secret, token.secret);
    EXPECT_NE(some_token().id, token.id);
}

TEST(Token, of_the_largest_size_fits) {
    const Token token = make_token(pin, std::vector<std::string>(16, std::string(64, 'x')));
    EXPECT_LE(encode(token).size(), 2048U);
    EXPECT_EQ(*decode_token(encode(token)), token);
}

TEST(Token, that_was_not_copied_whole_is_told_without_being_shown) {
    const std::string text = encode(some_token());
    for (std::size_t size = 7; size < text.size(); ++size) {
        auto cut = decode_token(text.substr(0, size));
        ASSERT_FALSE(cut) << size;
        EXPECT_EQ(cut.error().text, "the join token is damaged; copy it whole");
    }
    for (std::size_t at = 7; at < text.size(); ++at) {
        std::string changed = text;
        changed[at] = changed[at] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(decode_token(changed)) << at;
    }
    for (const std::string& bad :
         {text + "A", text + "=", text + text, text + std::string(3000, 'A')})
        EXPECT_EQ(decode_token(bad).error().text, "the join token is damaged; copy it whole");
    for (const std::string& other : {std::string{}, std::string{"hansa2."} + text.substr(7)})
        EXPECT_EQ(decode_token(other).error().text,
                  "this is no join token; one begins with \"hansa1.\"");
}

TEST(Token, with_addresses_that_are_none_is_refused) {
    // A sound checksum over what encode() would not make.
    const auto token_of = [](const std::string& tail) {
        const Token token = make_token(pin, {});
        std::string bytes = *hex_decode(token.id) + token.secret + *hex_decode(pin) + tail;
        bytes += sha256(bytes).substr(0, 4);
        std::string text = base64_encode(bytes);
        for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
        while (text.ends_with('=')) text.pop_back();
        return bool(decode_token("hansa1." + text));
    };
    EXPECT_TRUE(token_of(std::string("\x01\x01x", 3)));
    EXPECT_FALSE(token_of(""));
    EXPECT_FALSE(token_of(std::string("\x01\x00", 2)));
    EXPECT_FALSE(token_of("\x01\x01 "));
    EXPECT_FALSE(token_of("\x01\x05x"));
    EXPECT_FALSE(token_of("\x01\x01xy"));
    EXPECT_FALSE(token_of("\x01"));
    std::string many(1, '\x11');
    for (int i = 0; i < 17; ++i) many += "\x01x";
    EXPECT_FALSE(token_of(many));
    EXPECT_FALSE(token_of("\x01\x41" + std::string(65, 'x')));
}

TEST(TokenRecord, survives_its_text_and_does_not_hold_the_secret) {
    const Token token = some_token();
    TokenRecord record = record_of(token, noon);
    EXPECT_EQ(record.secret_hash, sha256(token.secret));
    record.name_glob = "web*";
    record.domain = "dc=lon";
    record.labels = {{"role", "web"}};
    record.uses = 3;
    record.used_by = {"web1 u k"};
    record.revoked = true;
    const std::string text = encode(record);
    EXPECT_EQ(*decode_token_record(text), record);
    EXPECT_EQ(text.find(base64_encode(token.secret)), std::string::npos);
}

TEST(TokenRecord, is_read_strictly_and_its_hash_is_never_shown) {
    const std::string text = encode(record_of(some_token(), noon));
    const std::string body = text.substr(0, text.size() - 1);
    const auto replaced = [&text](const std::string& from, const std::string& to) {
        std::string changed = text;
        changed.replace(changed.find(from), from.size(), to);
        return changed;
    };
    for (const std::string& bad :
         {std::string{}, body, body + R"(,"x":1})", replaced(R"("uses":1)", R"("uses":0)"),
          replaced(R"("uses":1)", R"("uses":-1)"), replaced(R"("uses":1)", R"("uses":4294967297)"),
          replaced(R"("domain":"")", R"("domain":"lon")"),
          replaced(R"("name_glob":"*")", R"("name_glob":"")"),
          replaced(R"("revoked":false)", R"("revoked":0)"), replaced(R"("v":1)", R"("v":2)"),
          replaced(R"("labels":{})", R"("labels":{"a b":"c"})")})
        EXPECT_FALSE(decode_token_record(bad)) << bad;
    auto wrong = decode_token_record(replaced(R"("secret_hash":")", R"("secret_hash":"x)"));
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().text, "token record has no \"secret_hash\" of 32 bytes");
}

}  // namespace
}  // namespace hansa
