#include "mesh/endpoints.h"

#include <algorithm>
#include <tuple>

#include "base/host_port.h"
#include "base/random.h"
#include "base/text.h"
#include "data/json.h"
#include "data/members.h"
#include "data/texts.h"
#include "mesh/seats.h"

namespace hansa {

namespace {

constexpr std::size_t members_max = 64;  // etcd itself advises against more than seven
constexpr std::size_t urls_max = 8;      // of one member
constexpr std::size_t url_bytes_max = 300;
constexpr std::size_t name_bytes_max = 255;
constexpr std::size_t domain_steps_max = 16;
constexpr std::size_t found_max = 32;
constexpr JsonLimits cache_limits{endpoints_bytes_max, 6};

constexpr std::string_view scheme = "https://";

Result<HostPort> place_of(std::string_view url) {
    if (url.starts_with(scheme)) url.remove_prefix(scheme.size());
    return HostPort::parse(url);
}

bool names_this_machine(const HostPort& place) {
    return place.host == "localhost" || place.host == "::1" || place.host.starts_with("127.");
}

// What servers are told to listen on, and nobody can dial.
bool names_no_machine(const HostPort& place) {
    return place.host == "0.0.0.0" || place.host == "::";
}

bool can_dial(const std::string& url, const Vantage& here) {
    if (!url.starts_with(scheme) || url.size() > url_bytes_max) return false;
    const auto place = place_of(url);
    if (!place || names_no_machine(*place)) return false;
    return here.beside || !names_this_machine(*place);
}

std::size_t shared_steps(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    const auto ends = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    return static_cast<std::size_t>(ends.first - a.begin());
}

std::uint64_t chance_of(std::string_view text, std::uint64_t seed) {
    return SeededRandom(seat_hash(text) ^ SeededRandom(seed).next()).next();
}

// Nearest first, then by chance.
std::vector<StoreMember> ranked(std::vector<StoreMember> members, const Vantage& here,
                                std::uint64_t seed) {
    const auto rank = [&](const StoreMember& member) {
        const std::string& url = member.client_urls.front();
        return std::tuple(~shared_steps(member.domain, here.domain), chance_of(url, seed), url);
    };
    std::sort(members.begin(), members.end(),
              [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
    return members;
}

std::vector<std::string> shuffled(std::vector<std::string> urls, std::uint64_t seed) {
    std::sort(urls.begin(), urls.end(), [seed](const auto& a, const auto& b) {
        return std::tuple(chance_of(a, seed), a) < std::tuple(chance_of(b, seed), b);
    });
    return urls;
}

class Order {
 public:
    void add(const std::vector<std::string>& urls) {
        for (const std::string& url : urls) add(url);
    }

    void add(const std::vector<StoreMember>& members) {
        for (std::size_t at = 0; at < urls_max; ++at)
            for (const StoreMember& member : members)
                if (at < member.client_urls.size()) add(member.client_urls[at]);
    }

    std::vector<std::string> take() { return std::move(urls_); }

 private:
    void add(const std::string& url) {
        if (std::find(urls_.begin(), urls_.end(), url) == urls_.end()) urls_.push_back(url);
    }

    std::vector<std::string> urls_;
};

void check_texts(Members& members, const std::vector<std::string>& texts, const char* name,
                 std::size_t count_max) {
    bool fits = texts.size() <= count_max;
    for (const std::string& text : texts) fits = fits && text.size() <= url_bytes_max;
    if (!fits) members.refuse(std::string(name) + " has too many or too long entries");
}

Result<StoreMember> decode_member(const Value& value) {
    Members members(value, "member");
    StoreMember member;
    member.name = members.text_if_any("name");
    member.domain = members.texts("domain");
    member.client_urls = members.texts("urls");
    if (member.name.size() > name_bytes_max) members.refuse("name is too long");
    check_texts(members, member.domain, "domain", domain_steps_max);
    check_texts(members, member.client_urls, "urls", urls_max);
    for (const std::string& url : member.client_urls)
        if (!url.starts_with(scheme) || !place_of(url))
            members.refuse("\"" + printable(url) + "\" is no https://HOST:PORT");
    if (auto end = members.finish(); !end) return std::move(end).error();
    return member;
}

}  // namespace

bool is_loopback_url(std::string_view url) {
    const auto place = place_of(url);
    return place && names_this_machine(*place);
}

bool share_url(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    return std::any_of(a.begin(), a.end(), [&](const std::string& url) {
        return std::find(b.begin(), b.end(), url) != b.end();
    });
}

std::vector<StoreMember> dialable(const std::vector<StoreMember>& members, const Vantage& here) {
    std::vector<StoreMember> good;
    for (const StoreMember& member : members) {
        if (member.learner || good.size() == members_max) continue;
        StoreMember kept = member;
        kept.name = printable(member.name, name_bytes_max / 2);
        std::erase_if(kept.client_urls,
                      [&here](const std::string& url) { return !can_dial(url, here); });
        if (kept.client_urls.size() > urls_max) kept.client_urls.resize(urls_max);
        if (!kept.client_urls.empty()) good.push_back(std::move(kept));
    }
    return good;
}

std::vector<std::string> order_endpoints(const KnownEndpoints& known, const Vantage& here,
                                         std::uint64_t seed) {
    Order order;
    order.add(known.own);
    order.add(ranked(known.members, here, seed));
    order.add(shuffled(known.seeds, seed));
    if (known.members.empty()) order.add(ranked(known.cached, here, seed));
    order.add(known.found);
    return order.take();
}

std::vector<std::string> endpoints_of(std::vector<ServiceRecord> records, std::uint64_t seed) {
    const auto rank = [seed](const ServiceRecord& record) {
        return std::tuple(record.priority, chance_of(record.target, seed), record.target,
                          record.port);
    };
    std::sort(records.begin(), records.end(),
              [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
    std::vector<std::string> urls;
    for (ServiceRecord& record : records) {
        while (record.target.ends_with('.')) record.target.pop_back();
        const std::string url = std::string(scheme) + HostPort{record.target, record.port}.text();
        if (can_dial(url, {}) && urls.size() < found_max) urls.push_back(url);
    }
    return urls;
}

namespace {

std::string encode_all(const std::vector<StoreMember>& members) {
    Value::List list;
    for (const StoreMember& member : members) {
        Value::Map map;
        map.push_back({"name", {}, Value::of_text(member.name)});
        map.push_back({"domain", {}, list_of_texts(member.domain)});
        map.push_back({"urls", {}, list_of_texts(member.client_urls)});
        list.push_back(Value::of_map(std::move(map)));
    }
    Value::Map map;
    map.push_back({"v", {}, Value::of_int(1)});
    map.push_back({"members", {}, Value::of_list(std::move(list))});
    return to_json(Value::of_map(std::move(map)), JsonStyle::pretty) + "\n";
}

}  // namespace

std::string encode_endpoints(std::vector<StoreMember> members) {
    std::string text = encode_all(members);
    while (text.size() > endpoints_bytes_max) {
        members.pop_back();
        text = encode_all(members);
    }
    return text;
}

Result<std::vector<StoreMember>> decode_endpoints(std::string_view text) {
    auto parsed = parse_json(text, cache_limits);
    if (!parsed) return std::move(parsed).error();
    Members file(*parsed, "endpoints");
    file.number("v", {1, 1});
    const Value* list = file.any("members");
    if (auto end = file.finish(); !end) return std::move(end).error();
    if (!list || !list->is_list() || list->list().size() > members_max)
        return Error{Code::invalid, "members must be a list of at most 64"};
    std::vector<StoreMember> members;
    for (const Value& value : list->list()) {
        auto member = decode_member(value);
        if (!member) return std::move(member).error();
        if (!member->client_urls.empty()) members.push_back(std::move(*member));
    }
    return members;
}

}  // namespace hansa
