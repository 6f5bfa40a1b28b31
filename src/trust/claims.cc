#include "trust/claims.h"

#include "base/host.h"
#include "base/text.h"
#include "data/json.h"
#include "data/members.h"

namespace hansa {
namespace {

constexpr std::int64_t version = 1;
constexpr JsonLimits limits{claims_bytes_max, 4};
constexpr std::size_t domain_max = 253;  // as a host name: both are paths of short words
constexpr std::size_t label_max = 253;
constexpr std::size_t labels_max = 64;

// For clusters, label names, and both sides of a step of a domain: they stand in globs, keys of
// YAML files and log lines.
bool is_word(std::string_view text, std::string_view also) {
    if (text.empty() || text.size() > 64) return false;
    for (char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || also.find(c) != std::string_view::npos;
        if (!plain) return false;
    }
    return true;
}

bool is_domain(std::string_view text) {
    if (text.empty()) return true;
    if (text.size() > domain_max) return false;
    for (const std::string& step : split(text, ',')) {
        const auto sides = split(step, '=');
        if (sides.size() != 2 || !is_word(sides[0], "-_.") || !is_word(sides[1], "-_."))
            return false;
    }
    return true;
}

Error refused(std::string_view what, std::string_view text, std::string_view right) {
    return Error{Code::invalid, std::string{what} + " \"" + printable(text, 80) +
                                    "\" cannot be certified; " + std::string{right}};
}

Result<void> check_labels(const std::map<std::string, std::string>& labels) {
    if (labels.size() > labels_max)
        return Error{Code::invalid, counted(labels.size(), "label") + " cannot be certified; " +
                                        std::to_string(labels_max) + " at most"};
    for (const auto& [name, text] : labels) {
        if (!is_word(name, "-_./"))
            return refused("label", name, "use 1 to 64 letters, digits, '-', '_', '.' and '/'");
        if (text.size() > label_max || printable(text, label_max) != text)
            return refused("label " + name + " with the text", text,
                           "use at most 253 bytes without control characters");
    }
    return {};
}

}  // namespace

bool is_uuid(std::string_view text) {
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        const bool digit = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
        if (dash ? text[i] != '-' : !digit) return false;
    }
    return true;
}

Result<void> check_domain(std::string_view text) {
    if (is_domain(text)) return {};
    return refused("domain", text, "write it as dc=lon,rack=r1");
}

Result<void> check_claims(const Claims& claims) {
    if (!is_word(claims.cluster, "-_."))
        return refused("cluster", claims.cluster, "use 1 to 64 letters, digits, '-', '_' and '.'");
    const bool authority = claims.name.empty() && claims.uuid.empty();
    if (authority && claims.domain.empty() && claims.labels.empty()) return {};
    if (auto name = HostName::parse(claims.name); !name) return std::move(name).error();
    if (!is_uuid(claims.uuid))
        return refused("uuid", claims.uuid, "write it as 8-4-4-4-12 lower-case hexadecimal digits");
    if (auto domain = check_domain(claims.domain); !domain) return domain;
    return check_labels(claims.labels);
}

Result<std::string> encode(const Claims& claims) {
    if (auto good = check_claims(claims); !good) return std::move(good).error();
    Value::Map map;
    const auto put = [&map](std::string name, Value value) {
        map.push_back({std::move(name), {}, std::move(value)});
    };
    put("v", Value::of_int(version));
    put("cluster", Value::of_text(claims.cluster));
    if (!claims.name.empty()) {
        put("uuid", Value::of_text(claims.uuid));
        put("name", Value::of_text(claims.name));
    }
    if (!claims.domain.empty()) put("domain", Value::of_text(claims.domain));
    Value::Map labels;
    for (const auto& [name, text] : claims.labels)
        labels.push_back({name, {}, Value::of_text(text)});
    if (!labels.empty()) put("labels", Value::of_map(std::move(labels)));
    std::string text = to_json(Value::of_map(std::move(map)));
    if (text.size() > claims_bytes_max)
        return Error{Code::invalid, "claims of " + claims.name + " take " +
                                        counted(text.size(), "byte") + "; " +
                                        std::to_string(claims_bytes_max) + " at most"};
    return text;
}

Result<Claims> decode_claims(std::string_view text) {
    auto parsed = parse_json(text, limits);
    if (!parsed) return std::move(parsed).error().during("claims");
    Members members(*parsed, "claims");
    members.number("v", {version, version});
    Claims claims;
    claims.cluster = members.text("cluster");
    claims.uuid = members.text_if_any("uuid");
    claims.name = members.text_if_any("name");
    claims.domain = members.text_if_any("domain");
    claims.labels = members.text_map("labels");
    if (auto read = members.finish(); !read) return std::move(read).error();
    if (auto good = check_claims(claims); !good) return std::move(good).error();
    return claims;
}

}  // namespace hansa
