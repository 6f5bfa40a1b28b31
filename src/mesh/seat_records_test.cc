#include "mesh/seat_records.h"

#include <gtest/gtest.h>

#include "mesh/testing.h"

namespace hansa {
namespace {

const std::string a = testing::uuid_of("a");
const std::string b = testing::uuid_of("b");

std::string why_not(const auto& decoded) {
    return decoded ? "read" : decoded.error().text;
}

TEST(SeatRecords, survive_their_text) {
    const SeatSettings settings{3, "fast"};
    EXPECT_EQ(*decode_seat_settings(encode(settings)), settings);
    const StewardRecord steward{a, "web1", "waits", true, Milliseconds{1475356093042}};
    EXPECT_EQ(*decode_steward(encode(steward)), steward);
    const Sighting sighting{a, {b}, true, {0xfe, 12}};
    EXPECT_EQ(*decode_sighting(encode(sighting)), sighting);
    EXPECT_EQ(*decode_sighting(encode(Sighting{a, {}, false})), (Sighting{a, {}, false}));
    const LeavingRecord leaving{a, "web1", "2026-01-02T00:00:00Z"};
    EXPECT_EQ(*decode_leaving(encode(leaving)), leaving);
    const VotersRecord voters{{{"web1", "dc=lon,rack=r1", {"https://10.0.0.1:2379"}},
                               {"web2", "", {"https://10.0.0.2:2379"}}},
                              {b, a}};
    EXPECT_EQ(*decode_voters(encode(voters)), voters);
    EXPECT_EQ(*decode_voters(encode(VotersRecord{})), VotersRecord{});
    VotersRecord timed = voters;
    timed.clock = {"web1", Milliseconds{1475356093042}};
    EXPECT_EQ(*decode_voters(encode(timed)), timed);
}

TEST(SeatRecords, voters_are_read_strictly) {
    const auto with = [](const std::string& voter) {
        return R"({"v":1,"voters":[)" + voter + "]}";
    };
    const std::string good = R"({"host":"a","urls":["https://10.0.0.1:1"]})";
    EXPECT_EQ(why_not(decode_voters(with(good))), "read");
    for (const std::string& text :
         {with(R"({"host":"a","urls":[]})"), with(R"({"urls":["https://10.0.0.1:1"]})"),
          with(R"({"host":"a","domain":"no=","urls":["https://10.0.0.1:1"]})"),
          with(R"({"host":"a","more":1,"urls":["https://10.0.0.1:1"]})"), with("1"),
          std::string{R"({"v":1,"voters":{}})"},
          std::string{R"({"v":1,"voters":[],"keepers":["web1"]})"},
          std::string{R"({"v":1,"voters":[],"clock":{"host":"a"}})"},
          std::string{R"({"v":1,"voters":[],"clock":{"host":"a","at":-1}})"},
          std::string{R"({"v":1})"}})
        EXPECT_NE(why_not(decode_voters(text)), "read") << text;
    std::string many = good;
    for (int i = 0; i < 64; ++i) many += "," + good;
    EXPECT_NE(why_not(decode_voters(with(many))), "read");
}

TEST(SeatRecords, are_read_strictly) {
    for (const char* text :
         {"", "[]", "{}", R"({"v":2,"ideal":3,"timing":"fast"})",
          R"({"v":1,"ideal":4,"timing":"fast"})", R"({"v":1,"ideal":11,"timing":"fast"})",
          R"({"v":1,"ideal":0,"timing":"fast"})", R"({"v":1,"ideal":3,"timing":"slow"})",
          R"({"v":1,"ideal":3,"timing":"fast","more":1})"})
        EXPECT_NE(why_not(decode_seat_settings(text)), "read") << text;
    EXPECT_NE(why_not(decode_steward(R"({"v":1,"uuid":"a","name":"a"})")), "read");
    EXPECT_NE(why_not(decode_steward(R"({"v":1,"uuid":")" + a + R"("})")), "read");
    EXPECT_NE(why_not(decode_sighting(R"({"v":1,"uuid":")" + a + R"(","missing":["b"]})")), "read");
    EXPECT_EQ(why_not(decode_sighting(R"({"v":1,"uuid":")" + a + R"(","missing":[]})")), "read");
    EXPECT_NE(why_not(decode_sighting(R"({"v":1,"uuid":")" + a +
                                      R"(","missing":[],"condemned":["0x1"]})")),
              "read");
    EXPECT_NE(why_not(decode_leaving(R"({"v":1,"uuid":"a","by":"b","since":"c"})")), "read");
    EXPECT_NE(why_not(decode_leaving(R"({"v":1,"uuid":")" + a + R"(","by":"b"})")), "read");
    std::string many;
    for (int i = 0; i < 65; ++i) many += (i ? ",\"" : "\"") + b + "\"";
    EXPECT_NE(why_not(decode_sighting(R"({"v":1,"uuid":")" + a + R"(","missing":[)" + many + "]}")),
              "read");
}

}  // namespace
}  // namespace hansa
