#include "mesh/seat_book.h"

#include <gtest/gtest.h>

#include <fstream>

#include "data/json.h"
#include "mesh/keys.h"

namespace hansa {
namespace {

SeatBook full_book() {
    SeatBook book;
    book.seq = 12;
    SeatIntent intent;
    intent.seq = 12;
    intent.purpose = SeatPurpose::replace;
    intent.why = "b is dead; d takes the seat";
    intent.adds = {"uuid-d"};
    intent.removes = {"dc9943b8a82a4ca6"};
    intent.allowed = Seconds{30};
    intent.at = Milliseconds{1475356093042};
    intent.order = SeatOrder{SeatCall::remove, "uuid-b", 0xdc9943b8a82a4ca6, "00ff"};
    book.intent = intent;
    book.changes = {{10, SeatChange::What::seated, "uuid-b", Milliseconds{1475356033042}},
                    {11, SeatChange::What::undone, "uuid-c", Milliseconds{1475356063042}}};
    book.penalties = {{"uuid-c", 2, Milliseconds{1475356063042}}};
    return book;
}

const std::string full_text =
    R"({"v":1,"seq":12,"intent":{"seq":12,"purpose":"replace",)"
    R"("why":"b is dead; d takes the seat","adds":["uuid-d"],"removes":["dc9943b8a82a4ca6"],)"
    R"("allowed":30000,"at":1475356093042,"order":{"call":"remove","uuid":"uuid-b","member":"dc9943b8a82a4ca6",)"
    R"("digest":"00ff"}},"changes":[{"seq":10,"what":"seated","uuid":"uuid-b",)"
    R"("at":1475356033042},{"seq":11,"what":"undone","uuid":"uuid-c","at":1475356063042}],)"
    R"("penalties":[{"uuid":"uuid-c","strikes":2,"at":1475356063042}]})";

std::string with(std::string from, const std::string& to) {
    std::string text = full_text;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
}

TEST(SeatBooks, are_read_as_they_were_written) {
    EXPECT_EQ(encode(full_book()), full_text);
    EXPECT_EQ(*decode_seat_book(full_text), full_book());
    EXPECT_EQ(*decode_seat_book(encode(SeatBook{})), SeatBook{});
    EXPECT_EQ(encode(SeatBook{}), R"({"v":1,"seq":0})");
}

TEST(SeatBooks, that_are_not_quite_right_are_refused) {
    const std::vector<std::pair<std::string, std::string>> wrongs = {
        {R"("v":1)", R"("v":2)"},
        {R"("seq":12,"intent")", R"("seq":-1,"intent")"},
        {R"("seq":12,"intent")", R"("seq":"12","intent")"},
        {R"("purpose":"replace")", R"("purpose":"conquer")"},
        {R"("why":"b is dead; d takes the seat",)", ""},
        {R"("member":"dc9943b8a82a4ca6")", R"("member":"DC9943B8A82A4CA6")"},
        {R"("member":"dc9943b8a82a4ca6")", R"("member":"0dc9943b8a82a4ca6f")"},
        {R"("member":"dc9943b8a82a4ca6")", R"("member":"x")"},
        {R"("member":"dc9943b8a82a4ca6",)", ""},
        {R"("call":"remove")", R"("call":"destroy")"},
        {R"("call":"remove","uuid":"uuid-b")", R"("call":"add_learner")"},
        {R"("digest":"00ff")", R"("digest":"")"},
        {R"("digest":"00ff")", R"("digest":"00ff","force":true)"},
        {R"("adds":["uuid-d"])", R"("adds":"uuid-d")"},
        {R"("what":"seated")", R"("what":"crowned")"},
        {R"("strikes":2)", R"("strikes":0)"},
        {R"("strikes":2)", R"("strikes":100000)"},
        {R"("penalties":[)", R"("penalties":[7,)"},
        {R"("at":1475356063042}]})", R"("at":1475356063042}]} x)"},
        {R"(b is dead; d takes the seat)", std::string(2000, 'x')},
    };
    for (const auto& [from, to] : wrongs) EXPECT_FALSE(decode_seat_book(with(from, to))) << to;
    EXPECT_FALSE(decode_seat_book(""));
    EXPECT_FALSE(decode_seat_book("[]"));
    EXPECT_FALSE(decode_seat_book(std::string(70'000, ' ') + full_text));
    const std::string many = with(R"("adds":["uuid-d"])", [] {
        std::string list = R"("adds":["x")";
        for (int i = 0; i < 300; ++i) list += R"(,"x")";
        return list + "]";
    }());
    EXPECT_FALSE(decode_seat_book(many));
}

TEST(SeatBooks, of_the_manual_page_can_be_read) {
    std::ifstream page(HANSA_TREE "/docs/formats/records.md");
    std::string line;
    while (std::getline(page, line) && line != keys::seat_book()) {
    }
    ASSERT_TRUE(std::getline(page, line));
    const auto book = decode_seat_book(line);
    ASSERT_TRUE(book) << book.error().text;
    EXPECT_EQ(encode(*book), line);
}

TEST(SeatBooks, say_where_they_are_wrong) {
    EXPECT_EQ(decode_seat_book(with(R"("call":"remove")", R"("call":"destroy")")).error().text,
              "seat book : intent : order has an unknown \"call\": destroy");
}

TEST(SeatOffers, are_read_as_they_were_written) {
    const SeatOffer offer{"dc=lon,rack=r1",          SeatWish::prefer, -5,
                          {"https://10.0.0.1:2380"}, 1 << 30,          Milliseconds{7},
                          Milliseconds{-12}};
    EXPECT_EQ(*decode_seat_offer(encode(offer)), offer);
    EXPECT_EQ(to_json(encode(offer)),
              R"({"domain":"dc=lon,rack=r1","wish":"prefer","weight":-5,)"
              R"("peer_urls":["https://10.0.0.1:2380"],"disk_free":1073741824,"fsync_p99":7,)"
              R"("clock_offset":-12})");
    EXPECT_EQ(*decode_seat_offer(encode(SeatOffer{})), SeatOffer{});
    SeatOffer right = offer;
    right.clock_offset = Milliseconds{0};
    EXPECT_EQ(*decode_seat_offer(encode(right)), right) << "measured, and none";
    const std::string bare = R"({"wish":"yes","weight":0,"disk_free":0)";
    EXPECT_FALSE(decode_seat_offer(*parse_json(bare + R"(,"fsync_p99":0})"))->fsync_p99);
    EXPECT_FALSE(decode_seat_offer(*parse_json(bare + R"(,"fsync_p99":-1})")));
    EXPECT_FALSE(decode_seat_offer(*parse_json(bare + R"(,"clock_offset":"fast"})")));
    SeatOffer low = offer;
    low.disk_low = true;
    EXPECT_EQ(*decode_seat_offer(encode(low)), low);
    EXPECT_FALSE(decode_seat_offer(Value::of_int(1)));
    EXPECT_EQ(wish_named("maybe").error().text,
              "seat \"maybe\" is unknown; it must be \"yes\", \"no\" or \"prefer\"");
}

}  // namespace
}  // namespace hansa
