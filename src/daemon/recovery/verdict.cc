#include "daemon/recovery/verdict.h"

#include <algorithm>
#include <tuple>

#include "base/text.h"

namespace hansa {

std::string refusal_of(const RecoveryFacts& facts) {
    if (!facts.with_majority.empty())
        return "the store at " + facts.with_majority +
               " answers, with a majority of its members behind it: nothing is lost; a member that "
               "is broken is replaced by itself";
    const std::size_t majority = facts.voters / 2 + 1;
    const std::string of_all = std::to_string(majority) + " of " + std::to_string(facts.voters);
    if (facts.running.size() >= majority)
        return join(facts.running, ", ") + " answer, which is a majority (" + of_all +
               "): they agree on a leader as soon as they reach each other; see that they do";
    if (facts.own_could_start && facts.running.size() + 1 >= majority)
        return "start the agent of " + facts.own + ": " +
               (facts.running.empty()
                    ? "it is a majority by itself"
                    : "with " + join(facts.running, ", ") + " it is a majority (" + of_all + ")") +
               ", and nothing is lost";
    return {};
}

void order_survivors(std::vector<Survivor>& survivors) {
    std::stable_sort(survivors.begin(), survivors.end(), [](const Survivor& a, const Survivor& b) {
        return std::tie(a.epoch, a.revision, a.index, a.term, a.is_own) >
               std::tie(b.epoch, b.revision, b.index, b.term, b.is_own);
    });
}

}  // namespace hansa
