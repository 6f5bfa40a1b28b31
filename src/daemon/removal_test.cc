// A dead host is taken out, against a store in memory.
#include "daemon/removal.h"

#include "data/json.h"
#include "mesh/keys.h"
#include "mesh/store_testing.h"
#include "mesh/testing.h"

namespace hansa {
namespace {

using testing::host;
using testing::uuid_of;
using Do = RemovalStep::Do;

class Removing : public testing::StoreTest {
 protected:
    void SetUp() override {
        for (const char* who : {"a", "b"}) {
            write(keys::name_of(host(who)),
                  encode(NameRecord{who, uuid_of(who), "2026-01-01T00:00:00Z", "machine 1"}));
            lives(who);
            write(keys::identity_of(host(who)), "its key set");
            write(keys::seat_copy(host(who)), "its copy of the store");
            write(keys::manifest_of(host(who)), "what it exports");
            for (const char* name : {"x", "y"})
                write(keys::exported(host(who), {"file", name}), "a file");
        }
        seats("ab");
        write(keys::seat_steward(), encode(StewardRecord{uuid_of("a"), "a", "waits 5 s"}));
    }
    void lives(const std::string& who) {
        write(keys::peer(host(who)),
              encode(PeerRecord{who, uuid_of(who), 1, "0.1.0", "machine 1", {}, {}}));
    }
    void dies(const std::string& who) { erase(keys::peer(host(who))); }
    void seats(const std::string& voters) {
        members.clear();
        for (const char who : voters) {
            MemberReading member;
            member.info.id = members.size() + 1;
            member.info.name = uuid_of({who});
            members.push_back(member);
        }
    }

    ClusterReading reading() const {
        ClusterReading now;
        now.fresh = fresh;
        now.names = cluster.read(ReadScope::prefix, keys::names());
        now.peers = cluster.read(ReadScope::prefix, keys::peers());
        now.seats = cluster.read(ReadScope::prefix, keys::seats());
        now.members = members;
        return now;
    }
    Value answered(const std::function<void(Sockets::Answer)>& question) {
        std::string text;
        question([&text](std::string answer) { text = std::move(answer); });
        EXPECT_TRUE(reaches([&text] { return !text.empty(); }, Seconds{4}));
        auto value = parse_json(text);
        return value ? *value : Value::of_map({});
    }
    Value ask(const std::string& who) {
        return answered([&](Sockets::Answer answer) { removal.ask(who, std::move(answer)); });
    }
    std::string at(const Value& answer, const char* key) {
        const Value* found = answer.find(key);
        return found ? found->scalar().text : "";
    }
    std::size_t records_of(const std::string& who) const {
        std::size_t count = stored_below(keys::exports_of(host(who)));
        for (const std::string& key : {keys::name_of(host(who)), keys::identity_of(host(who)),
                                       keys::seat_copy(host(who)), keys::seat_leaving(host(who))})
            count += stored(key) ? 1 : 0;
        return count;
    }

    bool fresh = true;
    std::vector<MemberReading> members;
    std::function<void()> meanwhile = [] {};  // between what is read and what is written
    Removal removal{{loop, store,
                     [this](Survey::Done done) {
                         auto now = std::make_shared<const ClusterReading>(reading());
                         meanwhile();
                         done(std::move(now));
                     }},
                    "a"};
};

TEST_F(Removing, a_host_without_a_seat_is_gone_at_once) {
    dies("b");
    seats("a");
    const Value answer = ask("b");
    EXPECT_EQ(at(answer, "state"), "removed") << to_json(answer);
    EXPECT_EQ(at(answer, "exports"), "2");
    EXPECT_EQ(at(answer, "records"), "6");
    EXPECT_EQ(records_of("b"), 0U);
    EXPECT_EQ(records_of("a"), 6U) << "nobody else loses anything";
    EXPECT_NE(at(ask("b"), "error").find("no host"), std::string::npos);
}

TEST_F(Removing, a_seat_is_given_away_first) {
    dies("b");
    const Value answer = ask("b");
    EXPECT_EQ(at(answer, "state"), "seat") << to_json(answer);
    EXPECT_NE(at(answer, "says").find("waits 5 s"), std::string::npos);
    const auto wish = decode_leaving(*stored(keys::seat_leaving(host("b"))));
    EXPECT_EQ(wish->uuid, uuid_of("b"));
    EXPECT_EQ(wish->by, "a");
    const Revision asked = cluster.read(ReadScope::key, keys::seat_leaving(host("b"))).revision;
    EXPECT_EQ(at(ask("b"), "state"), "seat");
    EXPECT_EQ(cluster.read(ReadScope::key, keys::seat_leaving(host("b"))).revision, asked)
        << "it is recorded once";
    EXPECT_EQ(records_of("b"), 7U);
    seats("a");
    EXPECT_EQ(at(ask("b"), "state"), "removed");
    EXPECT_EQ(records_of("b"), 0U);
}

TEST_F(Removing, two_may_ask_at_the_same_time) {
    dies("b");
    int answers = 0;
    for (int i = 0; i < 2; ++i) removal.ask("b", [&answers](const std::string&) { ++answers; });
    EXPECT_TRUE(reaches([&] { return answers == 2; }, Seconds{4}));
}

TEST_F(Removing, who_lives_stays) {
    const Value answer = ask("b");
    EXPECT_NE(at(answer, "error").find("hansa leave"), std::string::npos) << to_json(answer);
    EXPECT_EQ(records_of("b"), 6U);
}

TEST_F(Removing, who_comes_back_at_this_moment_stays) {
    dies("b");
    meanwhile = [this] { lives("b"); };
    ask("b");
    EXPECT_FALSE(stored(keys::seat_leaving(host("b")))) << "nor does it lose its seat";
    dies("b");
    seats("a");
    EXPECT_NE(at(ask("b"), "error").find("came back"), std::string::npos);
    EXPECT_EQ(records_of("b"), 6U);
}

TEST_F(Removing, a_name_that_was_claimed_anew_at_this_moment_stays) {
    dies("b");
    seats("a");
    meanwhile = [this] {
        write(keys::name_of(host("b")),
              encode(NameRecord{"b", uuid_of("new"), "now", "machine 2"}));
    };
    EXPECT_NE(at(ask("b"), "error"), "");
    EXPECT_EQ(records_of("b"), 6U);
}

TEST_F(Removing, what_would_go_is_told_and_stays) {
    dies("b");
    const Value plan =
        answered([&](Sockets::Answer answer) { removal.tell("b", std::move(answer)); });
    EXPECT_EQ(at(plan, "state"), "plan");
    EXPECT_EQ(at(plan, "seat"), "voter");
    EXPECT_EQ(at(plan, "exports"), "2");
    EXPECT_EQ(at(plan, "records"), "6");
    EXPECT_EQ(at(plan, "where"), "machine 1");
    EXPECT_EQ(records_of("b"), 6U);
}

TEST_F(Removing, the_nearest_name_is_told) {
    write(keys::name_of(host("web1")), encode(NameRecord{"web1", uuid_of("w"), "now", "there"}));
    EXPECT_NE(at(ask("web2"), "error").find("did you mean \"web1\""), std::string::npos);
}

TEST_F(Removing, nothing_is_done_without_a_quorum) {
    dies("b");
    fresh = false;
    EXPECT_NE(at(ask("b"), "error").find("nothing is removed"), std::string::npos);
    EXPECT_EQ(records_of("b"), 6U);
}

// The member of who founded bears the machine's name, and nobody offers its address any more.
TEST_F(Removing, a_founders_seat_is_known_by_what_its_steward_wrote) {
    dies("b");
    seats("a");
    MemberReading founder;
    founder.info.id = 2;
    founder.info.name = "machine";
    founder.info.client_urls = {"https://10.0.0.2:2379"};
    members.push_back(founder);
    write(keys::seat_voters(), encode(VotersRecord{{{"b", "", founder.info.client_urls}}}));
    EXPECT_EQ(decide_removal(reading(), "b").seat, "voter");
    write(keys::seat_voters(), encode(VotersRecord{{{"c", "", founder.info.client_urls}}}));
    EXPECT_EQ(decide_removal(reading(), "b").seat, "-");
}

TEST_F(Removing, a_learner_on_its_way_counts_as_a_seat) {
    dies("b");
    seats("a");
    SeatBook book;
    book.seq = 1;
    book.intent = SeatIntent{1, SeatPurpose::grow, "more", {uuid_of("b")}, {}, Seconds{30}, {}, {}};
    write(keys::seat_book(), encode(book));
    EXPECT_EQ(decide_removal(reading(), "b").what, Do::ask);
}

}  // namespace
}  // namespace hansa
