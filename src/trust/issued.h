// Which certificates an authority has made for one name and can still be shown: what has to be
// taken back when that peer is. Kept by the authority, a record for each name. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "trust/certificate.h"
#include "trust/revocation.h"

namespace hansa {

// At once, of one name. A renewal comes at two thirds of a life, so there are hardly more than two;
// the rest is for joins that are repeated. A list of revocations has room for 10,000.
inline constexpr std::size_t issued_max = 32;
// Of those, members' certificates: a host asks for one again when its addresses change.
inline constexpr std::size_t issued_members_max = 8;

struct IssuedRecord {
    struct One {
        std::string serial;
        WallTime until;       // whole seconds, as certificates count
        bool member = false;  // serves the store
        friend bool operator==(const One&, const One&) = default;
    };
    std::string name;
    std::string uuid{};               // whose the name is as long as one of them is good
    std::vector<One> certificates{};  // oldest first
    friend bool operator==(const IssuedRecord&, const IssuedRecord&) = default;
};

// With one more; those that have expired are left out, so that the record stays small. Code::denied
// above issued_max or issued_members_max, and while another host (another uuid) holds a certificate
// of that name that is good: nobody takes over a name with a token. `revoked`: what does not count
// any more.
Result<IssuedRecord> with_issued(IssuedRecord record, const Certificate& leaf, WallTime now,
                                 const Revoked& revoked = {});

std::string encode(const IssuedRecord& record);  // JSON text
Result<IssuedRecord> decode_issued(std::string_view text);

// `list` with the peer of that record taken back, in the next epoch: its name until now, for
// whoever judges signatures, and the serials that have not expired, for whoever reads CRLs.
RevocationList take_back(RevocationList list, const IssuedRecord& record, WallTime now);

}  // namespace hansa
