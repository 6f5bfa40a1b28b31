// Counting semaphores of a graph.
//
// Pure. Who needs several takes them in the order of their names and waits for each in turn, so no
// two can wait for each other; who came first is served first.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "resource/meta.h"

namespace hansa {

class Semaphores {
 public:
    using Ticket = std::uint64_t;  // one per holder, of its own choice

    // True when the ticket has all of them now; else it waits. REQUIRES: a new ticket.
    bool request(Ticket ticket, std::vector<SemaphoreUse> uses);

    // Gives back what the ticket holds or waits for. Returns those that have all of theirs now.
    std::vector<Ticket> release(Ticket ticket);

    // The semaphore that the ticket waits for; empty when it waits for none.
    std::string awaited(Ticket ticket) const;

 private:
    struct Semaphore {
        std::uint32_t free = 0;
        std::deque<Ticket> queue;  // may name tickets that wait here no longer
    };
    using ByName = std::map<std::string, Semaphore>;
    struct Request {
        std::vector<ByName::iterator> wanted;
        std::size_t held = 0;  // of `wanted`, from the front
    };

    bool advance(Ticket ticket, Request& request);
    void hand_on(ByName::iterator semaphore, std::vector<Ticket>& complete);

    ByName semaphores_;
    std::unordered_map<Ticket, Request> requests_;
};

}  // namespace hansa
