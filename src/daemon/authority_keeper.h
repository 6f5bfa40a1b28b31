// Looks after the authority of this prefix while an agent runs beside it: has its issuing
// certificate renewed where the root key is at hand, and warns in time where it is not.
//
// Owned by Enrolment; loop thread only. A small read once a day.
#pragma once

#include "daemon/authority_files.h"
#include "report/report.h"
#include "sys/loop.h"

namespace hansa {

class AuthorityKeeper {
 public:
    struct Ports {
        Loop& loop;
        Report& report;
    };

    // Ports must outlive the keeper.
    AuthorityKeeper(Ports ports, AuthorityFiles files) : ports_(ports), files_(std::move(files)) {}

    // Looks in a second, then every day. Without an authority there is nothing to say.
    void look_soon();

 private:
    void look();

    Ports ports_;
    AuthorityFiles files_;
    Held timer_;
};

}  // namespace hansa
