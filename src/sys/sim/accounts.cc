#include "sys/sim/accounts.h"

#include <limits>

#include "base/text.h"

namespace hansa {
namespace {

using Names = std::map<std::string, std::uint32_t>;

Result<std::uint32_t> look_up(const Names& names, const std::string& text, const char* what) {
    if (const auto found = names.find(text); found != names.end()) return found->second;
    const auto number = to_int(text);
    if (number && *number >= 0 && *number < std::numeric_limits<std::uint32_t>::max())
        return static_cast<std::uint32_t>(*number);
    return Error{Code::missing, std::string("no ") + what + " \"" + printable(text) + "\""};
}

std::string name_in(const Names& names, std::uint32_t id) {
    for (const auto& [name, number] : names)
        if (number == id) return name;
    return std::to_string(id);
}

}  // namespace

Result<UserId> SimAccounts::user(const std::string& name_or_number) const {
    return look_up(users_, name_or_number, "user");
}

Result<GroupId> SimAccounts::group(const std::string& name_or_number) const {
    return look_up(groups_, name_or_number, "group");
}

std::string SimAccounts::user_name(UserId id) const {
    return name_in(users_, id);
}

std::string SimAccounts::group_name(GroupId id) const {
    return name_in(groups_, id);
}

}  // namespace hansa
