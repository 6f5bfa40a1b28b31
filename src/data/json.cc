#include "data/json.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <vector>

#include "base/text.h"

namespace hansa {
namespace {

namespace json = boost::json;

// Boost calls these as it reads; false with `ec` set stops it. Numbers keep their spelling, which
// is why this is not Boost's own value tree. What is wrong is kept in `told`.
class Handler {
 public:
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
    using ec_type = json::error_code;

    bool on_document_begin(ec_type&) { return true; }
    bool on_document_end(ec_type&) { return true; }
    bool on_object_begin(ec_type&) { return begin(true); }
    bool on_object_end(std::size_t, ec_type& ec) { return end(ec); }
    bool on_array_begin(ec_type&) { return begin(false); }
    bool on_array_end(std::size_t, ec_type& ec) { return end(ec); }
    bool on_key_part(json::string_view part, std::size_t, ec_type&) { return gather(part); }
    bool on_key(json::string_view part, std::size_t, ec_type&) {
        gather(part);
        open_.back().map.push_back({std::move(text_), {}, Value{}});
        text_.clear();
        return true;
    }
    bool on_string_part(json::string_view part, std::size_t, ec_type&) { return gather(part); }
    bool on_string(json::string_view part, std::size_t, ec_type&) {
        gather(part);
        return finish(false);
    }
    bool on_number_part(json::string_view part, ec_type&) { return gather(part); }
    bool on_int64(std::int64_t, json::string_view part, ec_type&) { return finish_plain(part); }
    bool on_uint64(std::uint64_t, json::string_view part, ec_type&) { return finish_plain(part); }
    bool on_double(double, json::string_view part, ec_type&) { return finish_plain(part); }
    bool on_bool(bool truth, ec_type&) { return finish_plain(truth ? "true" : "false"); }
    bool on_null(ec_type&) { return finish_plain("null"); }
    bool on_comment_part(json::string_view, ec_type&) { return true; }
    bool on_comment(json::string_view, ec_type&) { return true; }

    const std::string& told() const { return told_; }
    Value take() { return std::move(root_); }

 private:
    struct Frame {
        bool is_map = false;
        Value::List list;
        Value::Map map;
    };

    bool begin(bool is_map) {
        open_.push_back({is_map, {}, {}});
        return true;
    }

    bool end(ec_type& ec) {
        Frame frame = std::move(open_.back());
        open_.pop_back();
        if (!frame.is_map) return place(Value::of_list(std::move(frame.list)));
        if (const std::string* twice = duplicate(frame.map)) {
            told_ = "key \"" + printable(*twice, 60) + "\" appears twice; send it once";
            ec = json::error::syntax;
            return false;
        }
        return place(Value::of_map(std::move(frame.map)));
    }

    static const std::string* duplicate(const Value::Map& map) {
        std::vector<const std::string*> keys;
        keys.reserve(map.size());
        for (const Value::Entry& entry : map) keys.push_back(&entry.key);
        std::sort(keys.begin(), keys.end(), [](auto* a, auto* b) { return *a < *b; });
        const auto twice =
            std::adjacent_find(keys.begin(), keys.end(), [](auto* a, auto* b) { return *a == *b; });
        return twice == keys.end() ? nullptr : *twice;
    }

    bool gather(json::string_view part) {
        text_.append(part.data(), part.size());
        return true;
    }

    bool finish_plain(json::string_view part) {
        gather(part);
        return finish(true);
    }

    bool finish(bool plain) {
        place(Value::of_scalar({std::move(text_), plain}));
        text_.clear();
        return true;
    }

    bool place(Value value) {
        if (open_.empty())
            root_ = std::move(value);
        else if (open_.back().is_map)
            open_.back().map.back().value = std::move(value);
        else
            open_.back().list.push_back(std::move(value));
        return true;
    }

    std::vector<Frame> open_;
    std::string text_;  // of the scalar that is being read
    std::string told_;
    Value root_;
};

Error wrong(std::size_t offset, const std::string& what) {
    return Error{Code::invalid, "json, byte " + std::to_string(offset + 1) + ": " + what};
}

}  // namespace

Result<Value> parse_json(std::string_view text, const JsonLimits& limits) {
    if (text.size() > limits.bytes_max)
        return Error{Code::invalid, "json has " + counted(text.size(), "byte") + "; at most " +
                                        std::to_string(limits.bytes_max) + " are read"};
    json::parse_options options;
    options.max_depth = limits.depth_max;
    json::basic_parser<Handler> parser(options);
    json::error_code ec;
    const std::size_t read = parser.write_some(false, text.data(), text.size(), ec);
    if (!ec && read < text.size()) ec = json::error::extra_data;
    if (!ec) return parser.handler().take();

    if (!parser.handler().told().empty()) return wrong(read, parser.handler().told());
    if (ec == json::error::too_deep)
        return wrong(
            read, "nested deeper than " + std::to_string(limits.depth_max) + "; send it flatter");
    if (ec == json::error::extra_data) return wrong(read, "text after the value; remove it");
    if (ec == json::error::incomplete) return wrong(read, "ends too early; send all of it");
    return wrong(read, ec.message() + "; check the syntax (RFC 8259)");
}

}  // namespace hansa
