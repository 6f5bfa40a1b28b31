#include "engine/settle.h"

#include <gtest/gtest.h>

namespace hansa {
namespace {

constexpr Instant start{Seconds{100}};

RestInput resting() {
    return {.runner_at_rest = true,
            .exports_acknowledged = true,
            .collect_folded = true,
            .last_activity = start,
            .rest_since = start + Seconds{1}};
}

TEST(Settle, counts_from_the_later_of_rest_and_activity) {
    RestInput input = resting();
    EXPECT_EQ(converged_at(input, Seconds{5}), start + Seconds{6});
    input.last_activity = start + Seconds{3};
    EXPECT_EQ(converged_at(input, Seconds{5}), start + Seconds{8});
    EXPECT_EQ(converged_at(input, Seconds{0}), start + Seconds{3});
}

TEST(Settle, never_comes_while_anything_is_open) {
    for (bool RestInput::*part : {&RestInput::runner_at_rest, &RestInput::exports_acknowledged,
                                  &RestInput::collect_folded}) {
        RestInput input = resting();
        input.*part = false;
        EXPECT_FALSE(converged_at(input, Seconds{0}));
    }
}

}  // namespace
}  // namespace hansa
