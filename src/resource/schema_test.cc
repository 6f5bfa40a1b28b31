#include "resource/schema.h"

#include <gtest/gtest.h>

namespace hansa {
namespace {

struct Params {
    std::string path;
    std::optional<std::string> content;
    bool force = false;
    std::int64_t offset = 0;
    std::uint32_t count = 3;
    std::vector<std::string> args;
    std::map<std::string, std::string> env;
    std::optional<bool> maybe;
    std::string state;
};

const Schema<Params>& schema() {
    static const Schema<Params> made = {
        field("path", &Params::path, "where"),
        field("content", &Params::content, "what"),
        field("force", &Params::force, "even if"),
        field("offset", &Params::offset, "how far"),
        field("count", &Params::count, "how many"),
        field("args", &Params::args, "with what"),
        field("env", &Params::env, "in which surroundings"),
        field("maybe", &Params::maybe, "perhaps"),
        field("state", &Params::state, "how").one_of({"exists", "absent"}),
    };
    return made;
}

Value plain(std::string text) {
    return Value::of_scalar({std::move(text), true}, {7, 9});
}

Declaration declare(Value::Map fields) {
    Declaration declaration;
    declaration.id = {"file", "x"};
    declaration.origin.file = "web.yaml";
    declaration.origin.mark = {5, 3};
    declaration.fields = Value::of_map(std::move(fields));
    return declaration;
}

std::string refusal(Value::Map fields) {
    auto read = schema().read(declare(std::move(fields)));
    return read ? "accepted" : read.error().text;
}

TEST(Schema, reads_every_type) {
    auto read = schema().read(declare({
        {"path", {}, plain("0644")},
        {"content", {}, Value::of_text("")},
        {"force", {}, plain("yes")},
        {"offset", {}, plain("-3")},
        {"count", {}, plain("4294967295")},
        {"args", {}, Value::of_list({plain("a"), plain("1")})},
        {"env", {}, Value::of_map({{"A", {}, plain("1")}})},
        {"maybe", {}, plain("Off")},
        {"state", {}, plain("absent")},
    }));
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_EQ(read->path, "0644");
    EXPECT_EQ(read->content, "");
    EXPECT_TRUE(read->force);
    EXPECT_EQ(read->offset, -3);
    EXPECT_EQ(read->count, 4294967295U);
    EXPECT_EQ(read->args, (std::vector<std::string>{"a", "1"}));
    EXPECT_EQ(read->env.at("A"), "1");
    EXPECT_EQ(read->maybe, false);
    EXPECT_EQ(read->state, "absent");
}

TEST(Schema, takes_null_as_absent_and_one_scalar_as_a_list) {
    auto read = schema().read(declare({{"content", {}, plain("~")}, {"args", {}, plain("a b")}}));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->content, std::nullopt);
    EXPECT_EQ(read->args, (std::vector<std::string>{"a b"}));
    EXPECT_EQ(read->count, 3U);
}

TEST(Schema, names_place_resource_fault_and_remedy) {
    EXPECT_EQ(refusal({{"contnet", {6, 2}, plain("a")}}),
              "web.yaml:6:2: file[x]: no field \"contnet\"; did you mean \"content\"?");
    EXPECT_EQ(refusal({{"path", {6, 2}, Value::of_list({}, {6, 8})}}),
              "web.yaml:6:8: file[x]: path is a list; write text");
    EXPECT_EQ(refusal({{"force", {}, plain("maybe")}}),
              "web.yaml:7:9: file[x]: force is \"maybe\"; write true or false");
    EXPECT_EQ(refusal({{"count", {}, plain("-1")}}),
              "web.yaml:7:9: file[x]: count is \"-1\"; write a whole number from 0 to 4294967295");
    EXPECT_EQ(refusal({{"state", {}, plain("abesnt")}}),
              "web.yaml:7:9: file[x]: state \"abesnt\" is not known; did you mean \"absent\"?");
    EXPECT_EQ(refusal({{"state", {}, plain("gone")}}),
              "web.yaml:7:9: file[x]: state \"gone\" is not known; write exists or absent");
    EXPECT_EQ(refusal({{"args", {}, Value::of_list({plain("a"), Value::of_map({})}, {7, 9})}}),
              "web.yaml:7:9: file[x]: args item 2 is a map; write text");
    EXPECT_EQ(refusal({{"env", {}, Value::of_map({{"A", {}, Value::of_list({})}}, {7, 9})}}),
              "web.yaml:7:9: file[x]: env key \"A\" is a list; write text");
    EXPECT_EQ(refusal({{"force", {}, Value::of_text("true")}}),
              "web.yaml:5:3: file[x]: force is \"true\" (quoted); write true or false");
}

TEST(Schema, tells_everything_at_once) {
    const std::string told = refusal({{"force", {}, plain("2")}, {"nix", {8, 1}, plain("")}});
    EXPECT_EQ(std::count(told.begin(), told.end(), '\n'), 1) << told;
    EXPECT_NE(told.find("no field \"nix\"; there are path, content,"), std::string::npos) << told;
}

TEST(Schema, writes_what_differs_from_the_defaults_and_reads_it_back) {
    EXPECT_EQ(schema().write(Params{}), Value::of_map({}));
    Params params;
    params.path = "/a";
    params.content = "";
    params.count = 0;
    params.args = {"x"};
    params.env = {{"A", "1"}};
    params.maybe = true;
    const Value written = schema().write(params);
    EXPECT_EQ(written.map().front().key, "path");
    EXPECT_EQ(written.find("state"), nullptr);
    auto read = schema().read(declare(Value(written).map()));
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_TRUE(schema().equal(*read, params));
    read->maybe = false;
    EXPECT_FALSE(schema().equal(*read, params));
}

TEST(Schema, carries_bytes_that_are_no_text_as_base64) {
    Params params;
    params.content = std::string("\xff\x00\x01", 3);
    const Value written = schema().write(params);
    ASSERT_NE(written.find("content"), nullptr);
    EXPECT_EQ(written.find("content")->find("base64")->scalar().text, "/wAB");
    auto read = schema().read(declare(Value(written).map()));
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_EQ(read->content, params.content);

    EXPECT_NE(refusal({{"content", {}, Value::of_map({{"base64", {}, plain("/wA")}})}}),
              "accepted");
    EXPECT_NE(refusal({{"content", {}, Value::of_map({{"base32", {}, plain("AA")}})}}), "accepted");
}

TEST(Schema, lists_its_fields_for_the_manual) {
    ASSERT_EQ(schema().fields().size(), 9U);
    EXPECT_EQ(schema().fields()[1].name, "content");
    EXPECT_EQ(schema().fields()[1].type, "text");
    EXPECT_EQ(schema().fields()[5].type, "list of text");
    EXPECT_EQ(schema().fields()[6].type, "map of text");
}

TEST(Origin, says_where_a_declaration_came_from) {
    EXPECT_EQ((Origin{"web.yaml", {12, 11}, "", "", 0}.text()), "web.yaml:12:11");
    EXPECT_EQ((Origin{"", {}, "b", "/tmp/", 4}.text()), "host b");
    EXPECT_EQ((Origin{"web.yaml", {}, "", "", 0}.text()), "web.yaml");
}

TEST(About, puts_the_place_of_the_declaration_first) {
    EXPECT_EQ(about(declare({}), "path is missing; name one"),
              "web.yaml:5:3: file[x]: path is missing; name one");
    Declaration collected = declare({});
    collected.origin = {"", {}, "b", "", 7};
    EXPECT_EQ(about(collected, "no"), "host b: file[x]: no");
}

}  // namespace
}  // namespace hansa
