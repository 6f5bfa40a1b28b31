// What the tests of this room share: a catalog of two kinds, hosts with seeded keys, and short
// ways to write records.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "mesh/fold.h"
#include "mesh/publication.h"
#include "resource/kind.h"
#include "sys/sim/loop.h"
#include "trust/authority.h"
#include "trust/key_set.h"

namespace hansa::testing {

// Takes any fields; `relocates` kinds put the pattern in front of the resource's name.
class PlainKind final : public Kind {
 public:
    PlainKind(std::string name, bool relocates) : name_(std::move(name)), relocates_(relocates) {}

    const std::string& name() const override { return name_; }
    const std::string& help() const override { return name_; }
    std::span<const FieldInfo> fields() const override { return {}; }
    Result<ResourcePtr> make(const Declaration&, std::vector<std::string>&) const override {
        return Error{Code::internal, "not made in these tests"};
    }
    Result<Declaration> relocate(Declaration declaration,
                                 const std::string& pattern) const override {
        if (!relocates_) return declaration;
        if (declaration.id.name == "stuck")
            return Error{Code::invalid, declaration.id.text() + ": cannot be moved"};
        declaration.fields =
            Value::of_map({{"path", {}, Value::of_text(pattern + declaration.id.name)}});
        return declaration;
    }
    Result<Reach> reach(const Declaration& declaration) const override {
        if (!relocates_) return Reach{.looks_by_command = declaration.id.name == "looks"};
        const auto text = [&](const char* name) {
            const Value* found = declaration.fields.find(name);
            return found ? found->scalar().text : std::string{};
        };
        Reach reach;
        reach.path = declaration.fields.find("path") ? text("path") : "/own/" + declaration.id.name;
        reach.symlink = !text("symlink").empty();
        reach.removes = !text("removes").empty();
        reach.owner = text("owner");
        reach.group = text("group");
        if (const Value* mode = declaration.fields.find("mode"))
            reach.mode = static_cast<std::uint32_t>(*mode->as_int());
        if (const Value* bytes = declaration.fields.find("bytes"))
            reach.bytes = static_cast<std::uint64_t>(*bytes->as_int());
        return reach;
    }

 private:
    std::string name_;
    bool relocates_;
};

inline Catalog two_kinds() {
    Catalog catalog;
    catalog.add(std::make_unique<PlainKind>("file", true));
    catalog.add(std::make_unique<PlainKind>("noop", false));
    catalog.alias("nothing", "noop");
    return catalog;
}

inline HostName host(std::string_view text) {
    return *HostName::parse(text);
}

inline Value content(std::string text) {
    return Value::of_map({{"content", {}, Value::of_text(std::move(text))}});
}

inline Wanted file(std::string name, std::string text) {
    return {{"file", std::move(name)}, content(std::move(text)), {}};
}

inline CollectRequest collect(std::string kind, std::string pattern = {}, std::string name = {},
                              std::string from = {}) {
    return {std::move(kind), std::move(pattern), std::move(name), std::move(from), {}};
}

// The authority of every test's cluster; its certificates are good from the simulation's first
// day on, for a year.
inline const Authority& authority() {
    static const Authority made = Authority::make("test-cluster", SimClock{}.wall()).issuing;
    return made;
}

inline std::string uuid_of(const std::string& host_name) {
    std::string digits;
    for (const char byte : sha256(host_name))
        digits += "0123456789abcdef"[static_cast<unsigned char>(byte) & 15];
    return digits.substr(0, 8) + "-" + digits.substr(8, 4) + "-4" + digits.substr(12, 3) + "-8" +
           digits.substr(15, 3) + "-" + digits.substr(18, 12);
}

struct Person {
    std::string name;
    std::string uuid = {};    // empty: uuid_of(name)
    std::string secret = {};  // seed of the signing key; empty: the name
    Duration since{0};        // when the certificate was issued, from the simulation's start on
    Duration life = Seconds{365 * 86400};
    std::string domain = {};
    std::string role = {};  // a label
};

inline Credentials credentials_of(const Person& person, const Authority& issuing = authority(),
                                  WallTime begin = SimClock{}.wall()) {
    const PrivateKey tls_key = PrivateKey::make();
    IssueOrder order;
    order.claims.name = person.name;
    order.claims.uuid = person.uuid.empty() ? uuid_of(person.name) : person.uuid;
    order.claims.domain = person.domain;
    if (!person.role.empty()) order.claims.labels["role"] = person.role;
    order.public_pem = tls_key.public_pem();
    order.life = person.life;
    auto chain = Certificate::chain_from_pem(*issuing.issue(order, begin + person.since));
    const std::string& secret = person.secret.empty() ? person.name : person.secret;
    return {*SigningKey::of_seed(sha256(secret)),
            tls_key,
            std::move(*chain),
            {issuing.root()},
            order.claims.uuid,
            person.name};
}

// The same for each name, made once.
inline const Credentials& credentials(const std::string& name) {
    static std::map<std::string, Credentials> made;
    const auto found = made.find(name);
    if (found != made.end()) return found->second;
    return made.emplace(name, credentials_of({name})).first->second;
}

// Everything that is signed may be collected.
inline CollectPolicy anything() {
    auto policy = Policy::parse(
        "rules: [{allow: '*', from: '*', path: ['/**'], forbidden_zones: true},"
        " {allow: '*', from: '*'}]",
        "policy.yaml");
    check(bool(policy), "the policy of tests is good");
    return {std::move(*policy), {"root", "/var/lib/hansa"}};
}

inline Signer signer(const std::string& name) {
    return {{authority().cluster(), uuid_of(name), name}, credentials(name).signing_key};
}

inline Exporter exporter(const std::string& name, std::uint64_t incarnation = 1) {
    return {host(name), incarnation, signer(name)};
}

// Believes everything, also where nobody vouches for it: for tests of what is made of it.
class Credulous final : public ExportJudge {
 public:
    const VerifiedPeer* find(const std::string& name) const override {
        const Credentials& mine = credentials(name);
        const Certificate& leaf = mine.chain.front();
        return &(known_ = VerifiedPeer{mine.signing_key.verifying_key(), *leaf.claims(),
                                       leaf.not_before(), leaf.not_after(), leaf.serial()})
                    .value();
    }
    Verdict judge(const std::string&, const ExportManifest*, const std::function<std::string()>&,
                  WallTime) override {
        return {};
    }
    Verdict judge(const std::string&, const ResourceId&, const ExportVersion&,
                  WallTime) const override {
        return {};
    }

 private:
    mutable std::optional<VerifiedPeer> known_;
};

inline TrustTerms terms() {
    return {authority().cluster(), {authority().root()}, {}, Seconds{86400}};
}

// What the agents of other hosts write, one transaction for each change.
class Agents {
 public:
    using Operations = std::vector<Operation>;

    Operations declare(const std::string& name, std::vector<Wanted> wanted, WallTime now) {
        wanted_[name].clear();
        for (Wanted& each : wanted) wanted_[name].insert_or_assign(each.id, std::move(each));
        return write(name, now, Fence::none);
    }
    Operations put(const std::string& name, Wanted wanted, WallTime now) {
        wanted_[name].insert_or_assign(wanted.id, std::move(wanted));
        return write(name, now, Fence::none);
    }
    Operations remove(const std::string& name, const ResourceId& id, WallTime now) {
        wanted_[name].erase(id);
        return write(name, now, Fence::none);
    }
    Operations renew(const std::string& name, WallTime now) {
        return write(name, now, Fence::needed);
    }

    // It starts again, and finds nothing of what it wrote.
    void restart(const std::string& name) {
        subtrees_.erase(name);
        wanted_.erase(name);
        ++restarts_[name];
    }

 private:
    Operations write(const std::string& name, WallTime now, Fence fence) {
        const Exporter me = exporter(name, restarts_[name] + 1);
        std::vector<Wanted> wanted;
        for (const auto& [id, each] : wanted_[name]) wanted.push_back(each);
        Subtree& subtree = subtrees_[name];
        PublicationOrder order{subtree, wanted, me, {1'000'000, std::size_t{1} << 30}, fence};
        order.now = since_1970(now);
        if (subtree.manifest.empty())
            order.identity = make_key_set(credentials(name), authority().cluster());
        const auto plan = plan_publication(order);
        check(plan && plan->steps.size() <= 1, "everything fits");
        if (plan->steps.empty()) return {};
        subtree.apply(plan->steps[0].operations, 1, me.host);
        return plan->steps[0].operations;
    }

    std::map<std::string, std::map<ResourceId, Wanted>> wanted_;
    std::map<std::string, Subtree> subtrees_;
    std::map<std::string, std::uint64_t> restarts_;
};

// A record as `from` would write it, good for long.
inline Record record(std::string_view from, const Wanted& wanted, Revision modified,
                     Revision created = 0) {
    ExportRecord made;
    made.id = wanted.id;
    made.from = std::string{from};
    made.version = {{wanted.fields, travelling(wanted.meta)},
                    {1, static_cast<std::uint64_t>(modified), Milliseconds{number_max}, {}}};
    signer(made.from).sign(made.id, *made.version);
    return {keys::exported(host(from), wanted.id), *encode(made), created ? created : modified,
            modified, 0};
}

inline StoreEvent put(Record record) {
    return {StoreEvent::Type::put, std::move(record)};
}

inline StoreEvent removed(std::string key, Revision at) {
    return {StoreEvent::Type::removed, {std::move(key), {}, 0, at, 0}};
}

}  // namespace hansa::testing
