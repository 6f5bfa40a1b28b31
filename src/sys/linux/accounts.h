// The account database of this machine (passwd, group and what nsswitch adds) behind Accounts.
#pragma once

#include "sys/accounts.h"

namespace hansa {

class LinuxAccounts final : public Accounts {
 public:
    Result<UserId> user(const std::string& name_or_number) const override;
    Result<GroupId> group(const std::string& name_or_number) const override;
    std::string user_name(UserId id) const override;
    std::string group_name(GroupId id) const override;
    UserId self() const override;
};

}  // namespace hansa
