// Small text functions that several rooms need. Pure; bytes in, bytes out, no locale.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hansa {

std::vector<std::string> split(std::string_view text, char separator);
std::string join(std::span<const std::string> parts, std::string_view separator);
std::string_view trim(std::string_view text);  // blanks, tabs, line ends on both sides
std::string lower(std::string_view text);      // ASCII only

// Whole text, decimal, optional leading minus. Empty when it is not a number or does not fit.
std::optional<std::int64_t> to_int(std::string_view text);

// Percent-encodes every byte except ASCII letters, digits, '-', '_', '.', '~' (RFC 3986 2.3);
// "." and ".." become "%2E" and "%2E%2E", so that no result is a path step.
std::string percent_encode(std::string_view text);

// The inverse; empty when the text is not what percent_encode would have made.
std::optional<std::string> percent_decode(std::string_view text);

// Shell-like glob over the whole text: '*' any run, '?' one byte, '[a-c]' and '[!a-c]' classes,
// '\' takes the next byte literally. Linear time in practice; never exponential.
bool glob_matches(std::string_view glob, std::string_view text);

// The candidate nearest to `word` within an edit distance that a slip of the hand explains, else
// empty. For "did you mean" texts.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);

// Foreign text made safe for a terminal or a log line: control bytes and invalid UTF-8 appear as
// \n, \t, \xNN; cut after `limit` bytes with an ellipsis.
std::string printable(std::string_view text, std::size_t limit = 200);

// The same for text of several lines: line ends and tabs stay, nothing is cut.
std::string printable_lines(std::string_view text);

bool valid_utf8(std::string_view text);

std::string base64_encode(std::string_view bytes);                   // RFC 4648 section 4
std::optional<std::string> base64_decode(std::string_view encoded);  // strict: padding required

std::string hex_encode(std::string_view bytes);  // lower case
// The inverse; empty when the text is not what hex_encode would have made.
std::optional<std::string> hex_decode(std::string_view text);

// "1 file", "3 files"
std::string counted(std::uint64_t number, std::string_view noun);

}  // namespace hansa
