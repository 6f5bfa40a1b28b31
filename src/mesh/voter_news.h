// What the steward tells of where the voters are (VoterPlace), followed: whoever is a client of the
// store hears of a new voter at once, and knows which one stands near; and whoever is to keep a
// copy of the store hears that; and all hear the time.
//
// Owned by StoreLink. Loop thread only; never blocks.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/host.h"
#include "mesh/endpoints.h"
#include "mesh/follower.h"
#include "mesh/seat_records.h"
#include "report/report.h"

namespace hansa {

class VoterNews {
 public:
    struct Ports {
        Loop& loop;
        Store& store;
        Random& random;
        Report& report;
    };

    struct Events {
        Action on_voters;                                      // they are others, or elsewhere
        std::function<void(const VotersRecord&)> on_record{};  // or others keep copies; may be none
        std::function<void(const ClockTelling&)> on_clock{};   // just now; may be none
    };

    // Every port must outlive it.
    VoterNews(Ports ports, Events events) : ports_(ports), events_(std::move(events)) {}

    // From some moment after now on: at a start there is more urgent work. A store that nobody
    // else reaches has no news.
    void begin();
    void store_is(StoreStatus::State state);

    // Outermost first; empty where it is not known.
    std::vector<std::string> domain_of(const StoreMember& member) const;

    // How many voters come before this host's, by name; all of them, where it is none.
    std::size_t turn_of(const HostName& host) const;

 private:
    void follow();
    void take(const std::string& text);
    void hear_clock(const std::string& text) const;

    const Ports ports_;
    const Events events_;
    std::optional<VotersRecord> record_;  // empty: none was read yet
    Held beginning_;
    std::unique_ptr<Follower> follower_;
};

}  // namespace hansa
