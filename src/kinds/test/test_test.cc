#include "kinds/test/test.h"

#include "kinds/testing/bench.h"

namespace hansa::kinds {
namespace {

TEST(TestKind, ends_as_it_is_told) {
    SimBench bench;
    EXPECT_EQ(run(bench, made(declare("test", "t"))), "ok");
    EXPECT_EQ(run(bench, made(declare("test", "t", "{outcome: changed}"))), "changed");
    EXPECT_EQ(run(bench, made(declare("test", "t", "{outcome: fail}"))),
              "fails as asked (outcome fail)");
}

TEST(TestKind, takes_its_time) {
    SimBench bench;
    const Instant start = bench.loop().clock().now();
    EXPECT_EQ(run(bench, made(declare("test", "t", "{outcome: changed, duration: 2000}"))),
              "changed");
    const Duration took = bench.loop().clock().now() - start;
    EXPECT_GE(took, Seconds{2});
    EXPECT_LT(took, Seconds{3});
}

TEST(TestKind, fails_so_many_times_and_then_no_more) {
    SimBench bench;
    for (const char* outcome : {"ok", "changed"}) {
        const auto resource =
            made(declare("test", "t", std::string("{fail_first: 2, outcome: ") + outcome + "}"));
        EXPECT_EQ(run(bench, resource), "attempt 1 fails as asked (fail_first 2)");
        EXPECT_EQ(run(bench, resource), "attempt 2 fails as asked (fail_first 2)");
        EXPECT_EQ(run(bench, resource), outcome);
        EXPECT_EQ(run(bench, resource), outcome);
    }
}

TEST(TestKind, respects_deadline_and_cancellation) {
    SimBench bench;
    const auto slow = made(declare("test", "t", "{outcome: changed, duration: 60000}"));
    EXPECT_EQ(run(bench, slow, {.deadline = Seconds{1}}).find("timed out after"), 0u);
    EXPECT_EQ(run(bench, slow, {.cancel_after = Seconds{1}}), "cancelled");
    EXPECT_LT(bench.loop().clock().now() - Instant{}, Seconds{10});
}

}  // namespace
}  // namespace hansa::kinds
