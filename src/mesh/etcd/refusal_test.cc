#include "mesh/etcd/refusal.h"

#include <gtest/gtest.h>

namespace hansa::etcd {
namespace {

using Status = grpc::StatusCode;

Refusal of(Status status, const std::string& text, bool timed_out = false) {
    return refusal_of({grpc::Status(status, text), timed_out}, "h:1", Seconds(1));
}

struct Case {
    Status status;
    const char* text;
    MemberFault fault;
    Code code;
};

// As etcd 3.4 says it.
const Case cases[] = {
    {Status::UNAVAILABLE, "etcdserver: no leader", MemberFault::no_leader, Code::unavailable},
    {Status::UNAVAILABLE, "etcdserver: rpc not supported for learner", MemberFault::is_learner,
     Code::unavailable},
    {Status::UNAVAILABLE, "etcdserver: unhealthy cluster", MemberFault::unhealthy,
     Code::unavailable},
    {Status::FAILED_PRECONDITION, "etcdserver: not leader", MemberFault::not_leader,
     Code::unavailable},
    {Status::FAILED_PRECONDITION, "etcdserver: bad leader transferee", MemberFault::bad_target,
     Code::invalid},
    {Status::FAILED_PRECONDITION,
     "etcdserver: re-configuration failed due to not enough started members",
     MemberFault::too_few_started, Code::unavailable},
    {Status::UNKNOWN, "etcdserver: re-configuration failed due to not enough started members",
     MemberFault::too_few_started, Code::unavailable},
    {Status::FAILED_PRECONDITION, "etcdserver: too many learner members in cluster",
     MemberFault::too_many_learners, Code::conflict},
    {Status::FAILED_PRECONDITION, "etcdserver: can only promote a learner member",
     MemberFault::not_learner, Code::invalid},
    {Status::FAILED_PRECONDITION,
     "etcdserver: can only promote a learner member which is in sync with leader",
     MemberFault::not_in_sync, Code::unavailable},
    {Status::FAILED_PRECONDITION, "etcdserver: Peer URLs already exists",
     MemberFault::address_taken, Code::conflict},
    {Status::NOT_FOUND, "etcdserver: member not found", MemberFault::no_such_member, Code::missing},
    {Status::OUT_OF_RANGE, "etcdserver: mvcc: required revision has been compacted",
     MemberFault::revision_gone, Code::invalid},
    {Status::OUT_OF_RANGE, "etcdserver: mvcc: required revision is a future revision",
     MemberFault::revision_ahead, Code::unavailable},
    {Status::INVALID_ARGUMENT, "etcdserver: given member URLs are invalid", MemberFault::refused,
     Code::invalid},
    {Status::RESOURCE_EXHAUSTED, "etcdserver: too many requests", MemberFault::refused,
     Code::unavailable},
    {Status::PERMISSION_DENIED, "etcdserver: permission denied", MemberFault::refused,
     Code::denied},
};

TEST(EtcdRefusal, what_etcd_refuses_was_surely_not_done) {
    for (const auto& each : cases) {
        const Refusal refusal = of(each.status, each.text);
        EXPECT_EQ(refusal.fault, each.fault) << each.text;
        EXPECT_EQ(refusal.error.code, each.code) << each.text;
        EXPECT_NE(refusal.error.text.find("says etcd at h:1"), std::string::npos) << each.text;
        EXPECT_EQ(refusal.error.text.find("etcdserver"), std::string::npos) << each.text;
    }
}

TEST(EtcdRefusal, a_change_that_was_under_way_may_have_been_done) {
    for (const auto* text :
         {"etcdserver: request timed out", "etcdserver: leader changed",
          "etcdserver: request timed out, possibly due to previous leader failure",
          "etcdserver: request timed out, possibly due to connection lost",
          "etcdserver: server stopped", "Socket closed", "recvmsg:Connection reset by peer"})
        EXPECT_EQ(of(Status::UNAVAILABLE, text).fault, MemberFault::no_answer) << text;
    EXPECT_EQ(of(Status::INTERNAL, "stream reset").fault, MemberFault::no_answer);
    EXPECT_EQ(of(Status::INTERNAL, "etcdserver: too many learner members in cluster").fault,
              MemberFault::no_answer)
        << "words without the code that belongs to them prove nothing";
}

TEST(EtcdRefusal, nothing_in_time_is_no_answer_whatever_the_status_says) {
    const Refusal refusal = of(Status::CANCELLED, "CANCELLED", true);
    EXPECT_EQ(refusal.fault, MemberFault::no_answer);
    EXPECT_EQ(refusal.error.text, "no answer from h:1 within 1 s");
    EXPECT_EQ(of(Status::UNAVAILABLE, "etcdserver: no leader", true).fault, MemberFault::no_answer);
}

TEST(EtcdRefusal, what_never_left_us_was_not_done) {
    const std::string never = "failed to connect to all addresses; last error: UNKNOWN: ";
    for (const std::string why :
         {"Failed to connect to remote host: Connection refused",
          "Ssl handshake failed: error:1416F086:SSL routines:certificate verify failed"})
        EXPECT_EQ(of(Status::UNAVAILABLE, never + why).fault, MemberFault::not_reached) << why;
}

}  // namespace
}  // namespace hansa::etcd
