#include "daemon/identity.h"

#include <algorithm>

#include "base/text.h"
#include "data/json.h"

namespace hansa {

namespace {

constexpr std::uint64_t marker_bytes_max = 64 * 1024;

std::string marker_path(const std::string& directory) {
    return directory + "/identity.json";
}

std::string text_of(const Value& map, std::string_view key) {
    const Value* value = map.find(key);
    return value && value->is_scalar() ? value->scalar().text : std::string{};
}

Result<Identity> decode(const std::string& text) {
    auto value = parse_json(text);
    if (!value) return std::move(value).error();
    if (!value->is_map()) return Error{Code::invalid, "is not a JSON object"};
    const Value* counted = value->find("incarnation");
    const std::int64_t incarnation = counted ? counted->as_int().value_or(0) : 0;
    if (incarnation < 0) return Error{Code::invalid, "has a negative \"incarnation\""};
    Identity identity{text_of(*value, "uuid"), text_of(*value, "host"), text_of(*value, "cluster"),
                      static_cast<std::uint64_t>(incarnation)};
    const Value* epoch = value->find("epoch");
    const std::int64_t seen = epoch ? epoch->as_int().value_or(-1) : 0;
    if (seen < 0) return Error{Code::invalid, "has an \"epoch\" that is none"};
    identity.epoch = static_cast<std::uint64_t>(seen);
    if (identity.uuid.empty() || identity.host.empty())
        return Error{Code::invalid, "lacks \"uuid\" or \"host\""};
    return identity;
}

Result<void> save(Files& files, const std::string& directory, const Identity& identity) {
    Value::Map map;
    map.push_back({"uuid", {}, Value::of_text(identity.uuid)});
    map.push_back({"host", {}, Value::of_text(identity.host)});
    if (!identity.cluster.empty()) map.push_back({"cluster", {}, Value::of_text(identity.cluster)});
    map.push_back(
        {"incarnation", {}, Value::of_int(static_cast<std::int64_t>(identity.incarnation))});
    if (identity.epoch != 0)
        map.push_back({"epoch", {}, Value::of_int(static_cast<std::int64_t>(identity.epoch))});
    const std::string text = to_json(Value::of_map(std::move(map)), JsonStyle::pretty) + "\n";
    auto written =
        files.write(marker_path(directory), text, {.mode = 0600, .owner = {}, .group = {}});
    if (!written) return std::move(written).error().during("writing " + marker_path(directory));
    return {};
}

}  // namespace

Result<Identity> read_identity(const Files& files, const std::string& directory) {
    const std::string path = marker_path(directory);
    auto text = files.read(path, marker_bytes_max);
    if (!text) return std::move(text).error().during("reading " + path);
    auto identity = decode(*text);
    if (!identity) return Error{Code::invalid, path + ": " + identity.error().text};
    return identity;
}

Result<Identity> claim_directory(Files& files, const std::string& directory, const HostName& host,
                                 Random& random) {
    auto identity = read_identity(files, directory);
    if (!identity && identity.error().code == Code::missing) {
        Identity made{make_uuid(random), host.text(), {}, 1};
        if (auto saved = save(files, directory, made); !saved) return std::move(saved).error();
        return made;
    }
    if (!identity && identity.error().code == Code::invalid)
        return Error{Code::conflict, identity.error().text + "; it is not this program's: move " +
                                         directory + " away, or give another --prefix"};
    if (!identity) return identity;
    if (identity->host != host.text())
        return Error{Code::conflict, directory + " belongs to host " + printable(identity->host) +
                                         ", not to " + host.text() +
                                         "; give another --prefix, or move the directory away"};
    ++identity->incarnation;
    if (auto saved = save(files, directory, *identity); !saved) return std::move(saved).error();
    return identity;
}

Result<Identity> remember_cluster(Files& files, const std::string& directory, Identity identity,
                                  const std::string& cluster, std::uint64_t epoch) {
    if (identity.cluster == cluster && identity.epoch >= epoch) return identity;
    if (!identity.cluster.empty() && identity.cluster != cluster)
        return Error{Code::conflict,
                     directory + " belongs to cluster " + printable(identity.cluster) +
                         ", but this store is cluster " + printable(cluster) +
                         "; use the seeds of its own cluster, or move the directory away to join "
                         "this one as a new peer"};
    identity.cluster = cluster;
    identity.epoch = std::max(identity.epoch, epoch);
    if (auto saved = save(files, directory, identity); !saved) return std::move(saved).error();
    return identity;
}

}  // namespace hansa
