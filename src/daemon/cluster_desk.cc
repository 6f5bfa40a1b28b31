#include "daemon/cluster_desk.h"

#include <algorithm>

#include "base/text.h"
#include "daemon/seat_settings.h"
#include "data/json.h"
#include "data/texts.h"
#include "mesh/cluster_view.h"
#include "mesh/keys.h"
#include "mesh/peers_view.h"
#include "report/json.h"

namespace hansa {
namespace {

constexpr Duration patience = Seconds{3};  // of whoever waits for a change

Value value_of(const SeatSettings& settings) {
    MapBuilder map;
    map.number("ideal", settings.ideal).text("timing", settings.timing);
    return map.build();
}

// What was asked for before and is now, and what follows.
Value changed(const ClusterReading& reading, const SeatSettings& before, const SeatSettings& now) {
    const Forecast next = forecast(reading, now.ideal);
    MapBuilder map;
    map.add("before", value_of(before)).add("now", value_of(now));
    map.text("follows", next.says).add("warnings", list_of_texts(next.warnings));
    return map.build();
}

}  // namespace

ClusterDesk::ClusterDesk(Ports ports, std::string host, Around around)
    : ports_(ports),
      around_(std::move(around)),
      host_(std::move(host)),
      removal_({ports.loop, ports.store, [this](Survey::Done done) { survey(std::move(done)); }},
               host_) {}

void ClusterDesk::survey(Survey::Done then) {
    if (!survey_)
        survey_.emplace(
            Survey::Ports{ports_.loop, ports_.store, around_.electorate(), ports_.report}, host_);
    survey_->take(around_.endpoints(), std::move(then));
}

void ClusterDesk::answer_from(ReadingPtr reading, std::function<Value(const ClusterReading&)> view,
                              Sockets::Answer answer) {
    auto text = std::make_shared<std::string>();  // shared: the worker may outlive us
    ports_.workers.run([reading = std::move(reading), view = std::move(view),
                        text](Task&) { *text = to_json(view(*reading)); },
                       lifeline_.guard([text, answer = std::move(answer)] { answer(*text); }));
}

void ClusterDesk::show(Sockets::Answer answer) {
    survey([this, answer = std::move(answer)](const ReadingPtr& reading) mutable {
        auto mine = std::make_shared<ClusterReading>(*reading);
        if (const Steward* steward = around_.steward(); steward && steward->leads()) {
            const SeatStep& step = steward->step();
            const Milliseconds now = duration_cast<Milliseconds>(mine->at.time_since_epoch());
            mine->steward = StewardRecord{{}, mine->host, step.says, step.is_alarm, now};
        }
        answer_from(
            mine, [](const ClusterReading& read) { return to_value(view_of(read)); },
            std::move(answer));
    });
}

void ClusterDesk::tell_peers(Sockets::Answer answer) {
    survey([this, answer = std::move(answer)](ReadingPtr reading) mutable {
        answer_from(
            std::move(reading),
            [](const ClusterReading& read) { return to_value(peers_of(read), read); },
            std::move(answer));
    });
}

void ClusterDesk::show_peers(const std::string& rest, Sockets::Answer answer) {
    constexpr std::string_view after = "after ";
    if (rest.empty()) return tell_peers(std::move(answer));
    const auto seen = to_int(std::string_view{rest}.substr(std::min(rest.size(), after.size())));
    if (!rest.starts_with(after) || !seen || *seen < 0)
        return answer(control_error("\"peers\" goes with \"after REVISION\", or nothing"));
    const std::uint64_t number = ++last_wait_;
    waits_.try_emplace(number, ports_.loop, ports_.store,
                       std::vector<std::string>{keys::names(), keys::peers(), keys::seats()}, *seen,
                       patience,
                       [this, number, answer = std::move(answer)](ChangeWait::Ended ended) {
                           waits_.erase(number);  // its function is a copy by now
                           waited(ended, answer);
                       });
}

// Where the store does not answer nothing is heard: what is known is told again.
void ClusterDesk::waited(ChangeWait::Ended ended, const Sockets::Answer& answer) {
    const bool is_heard = ports_.store.status().state == StoreStatus::State::connected;
    if (ended == ChangeWait::Ended::by_change || !is_heard) return tell_peers(answer);
    answer(to_json(MapBuilder{}.truth("unchanged", true).build()));
}

void ClusterDesk::set_size(const std::string& wanted, Sockets::Answer answer) {
    auto ideal = cluster_size(wanted);
    if (!ideal) return answer(control_error(ideal.error().text));
    change([ideal = *ideal](SeatSettings& settings) { settings.ideal = ideal; }, std::move(answer));
}

void ClusterDesk::set_timing(const std::string& wanted, Sockets::Answer answer) {
    if (auto known = check_timing(wanted); !known) return answer(control_error(known.error().text));
    change([wanted](SeatSettings& settings) { settings.timing = wanted; }, std::move(answer));
}

void ClusterDesk::remove(const std::string& host, Sockets::Answer answer) {
    removal_.ask(host, std::move(answer));
}

void ClusterDesk::tell_removal(const std::string& host, Sockets::Answer answer) {
    removal_.tell(host, std::move(answer));
}

void ClusterDesk::change(Change change, Sockets::Answer answer) {
    survey([this, change = std::move(change),
            answer = std::move(answer)](const ReadingPtr& reading) mutable {
        if (!reading->fresh)
            return answer(control_error("nothing is changed: the store cannot be written to now: " +
                                        view_of(*reading).reasons.front()));
        put(reading, change, std::move(answer));
    });
}

// Compares what was read: of two operators at the same moment one is told to look again.
void ClusterDesk::put(ReadingPtr reading, const Change& change, Sockets::Answer answer) {
    const ClusterFacts facts = facts_of(*reading);
    const SeatSettings before = facts.known.settings();
    SeatSettings now = before;
    change(now);
    const std::string key = keys::seat_settings();
    const Revision modified = facts.known.settings_modified();
    auto done = lifeline_.guard([this, reading = std::move(reading), before, now,
                                 answer = std::move(answer)](Result<Committed> put) mutable {
        if (!put) return answer(control_error("it may be changed, or not: " + put.error().text));
        if (!put->applied)
            return answer(control_error(
                "nothing is changed: somebody else changed the settings at this moment; look "
                "again with \"hansa cluster size\""));
        answer_from(
            std::move(reading),
            [before, now](const ClusterReading& read) { return changed(read, before, now); },
            std::move(answer));
    });
    ports_.store.commit({{modified ? Compare::modified(key, modified) : Compare::absent(key)},
                         {Operation::put(key, encode(now))}},
                        std::move(done));
}

std::vector<ControlTopic> cluster_topics(ClusterDesk* desk) {
    using For = ControlTopic::For;
    std::vector<ControlTopic> topics = {
        {"cluster", For::readers,
         [desk](const std::string&, Sockets::Answer answer) { desk->show(std::move(answer)); }},
        {"peers [after REVISION]", For::readers,
         [desk](const std::string& rest, Sockets::Answer answer) {
             desk->show_peers(rest, std::move(answer));
         }},
        {"size K", For::owners,
         [desk](const std::string& rest, Sockets::Answer answer) {
             desk->set_size(rest, std::move(answer));
         }},
        {"timing NAME", For::owners,
         [desk](const std::string& rest, Sockets::Answer answer) {
             desk->set_timing(rest, std::move(answer));
         }},
        {"remove NAME", For::owners,
         [desk](const std::string& rest, Sockets::Answer answer) {
             desk->remove(rest, std::move(answer));
         }},
        {"removal NAME", For::owners,
         [desk](const std::string& rest, Sockets::Answer answer) {
             desk->tell_removal(rest, std::move(answer));
         }},
        {"leave", For::owners,
         [desk](const std::string&, Sockets::Answer answer) { desk->leave(std::move(answer)); }},
    };
    if (desk) return topics;
    for (ControlTopic& topic : topics)
        topic.answer = [](const std::string&, const Sockets::Answer& answer) {
            answer(
                control_error("this agent runs without a store (--standalone): it is in no "
                              "cluster"));
        };
    return topics;
}

}  // namespace hansa
