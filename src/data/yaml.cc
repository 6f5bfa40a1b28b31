#include "data/yaml.h"

#include <libfyaml.h>

#include <algorithm>
#include <memory>

#include "base/text.h"
#include "data/yaml_tree.h"

namespace hansa {
namespace {

struct DiagEnd {
    void operator()(fy_diag* diag) const { fy_diag_destroy(diag); }
};
struct ParserEnd {
    void operator()(fy_parser* parser) const { fy_parser_destroy(parser); }
};
struct EventEnd {
    fy_parser* parser;
    void operator()(fy_event* event) const { fy_parser_event_free(parser, event); }
};
using Event = std::unique_ptr<fy_event, EventEnd>;

void discard(fy_diag*, void*, const char*, size_t) {}

// What is left out (an empty value) has no place of its own; it gets that of what came before.
Mark mark_of(const fy_mark* mark, Mark before) {
    if (!mark) return before;
    return {static_cast<std::uint32_t>(mark->line + 1),
            static_cast<std::uint32_t>(mark->column + 1)};
}

std::string_view text_of(fy_token* token) {
    if (!token) return {};
    size_t length = 0;
    const char* text = fy_token_get_text(token, &length);
    return text ? std::string_view(text, length) : std::string_view{};
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

// Feeds the events of one text to a tree.
class Reader {
 public:
    Reader(std::string_view text, std::string_view file, const YamlLimits& limits)
        : text_(text), limits_(limits), tree_(file, limits) {}

    Result<Value> read();

 private:
    Result<void> check_bytes();
    bool open();
    Result<void> take(const fy_event& event);
    Result<void> take_scalar(const fy_event& event, Mark mark);
    Result<bool> plain_by_tag(fy_token* tag, bool plain, Mark mark) const;
    Result<void> check_tag(fy_token* tag, std::string_view wanted, Mark mark) const;
    Error syntax_error() const;

    std::string_view text_;
    const YamlLimits& limits_;
    YamlTree tree_;
    std::unique_ptr<fy_diag, DiagEnd> diag_;
    std::unique_ptr<fy_parser, ParserEnd> parser_;
    std::size_t documents_ = 0;
    Mark last_{1, 1};
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

bool Reader::open() {
    fy_diag_cfg diag_config;
    fy_diag_cfg_default(&diag_config);
    diag_config.fp = nullptr;
    diag_config.output_fn = discard;
    diag_.reset(fy_diag_create(&diag_config));
    if (!diag_) return false;
    fy_diag_set_collect_errors(diag_.get(), true);

    fy_parse_cfg config{};
    config.search_path = "";
    config.flags =
        static_cast<fy_parse_cfg_flags>(FYPCF_QUIET | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE);
    config.diag = diag_.get();
    parser_.reset(fy_parser_create(&config));
    return parser_ && fy_parser_set_string(parser_.get(), text_.data(), text_.size()) == 0;
}

Result<Value> Reader::read() {
    if (text_.starts_with("\xef\xbb\xbf")) text_.remove_prefix(3);  // byte order mark
    if (auto readable = check_bytes(); !readable) return std::move(readable).error();
    if (!open()) return Error{Code::internal, "the YAML parser could not be started"};
    for (;;) {
        const Event event{fy_parser_parse(parser_.get()), EventEnd{parser_.get()}};
        if (!event) break;
        if (event->type == FYET_STREAM_END) break;
        if (auto taken = take(*event); !taken) return std::move(taken).error();
    }
    if (fy_diag_got_error(diag_.get()) || fy_parser_get_stream_error(parser_.get()))
        return syntax_error();
    return tree_.take();
}

Error Reader::syntax_error() const {
    void* position = nullptr;
    const fy_diag_error* error = fy_diag_errors_iterate(diag_.get(), &position);
    if (!error) return tree_.wrong({1, 1}, "this is not YAML; check the syntax");
    const Mark mark{static_cast<std::uint32_t>(std::max(error->line, 1)),
                    static_cast<std::uint32_t>(std::max(error->column, 1))};
    return tree_.wrong(mark, std::string(trim(error->msg ? error->msg : "syntax error")));
}

Result<void> Reader::take(const fy_event& event) {
    const Mark mark = mark_of(fy_event_start_mark(const_cast<fy_event*>(&event)), last_);
    last_ = mark;
    // Told at its first value, which has a place where an implicit document start has none.
    if (documents_ > 1)
        return tree_.wrong(mark, "a second document begins here; write one document per file");
    switch (event.type) {
        case FYET_DOCUMENT_START: ++documents_; return {};
        case FYET_DOCUMENT_END: return {};
        case FYET_SCALAR: return take_scalar(event, mark);
        case FYET_ALIAS: return tree_.alias(std::string(text_of(event.alias.anchor)), mark);
        case FYET_SEQUENCE_START:
            if (auto right = check_tag(event.sequence_start.tag, "seq", mark); !right) return right;
            return tree_.begin_list(mark, std::string(text_of(event.sequence_start.anchor)));
        case FYET_MAPPING_START:
            if (auto right = check_tag(event.mapping_start.tag, "map", mark); !right) return right;
            return tree_.begin_map(mark, std::string(text_of(event.mapping_start.anchor)));
        case FYET_SEQUENCE_END:
        case FYET_MAPPING_END: return tree_.end();
        default: return {};
    }
}

constexpr std::string_view core_tags = "tag:yaml.org,2002:";

Result<void> Reader::check_tag(fy_token* tag, std::string_view wanted, Mark mark) const {
    const std::string_view name = text_of(tag);
    if (name.empty() || name == "!" || name == std::string(core_tags).append(wanted)) return {};
    const bool core = name.starts_with(core_tags);
    const std::string written =
        core ? "!!" + std::string(name.substr(core_tags.size())) : std::string(name);
    return tree_.wrong(mark, "tag " + printable(written, 60) + " does not fit here; leave it out");
}

Result<void> Reader::take_scalar(const fy_event& event, Mark mark) {
    const auto& data = event.scalar;
    const fy_scalar_style style = data.value ? fy_token_scalar_style(data.value) : FYSS_PLAIN;
    const bool quoted = style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
    if (quoted && mark.column > 1) --mark.column;  // libfyaml points behind the quote
    Value::Scalar scalar;
    scalar.text = text_of(data.value);
    scalar.plain = style == FYSS_PLAIN;
    if (data.tag) {
        auto plain = plain_by_tag(data.tag, scalar.plain, mark);
        if (!plain) return std::move(plain).error();
        scalar.plain = *plain;
        if (text_of(data.tag).ends_with(":binary")) {
            std::erase_if(scalar.text, [](char c) { return c == ' ' || c == '\n' || c == '\t'; });
            auto bytes = base64_decode(scalar.text);
            if (!bytes) return tree_.wrong(mark, "!!binary is not base64; write it with padding");
            scalar.text = std::move(*bytes);
        }
    }
    return tree_.scalar(std::move(scalar), mark, std::string(text_of(data.anchor)));
}

// Whether a tagged scalar is still to be resolved by how it looks.
Result<bool> Reader::plain_by_tag(fy_token* tag, bool plain, Mark mark) const {
    std::string_view name = text_of(tag);
    if (name == "!") return false;
    if (name.starts_with(core_tags)) {
        name.remove_prefix(core_tags.size());
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
