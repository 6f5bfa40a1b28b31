#include "daemon/secret_files.h"

namespace hansa {

namespace {

constexpr FileMode private_mode = 0600;
constexpr FileMode group_or_other = 0077;

std::string octal(FileMode mode) {
    std::string text;
    for (int shift = 9; shift >= 0; shift -= 3)
        text += static_cast<char>('0' + ((mode >> shift) & 7));
    return text;
}

}  // namespace

Result<void> check_secret(const Files& files, const Accounts& accounts, const std::string& path) {
    auto status = files.status(path);
    if (!status) return std::move(status).error();
    if (status->type != FileType::regular)
        return Error{Code::invalid, path + " is not a regular file; a key must be one"};
    if (status->owner != accounts.self() && status->owner != 0)
        return Error{Code::denied, path + " belongs to user " + accounts.user_name(status->owner) +
                                       ", who could read and replace it; a key must be ours "
                                       "alone: chown it, and make a new key if it was theirs"};
    if ((status->mode & group_or_other) != 0)
        return Error{Code::denied, path + " has mode " + octal(status->mode) +
                                       ", so that others may read or write it; run chmod 600 " +
                                       path + ", and make a new key if anybody may have read it"};
    return {};
}

Result<std::string> read_secret(const Files& files, const Accounts& accounts,
                                const std::string& path) {
    if (auto good = check_secret(files, accounts, path); !good) return std::move(good).error();
    return files.read(path, pem_bytes_max);
}

namespace {

Result<void> put(Files& files, const std::string& path, const std::string& text, bool synced) {
    FileAttributes attributes;
    attributes.mode = private_mode;
    attributes.synced = synced;
    auto written = files.write(path, text, attributes);
    if (!written) return std::move(written).error().during("writing " + path);
    return {};
}

}  // namespace

Result<void> write_secret(Files& files, const std::string& path, const std::string& text) {
    return put(files, path, text, true);
}

Result<void> write_secret_soon(Files& files, const std::string& path, const std::string& text) {
    return put(files, path, text, false);
}

}  // namespace hansa
