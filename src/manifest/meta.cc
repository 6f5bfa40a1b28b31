#include "manifest/meta.h"

#include <cmath>
#include <limits>
#include <set>

#include "base/text.h"

namespace hansa {
namespace {

constexpr std::int64_t seconds_max = 366 * 24 * 3600;  // longer waits are slips of the pen
constexpr std::int64_t semaphore_max = 1'000'000;

// One pass over the map; the checks that need several keys come last.
class MetaReader {
 public:
    MetaReader(const MetaNotes& notes, const FieldReader& reader) : reader_(reader) {
        meta_.exported = notes.named_for_export;
        named_for_export_ = notes.named_for_export;
    }

    Meta read(const Value& map) {
        for (const Value::Entry& entry : map.map()) {
            if (entry.value.is_null()) continue;
            if (!read_flag(entry) && !read_number(entry) && !read_list(entry))
                reader_.unknown(entry, keys());
        }
        check_together(map);
        return std::move(meta_);
    }

 private:
    static std::span<const std::string> keys() {
        static const std::vector<std::string> known = {
            "noop", "retry",    "delay",     "timeout", "poll",   "limit",     "burst",
            "sema", "autoedge", "autogroup", "reverse", "export", "also_here", "sensitive"};
        return known;
    }

    bool read_flag(const Value::Entry& entry) {
        bool* flag = entry.key == "noop"        ? &meta_.noop
                     : entry.key == "autoedge"  ? &meta_.autoedge
                     : entry.key == "autogroup" ? &meta_.autogroup
                     : entry.key == "reverse"   ? &meta_.reverse
                     : entry.key == "also_here" ? &meta_.also_here
                     : entry.key == "sensitive" ? &meta_.sensitive
                                                : nullptr;
        if (!flag) return false;
        if (auto truth = reader_.truth(entry)) *flag = *truth;
        return true;
    }

    bool read_number(const Value::Entry& entry) {
        constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
        const auto number = [&](std::int64_t low, std::int64_t high) {
            return reader_.number(entry, low, high).value_or(0);
        };
        if (entry.key == "retry")
            meta_.retry = number(-1, most);
        else if (entry.key == "delay")
            meta_.delay = Milliseconds{number(0, seconds_max * 1000)};
        else if (entry.key == "timeout")
            meta_.timeout = Milliseconds{number(0, seconds_max * 1000)};
        else if (entry.key == "poll")
            meta_.poll = Seconds{number(0, seconds_max)};
        else if (entry.key == "burst")
            meta_.burst = static_cast<std::uint32_t>(number(0, most));
        else if (entry.key == "limit")
            read_limit(entry);
        else
            return false;
        return true;
    }

    void read_limit(const Value::Entry& entry) {
        const auto rate = entry.value.as_real();
        if (!rate || std::isnan(*rate) || *rate < 0)
            reader_.wrong(entry.value.mark(),
                          "limit is " + shown(entry.value) +
                              "; write applies per second, 0 or .inf for no limit");
        else
            meta_.limit = std::isinf(*rate) ? 0 : *rate;
    }

    bool read_list(const Value::Entry& entry) {
        if (entry.key == "sema")
            read_semaphores(entry.value);
        else if (entry.key == "export")
            read_export(entry.value);
        else
            return false;
        return true;
    }

    void read_semaphores(const Value& value) {
        std::set<std::string> seen;
        if (!value.is_list()) return read_semaphore(value, seen);
        for (const Value& item : value.list()) read_semaphore(item, seen);
    }

    void read_semaphore(const Value& value, std::set<std::string>& seen) {
        const std::string right = "write \"name\" or \"name:count\" with a count from 1 to " +
                                  std::to_string(semaphore_max);
        const std::string text = value.is_scalar() ? value.scalar().text : std::string{};
        const std::size_t colon = text.rfind(':');
        const std::string name = text.substr(0, colon);
        const auto count = colon == std::string::npos ? std::optional<std::int64_t>{1}
                                                      : to_int(text.substr(colon + 1));
        if (name.empty() || value.is_null() || !count || *count < 1 || *count > semaphore_max)
            return reader_.wrong(value.mark(), "sema is " + shown(value) + "; " + right);
        if (to_int(text))
            return reader_.wrong(value.mark(), "sema " + text + " is only a number; " + right);
        if (printable(text, text.size()) != text)
            return reader_.wrong(value.mark(), "sema \"" + printable(text, 60) +
                                                   "\" holds a control character; remove it");
        // One way of writing for one semaphore: "lock" and "lock:1", "two:2" and "two:02".
        const std::string same = *count == 1 ? name : name + ":" + std::to_string(*count);
        if (!seen.insert(same).second)
            return reader_.wrong(value.mark(),
                                 "sema \"" + text + "\" is taken twice; write it once");
        meta_.sema.push_back({same, static_cast<std::uint32_t>(*count)});
    }

    void read_export(const Value& value) {
        const std::string right = "; write true or a list of host globs";
        if (auto truth = value.as_bool()) {
            if (!*truth && named_for_export_)
                reader_.wrong(
                    value.mark(),
                    "export is false, but the name begins with \"@@\"; drop one of the two");
            meta_.exported = *truth || named_for_export_;
            return;
        }
        if (!value.is_list() || value.list().empty()) {
            const bool empty = value.is_list();
            return reader_.wrong(value.mark(),
                                 "export is " + (empty ? "an empty list" : shown(value)) + right);
        }
        meta_.exported = true;
        for (const Value& item : value.list()) {
            if (item.is_scalar() && !item.is_null() && !item.scalar().text.empty())
                meta_.export_to.push_back(item.scalar().text);
            else
                reader_.wrong(item.mark(), "a host glob of export is " + shown(item) + right);
        }
    }

    void check_together(const Value& map) {
        const auto mark_of = [&map](const char* key) {
            const Value* value = map.find(key);
            return value ? value->mark() : map.mark();
        };
        if (meta_.limit > 0 && meta_.burst == 0)
            reader_.wrong(mark_of("limit"),
                          "limit without burst would never apply anything; write burst: 1 or more");
        if (meta_.also_here && !meta_.exported)
            reader_.wrong(mark_of("also_here"),
                          "also_here has no effect without export; add export: true or drop it");
        if (meta_.reverse)
            reader_.warn(mark_of("reverse"),
                         "reverse has no effect yet; what leaves the graph stays as it is");
    }

    static std::string shown(const Value& value) {
        if (!value.is_scalar() || value.is_null()) return std::string(value.shape());
        return "\"" + printable(value.scalar().text, 60) + "\"";
    }

    const FieldReader& reader_;
    Meta meta_;
    bool named_for_export_ = false;
};

}  // namespace

Meta read_meta(const Value& meta, const MetaNotes& notes, const FieldReader& reader) {
    if (meta.is_map()) return MetaReader{notes, reader}.read(meta);
    if (!meta.is_null())
        reader.wrong(meta.mark(),
                     "meta is " + std::string(meta.shape()) + "; write a map such as {noop: true}");
    Meta plain;
    plain.exported = notes.named_for_export;
    return plain;
}

}  // namespace hansa
