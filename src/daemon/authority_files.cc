#include "daemon/authority_files.h"

#include "base/text.h"
#include "daemon/home.h"
#include "daemon/secret_files.h"

namespace hansa {

namespace {

constexpr Duration warned_before = Seconds{60 * 24 * 3600};

}  // namespace

Error AuthorityFiles::taken() const {
    return Error{Code::conflict, path_ +
                                     " is there already; an authority is never overwritten: move "
                                     "it away, or give another --prefix"};
}

Result<void> AuthorityFiles::fill(const std::string& directory, const Authority::Made& made) const {
    if (auto there = make_directories(ports_.files, directory); !there) return there;
    const std::pair<const char*, std::string> texts[] = {
        {"/root.key", made.root_key.pem()},
        {"/root.pem", made.issuing.root().pem()},
        {"/issuing.key", made.issuing.key().pem()},
        {"/issuing.pem", made.issuing.chain_pem()},
    };
    for (const auto& [name, text] : texts)
        if (auto written = write_secret(ports_.files, directory + name, text); !written)
            return written;
    return {};
}

Result<Authority> AuthorityFiles::make(const std::string& cluster, WallTime now) const {
    const Authority::Made made = Authority::make(cluster, now);
    const std::string fresh = path_ + ".new-" + made.issuing.root().serial();
    auto done = fill(fresh, made);
    // A directory never takes the place of one that has something in it (rename(2)).
    if (done) done = ports_.files.rename(fresh, path_);
    if (done) return made.issuing;
    (void)ports_.files.remove_tree(fresh);
    if (done.error().code == Code::conflict) return taken();
    return std::move(done).error().during("making an authority");
}

// Whoever could write here, or read a key, could be anybody in the cluster.
Result<Authority> AuthorityFiles::open() const {
    const std::string key_path = path_ + "/issuing.key";
    if (auto there = ports_.files.status(key_path); !there) return std::move(there).error();
    if (auto ours = check_private(ports_.files, ports_.accounts, path_); !ours)
        return std::move(ours).error();
    auto root_key = check_secret(ports_.files, ports_.accounts, this->root_key());
    if (!root_key && root_key.error().code != Code::missing) return std::move(root_key).error();
    auto key = read_secret(ports_.files, ports_.accounts, key_path);
    if (!key) return std::move(key).error();
    auto chain = ports_.files.read(path_ + "/issuing.pem", pem_bytes_max);
    if (!chain) return std::move(chain).error().during("reading " + path_ + "/issuing.pem");
    auto authority = Authority::open(*key, *chain);
    if (!authority) return std::move(authority).error().during(path_);
    return authority;
}

Result<Authority> AuthorityFiles::keep(WallTime now) const {
    auto found = open();
    if (!found || !found->issuing_is_due(now)) return found;
    if (auto renewed = renew(root_key(), now)) return renewed;
    return found;
}

Result<Authority> AuthorityFiles::share(Random& random, WallTime now) const {
    auto found = keep(now);
    if (found || found.error().code != Code::missing) return found;
    auto made = make(make_uuid(random), now);
    found = open();
    // Whoever made it: what counts is that it is there.
    if (!found && !made) return std::move(made).error();
    return found;
}

Result<RevocationList> AuthorityFiles::revocations(const Authority& authority, WallTime now) const {
    auto text = ports_.files.read(revocations_path(), revocations_bytes_max);
    if (!text && text.error().code == Code::missing)
        return RevocationList{authority.cluster(), 0, {}};
    if (!text) return std::move(text).error();
    auto list = read_revocations(*text, {&authority.root(), 1}, now);
    if (!list) return std::move(list).error().during(revocations_path());
    return list;
}

Result<Authority> AuthorityFiles::renew(const std::string& root_key, WallTime now) const {
    auto present = open();
    if (!present) return present;
    auto text = read_secret(ports_.files, ports_.accounts, root_key);
    if (!text) return std::move(text).error();
    auto key = PrivateKey::from_pem(*text);
    if (!key) return std::move(key).error().during(root_key);
    auto renewed = present->renew_issuing(*key, now);
    if (!renewed) return std::move(renewed).error().during(root_key);
    if (auto written = write_secret(ports_.files, path_ + "/issuing.pem", renewed->chain_pem());
        !written)
        return std::move(written).error();
    return renewed;
}

std::optional<std::string> issuing_warning(const Authority& authority, WallTime now) {
    const WallTime end = authority.chain().front().not_after();
    if (now + warned_before < end) return std::nullopt;
    const auto days = std::chrono::floor<std::chrono::days>(now < end ? end - now : now - end);
    const std::string length = counted(static_cast<std::size_t>(days.count()), "day");
    const std::string when =
        now < end ? "expires in " + length
                  : "expired " + length + " ago: nobody joins, and no certificate is renewed";
    return "the issuing certificate of cluster " + authority.cluster() + " " + when +
           "; run \"hansa ca renew --root-key FILE\" here, with the root key from where it is kept";
}

}  // namespace hansa
