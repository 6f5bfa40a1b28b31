#include "daemon/credentials.h"

#include <algorithm>

#include "base/text.h"
#include "daemon/authority_files.h"
#include "daemon/home.h"
#include "daemon/secret_files.h"

namespace hansa {

namespace {

// Files from elsewhere may be replaced at any time, and say nothing when they are.
constexpr Duration look_again = Seconds{60};

// The key in `name` of `directory`, or a new one that is put there.
using Write = Result<void> (*)(Files&, const std::string&, const std::string&);

template <class Key>
Result<Key> keep_key(const HostCredentials::Ports& ports, const std::string& path, Write write) {
    auto text = read_secret(ports.files, ports.accounts, path);
    // What a crash of the machine leaves of a file that was not on the disk yet.
    const bool is_blank = text && text->find_first_not_of('\0') == std::string::npos;
    if (text && !is_blank) {
        auto key = Key::from_pem(*text);
        if (!key)
            return std::move(key).error().during(
                path + " (move it away, and a new one is made at the next start)");
        return key;
    }
    if (!text && text.error().code != Code::missing) return std::move(text).error();
    Key made = Key::make();
    if (auto written = write(ports.files, path, made.pem()); !written)
        return std::move(written).error();
    return made;
}

Result<std::vector<Certificate>> read_chain(const Files& files, const std::string& path) {
    auto text = files.read(path, pem_bytes_max);
    if (!text) return std::move(text).error().during("reading " + path);
    auto chain = Certificate::chain_from_pem(*text);
    if (!chain) return std::move(chain).error().during(path);
    return chain;
}

}  // namespace

HostCredentials::HostCredentials(Ports ports, Places places, Subject subject,
                                 SigningKey signing_key, PrivateKey tls_key)
    : ports_(ports),
      places_(std::move(places)),
      subject_(std::move(subject)),
      current_{std::move(signing_key), std::move(tls_key), {}, {}, subject_.uuid, subject_.name} {}

Result<HostCredentials> HostCredentials::open(Ports ports, Places places, Subject subject) {
    const std::string& directory = places.directory;
    if (auto made = make_directories(ports.files, directory); !made)
        return std::move(made).error().during("the directory of this host's keys");
    if (auto ours = check_private(ports.files, ports.accounts, directory); !ours)
        return std::move(ours).error();
    auto signing_key = keep_key<SigningKey>(ports, directory + "/signing.key", write_secret_soon);
    if (!signing_key) return std::move(signing_key).error();
    // With certificates from elsewhere their key takes its place at once.
    auto tls_key = places.elsewhere
                       ? Result<PrivateKey>(PrivateKey::make())
                       : keep_key<PrivateKey>(ports, directory + "/tls.key", write_secret_soon);
    if (!tls_key) return std::move(tls_key).error();

    HostCredentials made(ports, std::move(places), std::move(subject), *std::move(signing_key),
                         *std::move(tls_key));
    if (made.places_.elsewhere) {
        made.source_ = TrustSource::elsewhere;
    } else if (has_joined(ports.files, made.places_.directory)) {
        made.source_ = TrustSource::joined;
    }
    auto loaded = made.load();
    if (!loaded) return std::move(loaded).error();
    made.current_ = *std::move(loaded);
    if (made.source_ == TrustSource::joined)
        if (auto joined = read_joined(ports.files, ports.accounts, made.places_.directory))
            made.seeds_ = std::move(joined->seeds);
    if (auto claims = made.current_.chain.front().claims()) made.cluster_ = claims->cluster;
    return made;
}

std::string HostCredentials::domain() const {
    const auto claims = current_.chain.front().claims();
    return claims ? claims->domain : std::string();
}

Result<Credentials> HostCredentials::load() const {
    switch (source_) {
        case TrustSource::elsewhere: return load_elsewhere();
        case TrustSource::joined: return load_joined();
        case TrustSource::machine: break;
    }
    return issue_to_self();
}

Result<Credentials> HostCredentials::issue_to_self() const {
    const WallTime now = ports_.clock.wall();
    const AuthorityFiles files({ports_.files, ports_.accounts}, places_.authority_directory);
    // One that is taken away while we run is not replaced by another behind our peers' backs.
    auto authority = cluster_.empty() ? files.share(ports_.random, now) : files.keep(now);
    if (!authority) return std::move(authority).error();
    IssueOrder order;
    order.claims.uuid = subject_.uuid;
    order.claims.name = subject_.name;
    order.claims.domain = subject_.domain;
    order.own_key = current_.tls_key;
    auto issued = authority->issue_chain(order, now);
    if (!issued) return std::move(issued).error().during("the authority in " + files.path());
    // For people and their tools; this program holds them already.
    if (auto put =
            write_secret_soon(ports_.files, places_.directory + "/ca.pem", authority->root().pem());
        !put)
        return std::move(put).error();
    if (auto put = write_secret_soon(ports_.files, places_.directory + "/tls.pem", pem_of(*issued));
        !put)
        return std::move(put).error();
    Credentials made = current_;
    made.chain = *std::move(issued);
    made.roots = {authority->root()};
    return made;
}

Result<Credentials> HostCredentials::load_joined() const {
    auto stored = read_joined(ports_.files, ports_.accounts, places_.directory);
    if (!stored) return std::move(stored).error();
    auto key = PrivateKey::from_pem(stored->key_pem);
    if (!key) return std::move(key).error().during(places_.directory + "/tls.key");
    auto chain = Certificate::chain_from_pem(stored->chain_pem);
    if (!chain) return std::move(chain).error().during(places_.directory + "/tls.pem");
    auto roots = Certificate::chain_from_pem(stored->roots_pem);
    if (!roots) return std::move(roots).error().during(places_.directory + "/ca.pem");
    Credentials made = current_;
    made.tls_key = *std::move(key);
    made.chain = *std::move(chain);
    made.roots = *std::move(roots);
    return checked(std::move(made), places_.directory + "/tls.pem");
}

Result<Credentials> HostCredentials::load_elsewhere() const {
    const TlsPaths& paths = *places_.elsewhere;
    auto key_text = read_secret(ports_.files, ports_.accounts, paths.key);
    if (!key_text) return std::move(key_text).error().during("--tls-key");
    auto key = PrivateKey::from_pem(*key_text);
    if (!key) return std::move(key).error().during("--tls-key " + paths.key);
    auto chain = read_chain(ports_.files, paths.certificate);
    if (!chain) return std::move(chain).error().during("--tls-cert");
    auto roots = read_chain(ports_.files, paths.roots);
    if (!roots) return std::move(roots).error().during("--tls-ca");
    Credentials made = current_;
    made.tls_key = *std::move(key);
    made.chain = *std::move(chain);
    made.roots = *std::move(roots);
    return checked(std::move(made), "--tls-cert " + paths.certificate);
}

// Everything that others will look at, before any of them does.
Result<Credentials> HostCredentials::checked(Credentials made, const std::string& where) const {
    const Certificate& leaf = made.chain.front();
    if (!leaf.belongs_to(made.tls_key))
        return Error{Code::invalid,
                     where + ": is not for the key beside it; give the two that belong together"};
    const WallTime now = ports_.clock.wall();
    auto good = verify_chain(made.chain, made.roots, now);
    // The authority renews a joined one that has expired; its own limits decide, not ours. Before
    // its beginning a clock is wrong, which may be put right while we run.
    const bool awaits = leaf.not_after() <= now || now < leaf.not_before();
    if (!good && !(awaits && source_ == TrustSource::joined))
        return Error{Code::invalid, where + ": " + std::move(good).error().text};
    auto claims = leaf.claims();
    if (!claims) return std::move(claims).error().during(where);
    if (claims->name != subject_.name)
        return Error{Code::invalid, where + ": is for " + printable(claims->name) +
                                        ", but this host is called " + subject_.name +
                                        "; give --hostname " + printable(claims->name) +
                                        ", or the certificate of this name"};
    return made;
}

Result<bool> HostCredentials::refresh() {
    const Certificate& leaf = current_.chain.front();
    const WallTime now = ports_.clock.wall();
    // Also where it was made by a clock that has been set back since.
    const bool is_due = now >= renewal_time(leaf) || now < leaf.not_before();
    if (source_ == TrustSource::machine && !is_due) return false;
    auto fresh = load();
    if (!fresh) return std::move(fresh).error();
    if (pem_of(fresh->chain) == pem_of(current_.chain) &&
        pem_of(fresh->roots) == pem_of(current_.roots) &&
        fresh->tls_key.public_pem() == current_.tls_key.public_pem())
        return false;
    current_ = *std::move(fresh);
    return true;
}

Duration HostCredentials::until_refresh() const {
    if (source_ != TrustSource::machine) return look_again;
    // The wall clock may be set, and it goes on while the machine sleeps: it is asked each minute.
    const Duration left = renewal_time(current_.chain.front()) - ports_.clock.wall();
    return std::clamp<Duration>(left, Seconds{1}, look_again);
}

}  // namespace hansa
