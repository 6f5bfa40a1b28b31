#include "sys/linux/accounts.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <limits>
#include <optional>
#include <vector>

#include "base/text.h"
#include "sys/linux/failure.h"

namespace hansa {

namespace {

constexpr std::size_t record_start = 1024;
constexpr std::size_t record_max = 4 * 1024 * 1024;  // a group with very many members

// Calls one of the get…_r functions with a buffer that grows until the record fits, and hands
// the record to `take`. False when there is none, else an error number.
template <class Record, class Call, class Take>
Result<bool> look_up(const char* database, Call call, Take take) {
    std::vector<char> buffer(record_start);
    for (;;) {
        Record record;
        Record* found = nullptr;
        int number = call(&record, buffer.data(), buffer.size(), &found);
        if (number == ERANGE && buffer.size() < record_max) {
            buffer.resize(buffer.size() * 2);
            continue;
        }
        if (found != nullptr) {
            take(*found);
            return true;
        }
        // The manual lists these as ways to say "no such name".
        bool absent = number == 0 || number == ENOENT || number == ESRCH || number == EBADF ||
                      number == EPERM;
        if (absent) return false;
        return failure(database, number);
    }
}

std::optional<std::uint32_t> to_id(const std::string& text) {
    auto number = to_int(text);
    // The largest value means "do not change" to chown and setuid.
    bool fits = number && *number >= 0 && *number < std::numeric_limits<std::uint32_t>::max();
    if (!fits) return std::nullopt;
    return static_cast<std::uint32_t>(*number);
}

Result<std::uint32_t> answer(Result<bool> found, std::uint32_t id, const std::string& name,
                             const char* what) {
    if (!found) return std::move(found).error();
    if (*found) return id;
    if (auto number = to_id(name)) return *number;
    return Error{Code::missing, std::string("no ") + what + " \"" + printable(name) + "\""};
}

bool possible_name(const std::string& name) {
    return !name.empty() && name.find('\0') == std::string::npos;
}

}  // namespace

Result<UserId> LinuxAccounts::user(const std::string& name_or_number) const {
    UserId id = 0;
    if (!possible_name(name_or_number)) return answer(false, 0, name_or_number, "user");
    auto found = look_up<passwd>(
        "the user database",
        [&](passwd* record, char* buffer, std::size_t size, passwd** result) {
            return ::getpwnam_r(name_or_number.c_str(), record, buffer, size, result);
        },
        [&](const passwd& record) { id = record.pw_uid; });
    return answer(std::move(found), id, name_or_number, "user");
}

Result<GroupId> LinuxAccounts::group(const std::string& name_or_number) const {
    GroupId id = 0;
    if (!possible_name(name_or_number)) return answer(false, 0, name_or_number, "group");
    auto found = look_up<::group>(
        "the group database",
        [&](::group* record, char* buffer, std::size_t size, ::group** result) {
            return ::getgrnam_r(name_or_number.c_str(), record, buffer, size, result);
        },
        [&](const ::group& record) { id = record.gr_gid; });
    return answer(std::move(found), id, name_or_number, "group");
}

std::string LinuxAccounts::user_name(UserId id) const {
    std::string name = std::to_string(id);
    auto found = look_up<passwd>(
        "the user database",
        [&](passwd* record, char* buffer, std::size_t size, passwd** result) {
            return ::getpwuid_r(id, record, buffer, size, result);
        },
        [&](const passwd& record) { name = record.pw_name; });
    static_cast<void>(found);  // for people: the number says enough when nothing is known
    return name;
}

std::string LinuxAccounts::group_name(GroupId id) const {
    std::string name = std::to_string(id);
    auto found = look_up<::group>(
        "the group database",
        [&](::group* record, char* buffer, std::size_t size, ::group** result) {
            return ::getgrgid_r(id, record, buffer, size, result);
        },
        [&](const ::group& record) { name = record.gr_name; });
    static_cast<void>(found);  // for people: the number says enough when nothing is known
    return name;
}

UserId LinuxAccounts::self() const {
    return ::geteuid();
}

}  // namespace hansa
