// Files that only their owner may read: keys, and what goes with them.
//
// Written with mode 0600 from their first byte on, and looked at before they are believed. No
// content of such a file is ever part of an error. Blocking: small reads at start, and workers.
#pragma once

#include <string>

#include "base/result.h"
#include "sys/accounts.h"
#include "sys/files.h"

namespace hansa {

inline constexpr std::uint64_t pem_bytes_max = 64 * 1024;

// Code::denied, with what to do, unless `path` is a regular file of ours or of root that nobody
// else may read or write; Code::missing when there is none.
Result<void> check_secret(const Files& files, const Accounts& accounts, const std::string& path);

// The bytes of a file that passes check_secret().
Result<std::string> read_secret(const Files& files, const Accounts& accounts,
                                const std::string& path);

// Replaces or makes the file.
Result<void> write_secret(Files& files, const std::string& path, const std::string& text);

// The same for what is made anew where it is found empty: nobody waits for the disk.
Result<void> write_secret_soon(Files& files, const std::string& path, const std::string& text);

}  // namespace hansa
