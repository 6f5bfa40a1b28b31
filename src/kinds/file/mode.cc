#include "kinds/file/mode.h"

#include "base/text.h"

namespace hansa::kinds {
namespace {

constexpr FileMode user_bits = 04700;
constexpr FileMode group_bits = 02070;
constexpr FileMode other_bits = 00007;
constexpr FileMode sticky_bit = 01000;
constexpr FileMode any_execute = 00111;

Error not_a_mode(std::string_view text) {
    return {Code::invalid, "\"" + printable(text, 40) +
                               "\" is neither octal nor symbolic; write it as \"0644\" or "
                               "\"u=rw,go=r\""};
}

bool parse_octal(std::string_view text, FileMode& mode) {
    if (text.starts_with("0o")) text.remove_prefix(2);
    if (text.empty() || text.size() > 5) return false;
    mode = 0;
    for (const char digit : text) {
        if (digit < '0' || digit > '7') return false;
        mode = mode * 8 + static_cast<FileMode>(digit - '0');
    }
    return mode <= 07777;
}

}  // namespace

Result<Mode> Mode::parse(std::string_view text) {
    Mode mode;
    if (parse_octal(text, mode.octal_)) return mode;
    mode.octal_ = 0;
    if (text.empty()) return not_a_mode(text);

    std::string_view rest = text;
    for (;;) {
        auto clause = parse_who(rest);
        if (!clause || rest.empty()) return not_a_mode(text);
        // One list of classes may be followed by several operators: "u+r-w".
        while (!rest.empty() && rest.front() != ',') {
            if (!parse_permissions(rest, *clause)) return not_a_mode(text);
            mode.clauses_.push_back(*clause);
        }
        if (rest.empty()) return mode;
        rest.remove_prefix(1);
    }
}

Result<Mode::Clause> Mode::parse_who(std::string_view& rest) {
    Clause clause;
    while (!rest.empty() && std::string_view("ugoa").find(rest.front()) != rest.npos) {
        const char who = rest.front();
        if (who == 'u' || who == 'a') clause.who |= user_bits;
        if (who == 'g' || who == 'a') clause.who |= group_bits;
        if (who == 'o' || who == 'a') clause.who |= other_bits;
        rest.remove_prefix(1);
    }
    if (clause.who == 0) clause.who = user_bits | group_bits | other_bits;
    return clause;
}

Result<void> Mode::parse_permissions(std::string_view& rest, Clause& clause) {
    const FileMode who = clause.who;
    clause = {};
    clause.who = who;
    switch (rest.front()) {
        case '+': clause.op = Operator::add; break;
        case '-': clause.op = Operator::remove; break;
        case '=': clause.op = Operator::set; break;
        default: return not_a_mode(rest);
    }
    rest.remove_prefix(1);
    if (!rest.empty() && std::string_view("ugo").find(rest.front()) != rest.npos) {
        clause.copy_from = rest.front();
        rest.remove_prefix(1);
        return {};
    }
    for (; !rest.empty() && std::string_view("rwxXst").find(rest.front()) != rest.npos;
         rest.remove_prefix(1)) {
        switch (rest.front()) {
            case 'r': clause.bits |= 4; break;
            case 'w': clause.bits |= 2; break;
            case 'x': clause.bits |= 1; break;
            case 'X': clause.execute_if_any = true; break;
            case 's': clause.set_id = true; break;
            case 't': clause.sticky = true; break;
        }
    }
    return {};
}

FileMode Mode::bits_of(const Clause& clause, FileMode current, FileType type) {
    FileMode one = clause.bits;
    if (clause.copy_from == 'u') one = (current >> 6) & 7;
    if (clause.copy_from == 'g') one = (current >> 3) & 7;
    if (clause.copy_from == 'o') one = current & 7;
    const bool executable = type == FileType::directory || (current & any_execute) != 0;
    if (clause.execute_if_any && executable) one |= 1;
    FileMode bits = one << 6 | one << 3 | one;
    if (clause.set_id) bits |= set_id_bits;
    return bits & clause.who;
}

FileMode Mode::apply_to(FileMode current, FileType type) const {
    if (absolute()) return octal_;
    FileMode mode = current;
    for (const Clause& clause : clauses_) {
        const FileMode bits = bits_of(clause, mode, type);
        // As chmod does, "=" leaves a directory's set-id bits alone unless "s" is written.
        FileMode cleared = clause.who;
        if (type == FileType::directory && !clause.set_id) cleared &= ~set_id_bits;
        switch (clause.op) {
            case Operator::add: mode |= bits; break;
            case Operator::remove: mode &= ~bits; break;
            case Operator::set: mode = (mode & ~cleared) | bits; break;
        }
        if (!clause.sticky) continue;
        if (clause.op == Operator::remove)
            mode &= ~sticky_bit;
        else
            mode |= sticky_bit;
    }
    return mode;
}

FileMode Mode::may_give() const {
    FileMode bits = 0;
    for (const FileMode current : {FileMode{0}, FileMode{0777}})
        for (const FileType type : {FileType::regular, FileType::directory})
            bits |= apply_to(current, type);
    return bits;
}

std::string octal(FileMode mode) {
    std::string text = "0";
    for (int shift = 6; shift >= 0; shift -= 3)
        text += static_cast<char>('0' + ((mode >> shift) & 7));
    if ((mode >> 9) != 0) text[0] = static_cast<char>('0' + (mode >> 9));
    return text;
}

}  // namespace hansa::kinds
