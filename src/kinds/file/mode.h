// Permission bits as graphs write them: octal, or symbolic as chmod(1) understands. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sys/files.h"

namespace hansa::kinds {

// A mode that was understood. Symbolic ones depend on the bits that are there already.
class Mode {
 public:
    // "0644", "644", "0o644", "1777"; "u=rw,go=r", "a+X", "g-w,o=", "g=u", "+t". A clause without
    // u, g, o or a means all of them: the agent's umask must not leak into a declared state.
    static Result<Mode> parse(std::string_view text);

    // `directory` decides what X means.
    FileMode apply_to(FileMode current, FileType type) const;

    // Every bit that it might give, whatever plain permission bits are there already.
    FileMode may_give() const;

    // True when the result does not depend on the current bits.
    bool absolute() const { return clauses_.empty(); }

 private:
    enum class Operator { add, remove, set };

    struct Clause {
        FileMode who = 0;  // the bits that u, g, o stand for, set-id and sticky among them
        Operator op = Operator::set;
        FileMode bits = 0;            // as for one class, 0 to 7
        bool execute_if_any = false;  // X
        bool set_id = false;
        bool sticky = false;
        char copy_from = 0;  // 'u', 'g', 'o', or 0
    };

    static Result<Clause> parse_who(std::string_view& rest);
    static Result<void> parse_permissions(std::string_view& rest, Clause& clause);
    static FileMode bits_of(const Clause& clause, FileMode current, FileType type);

    FileMode octal_ = 0;
    std::vector<Clause> clauses_;
};

// "0644"
std::string octal(FileMode mode);

}  // namespace hansa::kinds
