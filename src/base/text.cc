#include "base/text.h"

#include <algorithm>
#include <charconv>

namespace hansa {
namespace {

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

char lower_byte(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Insertions, deletions, substitutions and swaps of neighbours ("optimal string alignment").
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t substitution = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, substitution});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
        std::swap(before, above);
        std::swap(above, row);
    }
    return above[b.size()];
}

// One step of a glob: what it accepts and how many bytes of the glob it takes.
struct GlobStep {
    bool accepts = false;
    std::size_t length = 1;
};

// A class "[a-c]" at the start of `glob`. Without a closing bracket the '[' is itself.
GlobStep step_class(std::string_view glob, char c) {
    const bool negated = glob.size() > 1 && glob[1] == '!';
    const std::size_t first = negated ? 2 : 1;
    bool found = false;
    for (std::size_t i = first; i < glob.size(); ++i) {
        if (glob[i] == ']' && i > first) return {found != negated, i + 1};
        const bool range = i + 2 < glob.size() && glob[i + 1] == '-' && glob[i + 2] != ']';
        const auto low = static_cast<unsigned char>(glob[i]);
        const auto high = static_cast<unsigned char>(range ? glob[i + 2] : glob[i]);
        const auto byte = static_cast<unsigned char>(c);
        found = found || (low <= byte && byte <= high);
        if (range) i += 2;
    }
    return {c == '[', 1};
}

GlobStep step_glob(std::string_view glob, char c) {
    if (glob[0] == '?') return {true, 1};
    if (glob[0] == '[') return step_class(glob, c);
    if (glob[0] == '\\' && glob.size() > 1) return {glob[1] == c, 2};
    return {glob[0] == c, 1};
}

bool ends_with_any(std::string_view word, std::initializer_list<std::string_view> endings) {
    return std::any_of(endings.begin(), endings.end(),
                       [word](std::string_view ending) { return word.ends_with(ending); });
}

}  // namespace

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    for (;;) {
        const std::size_t end = text.find(separator);
        parts.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
    std::string joined;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (i > 0) joined += separator;
        joined += parts[i];
    }
    return joined;
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

std::string lower(std::string_view text) {
    std::string lowered(text);
    for (char& c : lowered) c = lower_byte(c);
    return lowered;
}

std::optional<std::int64_t> to_int(std::string_view text) {
    std::int64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return number;
}

bool glob_matches(std::string_view glob, std::string_view text) {
    // Only the last '*' is ever tried again: whatever an earlier one could take, it can too.
    constexpr std::size_t none = std::string_view::npos;
    std::size_t at = 0, star = none, star_text = 0, i = 0;
    while (i < text.size()) {
        if (at < glob.size() && glob[at] == '*') {
            star = at++;
            star_text = i;
            continue;
        }
        const GlobStep step = at < glob.size() ? step_glob(glob.substr(at), text[i]) : GlobStep{};
        if (step.accepts) {
            at += step.length;
            ++i;
        } else if (star != none) {
            at = star + 1;
            i = ++star_text;
        } else {
            return false;
        }
    }
    while (at < glob.size() && glob[at] == '*') ++at;
    return at == glob.size();
}

std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates) {
    constexpr std::size_t word_max = 64;  // nobody mistypes more; keeps the cost bounded
    if (word.empty() || word.size() > word_max) return std::nullopt;
    const std::string wanted = lower(word);
    const std::size_t slip = std::clamp<std::size_t>(word.size() / 3, 1, 3);
    std::size_t best = slip + 1;
    std::optional<std::string> found;
    for (const std::string& candidate : candidates) {
        if (candidate.size() > word_max + slip) continue;
        const std::size_t distance = edit_distance(wanted, lower(candidate));
        if (distance >= best || distance >= word.size()) continue;
        best = distance;
        found = candidate;
    }
    return found;
}

std::string counted(std::uint64_t number, std::string_view noun) {
    std::string text = std::to_string(number) + " " + std::string(noun);
    if (number == 1) return text;
    const bool vowel_before_y = ends_with_any(noun, {"ay", "ey", "oy", "uy"});
    if (noun.ends_with('y') && !vowel_before_y) {
        text.pop_back();
        return text + "ies";
    }
    return text + (ends_with_any(noun, {"s", "x", "ch", "sh"}) ? "es" : "s");
}

}  // namespace hansa
