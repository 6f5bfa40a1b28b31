// Users and groups of this machine, for names in graphs. Blocking; any thread.
#pragma once

#include <string>

#include "base/result.h"
#include "sys/files.h"

namespace hansa {

class Accounts {
 public:
    virtual ~Accounts() = default;

    // A name, or a number as text. Code::missing when there is no such account.
    virtual Result<UserId> user(const std::string& name_or_number) const = 0;
    virtual Result<GroupId> group(const std::string& name_or_number) const = 0;

    // The name, or the number as text where it has none: for people.
    virtual std::string user_name(UserId id) const = 0;
    virtual std::string group_name(GroupId id) const = 0;

    // Whose rights this process has.
    virtual UserId self() const = 0;
};

}  // namespace hansa
