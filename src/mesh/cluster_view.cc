#include "mesh/cluster_view.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "mesh/copies.h"
#include "mesh/keys.h"
#include "mesh/seat_timing.h"
#include "trust/claims.h"

namespace hansa {
namespace {

using Health = ClusterView::Health;

constexpr std::size_t named_max = 5;  // of a kind, in a sentence

std::string names_and_count(std::vector<std::string> names) {
    std::sort(names.begin(), names.end());
    if (names.size() <= named_max) return join(names, ", ");
    const std::size_t more = names.size() - named_max;
    names.resize(named_max);
    return join(names, ", ") + " and " + counted(more, "other");
}

// Makes one view from one reading.
class Viewing {
 public:
    explicit Viewing(const ClusterReading& reading)
        : reading_(reading), facts_(facts_of(reading)), seats_(facts_.seats) {
        if (auto timing = timing_named(facts_.known.settings().timing))
            timing_ = std::move(*timing);
    }

    ClusterView view() {
        view_.host = reading_.host;
        view_.at = reading_.at;
        view_.read_only_since = reading_.read_only_since;
        view_.revision = revision_of(reading_);
        view_members();
        view_tolerance();
        view_seats();
        view_steward();
        view_copies();
        for (const StoreAlarm& alarm : reading_.alarms) view_.alarms.push_back(alarm_text(alarm));
        judge();
        return std::move(view_);
    }

    Forecast forecast(std::size_t ideal) {
        view_members();
        const std::size_t wanted = seats_wanted(ideal, willing().size());
        const std::string steps =
            std::to_string(view_.voters) + " to " + counted(wanted, "voter") + ": ";
        Forecast made;
        if (wanted > view_.voters)
            made.says = steps + "the steward adds " + std::to_string(wanted - view_.voters);
        else if (wanted < view_.voters)
            made.says = steps + "the steward removes " + std::to_string(view_.voters - wanted);
        else
            made.says = counted(wanted, "voter") + ", as there are: nothing follows";
        if (!gives_seats()) {
            made.warnings.push_back(
                "this store serves its own machine only, so nobody can be given a seat (--listen)");
            return made;
        }
        if (wanted < ideal)
            for (std::string& why : why_fewer(ideal)) made.warnings.push_back(std::move(why));
        const SeatChoice choice = choose_for(ideal);
        if (choice.open() > 0)
            for (std::string& why : why_open(choice)) made.warnings.push_back(std::move(why));
        return made;
    }

 private:
    // Members ----------------------------------------------------------------------------------
    void view_members() {
        const SeatMember* leader = seats_.find_member(seats_.leader);
        for (std::size_t i = 0; i < seats_.members.size(); ++i) {
            const SeatMember& member = seats_.members[i];
            const MemberReading& read = *facts_.readings[i];
            const SeatApplicant* peer = seats_.find_peer(member.uuid);
            MemberView shown;
            shown.id = member.id;
            shown.host = host_of(member, read.info);
            if (peer) shown.domain = join(peer->domain, ",");
            if (!member.client_urls.empty()) shown.url = member.client_urls.front();
            shown.is_learner = member.is_learner;
            shown.leads = leader == &member;
            shown.answers = read.status.has_value();
            shown.silence = read.silence;
            if (read.status) {
                shown.bytes = read.status->bytes;
                shown.bytes_used = read.status->bytes_used;
                shown.version = read.status->version;
                if (leader && leader->raft_index > 0)
                    shown.behind =
                        leader->raft_index - std::min(leader->raft_index, member.raft_index);
            }
            view_.bytes = std::max(view_.bytes, shown.bytes);
            view_.bytes_used = std::max(view_.bytes_used, shown.bytes_used);
            if (!member.is_learner) ++view_.voters;
            if (!member.is_learner && takes_part(read)) ++view_.answering;
            view_.members.push_back(std::move(shown));
        }
        std::sort(view_.members.begin(), view_.members.end(), [](const auto& a, const auto& b) {
            return std::pair(a.is_learner, a.host) < std::pair(b.is_learner, b.host);
        });
    }

    // One that no peer has offered is called as etcd calls it.
    std::string host_of(const SeatMember& member, const MemberInfo& info) const {
        const bool has_name = !info.name.empty() && !is_uuid(info.name);
        return member.uuid.empty() && has_name ? info.name : seats_.name_of(member);
    }

    // One that answers and knows no leader does not hear the others.
    bool takes_part(const MemberReading& read) const {
        return read.status && (read.status->leader != 0 || !reading_.fresh);
    }

    void view_tolerance() {
        const auto quorum = static_cast<std::int64_t>(view_.voters / 2 + 1);
        view_.can_lose = static_cast<std::int64_t>(view_.answering) - quorum;
        if (reading_.none_known)
            view_.tolerance =
                "nothing is shared until one is found; what is declared here is enforced meanwhile";
        else if (view_.members.empty())
            view_.tolerance = "nothing can be written: no majority is reached from here";
        else if (!reading_.fresh)
            view_.tolerance = "nothing can be written: " + std::to_string(quorum) + " of " +
                              counted(view_.voters, "voter") + " are needed";
        else if (view_.can_lose > 0)
            view_.tolerance =
                "can lose " + counted(static_cast<std::uint64_t>(view_.can_lose), "more voter");
        else
            view_.tolerance = view_.voters == 1 ? "a loss of the only voter stops writes"
                                                : "a loss of any voter stops writes";
    }

    // Seats ------------------------------------------------------------------------------------
    std::vector<const SeatApplicant*> willing() const {
        std::vector<const SeatApplicant*> found;
        for (const SeatApplicant& peer : seats_.peers)
            if (peer.wish != SeatWish::no) found.push_back(&peer);
        return found;
    }

    bool gives_seats() const { return facts_.known.has_settings() && !willing().empty(); }

    bool is_voter(const std::string& uuid) const {
        const SeatMember* member = seats_.find_member_of(uuid);
        return member && !member->is_learner;
    }

    std::optional<PenaltyView> penalty_of(const SeatPenalty& penalty) const {
        const Milliseconds end = penalty.at + timing_.penalty(penalty.strikes);
        if (end <= seats_.wall) return std::nullopt;
        return PenaltyView{seats_.name_of(penalty.uuid), penalty.strikes, WallTime{end}};
    }

    // As far as it shows from outside: who is well, only the steward knows.
    std::string unfit(const SeatApplicant& peer) const {
        if (is_voter(peer.uuid)) return answers(peer.uuid) ? "" : "does not answer";
        if (!peer.is_alive) return "is not there";
        if (!peer.hindrance.empty()) return peer.hindrance;
        for (const SeatPenalty& penalty : seats_.book.penalties)
            if (penalty.uuid == peer.uuid && penalty_of(penalty)) return "is in the penalty box";
        return {};
    }

    bool answers(const std::string& uuid) const {
        for (std::size_t i = 0; i < seats_.members.size(); ++i)
            if (seats_.members[i].uuid == uuid) return facts_.readings[i]->status.has_value();
        return false;
    }

    SeatChoice choose_for(std::size_t ideal) const {
        std::vector<SeatPeer> peers;
        for (const SeatApplicant& peer : seats_.peers)
            peers.push_back(
                {peer.uuid, peer.domain, peer.wish, peer.weight, Instant{}, unfit(peer)});
        std::set<std::string> current;
        for (const SeatMember& member : seats_.members)
            if (!member.is_learner && !member.uuid.empty()) current.insert(member.uuid);
        const SeatMember* leader = seats_.find_member(seats_.leader);
        return choose(ideal, peers, current, leader ? leader->uuid : std::string{});
    }

    std::vector<std::string> why_fewer(std::size_t ideal) const {
        std::vector<std::string> why = {"only " + counted(willing().size(), "peer") +
                                        " may hold a seat, for " + counted(ideal, "seat")};
        std::vector<std::string> leave, refuse, offer_none;
        for (const SeatApplicant& peer : seats_.peers) {
            if (peer.wish != SeatWish::no) continue;
            if (facts_.known.is_leaving(peer.name)) {
                leave.push_back(peer.name);
                continue;
            }
            const auto known = facts_.known.peers().find(peer.name);
            const bool says_no = known != facts_.known.peers().end() && known->second.seat &&
                                 !known->second.seat->peer_urls.empty();
            (says_no ? refuse : offer_none).push_back(peer.name);
        }
        if (!leave.empty()) why.push_back(names_and_count(leave) + ": to be removed");
        if (!refuse.empty()) why.push_back(names_and_count(refuse) + ": want none (--seat no)");
        if (!offer_none.empty())
            why.push_back(names_and_count(offer_none) +
                          ": offer none: other hosts do not reach a store there (--listen)");
        return why;
    }

    std::vector<std::string> why_open(const SeatChoice& choice) const {
        std::map<std::string, std::vector<std::string>> by_reason;
        for (const SeatApplicant* peer : willing())
            if (std::string why = unfit(*peer); !why.empty()) by_reason[why].push_back(peer->name);
        std::vector<std::string> causes = {"nobody can take " + std::to_string(choice.open()) +
                                           " of " + counted(choice.wanted, "seat")};
        for (auto& [why, names] : by_reason)
            causes.push_back(names_and_count(std::move(names)) + ": " + why);
        return causes;
    }

    void view_seats() {
        if (facts_.known.has_settings()) view_.settings = facts_.known.settings();
        view_.gives_seats = gives_seats();
        view_.knows_seats = reading_.fresh || facts_.known.has_settings();
        view_.wanted = view_.voters;
        if (!view_.gives_seats) return;
        const SeatChoice choice = choose_for(view_.settings->ideal);
        view_.wanted = choice.wanted;
        if (choice.wanted < view_.settings->ideal) view_.fewer = why_fewer(view_.settings->ideal);
        view_.open = choice.open();
        if (view_.open > 0) view_.causes = why_open(choice);
    }

    // The steward ------------------------------------------------------------------------------
    std::vector<std::string> names_in(const std::vector<std::string>& members_or_uuids) const {
        std::vector<std::string> names;
        for (const std::string& text : members_or_uuids) {
            names.push_back(seats_.name_of(text));
            for (const SeatMember& member : seats_.members)
                if (text_of_member(member.id) == text) names.back() = seats_.name_of(member);
        }
        return names;
    }

    void view_steward() {
        view_.steward = reading_.steward ? reading_.steward : facts_.known.steward();
        view_.intent = seats_.book.intent;
        if (view_.intent) {
            view_.intent->adds = names_in(view_.intent->adds);
            view_.intent->removes = names_in(view_.intent->removes);
        }
        for (const SeatPenalty& penalty : seats_.book.penalties)
            if (auto shown = penalty_of(penalty)) view_.penalties.push_back(std::move(*shown));
    }

    // What somebody who has left kept is of no use to anybody.
    void view_copies() {
        for (const Record& record : reading_.seats.records) {
            const auto host = keys::parse_copy(record.key);
            if (!host) continue;
            const auto copy = decode_copy(record.value);
            const auto name = facts_.known.names().find(host->text());
            if (!copy || name == facts_.known.names().end() || name->second.uuid != copy->uuid)
                continue;
            view_.copies.push_back({host->text(), WallTime{copy->at},
                                    std::max(Milliseconds{0}, seats_.wall - copy->at), copy->epoch,
                                    copy->revision, copy->bytes});
        }
        std::stable_sort(view_.copies.begin(), view_.copies.end(),
                         [](const auto& a, const auto& b) { return a.at > b.at; });
    }

    std::string alarm_text(const StoreAlarm& alarm) const {
        const SeatMember* member = seats_.find_member(alarm.member);
        const std::string who = member ? seats_.name_of(*member) : text_of_member(alarm.member);
        switch (alarm.kind) {
            case StoreAlarm::Kind::space: return who + " is out of space: nothing can be written";
            case StoreAlarm::Kind::corruption: return who + " holds other data than the others";
            case StoreAlarm::Kind::other: break;
        }
        return who + " raised an alarm";
    }

    // Health -----------------------------------------------------------------------------------
    void judge() {
        if (!reading_.fresh) {
            view_.health = Health::read_only;
            view_.reasons = {lost()};
            if (reading_.none_known)
                view_.remedy =
                    "wait; if it lasts, run an agent on this machine that may hold a seat (without "
                    "--seat no), or "
                    "tell this one of a store elsewhere (--seeds, --join)";
            return;
        }
        std::vector<std::string>& wrong = view_.reasons;
        wrong = view_.alarms;
        for (const MemberView& member : view_.members)
            if (!member.is_learner && !member.answers)
                wrong.push_back(member.host + " does not answer" +
                                (member.silence.empty() ? "" : ": " + member.silence));
        judge_agents(wrong);
        for (const std::string& cause : view_.causes) wrong.push_back(cause);
        if (view_.steward && view_.steward->is_alarm) wrong.push_back(view_.steward->says);
        if (!wrong.empty()) {
            view_.health = Health::degraded;
            return;
        }
        judge_changes();
    }

    std::string lost() const {
        if (reading_.none_known) return none_known(reading_);
        if (view_.members.empty()) return "no member of the store answers: " + reading_.trouble;
        const std::string count =
            std::to_string(view_.answering) + " of " + counted(view_.voters, "member") + " answer";
        if (view_.can_lose < 0) return "quorum lost: " + count;
        return count + ", but not together: " + reading_.trouble;
    }

    // Whoever votes has an agent that says so.
    void judge_agents(std::vector<std::string>& wrong) const {
        if (!view_.gives_seats) return;
        const auto sightings = facts_.known.sightings();
        for (const SeatMember& member : seats_.members) {
            const SeatApplicant* peer = seats_.find_peer(member.uuid);
            const auto seen = sightings.find(member.uuid);
            if (!member.is_learner && peer && !peer->is_alive && seen == sightings.end())
                wrong.push_back(peer->name + ": its agent does not run");
            if (seen != sightings.end() && seen->second.lost)
                wrong.push_back(seats_.name_of(member) + " has lost its data");
        }
    }

    void judge_changes() {
        std::vector<std::string>& why = view_.reasons;
        const std::size_t learners = view_.members.size() - view_.voters;
        if (view_.intent) why.push_back(view_.intent->why);
        if (view_.voters != view_.wanted)
            why.push_back(std::to_string(view_.voters) + " of " + counted(view_.wanted, "seat") +
                          " taken");
        if (learners > 0) why.push_back(counted(learners, "learner"));
        if (view_.gives_seats && !view_.steward) why.push_back("there is no steward yet");
        if (!why.empty()) view_.health = Health::changing;
    }

    const ClusterReading& reading_;
    const ClusterFacts facts_;
    const SeatFacts& seats_;
    SeatTiming timing_;
    ClusterView view_;
};

}  // namespace

std::string none_known(const ClusterReading& reading) {
    return "no member of the store is known here" +
           (reading.trouble.empty() ? "" : ": " + reading.trouble);
}

ClusterView view_of(const ClusterReading& reading) {
    return Viewing(reading).view();
}

Forecast forecast(const ClusterReading& reading, std::size_t ideal) {
    return Viewing(reading).forecast(ideal);
}

}  // namespace hansa
