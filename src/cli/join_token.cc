#include "cli/join_token.h"

#include "daemon/inspect.h"

namespace hansa {

Result<std::optional<Token>> token_of(const std::string& given) {
    if (given.empty()) return std::optional<Token>{};
    std::string text = given;
    if (given.starts_with('@')) {
        auto read = read_whole(given.substr(1));
        if (!read) return std::move(read).error().during("--join " + given);
        text = std::move(*read);
    }
    auto token = decode_token(text);
    if (!token) return std::move(token).error().during("--join");
    return std::optional<Token>(std::move(*token));
}

}  // namespace hansa
