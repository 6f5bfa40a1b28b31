// Tests only: an authority's agent and hosts that ask it, on one simulated network.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "base/check.h"
#include "daemon/issuer.h"
#include "daemon/joiner.h"
#include "sys/sim/locks.h"
#include "sys/sim/machine.h"
#include "sys/sim/secure_sockets.h"

namespace hansa::test {

inline const std::string some_uuid = "5d0f2a4c-1c1b-4c7e-8f0a-2b9d6e4f7a11";

struct EnrolmentRig {
    SimLoop loop;
    SimMachine machine{loop, 1};
    SimLocks locks;
    SimNetwork network{loop};
    SimSecureSockets sockets{network, "192.0.2.7:50000"};
    SeededRandom random{5};
    Report report{loop.clock()};
    std::vector<std::string> log;
    AuthorityDirectory directory{{machine.files, locks, machine.accounts}, "/tmp/ca"};
    std::optional<Authority> authority;
    IssuerWishes wishes{.host = "seat", .uuid = some_uuid, .listen = {}};
    RevocationList revoked;
    std::vector<std::string> stores{"https://192.0.2.1:2379"};
    std::unique_ptr<Issuer> issuer;
    HostPort at;

    EnrolmentRig() {
        report.listen([this](const Event& event, WallTime) {
            std::visit(
                [this](const auto& told) {
                    if constexpr (requires { told.text; }) log.push_back(told.text);
                    if constexpr (requires { told.detail; }) log.push_back(told.detail);
                },
                event);
        });
        auto made = directory.make("c1", wall());
        check(static_cast<bool>(made), "an authority can be made");
        authority = *made;
    }

    static Pause no_pause() {
        return [](Duration) {};
    }
    WallTime wall() const { return loop.clock().wall(); }

    void start_issuer() {
        issuer = std::make_unique<Issuer>(Issuer::Ports{loop, machine.workers, sockets, report},
                                          directory, *authority, wishes, [this] { return stores; });
        auto started = issuer->start();
        ASSERT_TRUE(started) << started.error().text;
        at = *started;
    }

    void revoke(const std::string& name) {
        revoked.cluster = "c1";
        revoked = revoke_name(revoked, name, wall());
        auto text = sign_revocations(revoked, *authority);
        check(text && machine.files.write("/tmp/ca/revocations.json", *text, {}), "it is signed");
    }

    // A token for one use by anybody, unless `change` says otherwise.
    Token make_token(const std::function<void(TokenRecord&)>& change = {}) {
        Token token = hansa::make_token(authority->root().key_pin(), {});
        TokenRecord record = record_of(token, wall());
        if (change) change(record);
        check(static_cast<bool>(directory.add(record)), "a record can be written");
        return token;
    }

    Joiner::Wishes host(const std::string& name, const Token& token) {
        return {token, {at}, name, make_uuid(random), PrivateKey::make()};
    }

    Result<Grant> join(const Joiner::Wishes& wanted, Duration patience = Seconds{600}) {
        std::optional<Result<Grant>> answer;
        Joiner joiner({loop, sockets, random, report}, wanted,
                      [&](Result<Grant> given) { answer.emplace(std::move(given)); });
        joiner.start();
        loop.run_until([&] { return answer.has_value(); }, patience);
        return answer ? std::move(*answer) : Error{Code::unavailable, "still asking"};
    }

    std::size_t uses_of(const Token& token) {
        auto records = directory.tokens();
        check(static_cast<bool>(records), "records can be read");
        for (const TokenRecord& record : *records)
            if (record.id == token.id) return record.used_by.size();
        return 0;
    }

    bool told(std::string_view words) const {
        for (const std::string& line : log)
            if (line.find(words) != std::string::npos) return true;
        return false;
    }
};

}  // namespace hansa::test
