#include "trust/keys.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "trust/certificate.h"

namespace hansa {
namespace {

// RFC 8032, section 7.1, test 2.
const std::string seed =
    *hex_decode("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
const std::string public_key =
    *hex_decode("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
const std::string signature = *hex_decode(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");

TEST(Keys, sign_as_the_standard_says) {
    const SigningKey key = *SigningKey::of_seed(seed);
    EXPECT_EQ(key.verifying_key().raw(), public_key);
    EXPECT_EQ(key.sign("r"), signature);
    EXPECT_TRUE(VerifyingKey::of(public_key)->verifies("r", signature));
}

TEST(Keys, do_not_verify_what_was_changed) {
    const VerifyingKey key = *VerifyingKey::of(public_key);
    EXPECT_FALSE(key.verifies("s", signature));
    EXPECT_FALSE(key.verifies("", signature));
    EXPECT_FALSE(key.verifies("rr", signature));
    for (const std::size_t at : {0U, 31U, 32U, 63U}) {
        std::string changed = signature;
        changed[at] = static_cast<char>(changed[at] ^ 1);
        EXPECT_FALSE(key.verifies("r", changed)) << at;
    }
    EXPECT_FALSE(key.verifies("r", signature.substr(0, 63)));
    EXPECT_FALSE(key.verifies("r", signature + '\0'));
    EXPECT_FALSE(key.verifies("r", ""));
    EXPECT_FALSE(SigningKey::make().verifying_key().verifies("r", signature));
}

TEST(Keys, that_are_no_points_verify_nothing) {
    for (const char byte : {'\x00', '\x01', '\x02', '\xff'}) {
        auto key = VerifyingKey::of(std::string(32, byte));
        ASSERT_TRUE(key);
        EXPECT_FALSE(key->verifies("r", signature));
    }
}

TEST(Keys, survive_their_pem) {
    const SigningKey key = SigningKey::make();
    auto again = SigningKey::from_pem(key.pem());
    ASSERT_TRUE(again);
    EXPECT_EQ(again->verifying_key(), key.verifying_key());
    EXPECT_FALSE(SigningKey::make().verifying_key() == key.verifying_key());
}

TEST(Keys, of_the_wrong_kind_or_length_are_refused_without_being_shown) {
    auto wrong = SigningKey::from_pem(PrivateKey::make().pem());
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().text, "the private key is not one of Ed25519");
    for (const std::string& text : {std::string{"secret"}, std::string{}, std::string(70'000, 'A')})
        EXPECT_EQ(SigningKey::from_pem(text).error().text,
                  "no private key in PEM form without a passphrase");
    EXPECT_EQ(SigningKey::of_seed("short").error().code, Code::invalid);
    EXPECT_EQ(VerifyingKey::of(public_key + "x").error().code, Code::invalid);
}

TEST(Keys, hash_as_the_standards_say) {
    EXPECT_EQ(hex_encode(sha256("abc")),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    // RFC 4231, test case 2.
    EXPECT_EQ(hex_encode(hmac_sha256("Jefe", "what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Keys, compare_secrets_by_every_byte) {
    EXPECT_TRUE(equal_secrets("", ""));
    EXPECT_TRUE(equal_secrets("abc", "abc"));
    EXPECT_FALSE(equal_secrets("abc", "abd"));
    EXPECT_FALSE(equal_secrets("abc", "bbc"));
    EXPECT_FALSE(equal_secrets("abc", "ab"));
    EXPECT_FALSE(equal_secrets("", "a"));
}

TEST(Statements, of_different_parts_have_different_bytes) {
    const std::string eight(8, '\0');
    const std::vector<std::string> all = {
        Statement{"p"}.add("ab").add("c").bytes(),
        Statement{"p"}.add("a").add("bc").bytes(),
        Statement{"p"}.add("abc").bytes(),
        Statement{"p"}.add("abc").add("").bytes(),
        Statement{"pa"}.add("bc").bytes(),
        Statement{"p"}.add("").bytes(),
        Statement{"p"}.bytes(),
        Statement{"p"}.add(std::uint64_t{0}).bytes(),
        Statement{"p"}.add(eight).bytes(),
        Statement{"p"}.add(std::uint64_t{1} << 56).bytes(),
        Statement{"p"}.add(std::uint64_t{0}).add(std::uint64_t{0}).bytes(),
        // A part that looks like the next part's head.
        Statement{"p"}.add(std::string("a") + "t" + std::string(7, '\0') + "\x01" + "b").bytes(),
        Statement{"p"}.add("a").add("b").bytes(),
    };
    for (std::size_t i = 0; i < all.size(); ++i)
        for (std::size_t j = 0; j < i; ++j) EXPECT_NE(all[i], all[j]) << i << " " << j;
}

TEST(Statements, keep_their_bytes) {
    EXPECT_EQ(hex_encode(Statement{"p"}.add("ab").add(std::uint64_t{258}).bytes()),
              hex_encode("hansa statement 1\n") +
                  "74000000000000000170"
                  "7400000000000000026162"
                  "6e0000000000000102");
}

}  // namespace
}  // namespace hansa
