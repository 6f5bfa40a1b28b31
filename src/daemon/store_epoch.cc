#include "daemon/store_epoch.h"

#include <algorithm>

#include "data/json.h"
#include "data/members.h"

namespace hansa {

namespace {

constexpr std::size_t file_bytes_max = 4096;
constexpr int names_max = 100;

std::string path_in(const std::string& directory) {
    return directory + "/epoch.json";
}

// "20261122T150113Z" of "2026-11-22T15:01:13.042Z".
std::string stamp(WallTime now) {
    std::string text = iso8601(now).substr(0, 19);
    std::erase_if(text, [](char each) { return each == '-' || each == ':'; });
    return text + "Z";
}

}  // namespace

Result<std::uint64_t> read_store_epoch(const Files& files, const std::string& directory) {
    auto text = files.read(path_in(directory), file_bytes_max);
    if (!text && text.error().code == Code::missing) return std::uint64_t{0};
    if (!text) return std::move(text).error();
    auto parsed = parse_json(*text, {file_bytes_max, 2});
    if (!parsed) return std::move(parsed).error().during(path_in(directory));
    Members members(*parsed, "epoch");
    members.number("v", {1, 1});
    const auto epoch = static_cast<std::uint64_t>(members.number("epoch", {}));
    if (auto end = members.finish(); !end) return std::move(end).error().during(path_in(directory));
    return epoch;
}

Result<void> write_store_epoch(Files& files, const std::string& directory, std::uint64_t epoch) {
    Value::Map map;
    map.push_back({"v", {}, Value::of_int(1)});
    map.push_back({"epoch", {}, Value::of_int(static_cast<std::int64_t>(epoch))});
    FileAttributes attributes;
    attributes.mode = 0600;
    return files.write(path_in(directory), to_json(Value::of_map(std::move(map))) + "\n",
                       attributes);
}

Result<std::string> put_data_aside(Files& files, const std::string& data, WallTime now) {
    if (auto there = files.status(data); !there) {
        if (there.error().code == Code::missing) return std::string{};
        return std::move(there).error().during("putting " + data + " aside");
    }
    const std::string wish = data + ".aside-" + stamp(now);
    std::string aside = wish;
    for (int at = 2; files.status(aside); ++at) {
        if (at > names_max) return Error{Code::conflict, wish + " is there already; move it away"};
        aside = wish + "-" + std::to_string(at);
    }
    if (auto renamed = files.rename(data, aside); !renamed)
        return std::move(renamed).error().during("putting " + data + " aside");
    return aside;
}

}  // namespace hansa
