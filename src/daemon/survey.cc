#include "daemon/survey.h"

#include <algorithm>

#include "mesh/keys.h"

namespace hansa {
namespace {

// A member may be at the far end of a slow line, and be asked for the first time: that crosses the
// line four times.
constexpr Duration whole_limit = Milliseconds{3900};  // for all of it
constexpr Duration now_limit = Milliseconds{1800};    // for all that is read as of now
constexpr Duration status_limit = Seconds{2};         // for a status

const std::string& prefix_of(Reading ClusterReading::*part) {
    static const std::string names = keys::names(), peers = keys::peers(), seats = keys::seats();
    if (part == &ClusterReading::names) return names;
    return part == &ClusterReading::peers ? peers : seats;
}

constexpr Reading ClusterReading::*parts[] = {&ClusterReading::names, &ClusterReading::peers,
                                              &ClusterReading::seats};

}  // namespace

struct Survey::Round {
    std::shared_ptr<ClusterReading> reading = std::make_shared<ClusterReading>();
    std::vector<std::string> endpoints;
    Done done;
    std::vector<MemberInfo> members;
    std::size_t next_endpoint = 0;  // to ask for the list
    std::size_t due = 0;            // answers
    bool reading_now = false;       // answers of this stage count
    std::string answered;           // an endpoint that did
    Instant end;
    Held limit;
};

// What a step may take where so many are left, this one among them.
Duration Survey::share(const Round& round, int steps) const {
    const Duration left = round.end - ports_.loop.clock().now();
    return std::clamp<Duration>(left / steps, Milliseconds{100}, status_limit);
}

// A round's timer knows the round, which holds the timer.
Survey::~Survey() {
    for (const RoundPtr& round : rounds_) round->limit.reset();
}

void Survey::take(std::vector<std::string> endpoints, Done done) {
    auto round = *rounds_.insert(std::make_shared<Round>()).first;
    round->endpoints = std::move(endpoints);
    round->done = std::move(done);
    round->end = ports_.loop.clock().now() + whole_limit;
    ClusterReading& reading = *round->reading;
    reading.host = host_;
    reading.at = ports_.loop.clock().wall();
    const happened::StoreChanged& told = ports_.report.snapshot().store;
    if (told.state == happened::StoreChanged::State::read_only)
        reading.read_only_since = told.since;
    for (const auto& [host, absent] : ports_.report.snapshot().absent_hosts)
        reading.gone_since[host] = absent.since;
    if (round->endpoints.empty()) {
        reading.none_known = true;
        reading.trouble = told.detail;
        return ports_.loop.post(lifeline_.guard([this, round] { finish(round); }));
    }
    const StoreStatus store = ports_.store.status();
    const bool is_lost =
        store.state == StoreStatus::State::no_quorum || store.state == StoreStatus::State::away;
    if (!is_lost) return read_now(round);
    reading.trouble = store.detail;
    read_heard(round);
}

void Survey::read_now(const RoundPtr& round) {
    round->reading_now = true;
    round->due = std::size(parts) + 1;
    round->limit = ports_.loop.after(now_limit, [this, round] {
        const Error late{Code::unavailable, "no majority answered in time"};
        part_read(round, &late);
    });
    for (Reading ClusterReading::*part : parts)
        ports_.store.read(ReadScope::prefix, prefix_of(part),
                          lifeline_.guard([this, round, part](Result<Reading> read) {
                              if (!round->reading_now) return;
                              if (!read) return part_read(round, &read.error());
                              (*round->reading).*part = std::move(*read);
                              part_read(round, nullptr);
                          }));
    list_now(round);
}

// The first member that can tell it.
void Survey::list_now(const RoundPtr& round) {
    if (round->next_endpoint >= round->endpoints.size()) {
        const Error nobody{Code::unavailable, "no member told the list of members"};
        return part_read(round, &nobody);
    }
    const std::string endpoint = round->endpoints[round->next_endpoint++];
    ports_.electorate.list(
        {endpoint, now_limit},
        lifeline_.guard([this, round, endpoint](Answer<std::vector<MemberInfo>> answer) {
            if (!round->reading_now) return;
            if (!answer) return list_now(round);
            round->members = std::move(*answer.result);
            round->answered = endpoint;
            part_read(round, nullptr);
        }));
}

void Survey::part_read(const RoundPtr& round, const Error* failed) {
    if (!round->reading_now) return;
    if (!failed && --round->due > 0) return;
    round->reading_now = false;
    round->limit.reset();
    if (!failed) {
        round->reading->fresh = true;
        return ask_members(round);
    }
    round->reading->trouble = failed->text;
    for (Reading ClusterReading::*part : parts) (*round->reading).*part = {};
    read_heard(round);
}

// All are asked at once; whichever comes first in their order, of those that answer, tells.
void Survey::read_heard(const RoundPtr& round) {
    auto heard = std::make_shared<std::vector<std::vector<MemberInfo>>>(round->endpoints.size());
    round->due = round->endpoints.size() + 1;
    const auto answered = [this, round, heard] {
        if (--round->due > 0) return;
        for (std::size_t i = 0; i < heard->size(); ++i) {
            if ((*heard)[i].empty()) continue;
            round->members = std::move((*heard)[i]);
            return read_heard_at(round, round->endpoints[i]);
        }
        finish(round);
    };
    for (std::size_t i = 0; i < round->endpoints.size(); ++i)
        ports_.electorate.list_as_heard(
            {round->endpoints[i], share(*round, 3)},
            lifeline_.guard([heard, i, answered](Answer<std::vector<MemberInfo>> answer) {
                if (answer) (*heard)[i] = std::move(*answer.result);
                answered();
            }));
    ports_.loop.post(lifeline_.guard(answered));
}

void Survey::read_heard_at(const RoundPtr& round, const std::string& endpoint) {
    round->due = std::size(parts);
    for (Reading ClusterReading::*part : parts)
        ports_.electorate.read_as_heard(
            {endpoint, share(*round, 2)}, prefix_of(part),
            lifeline_.guard([this, round, part](Answer<Reading> answer) {
                if (answer) (*round->reading).*part = std::move(*answer.result);
                if (--round->due == 0) ask_members(round);
            }));
}

void Survey::ask_members(const RoundPtr& round) {
    std::vector<MemberReading>& readings = round->reading->members;
    for (MemberInfo& member : round->members) readings.push_back({std::move(member), {}, {}});
    round->due = readings.size() + 1;
    const auto answered = [this, round] {
        if (--round->due == 0) finish(round);
    };
    for (MemberReading& reading : readings) {
        if (reading.info.client_urls.empty()) {
            reading.silence = "has not started yet";
            ports_.loop.post(lifeline_.guard(answered));
            continue;
        }
        ports_.electorate.status(
            {reading.info.client_urls.front(), share(*round, 1)},
            lifeline_.guard([&reading, round, answered](Answer<MemberStatus> answer) {
                if (answer)
                    reading.status = std::move(*answer.result);
                else
                    reading.silence = answer.result.error().text;
                answered();
            }));
    }
    if (!round->reading->fresh) return ports_.loop.post(lifeline_.guard(answered));
    ports_.electorate.alarms(
        {round->answered, share(*round, 1)},
        lifeline_.guard([round, answered](Answer<std::vector<StoreAlarm>> answer) {
            if (answer) round->reading->alarms = std::move(*answer.result);
            answered();
        }));
}

void Survey::finish(const RoundPtr& round) {
    rounds_.erase(round);
    round->done(std::move(round->reading));
}

}  // namespace hansa
