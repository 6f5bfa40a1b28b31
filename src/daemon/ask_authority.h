// One question to an authority over its enrolment port, and what of the answer may be believed.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/host_port.h"
#include "base/random.h"
#include "sys/secure_sockets.h"
#include "trust/enrolment.h"

namespace hansa {

// For each question a new one.
std::string make_nonce(Random& random);

struct AuthorityQuestion {
    std::vector<HostPort> places;  // asked in this order
    EnrolmentQuestion question;
    std::optional<TlsIdentity> identity;  // what is shown; a join shows none
    Expectation expected;                 // nonce as in the question
};

// Asks until the Held goes; `done` is called once, later. Code::denied: refused, or whoever answers
// is not to be believed; anything else may pass by itself.
[[nodiscard]] Held ask_authority(Loop& loop, SecureSockets& sockets, AuthorityQuestion asked,
                                 std::function<void(Result<Grant>)> done);

}  // namespace hansa
