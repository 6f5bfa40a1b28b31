#include "mesh/etcd/lines.h"

#include <gtest/gtest.h>

#include "sys/sim/loop.h"

namespace hansa::etcd {
namespace {

// Nothing is dialled before something is called: these connections are names.
class EtcdLines : public testing::Test {
 protected:
    EtcdLines() { lines_.use_identity({}); }

    std::shared_ptr<Connection> dial() { return lines_.to("127.0.0.1:1"); }
    void pass(Duration time) { loop_.run_for(time); }

    SimLoop loop_;
    Lines lines_{loop_.clock()};
};

TEST_F(EtcdLines, there_is_none_without_an_identity_and_one_for_each_address) {
    Lines none(loop_.clock());
    EXPECT_EQ(none.to("127.0.0.1:1"), nullptr);
    const auto first = dial();
    EXPECT_EQ(dial(), first);
    EXPECT_NE(lines_.to("127.0.0.1:2"), first);
}

TEST_F(EtcdLines, what_failed_is_dialled_anew) {
    const auto first = dial();
    lines_.drop(first);
    const auto second = dial();
    EXPECT_NE(second, first);
    lines_.drop(first);
    EXPECT_EQ(dial(), second) << "what was dropped before says nothing of this one";
}

// A handshake over a slow line takes longer than one call waits.
TEST_F(EtcdLines, what_was_dialled_for_one_call_may_answer_the_next) {
    const auto first = dial();
    for (int call = 1; call <= 3; ++call) {
        pass(Seconds(1));
        lines_.silent(first, Seconds(1));
        EXPECT_EQ(dial(), first) << "after " << call << " s";
    }
    pass(Seconds(1));
    lines_.silent(first, Seconds(1));
    EXPECT_NE(dial(), first) << "nobody is there";
}

TEST_F(EtcdLines, the_second_silence_in_a_row_ends_one_that_has_answered) {
    const auto first = dial();
    lines_.heard(first);
    for (int beat = 0; beat < 5; ++beat) {  // every other call is answered
        pass(Seconds(2));
        lines_.silent(first, Seconds(1));
        ASSERT_EQ(dial(), first);
        lines_.heard(first);
    }
    pass(Seconds(2));
    lines_.silent(first, Seconds(1));
    pass(Seconds(1));
    lines_.silent(first, Seconds(1));
    EXPECT_NE(dial(), first);
}

TEST_F(EtcdLines, one_that_nobody_used_for_long_is_dialled_anew) {
    const auto first = dial();
    pass(Seconds(61));
    EXPECT_NE(dial(), first);
}

TEST_F(EtcdLines, another_identity_is_shown_on_another_connection) {
    const auto first = dial();
    StoreIdentity other;
    other.server_name = "other";
    lines_.use_identity(other);
    EXPECT_NE(dial(), first);
}

}  // namespace
}  // namespace hansa::etcd
