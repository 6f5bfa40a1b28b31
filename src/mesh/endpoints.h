// Where a client of the store finds it: the endpoints of everything that is known, the one to lean
// on first (seats.md 3, "Clients").
//
// Pure: what looks like chance is a hash of the endpoint with a seed, one per process. So an order
// stays while a list grows or shrinks, and clients with different seeds spread over the members.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sys/names.h"

namespace hansa {

// A member of the store, as its list has it.
struct StoreMember {
    std::string name;
    std::vector<std::string> domain = {};  // where it stands, outermost first; empty: unknown
    std::vector<std::string> client_urls = {};
    bool learner = false;
    friend bool operator==(const StoreMember&, const StoreMember&) = default;
};

struct MemberListing {
    std::string endpoint;  // that told it
    std::vector<StoreMember> members;
};

// Where the one who asks stands.
struct Vantage {
    std::vector<std::string> domain = {};  // outermost first; empty: unknown
    // The list was read over an address of this machine, so addresses of "this machine" in it are
    // of ours. Of another machine they would lead to whatever listens here.
    bool beside = false;
};

// Each part may be empty. URLs that nobody should dial are left out by whoever makes this.
struct KnownEndpoints {
    std::vector<std::string> own = {};      // of this machine's own store
    std::vector<StoreMember> members = {};  // as the store lists them; empty: not read yet
    std::vector<StoreMember> cached = {};   // as it listed them in an earlier run
    std::vector<std::string> seeds = {};    // as a person gave them
    std::vector<std::string> found = {};    // by asking the DNS, in its order
};

// The members that serve clients, each with the URLs that can be dialled from here: learners,
// plain text and what names no machine are left out, as are members of which nothing remains.
std::vector<StoreMember> dialable(const std::vector<StoreMember>& members, const Vantage& here);

// Every endpoint once, the one to try first at the head. The own store; then the members in the
// order of how much of their domain they share with ours, then by chance, their second URLs after
// all first ones; then the seeds; what was cached, while the members are unknown; what was found.
// Seeds stay: the way to a store may lead past what it says about itself. They come before what
// was cached, so that a host that is pointed at another cluster sees that one.
std::vector<std::string> order_endpoints(const KnownEndpoints& known, const Vantage& here,
                                         std::uint64_t seed);

// What the DNS knows of a service, in the order of its priorities, then by chance; weights are not
// looked at. Records that cannot be dialled are left out, and what is more than 32.
std::vector<std::string> endpoints_of(std::vector<ServiceRecord> records, std::uint64_t seed);

// "127.0.0.1:2379", "https://localhost:2379", "[::1]:2379".
bool is_loopback_url(std::string_view url);

// Whether one stands in both: a member is known by its addresses before it has a name.
bool share_url(const std::vector<std::string>& a, const std::vector<std::string>& b);

// PREFIX/HOST/endpoints.json: what a cache holds of the members. Strict; what would be too large a
// file loses its last members.
inline constexpr std::size_t endpoints_bytes_max = 64 * 1024;
std::string encode_endpoints(std::vector<StoreMember> members);
Result<std::vector<StoreMember>> decode_endpoints(std::string_view text);

}  // namespace hansa
