#include "trust/digest.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "trust/keys.h"

namespace hansa {
namespace {

TEST(Digest, of_pieces_is_that_of_the_whole) {
    const std::string text(100'000, 'x');
    Sha256 digest;
    for (std::size_t at = 0; at < text.size(); at += 777)
        digest.add(std::string_view(text).substr(at, 777));
    EXPECT_EQ(digest.finish(), sha256(text));
}

TEST(Digest, of_nothing_is_the_published_one) {
    EXPECT_EQ(hex_encode(Sha256().finish()),
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

}  // namespace
}  // namespace hansa
