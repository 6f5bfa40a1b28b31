// Users and groups of a simulation: root and nobody, and whom a test adds.
#pragma once

#include <map>
#include <string>

#include "sys/accounts.h"

namespace hansa {

class SimAccounts final : public Accounts {
 public:
    Result<UserId> user(const std::string& name_or_number) const override;
    Result<GroupId> group(const std::string& name_or_number) const override;
    std::string user_name(UserId id) const override;
    std::string group_name(GroupId id) const override;
    UserId self() const override { return self_; }

    void add_user(const std::string& name, UserId id) { users_[name] = id; }
    void add_group(const std::string& name, GroupId id) { groups_[name] = id; }
    void become(UserId id) { self_ = id; }

 private:
    std::map<std::string, UserId> users_{{"root", 0}, {"nobody", 65534}};
    std::map<std::string, GroupId> groups_{{"root", 0}, {"nogroup", 65534}};
    UserId self_ = 0;
};

}  // namespace hansa
