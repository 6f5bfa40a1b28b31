#include "daemon/removal.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "base/text.h"
#include "daemon/control.h"
#include "data/json.h"
#include "mesh/cluster_view.h"
#include "mesh/endpoints.h"
#include "mesh/keys.h"
#include "report/json.h"

namespace hansa {
namespace {

using Do = RemovalStep::Do;

constexpr Duration pace = Seconds{1};

RemovalStep refusal(std::string why) {
    return {Do::nothing, std::move(why)};
}

std::string unknown(const ClusterFacts& facts, const std::string& host) {
    std::vector<std::string> names;
    for (const auto& [name, record] : facts.known.names()) names.push_back(name);
    const auto near = nearest(host, names);
    return "no host \"" + printable(host) + "\" is in this cluster" +
           (near ? "; did you mean \"" + *near + "\"?" : "");
}

bool is_claimed(const ClusterFacts& facts, const std::string& host) {
    return facts.known.names().contains(host);
}

// A host that is gone offers no address any more, by which its member would be known; what the
// steward wrote last about voters still says it.
bool is_place_of(const std::vector<VoterPlace>& places, const std::string& host,
                 const SeatMember& member) {
    return std::any_of(places.begin(), places.end(), [&](const VoterPlace& place) {
        return place.host == host && share_url(place.urls, member.client_urls);
    });
}

// A learner that has not started shows no name yet, so that it is on its way counts.
std::string seat_of(const ClusterFacts& facts, const std::string& host, const std::string& uuid) {
    const SeatMember* found = facts.seats.find_member_of(uuid);
    const auto told = decode_voters(facts.known.voters_text());
    for (const SeatMember& member : facts.seats.members)
        if (!found && told && member.uuid.empty() && is_place_of(told->voters, host, member))
            found = &member;
    if (found) return found->is_learner ? "learner" : "voter";
    const auto& intent = facts.seats.book.intent;
    const bool comes =
        intent && std::find(intent->adds.begin(), intent->adds.end(), uuid) != intent->adds.end();
    return comes ? "learner" : "-";
}

Value answer_about(const char* state, const RemovalStep& step, std::size_t exports,
                   std::size_t records) {
    MapBuilder map;
    map.text("state", state).text("name", step.name.name).text("uuid", step.name.uuid);
    map.text("since", step.name.since).text("where", step.name.where).text("seat", step.seat);
    map.number("exports", exports).number("records", records);
    return map.build();
}

}  // namespace

RemovalStep decide_removal(const ClusterReading& reading, const std::string& host) {
    if (!reading.fresh)
        return refusal("nothing is removed: the store cannot be written to now: " +
                       view_of(reading).reasons.front());
    const ClusterFacts facts = facts_of(reading);
    if (!is_claimed(facts, host)) return refusal(unknown(facts, host));
    if (facts.known.peers().contains(host))
        return refusal("\"" + host +
                       "\" is alive, and nothing of it is removed: run \"hansa leave\" "
                       "there; to keep a host out: \"hansa peers revoke " +
                       host + "\"");
    RemovalStep step;
    step.name = facts.known.names().at(host);
    const std::string key = keys::name_of(*HostName::parse(host));
    for (const Record& record : reading.names.records)
        if (record.key == key) step.name_modified = record.modified;
    step.seat = seat_of(facts, host, step.name.uuid);
    if (step.seat == "-") {
        step.what = Do::go;
        return step;
    }
    step.what = facts.known.is_leaving(host) ? Do::wait : Do::ask;
    step.says = "the seat of " + host + " is to be given away";
    const auto& steward = facts.known.steward();
    if (steward && !steward->says.empty())
        step.says += "; the steward (" + steward->name + "): " + steward->says;
    return step;
}

void Removal::decide(const std::string& host, Sockets::Answer answer, Then then) {
    ports_.survey([host, answer = std::move(answer),
                   then = std::move(then)](const std::shared_ptr<const ClusterReading>& reading) {
        const RemovalStep step = decide_removal(*reading, host);
        if (step.what == Do::nothing) return answer(control_error(step.says));
        then(step, answer);
    });
}

void Removal::ask(const std::string& host, Sockets::Answer answer) {
    decide(host, std::move(answer), [this](const RemovalStep& step, Sockets::Answer done) {
        if (step.what == Do::ask) return record(step, std::move(done));
        if (step.what == Do::wait) return wait(step, std::move(done));
        count(step.name.name, [this, step, done = std::move(done)](Result<Belongings> had) {
            if (!had) return done(control_error("nothing is removed: " + had.error().text));
            go(step, *had, done);
        });
    });
}

void Removal::tell(const std::string& host, Sockets::Answer answer) {
    decide(host, std::move(answer), [this](const RemovalStep& step, Sockets::Answer done) {
        count(step.name.name, [step, done = std::move(done)](Result<Belongings> has) {
            if (!has) return done(control_error(has.error().text));
            done(to_json(answer_about("plan", step, has->exports, has->records)));
        });
    });
}

void Removal::record(const RemovalStep& step, Sockets::Answer answer) {
    const HostName host = *HostName::parse(step.name.name);
    const LeavingRecord wish{step.name.uuid, me_, iso8601(ports_.loop.clock().wall())};
    ports_.store.commit(
        {{Compare::modified(keys::name_of(host), step.name_modified),
          Compare::absent(keys::peer(host))},
         {Operation::put(keys::seat_leaving(host), encode(wish))}},
        lifeline_.guard([this, step, answer = std::move(answer)](Result<Committed> put) mutable {
            if (!put) return answer(control_error(put.error().text));
            wait(step, std::move(answer));  // the next step sees who was faster
        }));
}

void Removal::wait(const RemovalStep& step, Sockets::Answer answer) {
    const std::uint64_t number = ++last_pause_;
    pauses_[number] =
        ports_.loop.after(pace, [this, number, says = step.says, answer = std::move(answer)] {
            const auto ended = pauses_.extract(number);
            answer(to_json(MapBuilder{}.text("state", "seat").text("says", says).build()));
        });
}

void Removal::count(const std::string& host, Counted then) {
    struct Count {
        Belongings found{0, 1};
        std::optional<Error> failed;
        int due = 4;
    };
    const HostName name = *HostName::parse(host);
    auto counted = std::make_shared<Count>();  // shared by four answers
    const auto read = [&](ReadScope scope, const std::string& key) {
        ports_.store.read(scope, key, lifeline_.guard([counted, then](Result<Reading> reading) {
            if (!reading) {
                counted->failed = std::move(reading).error();
            } else {
                counted->found.records += reading->records.size();
                for (const Record& record : reading->records)
                    if (const auto found = keys::parse_export(record.key))
                        counted->found.exports += found->id ? 1 : 0;
            }
            if (--counted->due > 0) return;
            if (counted->failed) return then(*counted->failed);
            then(counted->found);
        }));
    };
    read(ReadScope::prefix, keys::exports_of(name));
    read(ReadScope::key, keys::identity_of(name));
    read(ReadScope::key, keys::seat_copy(name));
    read(ReadScope::key, keys::seat_leaving(name));
}

void Removal::go(const RemovalStep& step, const Belongings& had, Sockets::Answer answer) {
    const HostName host = *HostName::parse(step.name.name);
    Transaction removal;
    removal.when = {Compare::modified(keys::name_of(host), step.name_modified),
                    Compare::absent(keys::peer(host))};
    removal.then = {
        Operation::remove(keys::name_of(host)), Operation::remove(keys::identity_of(host)),
        Operation::remove_prefix(keys::exports_of(host)), Operation::remove(keys::seat_copy(host)),
        Operation::remove(keys::seat_leaving(host))};
    ports_.store.commit(
        std::move(removal),
        lifeline_.guard([step, had, answer = std::move(answer)](Result<Committed> done) {
            if (!done)
                return answer(control_error("it may be removed, or not: " + done.error().text));
            if (!done->applied)
                return answer(control_error(
                    "nothing is removed: \"" + step.name.name +
                    "\" came back, or somebody else removed it, at this moment; look again with "
                    "\"hansa peers\""));
            answer(to_json(answer_about("removed", step, had.exports, had.records)));
        }));
}

}  // namespace hansa
