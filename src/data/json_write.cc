// The writing half of json.h.
#include "base/check.h"
#include "base/text.h"
#include "data/json.h"

namespace hansa {
namespace {

void write_text(std::string& out, std::string_view text) {
    check(valid_utf8(text), "text in JSON is UTF-8");
    constexpr char digits[] = "0123456789abcdef";
    out += '"';
    for (char c : text) {
        switch (c) {
            case '"': out += "\\\""; break;
            case '\\': out += "\\\\"; break;
            case '\n': out += "\\n"; break;
            case '\r': out += "\\r"; break;
            case '\t': out += "\\t"; break;
            default:
                if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) {
                    out += c;
                } else {
                    out += "\\u00";
                    out += digits[static_cast<unsigned char>(c) >> 4];
                    out += digits[c & 15];
                }
        }
    }
    out += '"';
}

// -? ( 0 | [1-9][0-9]* ) ( \. [0-9]+ )? ( [eE] [-+]? [0-9]+ )?   (RFC 8259 section 6)
bool is_json_number(std::string_view text) {
    const auto digits = [&text] {
        std::size_t count = 0;
        while (count < text.size() && text[count] >= '0' && text[count] <= '9') ++count;
        text.remove_prefix(count);
        return count;
    };
    if (text.starts_with('-')) text.remove_prefix(1);
    const bool zero = text.starts_with('0');
    const std::size_t whole = digits();
    if (whole == 0 || (zero && whole > 1)) return false;
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        if (digits() == 0) return false;
    }
    if (text.starts_with('e') || text.starts_with('E')) {
        text.remove_prefix(1);
        if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
        if (digits() == 0) return false;
    }
    return text.empty();
}

// A number that JSON spells the same way stays as written; other spellings of YAML become one.
void write_scalar(std::string& out, const Value& value) {
    const Value::Scalar& scalar = value.scalar();
    if (value.is_null())
        out += "null";
    else if (auto truth = value.as_bool())
        out += *truth ? "true" : "false";
    else if (scalar.plain && is_json_number(scalar.text))
        out += scalar.text;
    else if (auto number = value.as_int())
        out += std::to_string(*number);
    else
        write_text(out, scalar.text);
}

class Writer {
 public:
    explicit Writer(JsonStyle style) : pretty_(style == JsonStyle::pretty) {}

    void write(const Value& value) {
        if (value.is_scalar()) {
            write_scalar(out_, value);
        } else if (value.is_list()) {
            begin('[');
            for (const Value& item : value.list()) {
                next();
                write(item);
            }
            end(']');
        } else {
            begin('{');
            for (const Value::Entry& entry : value.map()) {
                next();
                write_text(out_, entry.key);
                out_ += pretty_ ? ": " : ":";
                write(entry.value);
            }
            end('}');
        }
    }

    std::string take() { return std::move(out_); }

 private:
    void begin(char bracket) {
        out_ += bracket;
        ++depth_;
        first_ = true;
    }

    void next() {
        if (!first_) out_ += ',';
        first_ = false;
        new_line();
    }

    void end(char bracket) {
        --depth_;
        if (!first_) new_line();
        first_ = false;
        out_ += bracket;
    }

    void new_line() {
        if (!pretty_) return;
        out_ += '\n';
        out_.append(2 * depth_, ' ');
    }

    bool pretty_;
    bool first_ = true;  // in the innermost list or map
    std::size_t depth_ = 0;
    std::string out_;
};

}  // namespace

std::string to_json(const Value& value, JsonStyle style) {
    Writer writer{style};
    writer.write(value);
    return writer.take();
}

}  // namespace hansa
