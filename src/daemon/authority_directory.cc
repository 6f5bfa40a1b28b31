#include "daemon/authority_directory.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "daemon/home.h"
#include "daemon/identity.h"

namespace hansa {

namespace {

constexpr std::uint64_t record_bytes_max = std::uint64_t{1} << 20;
constexpr Duration expired_kept = Seconds{7 * 24 * 3600};
// Whoever holds the lock does so for the time of one small write.
constexpr Duration lock_patience = Seconds{2};
constexpr Duration lock_pause = Milliseconds{5};

bool is_token_id(std::string_view text) {
    return text.size() == 16 && hex_decode(text);
}

}  // namespace

Result<Authority> AuthorityDirectory::make(const std::string& cluster, WallTime now) {
    auto made = keys_.make(cluster, now);
    if (!made) return made;
    if (auto there = make_directories(ports_.files, path_ + "/tokens"); !there)
        return std::move(there).error();
    return made;
}

bool AuthorityDirectory::has_tokens() const {
    return static_cast<bool>(ports_.files.status(path_ + "/tokens"));
}

Result<TokenRecord> AuthorityDirectory::read_token(const std::string& id) const {
    if (!is_token_id(id))
        return Error{Code::missing, "\"" + printable(id, 40) + "\" is no token's id"};
    auto text = ports_.files.read(path_ + "/" + token_name(id), record_bytes_max);
    if (!text && text.error().code == Code::missing)
        return Error{Code::missing, "no token " + id + " was made here"};
    if (!text) return std::move(text).error();
    auto record = decode_token_record(*text);
    if (!record) return std::move(record).error().during(path_ + "/" + token_name(id));
    if (record->id != id)
        return Error{Code::invalid, path_ + "/" + token_name(id) + ": holds another token"};
    return record;
}

std::vector<std::string> AuthorityDirectory::hosts() const {
    std::vector<std::string> names;
    constexpr std::string_view end = ".json";
    if (auto entries = ports_.files.list(path_ + "/issued"))
        for (const DirectoryEntry& entry : *entries)
            if (entry.type == FileType::regular && entry.name.ends_with(end))
                names.push_back(entry.name.substr(0, entry.name.size() - end.size()));
    return names;
}

Result<IssuedRecord> AuthorityDirectory::read_issued(const std::string& name) const {
    const std::string path = path_ + "/" + issued_name(name);
    auto text = ports_.files.read(path, record_bytes_max);
    if (!text) return std::move(text).error();
    auto record = decode_issued(*text);
    if (!record) return std::move(record).error().during(path);
    if (record->name != name) return Error{Code::invalid, path + ": is of another host"};
    return record;
}

Result<RevocationList> AuthorityDirectory::take_back(const HostName& name,
                                                     const Authority& authority, WallTime now,
                                                     const Pause& pause) {
    auto held = lock(pause);
    if (!held) return std::move(held).error();
    auto record = read_issued(name.text());
    if (!record) return std::move(record).error();
    auto before = keys_.revocations(authority, now);
    if (!before) return std::move(before).error();
    RevocationList list = hansa::take_back(*std::move(before), *record, now);
    auto text = sign_revocations(list, authority);
    if (!text) return std::move(text).error();
    if (auto written = write("revocations.json", *text); !written)
        return std::move(written).error();
    return list;
}

Result<std::vector<TokenRecord>> AuthorityDirectory::tokens() const {
    std::vector<TokenRecord> records;
    auto entries = ports_.files.list(path_ + "/tokens");
    if (!entries && entries.error().code == Code::missing) return records;
    if (!entries) return std::move(entries).error();
    for (const DirectoryEntry& entry : *entries) {
        const std::string id = entry.name.substr(0, entry.name.find('.'));
        if (entry.type != FileType::regular || entry.name != id + ".json" || !is_token_id(id))
            continue;
        auto record = read_token(id);
        if (!record) return std::move(record).error();
        records.push_back(std::move(*record));
    }
    std::stable_sort(records.begin(), records.end(),
                     [](const auto& a, const auto& b) { return a.created < b.created; });
    return records;
}

Result<void> AuthorityDirectory::add(const TokenRecord& record) {
    if (auto there = make_directories(ports_.files, path_ + "/tokens"); !there) return there;
    auto before = tokens();
    if (!before) return std::move(before).error();
    for (const TokenRecord& old : *before)
        if (old.expires + expired_kept < record.created)
            (void)ports_.files.remove(path_ + "/" +
                                      token_name(old.id));  // the next add tries again
    return write(token_name(record.id), encode(record));
}

Result<std::unique_ptr<HeldLock>> AuthorityDirectory::lock(const Pause& pause) const {
    for (Duration waited{0};; waited += lock_pause) {
        auto held = ports_.locks.take(path_ + "/lock");
        if (held || held.error().code != Code::conflict) return held;
        if (waited >= lock_patience)
            return Error{Code::unavailable, std::move(held).error().text + "; try again later"};
        pause(lock_pause);
    }
}

Result<void> AuthorityDirectory::revoke(const std::string& id, const Pause& pause) {
    auto held = lock(pause);
    if (!held) return std::move(held).error();
    auto record = read_token(id);
    if (!record) return std::move(record).error();
    record->revoked = true;
    return write(token_name(id), encode(*record));
}

// An unknown token is the asker's fault, any other trouble is ours.
Result<TokenRecord> AuthorityDirectory::read_requested(const JoinRequest& request) const {
    auto record = read_token(request.token_id);
    if (record) return record;
    const Code code = record.error().code == Code::missing ? Code::denied : Code::unavailable;
    return Error{code, std::move(record).error().text};
}

// The agents of this prefix are certified without being asked, and are in no record.
Result<void> AuthorityDirectory::check_name(const Claims& claims) const {
    const std::string prefix = path_.substr(0, path_.rfind('/'));
    auto identity = read_identity(ports_.files, prefix + "/" + claims.name);
    const bool damaged = !identity && identity.error().code == Code::invalid;
    if (!damaged && (!identity || identity->uuid == claims.uuid)) return {};
    return Error{Code::denied, "the name " + claims.name + " is that of an agent beside the " +
                                   "authority; choose another --hostname"};
}

// REQUIRES: the lock is held.
Result<std::string> AuthorityDirectory::issue(const IssueOrder& order, const Authority& authority,
                                              const Revoked& revoked, WallTime now) {
    auto issued = authority.issue(order, now);
    if (!issued) return Error{Code::denied, std::move(issued).error().text};
    auto leaf = Certificate::from_pem(*issued);
    check(static_cast<bool>(leaf), "what was issued can be read");
    auto record = read_issued(order.claims.name);
    if (auto free = check_name(order.claims); !free) return std::move(free).error();
    if (!record && record.error().code == Code::missing)
        record = IssuedRecord{.name = order.claims.name};
    if (!record) return Error{Code::unavailable, std::move(record).error().text};
    auto next = with_issued(*std::move(record), *leaf, now, revoked);
    if (!next) return std::move(next).error();
    if (auto there = make_directories(ports_.files, path_ + "/issued"); !there)
        return Error{Code::unavailable, std::move(there).error().text};
    if (auto written = write(issued_name(next->name), encode(*next)); !written)
        return Error{Code::unavailable, std::move(written).error().text};
    return issued;
}

Result<Revoked> AuthorityDirectory::revoked(const Authority& authority, WallTime now) const {
    auto list = keys_.revocations(authority, now);
    if (!list) return Error{Code::unavailable, std::move(list).error().text};
    return std::move(list->revoked);
}

// Nobody is called by another's name. REQUIRES: the lock is held.
Result<void> AuthorityDirectory::check_addresses(const IssueOrder& order) const {
    const auto is_wanted = [&order](const std::string& name) {
        const auto& wanted = order.addresses;
        return name != order.claims.name &&
               std::find(wanted.begin(), wanted.end(), lower(name)) != wanted.end();
    };
    std::vector<std::string> names = hosts();
    if (auto beside = ports_.files.list(path_.substr(0, path_.rfind('/'))))
        for (DirectoryEntry& entry : *beside)
            if (ports_.files.status(path_.substr(0, path_.rfind('/')) + "/" + entry.name +
                                    "/identity.json"))
                names.push_back(std::move(entry.name));
    const auto other = std::find_if(names.begin(), names.end(), is_wanted);
    if (other == names.end()) return {};
    return Error{Code::denied, order.claims.name + " cannot be certified as " + *other +
                                   ", which is another host's name"};
}

// Without the lock first, always: whoever will be refused cannot keep others from theirs.
Result<std::string> AuthorityDirectory::grant_join(const JoinRequest& request,
                                                   const Authority& authority, const Rules& rules,
                                                   WallTime now, const Pause& pause) {
    const auto judge = [&](const TokenRecord& record, const Revoked& revoked) {
        return decide_join(request, record, authority.cluster(), now, revoked);
    };
    auto record = read_requested(request);
    if (!record) return std::move(record).error();
    auto taken_back = revoked(authority, now);
    if (!taken_back) return std::move(taken_back).error();
    auto order = judge(*record, *taken_back);
    if (!order) return std::move(order).error();

    auto held = lock(pause);
    if (!held) return Error{Code::unavailable, std::move(held).error().text};
    record = read_requested(request);  // somebody may have been faster
    if (!record) return std::move(record).error();
    taken_back = revoked(authority, now);  // or taken somebody back
    if (!taken_back) return std::move(taken_back).error();
    order = judge(*record, *taken_back);
    if (!order) return std::move(order).error();
    order->life = rules.life;
    auto issued = issue(*order, authority, *taken_back, now);
    if (!issued || has_used(*record, request)) return issued;
    record->used_by.push_back(use_of(request));
    if (auto written = write(token_name(record->id), encode(*record)); !written)
        return Error{Code::unavailable, std::move(written).error().text};
    return issued;
}

Result<std::string> AuthorityDirectory::grant(const Judge& judge, const Authority& authority,
                                              const Rules& rules, WallTime now,
                                              const Pause& pause) {
    auto taken_back = revoked(authority, now);
    if (!taken_back) return std::move(taken_back).error();
    if (auto order = judge(*taken_back); !order) return std::move(order).error();
    auto held = lock(pause);
    if (!held) return Error{Code::unavailable, std::move(held).error().text};
    taken_back = revoked(authority, now);
    if (!taken_back) return std::move(taken_back).error();
    auto order = judge(*taken_back);
    if (!order) return std::move(order).error();
    if (auto free = check_addresses(*order); !free) return std::move(free).error();
    order->life = rules.life;
    return issue(*order, authority, *taken_back, now);
}

Result<std::string> AuthorityDirectory::grant_renewal(const std::string& chain_pem,
                                                      const Authority& authority,
                                                      const Rules& rules, WallTime now,
                                                      const Pause& pause) {
    auto chain = Certificate::chain_from_pem(chain_pem);
    if (!chain) return Error{Code::denied, "a renewal shows the certificate that is to be renewed"};
    const auto judge = [&](const Revoked& revoked) {
        return decide_renewal(
            *chain, {authority.cluster(), {&authority.root(), 1}, revoked, rules.grace}, now);
    };
    return grant(judge, authority, rules, now, pause);
}

Result<std::string> AuthorityDirectory::grant_member(const MemberRequest& request,
                                                     const std::string& chain_pem,
                                                     const Authority& authority, const Rules& rules,
                                                     WallTime now, const Pause& pause) {
    auto chain = Certificate::chain_from_pem(chain_pem);
    if (!chain) return Error{Code::denied, "a member of the store shows its peer's certificate"};
    const auto judge = [&](const Revoked& revoked) {
        return decide_member(*chain, request,
                             {authority.cluster(), {&authority.root(), 1}, revoked}, now);
    };
    return grant(judge, authority, rules, now, pause);
}

std::vector<AuthorityDirectory::Listener> AuthorityDirectory::listeners() const {
    std::vector<Listener> found;
    auto entries = ports_.files.list(path_ + "/listening");
    if (!entries) return found;
    for (const DirectoryEntry& entry : *entries) {
        auto text = ports_.files.read(path_ + "/listening/" + entry.name, 1024);
        auto at = text ? HostPort::parse(trim(*text)) : std::move(text).error();
        if (at) found.push_back({entry.name, std::move(*at)});
    }
    return found;
}

Result<void> AuthorityDirectory::remember_listener(const Listener& listener) {
    if (auto there = make_directories(ports_.files, path_ + "/listening"); !there) return there;
    return write("listening/" + listener.host, listener.at.text() + "\n");
}

}  // namespace hansa
