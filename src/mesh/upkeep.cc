#include "mesh/upkeep.h"

#include <algorithm>

#include "base/text.h"

namespace hansa {
namespace {

using Do = UpkeepStep::Do;

std::string megabytes(std::uint64_t bytes) {
    return std::to_string(bytes >> 20) + " MiB";
}

const UpkeepVoter* leader_of(const UpkeepFacts& facts) {
    for (const UpkeepVoter& voter : facts.voters)
        if (voter.leads) return &voter;
    return nullptr;
}

std::string name_in(const UpkeepFacts& facts, MemberId id) {
    for (const UpkeepVoter& voter : facts.voters)
        if (voter.id == id) return voter.name;
    return "member " + text_of_member(id);
}

std::uint64_t most_used(const UpkeepFacts& facts) {
    std::uint64_t most = 0;
    for (const UpkeepVoter& voter : facts.voters)
        if (voter.answers) most = std::max(most, voter.bytes_used);
    return most;
}

bool is_raised(const UpkeepFacts& facts) {
    return std::any_of(facts.voters.begin(), facts.voters.end(),
                       [](const auto& voter) { return voter.complains; });
}

// Those that answer, the leader last.
std::vector<const UpkeepVoter*> in_turn(const UpkeepFacts& facts) {
    std::vector<const UpkeepVoter*> voters;
    for (const UpkeepVoter& voter : facts.voters)
        if (voter.answers) voters.push_back(&voter);
    std::sort(voters.begin(), voters.end(), [](const auto* a, const auto* b) {
        return std::pair(a->leads, a->id) < std::pair(b->leads, b->id);
    });
    return voters;
}

// Little is free in its file: to write it anew would gain nothing, or an earlier steward did so.
// Asked of a leader only, which is silent meanwhile and may lose the lead by that, as its successor
// would in its turn. A follower may still work on the compaction and seem to be full of data.
bool is_dense(const UpkeepVoter& voter) {
    return voter.bytes_used >= voter.bytes - voter.bytes / 10;
}

// Again only after a while, or once something was deleted: clearing does not help where the data
// that is there does not fit.
std::optional<UpkeepStep> hold_back_clearing(const UpkeepFacts& facts, const SeatTiming& timing,
                                             Instant now) {
    const UpkeepMemory& memory = facts.memory;
    if (!memory.cleared || now - *memory.cleared >= timing.clear_again) return std::nullopt;
    const std::uint64_t used = most_used(facts);
    if (used < memory.used_when_cleared - memory.used_when_cleared / 10) return std::nullopt;
    return UpkeepStep{Do::nothing,
                      "the store is full again right after it was cleared: the data alone, without "
                      "history, takes about " +
                          megabytes(memory.used_when_cleared) +
                          " on each voter, and no more is taken; withdraw exports, or delete keys "
                          "that are not Hansa's own",
                      true};
}

UpkeepStep clear_space(const UpkeepFacts& facts, const StoreAlarm& alarm, const SeatTiming& timing,
                       Instant now) {
    const UpkeepMemory& memory = facts.memory;
    const UpkeepVoter* leader = leader_of(facts);
    if (!leader || !leader->answers) return {};
    if (!memory.clearing) {
        if (auto later = hold_back_clearing(facts, timing, now)) return *later;
    }
    if (!memory.clearing || !memory.clearing->compacted) {
        UpkeepStep step{Do::compact,
                        "the store of " + name_in(facts, alarm.member) +
                            " is full and takes no writes: forgets all history, then makes every "
                            "voter's file smaller, then clears the alarm",
                        true};
        step.revision = leader->revision;
        return step;
    }
    for (const UpkeepVoter* voter : in_turn(facts)) {
        if (memory.clearing->defragmented.contains(voter->id)) continue;
        if (voter->leads && is_dense(*voter)) continue;
        return {Do::defragment,
                "writes the file of " + voter->name + " anew: " + megabytes(voter->bytes_used) +
                    " of " + megabytes(voter->bytes) + " are in use",
                false, voter->id};
    }
    UpkeepStep step{Do::disarm, "clears the space alarm of " + name_in(facts, alarm.member) +
                                    ": the store takes writes again"};
    step.alarm = alarm;
    return step;
}

std::optional<UpkeepStep> attend_alarms(const UpkeepFacts& facts, const SeatTiming& timing,
                                        Instant now) {
    if (!is_raised(facts)) return std::nullopt;
    if (!facts.alarms) return UpkeepStep{Do::ask_alarms};
    for (const StoreAlarm& alarm : *facts.alarms)
        if (alarm.kind == StoreAlarm::Kind::space) return clear_space(facts, alarm, timing, now);
    for (const StoreAlarm& alarm : *facts.alarms)
        return UpkeepStep{Do::nothing,
                          "the store of " + name_in(facts, alarm.member) +
                              " raises an alarm that is not cleared by itself" +
                              (alarm.kind == StoreAlarm::Kind::corruption
                                   ? ": its data differs from that of others; compare the voters "
                                     "before it is cleared by \"etcdctl alarm disarm\""
                                   : ""),
                          true};
    return std::nullopt;
}

// At a revision that all of them have.
std::optional<UpkeepStep> compare(const UpkeepFacts& facts, const SeatTiming& timing, Instant now) {
    const UpkeepMemory& memory = facts.memory;
    const Duration pause = memory.is_doubtful ? timing.compare_again : timing.compare;
    if (now - memory.compared < pause) return std::nullopt;
    const auto voters = in_turn(facts);
    if (voters.size() < 2) return std::nullopt;
    UpkeepStep step{Do::compare};
    step.revision = voters.front()->revision;
    for (const UpkeepVoter* voter : voters)
        step.revision = std::min(step.revision, voter->revision);
    return step;
}

std::optional<UpkeepStep> make_room(const UpkeepFacts& facts, const SeatTiming& timing,
                                    Instant now) {
    if (!facts.is_calm || now - facts.memory.defragmented < timing.defragment) return std::nullopt;
    for (const UpkeepVoter* voter : in_turn(facts)) {
        if (voter->bytes < defragment_bytes_min || voter->bytes_used > voter->bytes / 2) continue;
        return UpkeepStep{Do::defragment,
                          "writes the file of " + voter->name + " anew: only " +
                              megabytes(voter->bytes_used) + " of its " + megabytes(voter->bytes) +
                              " are in use",
                          false, voter->id};
    }
    return std::nullopt;
}

// The hash that more than half of all voters have, those that did not answer included.
std::optional<StoreHash> majority_of(const std::map<MemberId, StoreHash>& hashes,
                                     std::size_t voters) {
    for (const auto& [id, hash] : hashes) {
        const auto same = std::count_if(hashes.begin(), hashes.end(),
                                        [&](const auto& other) { return other.second == hash; });
        if (static_cast<std::size_t>(same) * 2 > voters) return hash;
    }
    return std::nullopt;
}

std::string hashes_told(const UpkeepFacts& facts, const std::map<MemberId, StoreHash>& hashes) {
    std::vector<std::string> told;
    for (const auto& [id, hash] : hashes)
        told.push_back(name_in(facts, id) + " " + std::to_string(hash.hash));
    return join(told, ", ");
}

}  // namespace

UpkeepStep next_upkeep(const UpkeepFacts& facts, const SeatTiming& timing, Instant now) {
    if (!facts.leads) return {};
    if (auto step = attend_alarms(facts, timing, now)) return *step;
    if (!facts.is_steward) return {};
    if (auto step = compare(facts, timing, now)) return *step;
    if (auto step = make_room(facts, timing, now)) return *step;
    return {};
}

UpkeepMemory remember(const UpkeepFacts& facts, const UpkeepStep& step, Instant now) {
    UpkeepMemory memory = facts.memory;
    if (!is_raised(facts)) memory.clearing.reset();
    switch (step.what) {
        case Do::nothing:
        case Do::ask_alarms: break;
        case Do::compact:
            memory.clearing.emplace();
            memory.clearing->compacted = true;
            break;
        case Do::defragment:
            if (memory.clearing)
                memory.clearing->defragmented.insert(step.member);
            else
                memory.defragmented = now;
            break;
        case Do::disarm: {
            const auto is_other = [&](const StoreAlarm& alarm) {
                return alarm.kind == StoreAlarm::Kind::space && alarm != step.alarm;
            };
            if (std::any_of(facts.alarms->begin(), facts.alarms->end(), is_other)) break;
            memory.clearing.reset();
            memory.cleared = now;
            memory.used_when_cleared = most_used(facts);
            break;
        }
        case Do::compare: memory.compared = now; break;
    }
    return memory;
}

UpkeepFinding judge(const UpkeepFacts& facts, const std::map<MemberId, StoreHash>& hashes,
                    const SeatTiming& timing, Instant now) {
    UpkeepFinding finding{facts.memory, {}};
    UpkeepMemory& memory = finding.memory;
    memory.compared = now;
    memory.is_doubtful = true;
    const auto has_same_history = [&](const auto& each) {
        return each.second.compacted == hashes.begin()->second.compacted;
    };
    if (hashes.size() < 2 || !std::all_of(hashes.begin(), hashes.end(), has_same_history))
        return finding;
    if (std::all_of(hashes.begin(), hashes.end(),
                    [&](const auto& each) { return each.second == hashes.begin()->second; })) {
        memory.is_doubtful = false;
        memory.odd.clear();
        memory.torn = 0;
        return finding;
    }
    const auto majority = majority_of(hashes, facts.voters.size());
    if (!majority) {
        memory.odd.clear();
        if (++memory.torn < timing.compare_proofs) return finding;
        memory.is_doubtful = false;
        finding.is_alarm = true;
        finding.says = "the voters hold different data, and no majority of them the same: " +
                       hashes_told(facts, hashes) +
                       "; find out which of them is right, and remove the others";
        return finding;
    }
    memory.torn = 0;
    std::map<MemberId, std::uint32_t> odd;
    std::vector<std::string> names;
    for (const auto& [id, hash] : hashes) {
        if (hash == *majority) continue;
        odd[id] = memory.odd[id] + 1;
        if (odd[id] < timing.compare_proofs) continue;
        finding.condemned.insert(id);
        names.push_back(name_in(facts, id));
    }
    memory.odd = std::move(odd);
    if (names.empty()) return finding;
    memory.is_doubtful = false;
    finding.is_alarm = true;
    finding.says = join(names, ", ") + " holds other data than most voters (" +
                   hashes_told(facts, hashes) + "): its seat is given to another";
    return finding;
}

}  // namespace hansa
