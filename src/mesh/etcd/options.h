// What may be chosen about the etcd side of the store, and what it counts. No vendor types.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "mesh/store.h"

namespace hansa {

// Chosen so that a dead or frozen endpoint is left within 3.2 s while it is busy for us and within
// 3.7 s at rest, at one exchange each 1.7 s.
struct EtcdTimes {
    Duration try_limit = Seconds(1);      // for the answer to a commit, or a first try
    Duration overall_limit = Seconds(5);  // for a request with all its tries
    // Both limits of a commit are longer by the time that its bytes take at this pace (1 Mbit/s).
    std::size_t bytes_per_second = 128 * 1024;
    std::size_t page_bytes = 128 * 1024;         // of a reading, about; more where it goes fast
    std::size_t page_records = 64;               // of the first page, whose bytes nobody knows
    // For the first answer of an endpoint; more where a line is slow: see wait_for_first_answer().
    Duration connect_limit = Seconds(1);
    Duration connect_limit_max = Seconds(8);
    Duration silence = Milliseconds(1700);       // after which the endpoint is asked how it is
    Duration busy_silence = Milliseconds(1200);  // the same of a busy one
    Duration busy_for = Seconds(10);             // after something was carried
    Duration watch_silence = Seconds(1);         // of a busy one: one watch a second is asked
    Duration answer_limit = Seconds(2);          // for the answer to these, a beat, a new watch
    // Between two rounds through all endpoints; see rest_in_outage().
    Duration back_off_first = Milliseconds(100);
    Duration back_off_max = Seconds(30);
    Duration quorum_look = Seconds(2);        // instead of the latter, where a member answers
    Duration reopen_max = Milliseconds(500);  // between two tries of a stream on a good connection
    Duration move_within = Seconds(60);  // to a better endpoint, or of a new identity; by chance
};

// Who we are to the store, and whom we take for it. The private key is for TLS alone.
struct StoreIdentity {
    std::string roots_pem;
    std::string chain_pem;    // ours, leaf first
    std::string key_pem;      // of the leaf
    std::string server_name;  // that the store must be certified for; empty: the host we dial
    friend bool operator==(const StoreIdentity&, const StoreIdentity&) = default;
};

struct EtcdOptions {
    StoreLimits limits;  // what the server accepts
    EtcdTimes times;
    // Nothing is dialled without one: there is no way to speak to a store in clear.
    std::optional<StoreIdentity> identity;
};

// Since the store was made.
struct EtcdCounters {
    std::uint64_t connections = 0;     // endpoints that came up
    std::uint64_t moves = 0;           // to a better connection while the old one was good
    std::uint64_t streams_opened = 0;  // of watches and leases
    std::uint64_t streams_broken = 0;  // by the far side or the way to it
    std::uint64_t probes = 0;
    std::uint64_t tries_repeated = 0;
};

}  // namespace hansa
