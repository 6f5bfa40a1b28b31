#include "mesh/etcd/convert.h"

#include <gtest/gtest.h>

#include "etcd.pb.h"

namespace hansa::etcd {
namespace {

namespace pb = etcdserverpb;

Ending ending(grpc::StatusCode code, const std::string& text) {
    return {grpc::Status(code, text), false};
}

TEST(EtcdConvert, a_prefix_ends_before_the_next_key_that_does_not_begin_with_it) {
    EXPECT_EQ(range_of("/a/").end, "/a0");
    EXPECT_EQ(range_of("a\xff\xff").end, "b");
    EXPECT_EQ(range_of("a\xff\xff").first, "a\xff\xff");
}

TEST(EtcdConvert, no_prefix_is_everything) {
    const std::string nul(1, '\0');
    EXPECT_EQ(range_of("").first, nul);
    EXPECT_EQ(range_of("").end, nul);
    EXPECT_EQ(range_of("\xff").first, "\xff");
    EXPECT_EQ(range_of("\xff").end, nul);
}

TEST(EtcdConvert, addresses_of_endpoints) {
    EXPECT_EQ(*address_of("https://127.0.0.1:2379"), "127.0.0.1:2379");
    EXPECT_EQ(*address_of(" host.example:1/ "), "host.example:1");
    EXPECT_EQ(*address_of("https://[::1]:2379"), "[::1]:2379");
}

TEST(EtcdConvert, only_names_are_resolved) {
    EXPECT_EQ(target_of("127.0.0.1:2379"), "ipv4:127.0.0.1:2379");
    EXPECT_EQ(target_of("[::1]:2379"), "ipv6:[::1]:2379");
    EXPECT_EQ(target_of("host.example:2379"), "dns:host.example:2379");
    EXPECT_EQ(target_of("1.example:2379"), "dns:1.example:2379");
}

TEST(EtcdConvert, an_endpoint_that_is_none_says_what_would_be_right) {
    for (const auto* bad : {"", "host", ":2379", "http://h:1", "ftp://h:1", "h:0", "h:65536", "h:x",
                            "https://h:1/path:2", "a b:1", "h:1,i:2", "dns:///h:1", "u@h:1"}) {
        auto address = address_of(bad);
        ASSERT_FALSE(address) << bad << " became " << *address;
        EXPECT_EQ(address.error().code, Code::invalid);
        EXPECT_NE(address.error().text.find("https://host:port"), std::string::npos);
    }
}

TEST(EtcdConvert, a_removal_carries_key_and_revision_only) {
    pb::Event event;
    event.set_type(pb::Event::DELETE);
    event.mutable_kv()->set_key("k");
    event.mutable_kv()->set_mod_revision(7);
    const auto converted = event_of(event);
    EXPECT_EQ(converted.type, StoreEvent::Type::removed);
    EXPECT_EQ(converted.record, (Record{"k", "", 0, 7, 0}));
}

TEST(EtcdConvert, encodes_each_comparison_and_operation) {
    pb::TxnRequest request;
    ASSERT_TRUE(encode(
        {{Compare::absent("a"), Compare::modified("b", 3), Compare::holds("c", "v")},
         {Operation::put("d", "w", 9), Operation::remove("e"), Operation::remove_prefix("f")}},
        StoreLimits{}, request));
    ASSERT_EQ(request.compare_size(), 3);
    EXPECT_EQ(request.compare(0).target(), pb::Compare::CREATE);
    EXPECT_EQ(request.compare(1).mod_revision(), 3);
    EXPECT_EQ(request.compare(2).value(), "v");
    ASSERT_EQ(request.success_size(), 3);
    EXPECT_EQ(request.success(0).request_put().lease(), 9);
    EXPECT_EQ(request.success(1).request_delete_range().range_end(), "");
    EXPECT_EQ(request.success(2).request_delete_range().range_end(), "g");
}

TEST(EtcdConvert, limits_hold_for_comparisons_too) {
    pb::TxnRequest request;
    const StoreLimits limits{2, 1000};
    Transaction many;
    many.when.assign(3, Compare::absent("a"));
    EXPECT_EQ(encode(many, limits, request).error().code, Code::invalid);
    EXPECT_FALSE(encode({{}, {Operation::put("k", std::string(1000, 'x'))}}, limits, request));
}

TEST(EtcdConvert, a_refused_connection_is_told_in_words_and_may_be_tried_again) {
    const auto failure = failure_of(
        ending(grpc::StatusCode::UNAVAILABLE,
               "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:1: Failed "
               "to connect to remote host: Connection refused"),
        "127.0.0.1:1", Seconds(1));
    EXPECT_EQ(failure.fate, Fate::nothing_done);
    EXPECT_EQ(failure.error.code, Code::unavailable);
    EXPECT_EQ(failure.error.text, "connection refused at 127.0.0.1:1");
}

TEST(EtcdConvert, silence_and_a_broken_connection_leave_the_fate_unknown) {
    Ending silent = ending(grpc::StatusCode::CANCELLED, "CANCELLED");
    silent.timed_out = true;
    auto failure = failure_of(silent, "h:1", Seconds(1));
    EXPECT_EQ(failure.fate, Fate::unknown);
    EXPECT_EQ(failure.error.text, "no answer from h:1 within 1 s");

    failure = failure_of(ending(grpc::StatusCode::UNAVAILABLE, "Socket closed"), "h:1", Seconds(1));
    EXPECT_EQ(failure.fate, Fate::unknown);
    EXPECT_EQ(failure.error.text, "connection to h:1 lost: socket closed");
}

TEST(EtcdConvert, what_etcd_says_decides_whether_another_try_is_safe) {
    struct Case {
        grpc::StatusCode status;
        const char* text;
        Fate fate;
        Code code;
    };
    const Case cases[] = {
        {grpc::StatusCode::UNAVAILABLE, "etcdserver: no leader", Fate::nothing_done,
         Code::unavailable},
        {grpc::StatusCode::UNAVAILABLE, "etcdserver: request timed out", Fate::unknown,
         Code::unavailable},
        {grpc::StatusCode::UNAVAILABLE, "etcdserver: leader changed", Fate::unknown,
         Code::unavailable},
        {grpc::StatusCode::INVALID_ARGUMENT, "etcdserver: request is too large", Fate::refused,
         Code::invalid},
        {grpc::StatusCode::NOT_FOUND, "etcdserver: requested lease not found", Fate::refused,
         Code::missing},
        {grpc::StatusCode::PERMISSION_DENIED, "etcdserver: permission denied", Fate::refused,
         Code::denied},
        {grpc::StatusCode::RESOURCE_EXHAUSTED, "etcdserver: too many requests", Fate::nothing_done,
         Code::unavailable},
        {grpc::StatusCode::RESOURCE_EXHAUSTED, "etcdserver: mvcc: database space exceeded",
         Fate::refused, Code::unavailable},
        {grpc::StatusCode::UNIMPLEMENTED, "unknown service", Fate::refused, Code::invalid},
        {grpc::StatusCode::INTERNAL, "stream reset\n", Fate::unknown, Code::unavailable},
    };
    for (const auto& each : cases) {
        const auto failure = failure_of(ending(each.status, each.text), "h:1", Seconds(1));
        EXPECT_EQ(failure.fate, each.fate) << each.text;
        EXPECT_EQ(failure.error.code, each.code) << each.text;
        EXPECT_EQ(failure.error.text.find('\n'), std::string::npos);
    }
}

}  // namespace
}  // namespace hansa::etcd
