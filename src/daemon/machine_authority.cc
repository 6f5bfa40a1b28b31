#include "daemon/machine_authority.h"

#include "daemon/home.h"
#include "daemon/secret_files.h"

namespace hansa {

namespace {

Result<void> fill(Files& files, const std::string& directory, const Authority& authority) {
    const std::pair<const char*, std::string> texts[] = {
        {"/root.pem", authority.root().pem()},
        {"/issuing.pem", authority.chain_pem()},
        {"/issuing.key", authority.key().pem()},
    };
    for (const auto& [name, text] : texts)
        if (auto written = write_secret(files, directory + name, text); !written) return written;
    return {};
}

// Code::conflict when somebody else was faster.
Result<void> make(const AuthorityPorts& ports, const std::string& directory, WallTime now) {
    const std::string fresh = directory + ".new-" + make_uuid(ports.random);
    const std::string above = directory.substr(0, directory.rfind('/'));
    for (const std::string& each : {above, fresh})  // 0700, both
        if (auto made = make_directories(ports.files, each); !made) return made;
    const Authority authority = Authority::make(make_uuid(ports.random), now).issuing;
    auto done = fill(ports.files, fresh, authority);
    // A directory never takes the place of one that has something in it (rename(2)).
    if (done) done = ports.files.rename(fresh, directory);
    if (!done) (void)ports.files.remove_tree(fresh);
    return done;
}

}  // namespace

Result<Authority> open_machine_authority(const AuthorityPorts& ports,
                                         const std::string& directory) {
    const std::string key_path = directory + "/issuing.key";
    if (auto there = ports.files.status(key_path); !there) return std::move(there).error();
    if (auto ours = check_private(ports.files, ports.accounts, directory); !ours)
        return std::move(ours).error();
    auto key = read_secret(ports.files, ports.accounts, key_path);
    if (!key) return std::move(key).error();
    auto chain = ports.files.read(directory + "/issuing.pem", pem_bytes_max);
    if (!chain) return std::move(chain).error().during("reading " + directory + "/issuing.pem");
    auto authority = Authority::open(*key, *chain);
    if (!authority)
        return std::move(authority).error().during(directory + ", this machine's authority");
    return authority;
}

Result<Authority> share_machine_authority(const AuthorityPorts& ports, const std::string& directory,
                                          WallTime now) {
    auto found = open_machine_authority(ports, directory);
    if (found || found.error().code != Code::missing) return found;
    auto made = make(ports, directory, now);
    found = open_machine_authority(ports, directory);
    // Whoever made it: what counts is that it is there.
    if (!found && !made) return std::move(made).error().during("making this machine's authority");
    return found;
}

}  // namespace hansa
