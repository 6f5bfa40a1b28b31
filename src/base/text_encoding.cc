// The part of text.h that turns bytes into safe text and back.
#include <algorithm>
#include <array>
#include <cstring>

#include "base/text.h"

namespace hansa {
namespace {

constexpr char upper_digits[] = "0123456789ABCDEF";
constexpr char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '~';
}

void append_hex(std::string& text, std::string_view mark, char c) {
    const auto byte = static_cast<unsigned char>(c);
    text += mark;
    text += upper_digits[byte >> 4];
    text += upper_digits[byte & 15];
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

int lower_hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

bool continues(std::string_view text, std::size_t at) {
    return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80;
}

// Length of the well-formed character at the start of `text` (Unicode, table 3-7); 0 when there
// is none.
std::size_t character_length(std::string_view text) {
    const auto first = static_cast<unsigned char>(text[0]);
    if (first < 0x80) return 1;
    if (first < 0xc2 || first > 0xf4) return 0;
    const std::size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    for (std::size_t i = 1; i < length; ++i)
        if (!continues(text, i)) return 0;
    const auto second = static_cast<unsigned char>(text[1]);
    if (first == 0xe0 && second < 0xa0) return 0;  // overlong
    if (first == 0xed && second > 0x9f) return 0;  // a surrogate
    if (first == 0xf0 && second < 0x90) return 0;  // overlong
    if (first == 0xf4 && second > 0x8f) return 0;  // above U+10FFFF
    return length;
}

bool is_control(std::string_view character) {
    const auto first = static_cast<unsigned char>(character[0]);
    if (character.size() == 1) return first < 0x20 || first == 0x7f;
    return first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;  // U+0080 to U+009F
}

std::string escaped(std::string_view bytes) {
    if (bytes == "\n") return "\\n";
    if (bytes == "\t") return "\\t";
    std::string text;
    for (char c : bytes) append_hex(text, "\\x", c);
    return text;
}

std::array<signed char, 256> make_base64_values() {
    std::array<signed char, 256> values;
    values.fill(-1);
    for (int i = 0; i < 64; ++i)
        values[static_cast<unsigned char>(base64_digits[i])] = static_cast<signed char>(i);
    return values;
}

}  // namespace

std::string percent_encode(std::string_view text) {
    if (text == ".") return "%2E";
    if (text == "..") return "%2E%2E";
    std::string encoded;
    encoded.reserve(text.size());
    for (char c : text) {
        if (unreserved(c))
            encoded += c;
        else
            append_hex(encoded, "%", c);
    }
    return encoded;
}

std::optional<std::string> percent_decode(std::string_view text) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded += text[i];
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        decoded += static_cast<char>(high * 16 + low);
        i += 2;
    }
    // One spelling per text: two keys must never decode to one name.
    if (percent_encode(decoded) != text) return std::nullopt;
    return decoded;
}

std::string printable(std::string_view text, std::size_t limit) {
    std::string shown;
    while (!text.empty()) {
        const std::size_t length = character_length(text);
        const std::string_view bytes = text.substr(0, length == 0 ? 1 : length);
        const bool plain = length > 0 && !is_control(bytes);
        const std::string piece = plain ? std::string(bytes) : escaped(bytes);
        if (shown.size() + piece.size() > limit) return shown + "…";
        shown += piece;
        text.remove_prefix(bytes.size());
    }
    return shown;
}

std::string printable_lines(std::string_view text) {
    constexpr std::string_view kept = "\n\t";
    std::string shown;
    while (!text.empty()) {
        const std::size_t until = std::min(text.find_first_of(kept), text.size());
        shown += printable(text.substr(0, until), std::string::npos);
        if (until < text.size()) shown += text[until];
        text.remove_prefix(std::min(until + 1, text.size()));
    }
    return shown;
}

bool valid_utf8(std::string_view text) {
    while (!text.empty()) {
        // Eight ASCII bytes at once: graphs are megabytes of them.
        std::uint64_t eight = 0;
        if (text.size() >= sizeof eight) {
            std::memcpy(&eight, text.data(), sizeof eight);
            if ((eight & 0x8080808080808080ULL) == 0) {
                text.remove_prefix(sizeof eight);
                continue;
            }
        }
        const std::size_t length = character_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

std::string base64_encode(std::string_view bytes) {
    std::string encoded;
    encoded.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t group = 0;
        for (std::size_t j = 0; j < 3; ++j) {
            const std::uint32_t byte = j < count ? static_cast<unsigned char>(bytes[i + j]) : 0;
            group = group << 8 | byte;
        }
        for (std::size_t j = 0; j < 4; ++j)
            encoded += j <= count ? base64_digits[group >> (18 - 6 * j) & 63] : '=';
    }
    return encoded;
}

std::optional<std::string> base64_decode(std::string_view encoded) {
    static const std::array<signed char, 256> values = make_base64_values();
    if (encoded.size() % 4 != 0) return std::nullopt;
    std::string bytes;
    bytes.reserve(encoded.size() / 4 * 3);
    for (std::size_t i = 0; i < encoded.size(); i += 4) {
        std::string_view quartet = encoded.substr(i, 4);
        const bool last = i + 4 == encoded.size();
        while (last && quartet.size() > 2 && quartet.back() == '=') quartet.remove_suffix(1);
        std::uint32_t group = 0;
        for (std::size_t j = 0; j < 4; ++j) {
            const int value =
                j < quartet.size() ? values[static_cast<unsigned char>(quartet[j])] : 0;
            if (value < 0) return std::nullopt;
            group = group << 6 | static_cast<std::uint32_t>(value);
        }
        const std::size_t count = quartet.size() - 1;
        const std::uint32_t unused = (std::uint32_t{1} << (8 * (3 - count))) - 1;
        if (group & unused) return std::nullopt;  // a second spelling of the same bytes
        for (std::size_t j = 0; j < count; ++j)
            bytes += static_cast<char>(group >> (16 - 8 * j) & 255);
    }
    return bytes;
}

std::string hex_encode(std::string_view bytes) {
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (char c : bytes) {
        text += digits[static_cast<unsigned char>(c) >> 4];
        text += digits[static_cast<unsigned char>(c) & 15];
    }
    return text;
}

std::optional<std::string> hex_decode(std::string_view text) {
    std::string bytes;
    if (text.size() % 2 != 0) return std::nullopt;
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const int high = lower_hex_value(text[i]), low = lower_hex_value(text[i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        bytes += static_cast<char>(high * 16 + low);
    }
    return bytes;
}

}  // namespace hansa
