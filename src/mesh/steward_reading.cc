// How the steward reads: the list of members, a status of each, and what others say of them.
#include <algorithm>

#include "mesh/keys.h"
#include "mesh/seat_plan.h"
#include "mesh/steward.h"

namespace hansa {

struct Steward::Round {
    std::vector<MemberInfo> members;
    std::map<MemberId, MemberStatus> statuses;
    std::size_t due = 0;
    bool readable = false;
    Action then;
};

void Steward::read(Action then) {
    if (auto timing = timing_named(register_.settings().timing);
        timing && (!health_ || timing->name != timing_.name)) {
        timing_ = std::move(*timing);
        health_.emplace(timing_);
    }
    reading_ = true;
    auto round = std::make_shared<Round>();
    round->then = std::move(then);
    ports_.electorate.list(ask(timing_.read),
                           lifeline_.guard([this, round](Answer<std::vector<MemberInfo>> answer) {
                               on_list(round, std::move(answer));
                           }));
}

void Steward::on_list(const std::shared_ptr<Round>& round, Answer<std::vector<MemberInfo>> answer) {
    round->readable = static_cast<bool>(answer);
    if (answer) round->members = std::move(*answer.result);
    ask_each(round);
}

void Steward::ask_each(const std::shared_ptr<Round>& round) {
    round->due = 1;
    const auto answered = [this, round] {
        if (--round->due > 0) return;
        reading_ = false;
        weigh(*round);
        round->then();
    };
    for (const MemberInfo& member : round->members) {
        if (member.client_urls.empty()) continue;
        ++round->due;
        const bool is_ours = uuid_of(member) == self_.uuid;
        ports_.electorate.status(
            {is_ours ? self_.endpoint : member.client_urls.front(), timing_.beat},
            lifeline_.guard([round, id = member.id, answered](Answer<MemberStatus> answer) {
                if (answer) round->statuses.insert_or_assign(id, std::move(*answer.result));
                answered();
            }));
    }
    answered();
}

std::string Steward::uuid_of(const MemberInfo& member) const {
    return owner_of(facts_.peers, member.name, member.peer_urls);
}

void Steward::weigh(Round& round) {
    facts_.readable = round.readable;
    facts_.wall = duration_cast<Milliseconds>(ports_.loop.clock().wall().time_since_epoch());
    if (!round.readable) return;
    register_.fill(facts_, term_);
    for (const std::string& fault : register_.take_faults())
        ports_.report.publish(happened::Refused{"bad_record", fault});
    facts_.members.clear();
    facts_.leader = 0;
    facts_.store_bytes = 0;
    for (const MemberInfo& info : round.members) {
        SeatMember member;
        member.id = info.id;
        member.uuid = uuid_of(info);
        member.is_learner = info.is_learner;
        member.started = info.started;
        member.peer_urls = info.peer_urls;
        member.client_urls = info.client_urls;
        if (const auto status = round.statuses.find(info.id); status != round.statuses.end()) {
            member.raft_index = status->second.raft_index;
            facts_.store_bytes = std::max(facts_.store_bytes, status->second.bytes);
            if (member.uuid == self_.uuid) facts_.leader = status->second.leader;
        }
        facts_.members.push_back(std::move(member));
    }
    observe(round);
    statuses_ = std::move(round.statuses);
    tell_sighting();
    facts_.memory = remember(facts_, timing_, ports_.loop.clock().now());
    watched_ = whom_to_observe(facts_, timing_, ports_.loop.clock().now());
}

// The agent beside a new voter has to notice that before it can say that it runs.
bool Steward::is_due_to_tell(const SeatMember& member, Instant now) {
    if (member.is_learner) {
        voters_since_.erase(member.id);
        return false;
    }
    return now - voters_since_.emplace(member.id, now).first->second >= timing_.recover;
}

void Steward::observe(const Round& round) {
    const Instant now = ports_.loop.clock().now();
    const auto sightings = register_.sightings();
    // Then whoever has begun anew could not say so: its absence means nothing.
    const bool takes_writes = std::all_of(
        round.statuses.begin(), round.statuses.end(),
        [](const auto& status) { return status.second.errors.empty(); });
    std::set<std::string> subjects(watched_.begin(), watched_.end());
    for (const SeatMember& member : facts_.members) subjects.insert(member.uuid);
    subjects.erase(std::string{});
    health_->keep_only(subjects);
    for (const std::string& subject : subjects) {
        if (subject == self_.uuid) continue;
        const SeatMember* member = facts_.find_member_of(subject);
        const SeatApplicant* peer = facts_.find_peer(subject);
        bool heard = peer && peer->is_alive;
        bool agent_gone = false;
        if (member && member->started) {
            agent_gone = takes_writes && !sightings.contains(subject) &&
                         is_due_to_tell(*member, now);
            const bool answers = round.statuses.contains(member->id);
            misses_[subject] = answers ? 0 : misses_[subject] + 1;
            heard = answers && !agent_gone;
        }
        health_->report(self_.uuid, subject, heard ? Beat::heard : Beat::missed, now);
        for (const auto& [observer, sighting] : sightings) {
            if (observer == subject || observer == self_.uuid || !is_voter(observer)) continue;
            // That a leased record is gone is the same news to everybody.
            const bool missing = !heard && (agent_gone || sighting.missing.contains(subject));
            health_->report(observer, subject, missing ? Beat::missed : Beat::heard, now);
        }
    }
    facts_.conditions.clear();
    for (const std::string& subject : subjects)
        facts_.conditions[subject] = health_->condition(subject, now);
    for (SeatMember& member : facts_.members) {
        const auto sighting = sightings.find(member.uuid);
        member.is_lost = sighting != sightings.end() && sighting->second.lost;
        member.is_condemned = caretaker_.condemned().contains(member.id);
        member.reached_by = round.statuses.contains(member.id) ? 1 : 0;
        for (const auto& [observer, seen] : sightings) {
            if (observer != self_.uuid && observer != member.uuid)
                member.reached_by += seen.missing.contains(member.uuid) ? 0 : 1;
            if (is_voter(observer)) member.is_condemned |= seen.condemned.contains(member.id);
        }
    }
}

// One miss is no news; the steward counts them from then on.
void Steward::tell_sighting() {
    if (lease_ == 0) return;
    Sighting mine{self_.uuid, {}, false, caretaker_.condemned()};
    for (const SeatMember& member : facts_.members)
        if (member.started && misses_[member.uuid] >= timing_.misses)
            mine.missing.insert(member.uuid);
    std::string text = encode(mine);
    if (text == sighting_) return;
    sighting_ = text;
    commit("telling whom this host cannot reach",
           {{}, {Operation::put(keys::seat_sighting(self_.host), std::move(text), lease_)}});
}

bool Steward::is_voter(const std::string& uuid) const {
    const SeatMember* member = facts_.find_member_of(uuid);
    return member && !member->is_learner;
}

bool Steward::leads() const {
    const SeatMember* mine = facts_.find_member_of(self_.uuid);
    return mine && facts_.leader == mine->id;
}

}  // namespace hansa
