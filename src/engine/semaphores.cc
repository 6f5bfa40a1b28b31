#include "engine/semaphores.h"

#include <algorithm>

namespace hansa {

bool Semaphores::request(Ticket ticket, std::vector<SemaphoreUse> uses) {
    std::sort(uses.begin(), uses.end(),
              [](const SemaphoreUse& a, const SemaphoreUse& b) { return a.name < b.name; });
    Request& request = requests_[ticket];
    for (const SemaphoreUse& use : uses) {
        const auto [semaphore, fresh] = semaphores_.try_emplace(use.name);
        if (fresh) semaphore->second.free = std::max(1u, use.count);
        if (request.wanted.empty() || request.wanted.back() != semaphore)
            request.wanted.push_back(semaphore);
    }
    return advance(ticket, request);
}

// Takes what is free, in order; queues up at the first that is not.
bool Semaphores::advance(Ticket ticket, Request& request) {
    while (request.held < request.wanted.size()) {
        Semaphore& next = request.wanted[request.held]->second;
        if (next.free == 0) {
            next.queue.push_back(ticket);
            return false;
        }
        --next.free;
        ++request.held;
    }
    return true;
}

std::vector<Semaphores::Ticket> Semaphores::release(Ticket ticket) {
    std::vector<Ticket> complete;
    const auto found = requests_.find(ticket);
    if (found == requests_.end()) return complete;
    const Request request = std::move(found->second);
    requests_.erase(found);
    for (std::size_t i = 0; i < request.held; ++i) {
        ++request.wanted[i]->second.free;
        hand_on(request.wanted[i], complete);
    }
    return complete;
}

void Semaphores::hand_on(ByName::iterator semaphore, std::vector<Ticket>& complete) {
    Semaphore& given = semaphore->second;
    while (given.free > 0 && !given.queue.empty()) {
        const Ticket next = given.queue.front();
        given.queue.pop_front();
        const auto found = requests_.find(next);
        if (found == requests_.end()) continue;
        Request& request = found->second;
        const bool waits_here =
            request.held < request.wanted.size() && request.wanted[request.held] == semaphore;
        if (waits_here && advance(next, request)) complete.push_back(next);
    }
}

std::string Semaphores::awaited(Ticket ticket) const {
    const auto found = requests_.find(ticket);
    if (found == requests_.end()) return {};
    const Request& request = found->second;
    return request.held < request.wanted.size() ? request.wanted[request.held]->first
                                                : std::string{};
}

}  // namespace hansa
