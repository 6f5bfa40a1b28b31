#include "mesh/records.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/text.h"
#include "mesh/testing.h"

namespace hansa {
namespace {

using testing::content;
using testing::host;

const std::filesystem::path tree = HANSA_TREE;
const std::filesystem::path golden = tree / "src/mesh/golden";
const std::string key_f1 = "/hansa/v1/exports/a/file/f1";

std::string slurp(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

ExportRecord plain() {
    ExportRecord record;
    record.id = {"file", "f1"};
    record.from = "a";
    record.version = {{content("i am f1\n"), {}},
                      {1475356033042, 7, Milliseconds{1477948033042}, std::string(64, 's')}};
    return record;
}

ExportRecord everything() {
    ExportRecord record = plain();
    Meta meta;
    meta.noop = true;
    meta.retry = -1;
    meta.delay = Milliseconds{200};
    meta.timeout = Milliseconds{3000};
    meta.poll = Seconds{60};
    meta.limit = 0.1;
    meta.burst = 2;
    meta.autoedge = false;
    meta.autogroup = false;
    meta.reverse = true;
    meta.export_to = {"web*", "db1"};
    record.version->body.meta = meta;
    record.before = {{content("i was f1\n"), {}},
                     {1475356033042, 5, Milliseconds{1477948033000}, std::string(64, 'S')}};
    record.generation = 3;
    return record;
}

ExportRecord gone() {
    ExportRecord record = plain();
    record.before = record.version;
    record.version.reset();
    record.generation = 4;
    return record;
}

ExportManifest some_manifest() {
    ExportManifest manifest;
    manifest.from = "a";
    manifest.incarnation = 1475356033042;
    manifest.seq = 8;
    manifest.generation = 3;
    manifest.exports = 2;
    manifest.time = Milliseconds{1475356033100};
    manifest.until = Milliseconds{1475356633100};
    manifest.digest = std::string(64, 'd');
    manifest.key = "0123456789abcdef";
    manifest.signature = std::string(64, 'm');
    return manifest;
}

// The bytes of each golden file are what encode() makes, and mean what they meant.
void expect_golden(const std::string& name, const ExportRecord& record) {
    const auto encoded = encode(record);
    ASSERT_TRUE(encoded) << encoded.error().text;
    const auto path = golden / name;
    if (std::getenv("HANSA_ACCEPT")) std::ofstream(path, std::ios::binary) << *encoded;
    EXPECT_EQ(slurp(path), *encoded) << "HANSA_ACCEPT=1 rewrites " << path;

    const auto decoded = decode_export(key_f1, slurp(path));
    ASSERT_TRUE(decoded) << decoded.error().text;
    EXPECT_EQ(*decoded, record);
}

TEST(Records, have_golden_bytes) {
    expect_golden("plain.json", plain());
    expect_golden("everything.json", everything());
    expect_golden("gone.json", gone());
}

TEST(Records, manifests_have_golden_bytes) {
    const ExportManifest manifest = some_manifest();
    const auto path = golden / "manifest.json";
    if (std::getenv("HANSA_ACCEPT")) std::ofstream(path, std::ios::binary) << encode(manifest);
    EXPECT_EQ(slurp(path), encode(manifest));
    EXPECT_EQ(*decode_manifest(keys::manifest_of(host("a")), slurp(path)), manifest);
}

// Examples in the page are blocks of two lines: the key, then the value.
TEST(Records, the_page_that_explains_them_tells_the_truth) {
    std::istringstream page(slurp(tree / "docs/formats/records.md"));
    std::string line;
    int records = 0;
    int manifests = 0;
    while (std::getline(page, line)) {
        if (!line.starts_with("/hansa/v1/exports/") || line.find(' ') != std::string::npos)
            continue;
        std::string value;
        ASSERT_TRUE(std::getline(page, value));
        if (line.ends_with("@manifest")) {
            const auto manifest = decode_manifest(line, value);
            ASSERT_TRUE(manifest) << manifest.error().text;
            EXPECT_EQ(encode(*manifest), value);
            ++manifests;
        } else {
            const auto record = decode_export(line, value);
            ASSERT_TRUE(record) << record.error().text;
            EXPECT_EQ(*encode(*record), value);
            ++records;
        }
    }
    EXPECT_GE(records, 3);
    EXPECT_GE(manifests, 1);
}

TEST(Records, leave_out_what_concerns_the_exporter_only) {
    Meta meta;
    meta.exported = true;
    meta.also_here = true;
    meta.sema = {{"disk", 1}};
    meta.retry = 3;
    meta.export_to = {"b"};
    const Meta sent = travelling(meta);
    EXPECT_FALSE(sent.exported || sent.also_here);
    EXPECT_TRUE(sent.sema.empty());
    EXPECT_EQ(sent.retry, 3);
    EXPECT_EQ(sent.export_to, std::vector<std::string>{"b"});
}

TEST(Records, show_the_new_version_once_its_generation_is_announced) {
    const ExportRecord record = everything();
    ASSERT_TRUE(record.visible(2) && record.visible(3));
    EXPECT_EQ(record.visible(2)->body.fields, content("i was f1\n"));
    EXPECT_EQ(record.visible(2)->seal.seq, 5U);
    EXPECT_EQ(record.visible(3)->body.fields, content("i am f1\n"));
    EXPECT_EQ(record.visible(3)->seal.seq, 7U);
    EXPECT_TRUE(gone().visible(3));
    EXPECT_FALSE(gone().visible(4));
}

TEST(Records, bodies_have_equal_texts_exactly_when_they_are_equal) {
    ExportBody body = everything().version->body;
    const std::string text = text_of(body);
    EXPECT_EQ(text_of(everything().version->body), text);
    body.meta.retry = 2;
    EXPECT_NE(text_of(body), text);
}

struct BadCase {
    std::string value;
    std::string reason;
};

TEST(Records, that_are_wrong_are_refused_by_key_and_reason) {
    const std::string good = *encode(plain());
    const auto with = [&good](std::string_view from, std::string_view to) {
        std::string changed = good;
        const std::size_t at = changed.find(from);
        EXPECT_NE(at, std::string::npos) << from;
        return changed.replace(at, from.size(), to);
    };
    const std::vector<BadCase> cases = {
        {"", ""},
        {"null", "not an object"},
        {"[]", "not an object"},
        {"{}", "has no \"v\""},
        {good.substr(0, good.size() - 1), ""},
        {good + good, ""},
        {std::string("\0\xff\xfe", 3), ""},
        {with("\"v\":1", "\"v\":2"), "version 2"},
        {with("\"v\":1", "\"v\":\"1\""), "\"v\""},
        {with("\"from\":\"a\"", "\"from\":\"b\""), "stands below the host a"},
        {with("\"kind\":\"file\"", "\"kind\":\"exec\""), "its key says"},
        {with("\"name\":\"f1\"", "\"name\":\"f2\""), "its key says"},
        {with("\"name\":\"f1\"", "\"name\":1"), "\"name\" as a number"},
        {with("\"seq\":7", "\"seq\":-7"), "\"seq\""},
        {with("\"seq\":7", "\"seq\":7.5"), "\"seq\""},
        {with("\"seq\":7", "\"seq\":7,\"extra\":1"), "\"extra\""},
        {with("\"seq\":7", "\"seq\":7,\"seq\":8"), ""},
        {with("\"seq\":7", "\"seq\":7,\"meta\":[]"), "meta"},
        {with("\"seq\":7", "\"seq\":7,\"meta\":{\"sema\":[\"x\"]}"), "\"sema\""},
        {with("\"seq\":7", "\"seq\":7,\"meta\":{\"retry\":-2}"), "\"retry\""},
        {with("\"seq\":7", "\"seq\":7,\"meta\":{\"delay\":99999999999999}"), "\"delay\""},
        {with("\"seq\":7", "\"seq\":7,\"meta\":{\"limit\":1}"), "limit without a burst"},
        {with("\"seq\":7", "\"seq\":7,\"to\":\"b\""), "\"to\""},
        {with("\"seq\":7", "\"seq\":7,\"to\":[1]"), "\"to\""},
        {with("\"seq\":7", "\"seq\":7,\"before\":{}"), "before"},
        {with("\"seq\":7", "\"seq\":7,\"gone\":true"), "either"},
        {with("\"sig\":\"c3N", "\"sig\":\"AAAAc3N"), "\"sig\""},
        {with("\"sig\":\"c3N", "\"sig\":\"?3N"), "\"sig\""},
        {with("\"until\":1477948033042", "\"until\":-1"), "\"until\""},
        {with("\"until\":1477948033042", "\"until\":\"later\""), "\"until\""},
        {with("\"fields\":{\"content\":\"i am f1\\n\"}", "\"fields\":7"), "\"fields\""},
    };
    for (const BadCase& bad : cases) {
        const auto decoded = decode_export(key_f1, bad.value);
        ASSERT_FALSE(decoded) << bad.value;
        EXPECT_EQ(decoded.error().code, Code::invalid) << bad.value;
        EXPECT_NE(decoded.error().text.find(key_f1), std::string::npos) << decoded.error().text;
        EXPECT_NE(decoded.error().text.find(bad.reason), std::string::npos) << decoded.error().text;
    }
}

TEST(Records, with_names_that_no_graph_could_hold_are_refused) {
    for (const char* name : {"a\nb", "\x1b[31m", "a\x7f", "\xc2\x9b"}) {
        ExportRecord record = plain();
        record.id.name = name;
        const auto text = encode(record);
        ASSERT_TRUE(text) << text.error().text;
        const auto decoded = decode_export(keys::exported(host("a"), record.id), *text);
        ASSERT_FALSE(decoded) << printable(name);
        EXPECT_NE(decoded.error().text.find("control character"), std::string::npos);
        EXPECT_EQ(decoded.error().text.find('\x1b'), std::string::npos);
    }
}

TEST(Records, are_bounded_in_size_and_depth) {
    const auto huge = decode_export(key_f1, std::string(record_bytes_max + 1, ' '));
    ASSERT_FALSE(huge);
    EXPECT_NE(huge.error().text.find("limit"), std::string::npos);

    std::string deep = "{\"fields\":";
    for (int level = 0; level < 100'000; ++level) deep += "[";
    EXPECT_FALSE(decode_export(key_f1, deep));
}

TEST(Records, a_mebibyte_of_any_content_fits_but_not_much_more) {
    ExportRecord record = plain();
    record.version->body.fields = Value::of_map(
        {{"content",
          {},
          Value::of_map(
              {{"base64", {}, Value::of_text(std::string(((1 << 20) + 2) / 3 * 4, 'A'))}})}});
    ASSERT_TRUE(encode(record));
    EXPECT_LE(encode(record)->size(), StoreLimits{}.bytes_max);

    record.version->body.fields = content(std::string(version_bytes_max, 'x'));
    const auto refused = encode(record);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().text.find("file[f1]"), std::string::npos);
}

TEST(Records, bytes_that_json_cannot_carry_are_refused_where_they_are_written) {
    ExportRecord record = plain();
    record.version->body.fields = content("\xff");
    const auto refused = encode(record);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().text.find("UTF-8"), std::string::npos);
    record.version->body.fields = content("fine");
    record.id.name = "\xc3";
    EXPECT_FALSE(encode(record));
}

TEST(Records, manifests_that_are_wrong_are_refused) {
    const std::string key = keys::manifest_of(host("a"));
    const std::string good = encode(some_manifest());
    EXPECT_TRUE(decode_manifest(key, good));
    EXPECT_FALSE(decode_manifest(keys::manifest_of(host("b")), good));
    EXPECT_FALSE(decode_manifest(key_f1, good));
    EXPECT_FALSE(decode_manifest(key, *encode(plain())));
    EXPECT_FALSE(decode_manifest(key, ""));
    EXPECT_FALSE(decode_export(key, good));
}

}  // namespace
}  // namespace hansa
