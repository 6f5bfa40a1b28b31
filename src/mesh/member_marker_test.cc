#include "mesh/member_marker.h"

#include <gtest/gtest.h>

#include "mesh/electorate_testing.h"

namespace hansa {
namespace {

using testing::peer_url_of;
using testing::url_of;
using testing::uuid_of;

MemberMarker marker_of(const char* host) {
    return {"c1", uuid_of(host), 0xdc99, {url_of(host)}, {peer_url_of(host)}};
}

TEST(MemberMarkers, are_read_strictly) {
    const MemberMarker marker{"c1", uuid_of("b"), 0xdc99, {url_of("b")}, {peer_url_of("b")}};
    EXPECT_EQ(*decode_member_marker(encode(marker)), marker);
    MemberMarker recovered = marker;
    recovered.epoch = 4;
    EXPECT_EQ(*decode_member_marker(encode(recovered)), recovered);
    for (const char* text : {"", "{}", "[]", R"({"v":1})"})
        EXPECT_FALSE(decode_member_marker(text)) << text;
    std::string other = encode(marker);
    other.replace(other.find("dc99"), 4, "zz99");
    EXPECT_FALSE(decode_member_marker(other));
}

TEST(MemberFates, only_what_its_own_marker_vouches_for_is_served) {
    const MemberOwner b{uuid_of("b"), "c1", 0};
    EXPECT_EQ(fate_of({}, true, b), MemberFate::none) << "a copied etcd without a marker";
    EXPECT_EQ(fate_of({}, false, b), MemberFate::none);
    EXPECT_EQ(fate_of(marker_of("b"), true, b), MemberFate::serve);
    EXPECT_EQ(fate_of(marker_of("b"), false, b), MemberFate::lost);
    EXPECT_EQ(fate_of(marker_of("a"), true, b), MemberFate::other_host);
    EXPECT_EQ(fate_of(marker_of("a"), false, b), MemberFate::other_host);
}

TEST(MemberFates, of_another_cluster_is_nobodys) {
    EXPECT_EQ(fate_of(marker_of("b"), true, {uuid_of("b"), "c2", 0}), MemberFate::other_cluster);
    EXPECT_EQ(fate_of(marker_of("b"), true, {uuid_of("b"), "", 0}), MemberFate::serve)
        << "the host does not know its cluster yet";
}

TEST(MemberFates, of_an_epoch_that_is_over_is_put_aside_with_or_without_data) {
    MemberMarker marker = marker_of("b");
    marker.epoch = 2;
    for (const bool has_data : {false, true}) {
        EXPECT_EQ(fate_of(marker, has_data, {uuid_of("b"), "c1", 3}), MemberFate::outlived);
        EXPECT_NE(fate_of(marker, has_data, {uuid_of("b"), "c1", 2}), MemberFate::outlived);
        EXPECT_NE(fate_of(marker, has_data, {uuid_of("b"), "c1", 1}), MemberFate::outlived);
    }
}

TEST(MemberFates, a_founder_that_never_had_a_store_is_no_member) {
    MemberMarker marker = marker_of("b");
    marker.member = 0;
    EXPECT_EQ(fate_of(marker, false, {uuid_of("b"), "c1", 0}), MemberFate::unfounded);
    EXPECT_EQ(fate_of(marker, true, {uuid_of("b"), "c1", 0}), MemberFate::serve);
}

}  // namespace
}  // namespace hansa
