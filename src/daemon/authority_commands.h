// What `hansa ca` and `hansa token` do on this machine's files. Blocking; no agent is needed.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "trust/token.h"

namespace hansa {

struct AuthorityShown {
    std::string path;
    std::string cluster;
    std::string pin;
    WallTime root_until;
    WallTime issuing_until;
    bool issuing_is_due = false;         // to be renewed
    std::string root_key;                // its file, as long as it stands here; else empty
    std::vector<std::string> listeners;  // HOST:PORT where agents of this machine answer joins
};
// `cluster` empty: a name of its own, so that no two are alike.
Result<AuthorityShown> make_authority(const std::string& prefix, const std::string& cluster);
Result<AuthorityShown> show_authority(const std::string& prefix);
// Renews its issuing certificate. `root_key` empty: the one that stands here.
Result<AuthorityShown> renew_authority(const std::string& prefix, const std::string& root_key);

struct TokenWishes {
    std::string name_glob = "*";
    std::string domain;
    std::map<std::string, std::string> labels;
    std::uint32_t uses = 1;
    Duration life = Seconds{3600};
    std::vector<std::string> addresses;  // empty: where agents of this machine answer
};
struct MadeToken {
    std::string text;  // the secret string
    TokenRecord record;
    std::vector<std::string> addresses;  // that it names
    bool answered = false;               // an agent of this prefix has answered joins
};
Result<MadeToken> make_token(const std::string& prefix, const TokenWishes& wishes);

struct TokenShown {
    TokenRecord record;
    std::string state;  // "valid", "used up", "expired", "revoked"
};
Result<std::vector<TokenShown>> show_tokens(const std::string& prefix);
Result<void> revoke_token(const std::string& prefix, const std::string& id);

// Takes a host back. Code::missing, with the name that was probably meant, when no certificate was
// issued to it here.
struct PeerRevoked {
    std::uint64_t epoch = 0;
    std::size_t certificates = 0;  // that it could still show
};
Result<PeerRevoked> revoke_peer(const std::string& prefix, const std::string& name);

// The first that holds of: revoked, used up, expired.
std::string state_of(const TokenRecord& record, WallTime now);

}  // namespace hansa
