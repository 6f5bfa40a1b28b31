// What a machine and an authority say to each other: the request of a join token, the renewal of a
// certificate, the request of a member's certificate, the answer; and what each end makes of what
// it hears.
//
// Questions travel over TLS (sys/secure_sockets.h). A join is proved by the token's secret, the
// others by the certificate that the asker showed there and by nothing in their text. Whoever asks
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
#include "trust/member_address.h"
#include "trust/token.h"

namespace hansa {

// For the key and with the claims of the certificate that the asker showed.
struct RenewalRequest {
    std::string nonce;  // 16 random bytes, hexadecimal
    friend bool operator==(const RenewalRequest&, const RenewalRequest&) = default;
};

// For the host whose certificate the asker showed: what its store shows when it holds a seat.
struct MemberRequest {
    std::string public_pem;              // of a P-256 key
    std::vector<std::string> addresses;  // where it is reached: as member_addresses() has them
    std::string nonce;                   // as above
    friend bool operator==(const MemberRequest&, const MemberRequest&) = default;
};
std::string encode(const MemberRequest& request);  // JSON text
Result<MemberRequest> decode_member_request(std::string_view text);

// 32 hexadecimal digits.
bool is_nonce(const std::string& text);

// One line that says which, then the request.
using EnrolmentQuestion = std::variant<JoinRequest, RenewalRequest, MemberRequest>;
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
    // Code::denied: it will not be granted however often it is asked; Code::conflict: likewise, for
    // whoever asks was revoked; Code::unavailable: later.
    std::variant<Grant, Error> verdict;
};
std::string encode(const EnrolmentAnswer& answer);  // JSON text
Result<EnrolmentAnswer> decode_enrolment_answer(std::string_view text);

// Whether `chain`, as shown by a server, is that of an issuer below the root with this pin: it
// must hold that root itself, and its leaf be allowed to serve and stand for no address, so that
// neither a peer's own certificate nor a member's passes for the authority. Code::denied.
Result<void> judge_issuer(std::string_view chain_pem, std::string_view pin, WallTime now);

// Who asked, and what only the right answer can meet.
struct Expectation {
    std::string nonce;
    std::string name;
    std::string uuid;
    std::string pin;  // of the authority's root
    PrivateKey key;
    CertificateUse use = CertificateUse::peer;
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

// What the holder of `chain` (leaf first) says of itself, where it is a peer's of this cluster,
// good at `now` and not revoked. Code::conflict: it was revoked; else Code::denied. Who serves the
// store has its certificate from the authority at hand, or as the peer that it is: a member's
// certificate gets no other.
Result<Claims> judge_peer(std::span<const Certificate> chain, const RenewalRules& rules,
                          WallTime now);

// What the holder of `chain` (leaf first) may have next: the same key, name, uuid, domain and
// labels. Refused as judge_peer() does, where `rules.grace` extends its life.
Result<IssueOrder> decide_renewal(std::span<const Certificate> chain, const RenewalRules& rules,
                                  WallTime now);

// A member's certificate for the holder of `chain`, who is judged without any grace: name, uuid,
// domain and labels are those of the chain, key and addresses the request's. Refused as
// judge_peer() does, and for addresses that no member can have.
Result<IssueOrder> decide_member(std::span<const Certificate> chain, const MemberRequest& request,
                                 const RenewalRules& rules, WallTime now);

}  // namespace hansa
