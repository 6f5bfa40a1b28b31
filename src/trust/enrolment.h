// What a machine and an authority say to each other: the request of a join token, the renewal of a
// certificate, the answer; and what each end makes of what it hears.
//
// Questions travel over TLS (sys/secure_sockets.h). A join is proved by the token's secret, a
// renewal by the certificate that the asker showed there and by nothing in its text. Whoever asks
// believes an authority for its root alone: by the pin of the token, later by the root that came
// with its own certificate. Pure decisions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "trust/certificate.h"
#include "trust/token.h"

namespace hansa {

// For the key and with the claims of the certificate that the asker showed.
struct RenewalRequest {
    std::string nonce;  // 16 random bytes, hexadecimal
    friend bool operator==(const RenewalRequest&, const RenewalRequest&) = default;
};

// One line that says which, then the request.
using EnrolmentQuestion = std::variant<JoinRequest, RenewalRequest>;
std::string encode(const EnrolmentQuestion& question);
Result<EnrolmentQuestion> decode_enrolment_question(std::string_view text);

struct Grant {
    std::string chain_pem;               // the new certificate, then the issuing one
    std::string root_pem;                // of the authority
    std::vector<std::string> stores;     // client URLs of the store
    std::vector<std::string> addresses;  // HOST:PORT where this authority answers
    friend bool operator==(const Grant&, const Grant&) = default;
};

struct EnrolmentAnswer {
    std::string nonce;  // of the question; empty: it could not be read
    // Code::denied: it will not be granted however often it is asked; Code::unavailable: later.
    std::variant<Grant, Error> verdict;
};
std::string encode(const EnrolmentAnswer& answer);  // JSON text
Result<EnrolmentAnswer> decode_enrolment_answer(std::string_view text);

// Whether `chain`, as shown by a server, is that of an issuer below the root with this pin: it
// must hold that root itself, and its leaf be allowed to serve, so that a peer's own certificate
// does not pass for the authority. Code::denied.
Result<void> judge_issuer(std::string_view chain_pem, std::string_view pin, WallTime now);

// Who asked, and what only the right answer can meet.
struct Expectation {
    std::string nonce;
    std::string name;
    std::string uuid;
    std::string pin;  // of the authority's root
    PrivateKey key;
};

// The grant of an answer that is meant for us. The refusal that it holds, with its code; else
// Code::denied, since whoever answers so is not to be trusted.
Result<Grant> accept_grant(const EnrolmentAnswer& answer, const Expectation& expected,
                           WallTime now);

// How long after its end a certificate may still be renewed.
inline constexpr Duration renewal_grace_default = Seconds{7 * 24 * 3600};

struct RenewalRules {
    std::string cluster;
    std::span<const Certificate> roots;
    const Revoked& revoked;
    Duration grace = renewal_grace_default;
};

// What the holder of `chain` (leaf first) may have next: the same key, name, uuid, domain and
// labels. Code::denied: not of these roots or this cluster, revoked, expired beyond the grace, or
// not a peer's (who serves the store has its certificate from the authority at hand).
Result<IssueOrder> decide_renewal(std::span<const Certificate> chain, const RenewalRules& rules,
                                  WallTime now);

}  // namespace hansa
