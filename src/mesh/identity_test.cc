#include "mesh/identity.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "mesh/keys.h"
#include "mesh/testing.h"

namespace hansa {
namespace {

using testing::host;

const Applicant me{*HostName::parse("a"), "uuid-a", "machine m, pid 7"};
const WallTime now{};

Record cluster_record(const std::string& id) {
    return {keys::cluster(), encode(ClusterRecord{id, "2026-01-01T00:00:00.000Z"}), 5, 5, 0};
}

Record name_record(const std::string& uuid) {
    return {keys::name_of(host("a")), encode(NameRecord{"a", uuid, "then", "there"}), 6, 6, 0};
}

PeerRecord seated_peer() {
    PeerRecord peer{"a", "u", 9, "0.1.0", "there", {"https://127.0.0.1:2379"}};
    peer.seat = SeatOffer{.domain = "dc=lon,rack=r1",
                          .wish = SeatWish::prefer,
                          .peer_urls = {"https://192.0.2.1:2380"},
                          .disk_free = 21'474'836'480};
    return peer;
}

TEST(Identity, records_come_back_as_they_went) {
    const ClusterRecord cluster{"c", "then"};
    EXPECT_EQ(*decode_cluster(encode(cluster)), cluster);
    EXPECT_EQ(encode(cluster).find("epoch"), std::string::npos) << "it was never recovered";
    const ClusterRecord recovered{"c", "then", 3};
    EXPECT_EQ(*decode_cluster(encode(recovered)), recovered);
    const NameRecord name{"a", "u", "then", "there"};
    EXPECT_EQ(*decode_name(keys::name_of(host("a")), encode(name)), name);
    const PeerRecord peer{"a", "u", 9, "0.1.0", "there", {"https://127.0.0.1:2379"}};
    EXPECT_EQ(*decode_peer(keys::peer(host("a")), encode(peer)), peer);
    EXPECT_EQ(*decode_peer(keys::peer(host("a")), encode(seated_peer())), seated_peer());
}

TEST(Identity, peers_have_golden_bytes) {
    const std::string path = HANSA_TREE "/src/mesh/golden/peer.json";
    const std::string text = encode(seated_peer());
    if (std::getenv("HANSA_ACCEPT")) std::ofstream(path) << text << "\n";
    std::string line;
    std::ifstream file(path);
    ASSERT_TRUE(std::getline(file, line));
    EXPECT_EQ(line, text);
}

TEST(Identity, what_a_peer_says_of_seats_is_read_strictly) {
    const std::string text = encode(seated_peer());
    const auto changed = [&text](const std::string& from, const std::string& to) {
        std::string copy = text;
        return copy.replace(copy.find(from), from.size(), to);
    };
    const std::string key = keys::peer(host("a"));
    EXPECT_TRUE(decode_peer(key, text));
    EXPECT_FALSE(decode_peer(key, changed("\"wish\":\"prefer\"", "\"wish\":\"maybe\"")));
    EXPECT_FALSE(decode_peer(key, changed("\"weight\":0", "\"weight\":\"0\"")));
    EXPECT_FALSE(decode_peer(key, changed("\"weight\":0", "\"weight\":0,\"more\":1")));
    EXPECT_FALSE(decode_peer(key, changed("\"disk_free\":21474836480", "\"disk_free\":-1")));
}

TEST(Identity, the_page_that_explains_them_tells_the_truth) {
    std::ifstream page(HANSA_TREE "/docs/formats/records.md");
    std::string line;
    std::string value;
    int found = 0;
    while (std::getline(page, line)) {
        if (line == keys::cluster()) {
            ASSERT_TRUE(std::getline(page, value));
            EXPECT_EQ(encode(*decode_cluster(value)), value);
        } else if (keys::parse_name(line)) {
            ASSERT_TRUE(std::getline(page, value));
            EXPECT_EQ(encode(*decode_name(line, value)), value);
        } else if (keys::parse_peer(line)) {
            ASSERT_TRUE(std::getline(page, value));
            EXPECT_EQ(encode(*decode_peer(line, value)), value);
        } else {
            continue;
        }
        ++found;
    }
    EXPECT_EQ(found, 3);
}

TEST(Identity, wrong_records_are_refused) {
    EXPECT_FALSE(decode_cluster(""));
    EXPECT_FALSE(decode_cluster("{\"v\":1,\"id\":\"c\"}"));
    EXPECT_FALSE(decode_cluster("{\"v\":2,\"id\":\"c\",\"created\":\"x\"}"));
    const std::string name = encode(NameRecord{"a", "u", "then", "there"});
    EXPECT_FALSE(decode_name(keys::name_of(host("b")), name));
    EXPECT_FALSE(decode_name(keys::peer(host("a")), name));
    EXPECT_FALSE(decode_peer(keys::peer(host("a")), name));
    EXPECT_FALSE(decode_peer("/elsewhere", name));
}

TEST(Identity, an_empty_store_is_founded_by_those_who_may) {
    const auto step = decide_admission({}, me, {"", Founding::if_empty}, "new", now);
    ASSERT_TRUE(step);
    EXPECT_EQ(step->cluster_id, "new");
    ASSERT_TRUE(step->claim);
    EXPECT_EQ(step->claim->when.size(), 2U);
    EXPECT_EQ(step->claim->then.size(), 2U);

    const auto refused = decide_admission({}, me, {"", Founding::never}, "new", now);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::missing);
    EXPECT_NE(refused.error().text.find("--found"), std::string::npos);
}

TEST(Identity, a_peer_joins_the_cluster_that_is_there) {
    const auto step =
        decide_admission({cluster_record("c"), {}, {}}, me, {"", Founding::if_empty}, "new", now);
    ASSERT_TRUE(step);
    EXPECT_EQ(step->cluster_id, "c");
    ASSERT_TRUE(step->claim);
    EXPECT_EQ(step->claim->then.size(), 1U);
    EXPECT_EQ(step->claim->then[0].value, step->name_value);
    EXPECT_EQ(decode_name(keys::name_of(host("a")), step->name_value)->uuid, "uuid-a");
}

TEST(Identity, a_name_that_is_ours_already_needs_no_claim) {
    const Record name = name_record("uuid-a");
    const auto step = decide_admission({cluster_record("c"), name, {}}, me, {"c"}, "new", now);
    ASSERT_TRUE(step);
    EXPECT_FALSE(step->claim);
    EXPECT_EQ(step->name_value, name.value);
}

TEST(Identity, another_cluster_is_refused_with_both_ids) {
    const auto refused =
        decide_admission({cluster_record("theirs"), {}, {}}, me, {"ours"}, "n", now);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::conflict);
    EXPECT_NE(refused.error().text.find("theirs"), std::string::npos);
    EXPECT_NE(refused.error().text.find("ours"), std::string::npos);

    const auto empty =
        decide_admission({}, me, {"ours", Founding::if_empty, "restore /p/cluster"}, "n", now);
    ASSERT_FALSE(empty);
    EXPECT_EQ(empty.error().code, Code::conflict);
    EXPECT_NE(empty.error().text.find("; restore /p/cluster"), std::string::npos);
}

TEST(Identity, a_certified_cluster_is_founded_under_its_id_and_no_other_is_entered) {
    Admission wish{"", Founding::if_empty};
    wish.new_cluster_id = "certified";
    EXPECT_TRUE(decide_admission({}, me, wish, "certified", now));
    EXPECT_TRUE(
        decide_admission({cluster_record("certified"), {}, {}}, me, wish, "certified", now));
    const auto refused =
        decide_admission({cluster_record("theirs"), {}, {}}, me, wish, "certified", now);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::conflict);
    EXPECT_NE(refused.error().text.find("belongs to certified"), std::string::npos);
}

TEST(Identity, a_taken_name_is_refused_with_its_owner) {
    const auto refused =
        decide_admission({cluster_record("c"), name_record("uuid-b"), {}}, me, {}, "n", now);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::conflict);
    for (const char* part : {"\"a\"", "uuid-b", "then", "there", "--hostname", "--replace"})
        EXPECT_NE(refused.error().text.find(part), std::string::npos) << part;
}

TEST(Identity, garbage_in_place_of_a_record_is_a_conflict_not_a_claim) {
    Record bad_cluster = cluster_record("c");
    bad_cluster.value = "?";
    EXPECT_EQ(decide_admission({bad_cluster, {}, {}}, me, {}, "n", now).error().code,
              Code::conflict);
    Record bad_name = name_record("uuid-a");
    bad_name.value = "?";
    EXPECT_EQ(decide_admission({cluster_record("c"), bad_name, {}}, me, {}, "n", now).error().code,
              Code::conflict);
}

// Another machine is that host from now on.
class Replacing : public ::testing::Test {
 protected:
    Result<AdmissionStep> decide() const {
        return decide_admission(facts, me, {"", Founding::never, {}, {}, 0, replaces}, "new", now);
    }
    bool replaces = true;
    AdmissionFacts facts{
        Record{keys::cluster(), encode(ClusterRecord{"c", "then"}), 1, 1, 0},
        Record{keys::name_of(me.host), encode(NameRecord{me.host.text(), "other", "then", "there"}),
               2, 7, 0},
        {}};
};

TEST_F(Replacing, a_dead_host_s_name_is_taken_over_as_it_was_read) {
    const auto step = decide();
    ASSERT_TRUE(step) << step.error().text;
    EXPECT_EQ(step->replaced->uuid, "other");
    EXPECT_EQ(decode_name(keys::name_of(me.host), step->name_value)->uuid, me.uuid);
    const std::vector<Compare>& when = step->claim->when;
    ASSERT_EQ(when.size(), 3u);
    EXPECT_EQ(when[1].key, keys::name_of(me.host));
    EXPECT_EQ(when[1].what, Compare::What::modified_at);
    EXPECT_EQ(when[1].revision, 7);
    EXPECT_EQ(when[2].key, keys::peer(me.host));
    EXPECT_EQ(when[2].revision, 0);
}

TEST_F(Replacing, a_live_host_is_never_replaced) {
    facts.peer = Record{keys::peer(me.host), "whatever it says", 8, 8, 5};
    const auto step = decide();
    ASSERT_FALSE(step);
    EXPECT_EQ(step.error().code, Code::conflict);
    EXPECT_NE(step.error().text.find("alive"), std::string::npos) << step.error().text;
}

TEST_F(Replacing, is_to_be_asked_for) {
    replaces = false;
    const auto step = decide();
    ASSERT_FALSE(step);
    for (const char* word : {"other", "since then", "at there", "--replace", "hansa peers remove"})
        EXPECT_NE(step.error().text.find(word), std::string::npos) << step.error().text;
}

TEST_F(Replacing, changes_nothing_about_a_name_that_is_free_or_ours) {
    facts.name->value = encode(NameRecord{me.host.text(), me.uuid, "then", "here"});
    EXPECT_FALSE(decide()->claim);
    facts.name.reset();
    const auto step = decide();
    EXPECT_FALSE(step->replaced);
    EXPECT_EQ(step->claim->when[1].key, keys::name_of(me.host));
    EXPECT_EQ(step->claim->when[1].revision, 0);
}

}  // namespace
}  // namespace hansa
