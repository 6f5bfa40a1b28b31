// Keeps a client of the store supplied with endpoints: reads the members from the store itself,
// hands on what changed, has it kept for the next start, and asks the DNS when nobody answers.
//
// Loop thread only; never blocks. Everything is done through functions, so that a test needs no
// store. A connected client is never disturbed: a new list is used from its next step on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/random.h"
#include "mesh/endpoints.h"
#include "mesh/lifeline.h"
#include "mesh/store.h"
#include "sys/loop.h"

namespace hansa {

struct EndpointTimes {
    Duration list_after = Seconds{1};   // a connection: until then it has more urgent things to do
    Duration list_every = Seconds{30};  // with a jitter of 20 %, as all of these
    Duration list_within = Seconds{2};  // after news of members
    Duration look_up_after = Seconds{5};  // the last endpoint was lost
    Duration look_up_every = Seconds{30};
};

class EndpointKeeper {
 public:
    using Urls = std::vector<std::string>;

    struct Ports {
        Loop& loop;
        Random& random;
        // Asks the store for its members, once; over the connection that stands.
        std::function<void(Store::Done<MemberListing>)> list;
        // The endpoints from now on, the best first. The same ones again mean: try again now.
        std::function<void(Urls)> use;
        std::function<void(std::size_t voters)> expect;
        // To be had at the next start, even when every seed is gone.
        std::function<void(const std::vector<StoreMember>&)> keep;
        // Asks the DNS; answers later, with nothing where it knows nothing. May be empty.
        std::function<void(std::function<void(Urls)>)> look_up = {};
        // Where that member stands. May be empty.
        std::function<std::vector<std::string>(const StoreMember&)> domain_of = {};
    };

    // `cached`: what was kept in an earlier run. `domain`: where we stand.
    EndpointKeeper(Ports ports, std::vector<StoreMember> cached,
                   std::vector<std::string> domain = {}, EndpointTimes times = {});

    // Either where others said that the store is, or, as often as that changes, where the store of
    // this machine is; of that one the machine knows better than any list, which may be older.
    void begin_with(Urls seeds);
    struct OwnStore {
        Urls dialled;    // empty: nowhere now
        Urls told = {};  // to others, by its list of members
    };
    void own_is(OwnStore own);

    // Client URLs of the members that are known but for our own.
    Urls others() const;

    void store_is(StoreStatus::State state);

    // Somebody knows that they are others now: reads them, each peer at a moment of its own.
    void members_changed();

 private:
    void list_after(Duration delay);
    void list_at(Duration delay);
    void list();
    void take(MemberListing listing);
    bool is_own(const StoreMember& member) const;
    void look_up_after(Duration delay);
    void look_up();
    void apply();
    void hand_over();

    const Ports ports_;
    const EndpointTimes times_;
    const std::uint64_t seed_;
    Vantage here_;
    KnownEndpoints known_;
    Urls own_last_;  // the last that were any, with what is told of them
    std::vector<StoreMember> kept_;
    Urls used_;
    bool connected_ = false;
    bool listing_ = false;
    Held next_list_;
    Held next_look_up_;
    Lifeline lifeline_;
};

}  // namespace hansa
