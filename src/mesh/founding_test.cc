#include "mesh/founding.h"

#include <gtest/gtest.h>

#include "mesh/seats.h"
#include "mesh/testing.h"

namespace hansa {
namespace {

using testing::uuid_of;
using Do = FoundingStep::Do;

const std::string group = founding_group({"https://a:1", "https://b:1", "https://c:1"});

FounderWord word_of(const std::string& name) {
    return {uuid_of(name), name, group};
}

using Heard = std::map<std::string, std::optional<FounderWord>>;

std::string smallest_of(std::vector<std::string> names) {
    return *std::min_element(names.begin(), names.end(), [](const auto& a, const auto& b) {
        return seat_hash(uuid_of(a)) < seat_hash(uuid_of(b));
    });
}

TEST(Founding, of_all_that_are_here_the_smallest_founds_and_nobody_else) {
    const std::vector<std::string> names{"a", "b", "c"};
    for (const std::string& me : names) {
        Heard heard;
        for (const std::string& other : names)
            if (other != me) heard[other + ":1"] = word_of(other);
        const FoundingStep step = decide_founding(word_of(me), heard);
        EXPECT_EQ(step.what, me == smallest_of(names) ? Do::found : Do::wait) << step.says;
        EXPECT_NE(step.says.find("all"), std::string::npos) << step.says;
    }
}

// Whatever each of up to five hosts hears of the others: never do two found.
TEST(Founding, there_are_never_two_founders_whoever_hears_whom) {
    const std::vector<std::string> names{"a", "b", "c", "d", "e"};
    for (std::size_t n = 2; n <= names.size(); ++n) {
        const std::vector<std::string> all(names.begin(),
                                           names.begin() + static_cast<std::ptrdiff_t>(n));
        std::size_t founders = 0;
        for (const std::string& me : all) {
            bool may_found = false;
            for (unsigned silent = 0; silent < 1u << (n - 1); ++silent) {
                Heard heard;
                unsigned bit = 0;
                for (const std::string& other : all)
                    if (other != me)
                        heard[other + ":1"] =
                            silent >> bit++ & 1 ? std::nullopt : std::optional(word_of(other));
                const FoundingStep step = decide_founding(word_of(me), heard);
                EXPECT_TRUE(step.what != Do::found || silent == 0) << "somebody was missing";
                may_found = may_found || step.what == Do::found;
            }
            founders += may_found ? 1 : 0;
        }
        EXPECT_EQ(founders, 1U) << n << " hosts";
    }
}

TEST(Founding, who_is_missing_is_named) {
    const FoundingStep step =
        decide_founding(word_of("a"), {{"b:1", word_of("b")}, {"c:1", std::nullopt}});
    EXPECT_EQ(step.what, Do::wait);
    EXPECT_EQ(step.says, "waits for c:1: 2 of 3 hosts are here");
}

TEST(Founding, other_addresses_or_a_copied_host_are_for_an_operator) {
    FounderWord other = word_of("b");
    other.group = founding_group({"https://a:1", "https://b:1"});
    EXPECT_EQ(decide_founding(word_of("a"), {{"b:1", other}, {"c:1", std::nullopt}}).what,
              Do::refuse);
    FounderWord copy = word_of("b");
    copy.uuid = uuid_of("a");
    const FoundingStep step = decide_founding(word_of("a"), {{"b:1", copy}, {"c:1", word_of("c")}});
    EXPECT_EQ(step.what, Do::refuse);
    EXPECT_NE(step.says.find("uuid of another host"), std::string::npos) << step.says;
}

TEST(Founding, the_order_of_addresses_does_not_matter) {
    EXPECT_EQ(group, founding_group({"https://c:1", "https://a:1", "https://b:1"}));
    EXPECT_NE(group, founding_group({"https://c:1", "https://a:1", "https://b:2"}));
}

TEST(Founding, words_are_read_strictly) {
    EXPECT_EQ(*decode_founder_word(encode(word_of("a"))), word_of("a"));
    for (const char* text : {"", "[]", "{}", R"({"v":1,"uuid":"x","host":"a","group":"g"})"})
        EXPECT_FALSE(decode_founder_word(text)) << text;
    std::string more = encode(word_of("a"));
    more.insert(1, R"("more":1,)");
    EXPECT_FALSE(decode_founder_word(more));
}

}  // namespace
}  // namespace hansa
