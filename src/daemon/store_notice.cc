#include "daemon/store_notice.h"

#include "data/json.h"
#include "data/texts.h"
#include "mesh/seat_timing.h"

namespace hansa {
namespace {

std::vector<std::string> texts_at(const Value& map, std::string_view key) {
    std::vector<std::string> texts;
    const Value* list = map.find(key);
    if (list && list->is_list())
        for (const Value& entry : list->list())
            if (entry.is_scalar()) texts.push_back(entry.scalar().text);
    return texts;
}

}  // namespace

std::string encode(const StoreNotice& notice) {
    Value::Map map;
    map.push_back({"pid", {}, Value::of_int(notice.pid)});
    map.push_back({"client_urls", {}, list_of_texts(notice.client_urls)});
    map.push_back({"peer_urls", {}, list_of_texts(notice.peer_urls)});
    if (!notice.clients_told.empty())
        map.push_back({"clients_told", {}, list_of_texts(notice.clients_told)});
    map.push_back({"server_name", {}, Value::of_text(notice.server_name)});
    if (!notice.elsewhere.empty())
        map.push_back({"elsewhere", {}, list_of_texts(notice.elsewhere)});
    if (!notice.timing.empty()) map.push_back({"timing", {}, Value::of_text(notice.timing)});
    if (!notice.serving) map.push_back({"serving", {}, Value::of_bool(false)});
    return to_json(Value::of_map(std::move(map)), JsonStyle::pretty) + "\n";
}

Result<StoreNotice> decode_notice(const std::string& text) {
    auto value = parse_json(text);
    if (!value) return std::move(value).error();
    if (!value->is_map()) return Error{Code::invalid, "is not a JSON object"};
    const Value* pid = value->find("pid");
    StoreNotice notice{static_cast<int>(pid ? pid->as_int().value_or(0) : 0),
                       texts_at(*value, "client_urls"), texts_at(*value, "peer_urls")};
    notice.clients_told = texts_at(*value, "clients_told");
    notice.elsewhere = texts_at(*value, "elsewhere");
    if (const Value* name = value->find("server_name"); name && name->is_scalar())
        notice.server_name = name->scalar().text;
    if (const Value* timing = value->find("timing"); timing && timing->is_scalar())
        notice.timing = timing->scalar().text;
    if (!notice.timing.empty())
        if (auto known = timing_named(notice.timing); !known) return std::move(known).error();
    if (const Value* serving = value->find("serving"))
        notice.serving = serving->as_bool().value_or(false);
    const bool is_somewhere = !notice.client_urls.empty() || !notice.elsewhere.empty();
    if (notice.pid <= 0 || !is_somewhere || notice.server_name.empty())
        return Error{Code::invalid, "lacks \"pid\", \"client_urls\" or \"server_name\""};
    return notice;
}

}  // namespace hansa
