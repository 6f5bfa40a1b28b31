#include "trust/acceptance.h"

#include "data/json.h"

namespace hansa {

Result<Acceptance> Acceptance::parse(std::string_view text) {
    auto value = parse_json(text, {.bytes_max = acceptance_bytes_max, .depth_max = 4});
    if (!value) return std::move(value).error();
    const Value* list = value->is_map() ? value->find("accepted") : nullptr;
    if (!list || !list->is_list() || value->map().size() != 1)
        return Error{Code::invalid, "is not of the form {\"accepted\": [HOST, …]}"};
    Acceptance acceptance;
    for (const Value& entry : list->list()) {
        if (!entry.is_scalar()) return Error{Code::invalid, "holds a host that is no text"};
        auto host = HostName::parse(entry.scalar().text);
        if (!host) return std::move(host).error();
        acceptance.accept(*host);
    }
    return acceptance;
}

std::string Acceptance::text() const {
    Value::List hosts;
    for (const std::string& host : hosts_) hosts.push_back(Value::of_text(host));
    Value::Map map;
    map.push_back({"accepted", {}, Value::of_list(std::move(hosts))});
    return to_json(Value::of_map(std::move(map)), JsonStyle::pretty) + "\n";
}

}  // namespace hansa
