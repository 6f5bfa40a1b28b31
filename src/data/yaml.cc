#include "data/yaml.h"

#include <yaml.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "data/yaml_tree.h"

namespace hansa {
namespace {

class Event {
 public:
    Event() = default;
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    ~Event() { yaml_event_delete(&event_); }
    yaml_event_t* get() { return &event_; }

 private:
    yaml_event_t event_{};
};

Mark mark_of(const yaml_mark_t& mark) {
    return {static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1)};
}

std::string_view text_of(const yaml_char_t* text) {
    return text ? std::string_view(reinterpret_cast<const char*>(text)) : std::string_view{};
}

Mark mark_at(std::string_view text, std::size_t offset) {
    Mark mark{1, 1};
    for (char c : text.substr(0, offset)) {
        ++mark.column;
        if (c == '\n') mark = {mark.line + 1, 1};
    }
    return mark;
}

std::size_t first_invalid(std::string_view text) {
    std::size_t at = 0;
    for (std::size_t length = 1; length <= 4 && at + length <= text.size();) {
        const bool whole = valid_utf8(text.substr(at, length));
        at += whole ? length : 0;
        length = whole ? 1 : length + 1;
    }
    return at;
}

bool is_control(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7f;
}

// What would be right, for the slips that people make; the parser only says what is wrong.
std::string remedy(std::string_view problem) {
    constexpr std::pair<std::string_view, std::string_view> known[] = {
        {"mapping values are not allowed", "; put text that holds \": \" into quotes"},
        {"found unexpected end of stream", "; close the quote"},
        {"cannot start any token", "; put such text into quotes, and indent with blanks, not tabs"},
        {"expected ',' or", "; close the bracket"},
        {"expected key", "; check the indentation"},
        {"expected '-' indicator", "; check the indentation"},
        {"could not find expected ':'", "; write \"key: value\""},
        {"expected <document start>", "; write one value per file"},
    };
    for (const auto& [part, right] : known)
        if (problem.find(part) != std::string_view::npos) return std::string(right);
    return {};
}

// Feeds the events of one text to a tree.
class Reader {
 public:
    Reader(std::string_view text, std::string_view file, const YamlLimits& limits)
        : text_(text), limits_(limits), tree_(file, limits) {}
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    ~Reader() { yaml_parser_delete(&parser_); }

    Result<Value> read();

 private:
    Result<void> check_bytes();
    Result<void> take(const yaml_event_t& event);
    Result<void> take_scalar(const yaml_event_t& event, Mark mark);
    Result<bool> plain_by_tag(std::string_view tag, bool plain, Mark mark) const;
    Result<void> check_tag(std::string_view tag, std::string_view wanted, Mark mark) const;
    Error syntax_error() const;

    std::string_view text_;
    const YamlLimits& limits_;
    YamlTree tree_;
    yaml_parser_t parser_{};
    std::size_t documents_ = 0;
};

Result<void> Reader::check_bytes() {
    if (text_.size() > limits_.bytes_max)
        return tree_.wrong({1, 1}, "the text has " + counted(text_.size(), "byte") + "; at most " +
                                       std::to_string(limits_.bytes_max) + " are read");
    if (!valid_utf8(text_))
        return tree_.wrong(mark_at(text_, first_invalid(text_)),
                           "the text is not UTF-8; save it as UTF-8, or write bytes as !!binary");
    const auto control = std::find_if(text_.begin(), text_.end(), is_control);
    if (control != text_.end())
        return tree_.wrong(mark_at(text_, static_cast<std::size_t>(control - text_.begin())),
                           "control byte " + printable({control, 1}) +
                               "; remove it, or write it as an escape in double quotes");
    return {};
}

Result<Value> Reader::read() {
    if (text_.starts_with("\xef\xbb\xbf")) text_.remove_prefix(3);  // byte order mark
    if (auto readable = check_bytes(); !readable) return std::move(readable).error();
    if (!yaml_parser_initialize(&parser_))
        return Error{Code::internal, "the YAML parser could not be started"};
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text_.data()),
                                 text_.size());
    for (;;) {
        Event event;
        if (!yaml_parser_parse(&parser_, event.get())) return syntax_error();
        if (event.get()->type == YAML_STREAM_END_EVENT) return tree_.take();
        if (auto taken = take(*event.get()); !taken) return std::move(taken).error();
    }
}

Error Reader::syntax_error() const {
    const std::string problem = parser_.problem ? parser_.problem : "out of memory";
    if (parser_.error == YAML_READER_ERROR)
        return tree_.wrong(mark_at(text_, parser_.problem_offset), problem);
    std::string what = problem;
    if (parser_.context) what += std::string(" ") + parser_.context;
    // Where it began tells more than where the parser noticed, far below.
    if (parser_.context && parser_.context_mark.line < parser_.problem_mark.line) {
        const Mark began = mark_of(parser_.context_mark);
        what +=
            " that begins at " + std::to_string(began.line) + ":" + std::to_string(began.column);
    }
    return tree_.wrong(mark_of(parser_.problem_mark), what + remedy(problem));
}

Result<void> Reader::take(const yaml_event_t& event) {
    const Mark mark = mark_of(event.start_mark);
    const auto anchor = [](const yaml_char_t* name) { return std::string(text_of(name)); };
    switch (event.type) {
        case YAML_DOCUMENT_START_EVENT:
            if (++documents_ == 1) return {};
            return tree_.wrong(mark, "a second document begins here; write one document per file");
        case YAML_SCALAR_EVENT: return take_scalar(event, mark);
        case YAML_ALIAS_EVENT: return tree_.alias(anchor(event.data.alias.anchor), mark);
        case YAML_SEQUENCE_START_EVENT: {
            const auto& list = event.data.sequence_start;
            if (auto right = check_tag(text_of(list.tag), "seq", mark); !right) return right;
            return tree_.begin_list(mark, anchor(list.anchor));
        }
        case YAML_MAPPING_START_EVENT: {
            const auto& map = event.data.mapping_start;
            if (auto right = check_tag(text_of(map.tag), "map", mark); !right) return right;
            return tree_.begin_map(mark, anchor(map.anchor));
        }
        case YAML_SEQUENCE_END_EVENT:
        case YAML_MAPPING_END_EVENT: return tree_.end();
        default: return {};
    }
}

constexpr std::string_view core_tags = "tag:yaml.org,2002:";

Result<void> Reader::check_tag(std::string_view tag, std::string_view wanted, Mark mark) const {
    if (tag.empty() || tag == "!" || tag == std::string(core_tags).append(wanted)) return {};
    const bool core = tag.starts_with(core_tags);
    const std::string written =
        core ? "!!" + std::string(tag.substr(core_tags.size())) : std::string(tag);
    return tree_.wrong(mark, "tag " + printable(written, 60) + " does not fit here; leave it out");
}

Result<void> Reader::take_scalar(const yaml_event_t& event, Mark mark) {
    const auto& data = event.data.scalar;
    Value::Scalar scalar;
    scalar.text.assign(reinterpret_cast<const char*>(data.value), data.length);
    scalar.plain = data.style == YAML_PLAIN_SCALAR_STYLE;
    if (const std::string_view tag = text_of(data.tag); !tag.empty()) {
        auto plain = plain_by_tag(tag, scalar.plain, mark);
        if (!plain) return std::move(plain).error();
        scalar.plain = *plain;
        if (tag.ends_with(":binary")) {
            std::erase_if(scalar.text, [](char c) { return c == ' ' || c == '\n' || c == '\t'; });
            auto bytes = base64_decode(scalar.text);
            if (!bytes) return tree_.wrong(mark, "!!binary is not base64; write it with padding");
            scalar.text = std::move(*bytes);
        }
    }
    return tree_.scalar(std::move(scalar), mark, std::string(text_of(data.anchor)));
}

// Whether a tagged scalar is still to be resolved by how it looks.
Result<bool> Reader::plain_by_tag(std::string_view tag, bool plain, Mark mark) const {
    if (tag == "!") return false;
    if (tag.starts_with(core_tags)) {
        const std::string_view name = tag.substr(core_tags.size());
        if (name == "str" || name == "binary") return false;
        if (name == "int" || name == "bool" || name == "null" || name == "float") return true;
    }
    if (auto right = check_tag(tag, "", mark); !right) return std::move(right).error();
    return plain;
}

}  // namespace

Result<Value> parse_yaml(std::string_view text, std::string_view file, const YamlLimits& limits) {
    return Reader{text, file, limits}.read();
}

}  // namespace hansa
