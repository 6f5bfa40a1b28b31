#include "mesh/records.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "data/json.h"
#include "data/members.h"
#include "trust/keys.h"

namespace hansa {
namespace {

constexpr std::int64_t format_version = 1;
constexpr std::size_t depth_max = 72;              // a graph's 64 and our own levels
constexpr std::int64_t seconds_max = 100'000'000;  // of any time in meta; three years
constexpr std::int64_t retry_max = 1'000'000'000;

void put(Value::Map& map, std::string name, Value value) {
    map.push_back({std::move(name), {}, std::move(value)});
}

Value real(double number) {
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, number).ptr;
    return Value::of_scalar({std::string(text, end), true});
}

Value encode_meta(const Meta& meta) {
    static const Meta defaults;
    Value::Map map;
    if (meta.noop) put(map, "noop", Value::of_bool(true));
    if (meta.retry != 0) put(map, "retry", Value::of_int(meta.retry));
    if (meta.delay.count() != 0) put(map, "delay", Value::of_int(meta.delay.count()));
    if (meta.timeout.count() != 0) put(map, "timeout", Value::of_int(meta.timeout.count()));
    if (meta.poll.count() != 0) put(map, "poll", Value::of_int(meta.poll.count()));
    if (meta.limit != 0) put(map, "limit", real(meta.limit));
    if (meta.burst != 0) put(map, "burst", Value::of_int(meta.burst));
    if (!meta.autoedge) put(map, "autoedge", Value::of_bool(false));
    if (!meta.autogroup) put(map, "autogroup", Value::of_bool(false));
    if (meta.reverse) put(map, "reverse", Value::of_bool(true));
    return Value::of_map(std::move(map));
}

Result<Meta> decode_meta(const Value& value) {
    Members members(value, "meta");
    Meta meta;
    meta.noop = members.flag("noop", false);
    meta.retry = members.number_or("retry", {-1, retry_max}, 0);
    meta.delay = Milliseconds{members.number_or("delay", {0, seconds_max * 1000}, 0)};
    meta.timeout = Milliseconds{members.number_or("timeout", {0, seconds_max * 1000}, 0)};
    meta.poll = Seconds{members.number_or("poll", {0, seconds_max}, 0)};
    meta.limit = members.real_or("limit", 0);
    meta.burst = static_cast<std::uint32_t>(members.number_or("burst", {0, UINT32_MAX}, 0));
    meta.autoedge = members.flag("autoedge", true);
    meta.autogroup = members.flag("autogroup", true);
    meta.reverse = members.flag("reverse", false);
    if (meta.limit > 0 && meta.burst == 0) members.refuse("has a limit without a burst");
    if (auto finished = members.finish(); !finished) return std::move(finished).error();
    return meta;
}

void put_body(Value::Map& map, const ExportBody& body) {
    if (!body.meta.export_to.empty()) {
        Value::List globs;
        for (const std::string& glob : body.meta.export_to) globs.push_back(Value::of_text(glob));
        put(map, "to", Value::of_list(std::move(globs)));
    }
    Value meta = encode_meta(body.meta);
    if (!meta.map().empty()) put(map, "meta", std::move(meta));
    put(map, "fields", body.fields);
}

// Reads "to", "meta" and "fields" from an object that may hold more.
std::optional<ExportBody> take_body(Members& members) {
    ExportBody body;
    if (const Value* meta = members.any("meta")) {
        auto decoded = decode_meta(*meta);
        if (decoded)
            body.meta = std::move(*decoded);
        else
            members.refuse("is wrong: " + decoded.error().text);
    }
    body.meta.export_to = members.texts("to");
    const Value* fields = members.any("fields");
    if (!fields) return std::nullopt;
    if (!fields->is_map()) members.refuse("has \"fields\" that are not an object");
    body.fields = *fields;
    return body;
}

void put_number(Value::Map& map, std::string name, std::uint64_t number) {
    put(map, std::move(name), Value::of_int(static_cast<std::int64_t>(number)));
}

void put_time(Value::Map& map, std::string name, Milliseconds time) {
    if (time.count() != 0) put(map, std::move(name), Value::of_int(time.count()));
}

void put_signature(Value::Map& map, const std::string& signature) {
    if (!signature.empty()) put(map, "sig", Value::of_text(base64_encode(signature)));
}

std::uint64_t take_number(Members& members, std::string_view name) {
    return static_cast<std::uint64_t>(members.number(name, {0, number_max}));
}

Milliseconds take_time(Members& members, std::string_view name) {
    return Milliseconds{members.number_or(name, {0, number_max}, 0)};
}

std::string take_signature(Members& members) {
    const std::string text = members.text_if_any("sig");
    if (text.empty()) return {};
    auto bytes = base64_decode(text);
    if (bytes && bytes->size() == signature_bytes) return std::move(*bytes);
    members.refuse("has a \"sig\" that is not base64 of " + std::to_string(signature_bytes) +
                   " bytes");
    return {};
}

void put_version(Value::Map& map, const ExportVersion& version) {
    put_number(map, "incarnation", version.seal.incarnation);
    put_number(map, "seq", version.seal.seq);
    put_time(map, "until", version.seal.until);
    put_body(map, version.body);
    put_signature(map, version.seal.signature);
}

// Empty: there are no fields.
std::optional<ExportVersion> take_version(Members& members) {
    auto body = take_body(members);
    if (!body) return std::nullopt;
    ExportVersion version{std::move(*body), {}};
    version.seal.incarnation = take_number(members, "incarnation");
    version.seal.seq = take_number(members, "seq");
    version.seal.until = take_time(members, "until");
    version.seal.signature = take_signature(members);
    return version;
}

std::optional<ExportVersion> take_before(Members& members) {
    const Value* before = members.any("before");
    if (!before) return std::nullopt;
    Members inner(*before, "before");
    auto version = take_version(inner);
    if (!version) inner.refuse("has no \"fields\"");
    if (auto finished = inner.finish(); !finished)
        members.refuse("is wrong: " + finished.error().text);
    return version;
}

bool all_utf8(const Value& value) {
    if (value.is_scalar()) return valid_utf8(value.scalar().text);
    if (value.is_list()) return std::all_of(value.list().begin(), value.list().end(), all_utf8);
    return std::all_of(value.map().begin(), value.map().end(), [](const Value::Entry& entry) {
        return valid_utf8(entry.key) && all_utf8(entry.value);
    });
}

Error wrong(std::string_view key, std::string_view reason) {
    return {Code::invalid, printable(key) + ": " + std::string{reason}};
}

// The parts that both kinds of record have in common.
struct Parsed {
    keys::ExportKey key;
    Value value;
};
Result<Parsed> parse(std::string_view key, std::string_view text) {
    auto parsed = keys::parse_export(key);
    if (!parsed) return wrong(key, "not a key of this program; remove it");
    if (text.size() > record_bytes_max)
        return wrong(key, "record of " + std::to_string(text.size()) + " bytes; the limit is " +
                              std::to_string(record_bytes_max));
    auto value = parse_json(text, {record_bytes_max, depth_max});
    if (!value) return std::move(value).error().during(printable(key));
    return Parsed{std::move(*parsed), std::move(*value)};
}

// What both begin with; answers the name of the host.
std::string take_head(Members& members, const keys::ExportKey& key) {
    if (const auto found = members.number("v", {0, INT64_MAX}); found != format_version)
        members.refuse("is of version " + std::to_string(found) + "; this program reads version 1");
    std::string from = members.text("from");
    if (from != key.host)
        members.refuse("says that it is from \"" + printable(from, 40) +
                       "\", but stands below the host " + key.host);
    return from;
}

}  // namespace

std::string text_of(const ExportBody& body) {
    Value::Map map;
    put_body(map, body);
    return to_json(Value::of_map(std::move(map)));
}

Meta travelling(Meta meta) {
    meta.exported = false;
    meta.also_here = false;
    meta.sema.clear();
    return meta;
}

const ExportVersion* ExportRecord::visible(std::uint64_t announced) const {
    const std::optional<ExportVersion>& shown = generation <= announced ? version : before;
    return shown ? &*shown : nullptr;
}

Result<std::string> encode(const ExportRecord& record) {
    Value::Map map;
    put(map, "v", Value::of_int(format_version));
    put(map, "kind", Value::of_text(record.id.kind));
    put(map, "name", Value::of_text(record.id.name));
    put(map, "from", Value::of_text(record.from));
    if (record.version)
        put_version(map, *record.version);
    else
        put(map, "gone", Value::of_bool(true));
    if (record.generation != 0) put_number(map, "generation", record.generation);
    if (record.before) {
        Value::Map before;
        put_version(before, *record.before);
        put(map, "before", Value::of_map(std::move(before)));
    }

    const Value value = Value::of_map(std::move(map));
    if (!all_utf8(value))
        return Error{Code::invalid, printable(record.id.text()) +
                                        ": holds bytes that are not UTF-8, which no record can "
                                        "carry; write them as {base64: ...}"};
    std::string text = to_json(value);
    const std::size_t limit = record.before ? record_bytes_max : version_bytes_max;
    if (text.size() > limit)
        return Error{Code::invalid,
                     printable(record.id.text()) + ": takes " + std::to_string(text.size()) +
                         " bytes as a record; the limit is " + std::to_string(limit)};
    return text;
}

std::string encode(const ExportManifest& manifest) {
    Value::Map map;
    put(map, "v", Value::of_int(format_version));
    put(map, "from", Value::of_text(manifest.from));
    put_number(map, "incarnation", manifest.incarnation);
    put_number(map, "seq", manifest.seq);
    put_number(map, "generation", manifest.generation);
    put_number(map, "exports", manifest.exports);
    put_time(map, "time", manifest.time);
    put_time(map, "until", manifest.until);
    if (!manifest.digest.empty()) put(map, "digest", Value::of_text(manifest.digest));
    if (!manifest.key.empty()) put(map, "key", Value::of_text(manifest.key));
    put_signature(map, manifest.signature);
    return to_json(Value::of_map(std::move(map)));
}

Result<ExportRecord> decode_export(std::string_view key, std::string_view value) {
    auto parsed = parse(key, value);
    if (!parsed) return std::move(parsed).error();
    if (!parsed->key.id) return wrong(key, "is a manifest, not a record");

    Members members(parsed->value, "record");
    ExportRecord record;
    record.from = take_head(members, parsed->key);
    record.id = {members.text("kind"), members.text("name")};
    record.generation =
        static_cast<std::uint64_t>(members.number_or("generation", {0, number_max}, 0));
    record.version = take_version(members);
    record.before = take_before(members);
    if (members.flag("gone", false) == record.version.has_value())
        members.refuse("must have either \"fields\" or \"gone\"");
    if (record.id != *parsed->key.id)
        members.refuse("is of " + printable(record.id.text(), 80) + ", but its key says " +
                       printable(parsed->key.id->text(), 80));
    if (printable(record.id.name, record.id.name.size()) != record.id.name)
        members.refuse("has a name that holds a control character");
    if (auto finished = members.finish(); !finished) return wrong(key, finished.error().text);
    return record;
}

Result<ExportManifest> decode_manifest(std::string_view key, std::string_view value) {
    auto parsed = parse(key, value);
    if (!parsed) return std::move(parsed).error();
    if (parsed->key.id) return wrong(key, "is a record, not a manifest");

    Members members(parsed->value, "manifest");
    ExportManifest manifest;
    manifest.from = take_head(members, parsed->key);
    manifest.incarnation = take_number(members, "incarnation");
    manifest.seq = take_number(members, "seq");
    manifest.generation = take_number(members, "generation");
    manifest.exports = take_number(members, "exports");
    manifest.time = take_time(members, "time");
    manifest.until = take_time(members, "until");
    manifest.digest = members.text_if_any("digest");
    manifest.key = members.text_if_any("key");
    manifest.signature = take_signature(members);
    if (auto finished = members.finish(); !finished) return wrong(key, finished.error().text);
    return manifest;
}

}  // namespace hansa
