// The part of credentials.h that keeps a joined identity on disk.
#include "daemon/credentials.h"
#include "daemon/home.h"
#include "daemon/secret_files.h"
#include "data/json.h"
#include "data/members.h"

namespace hansa {

namespace {

constexpr JsonLimits marker_limits{64 << 10, 4};

std::string marker_path(const std::string& directory) {
    return directory + "/joined.json";
}

std::string encode_marker(const JoinedIdentity& identity) {
    Value::List seeds;
    for (const std::string& seed : identity.seeds) seeds.push_back(Value::of_text(seed));
    Value::Map map;
    map.push_back({"v", {}, Value::of_int(1)});
    map.push_back({"seeds", {}, Value::of_list(std::move(seeds))});
    map.push_back({"token", {}, Value::of_text(identity.token)});
    return to_json(Value::of_map(std::move(map)), JsonStyle::pretty) + "\n";
}

struct Marker {
    std::vector<std::string> seeds;
    std::string token;
};

Result<Marker> decode_marker(const std::string& text) {
    auto parsed = parse_json(text, marker_limits);
    if (!parsed) return std::move(parsed).error();
    Members members(*parsed, "marker");
    members.number("v", {1, 1});
    Marker read{members.texts("seeds"), members.text_if_any("token")};
    if (auto end = members.finish(); !end) return std::move(end).error();
    return read;
}

}  // namespace

Result<void> store_joined(Files& files, const std::string& directory,
                          const JoinedIdentity& identity) {
    if (auto made = make_directories(files, directory); !made) return made;
    // Without the marker the files are a machine's own, and are made anew where they do not match.
    if (auto gone = files.remove(marker_path(directory));
        !gone && gone.error().code != Code::missing)
        return gone;
    const std::pair<std::string, std::string> texts[] = {
        {directory + "/tls.key", identity.key_pem},
        {directory + "/tls.pem", identity.chain_pem},
        {directory + "/ca.pem", identity.roots_pem},
        {marker_path(directory), encode_marker(identity)},
    };
    for (const auto& [path, text] : texts)
        if (auto written = write_secret(files, path, text); !written) return written;
    return {};
}

bool has_joined(const Files& files, const std::string& directory) {
    return static_cast<bool>(files.status(marker_path(directory)));
}

Result<JoinedIdentity> read_joined(const Files& files, const Accounts& accounts,
                                   const std::string& directory) {
    auto marker = read_secret(files, accounts, marker_path(directory));
    if (!marker) return std::move(marker).error();
    auto known = decode_marker(*marker);
    if (!known) return std::move(known).error().during(marker_path(directory));
    auto key = read_secret(files, accounts, directory + "/tls.key");
    if (!key) return std::move(key).error();
    auto chain = files.read(directory + "/tls.pem", pem_bytes_max);
    if (!chain) return std::move(chain).error();
    auto roots = files.read(directory + "/ca.pem", pem_bytes_max);
    if (!roots) return std::move(roots).error();
    return JoinedIdentity{*std::move(key), *std::move(chain), *std::move(roots),
                          std::move(known->seeds), std::move(known->token)};
}

Result<void> replace_joined_certificate(Files& files, const std::string& directory,
                                        const std::string& chain_pem) {
    if (!has_joined(files, directory))
        return Error{Code::missing, directory + " holds no identity that was joined"};
    return write_secret(files, directory + "/tls.pem", chain_pem);
}

}  // namespace hansa
