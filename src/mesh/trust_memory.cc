#include "mesh/trust_memory.h"

#include "base/host.h"
#include "data/json.h"
#include "data/members.h"
#include "mesh/records.h"

namespace hansa {
namespace {

constexpr JsonLimits limits{trust_memory_bytes_max, 8};

void put(Value::Map& map, std::string name, Value value) {
    map.push_back({std::move(name), {}, std::move(value)});
}

Value number(std::uint64_t number) {
    return Value::of_int(static_cast<std::int64_t>(number));
}

std::uint64_t take_number(Members& members, std::string_view name) {
    return static_cast<std::uint64_t>(members.number(name, {0, number_max}));
}

Result<RememberedExporter> decode_exporter(const Value& value) {
    Members members(value, "exporter");
    RememberedExporter made;
    made.uuid = members.text("uuid");
    made.incarnation = take_number(members, "incarnation");
    made.seq = take_number(members, "seq");
    made.issued = Milliseconds{members.number("issued", {0, number_max})};
    made.digest = members.text_if_any("digest");
    made.time = Milliseconds{members.number("time", {0, number_max})};
    if (auto finished = members.finish(); !finished) return std::move(finished).error();
    return made;
}

}  // namespace

std::string encode(const TrustMemory& memory) {
    Value::Map exporters;
    for (const auto& [host, exporter] : memory.exporters) {
        Value::Map one;
        put(one, "uuid", Value::of_text(exporter.uuid));
        put(one, "incarnation", number(exporter.incarnation));
        put(one, "seq", number(exporter.seq));
        put(one, "issued", Value::of_int(exporter.issued.count()));
        if (!exporter.digest.empty()) put(one, "digest", Value::of_text(exporter.digest));
        put(one, "time", Value::of_int(exporter.time.count()));
        put(exporters, host, Value::of_map(std::move(one)));
    }
    Value::Map map;
    put(map, "v", Value::of_int(1));
    put(map, "revocation_epoch", number(memory.revocation_epoch));
    if (!memory.revocations.empty()) put(map, "revocations", Value::of_text(memory.revocations));
    put(map, "exporters", Value::of_map(std::move(exporters)));
    return to_json(Value::of_map(std::move(map)), JsonStyle::pretty) + "\n";
}

Result<TrustMemory> decode_trust_memory(std::string_view text) {
    auto parsed = parse_json(text, limits);
    if (!parsed) return std::move(parsed).error();
    Members members(*parsed, "memory of exporters");
    members.number("v", {1, 1});
    TrustMemory memory;
    memory.revocation_epoch = take_number(members, "revocation_epoch");
    memory.revocations = members.text_if_any("revocations");
    const Value* exporters = members.any("exporters");
    if (!exporters || !exporters->is_map()) members.refuse("has no \"exporters\"");
    if (auto finished = members.finish(); !finished) return std::move(finished).error();
    for (const Value::Entry& entry : exporters->map()) {
        if (!HostName::parse(entry.key))
            return Error{Code::invalid, "\"" + entry.key + "\" is no host name"};
        auto exporter = decode_exporter(entry.value);
        if (!exporter) return std::move(exporter).error().during(entry.key);
        memory.exporters.emplace(entry.key, std::move(*exporter));
    }
    return memory;
}

}  // namespace hansa
