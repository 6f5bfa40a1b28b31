// What an agent does about seats: sees whether the steward intends to give this host one, and
// runs a steward of its own beside a member that votes.
//
// Owned by the agent's store link. Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "mesh/steward.h"

namespace hansa {

class SeatDuty {
 public:
    struct Events {
        // This host is to be added to a cluster with these settings; said again while it is so.
        std::function<void(const SeatSettings&)> on_wanted;
        std::function<void()> on_unwanted;                     // not any more
        std::function<void(const SeatSettings&)> on_settings;  // the cluster's, once
        std::function<void()> on_voter;  // the member beside us votes, and so answers clients
    };

    // Every port must outlive it.
    SeatDuty(Steward::Ports ports, HostName host, std::string uuid, SeatSettings settings,
             Events events);

    // From now on; a host that takes no seat need not.
    void follow_book();

    // The member beside us serves clients there, or has ended.
    void member_serves(const std::string& endpoint);
    void member_ended();

    // The data of this host's member is gone, or that member is: told to the steward.
    void member_lost(bool lost);

    void store_is(StoreStatus::State state);

    const Steward* steward() const { return steward_.get(); }  // null: no voter is beside us

 private:
    void read_book(const std::string& text);
    void learn_settings(Duration pause);
    void ask_settings();
    void look();
    void on_status(const MemberStatus& status);
    void tell_lost(LeaseId lease);

    const Steward::Ports ports_;
    const HostName host_;
    const std::string uuid_;
    const SeatSettings settings_;  // of a cluster that has none yet
    const Events events_;

    std::unique_ptr<Follower> book_;
    bool wanted_ = false;
    std::optional<SeatSettings> stored_;
    Held settings_timer_;
    std::string endpoint_;  // empty: there is no member beside us
    std::unique_ptr<Steward> steward_;
    Held timer_;
    Held lost_lease_;  // as long as it is lost
    Held lost_again_;
    Lifeline lifeline_;
};

}  // namespace hansa
