#include "daemon/leaving.h"

#include "daemon/control.h"
#include "data/json.h"
#include "data/texts.h"
#include "mesh/cluster_view.h"
#include "report/json.h"

namespace hansa {
namespace {

constexpr Duration pace = Seconds{1};
constexpr Duration silence = Seconds{5};  // of the command: it has been broken off

}  // namespace

LeaveStep decide_leave(const ClusterReading& reading, const std::string& uuid, bool serves_seat) {
    using Do = LeaveStep::Do;
    if (!reading.fresh)
        return {Do::nothing,
                "the store cannot be written to now: " + view_of(reading).reasons.front()};
    const ClusterFacts facts = facts_of(reading);
    const bool is_member = facts.seats.find_member_of(uuid) != nullptr;
    // The last one takes the store with it; nobody is there to have the seat.
    const bool is_alone = facts.seats.peers.size() <= 1;
    if (is_alone || (!is_member && !serves_seat)) return {Do::go};
    const auto& steward = facts.known.steward();
    std::string says = is_member ? "this host's seat is to be given away" : "its etcd is to end";
    if (steward && !steward->says.empty())
        says += "; the steward (" + steward->name + "): " + steward->says;
    return {Do::give_seat, std::move(says)};
}

void Leaving::ask(Sockets::Answer answer) {
    if (gone_) return answer(control_error("this host is about to leave already"));
    steps_.survey([this, answer = std::move(answer)](
                      const std::shared_ptr<const ClusterReading>& reading) mutable {
        take(*reading, std::move(answer));
    });
}

void Leaving::take(const ClusterReading& reading, Sockets::Answer answer) {
    if (gone_) return answer(control_error("this host is about to leave already"));
    const LeaveStep step = decide_leave(reading, uuid_, steps_.serves_seat());
    switch (step.what) {
        case LeaveStep::Do::nothing: return answer(control_error(step.says));
        case LeaveStep::Do::give_seat: return give_seat(step.says, std::move(answer));
        case LeaveStep::Do::go: return go(std::move(answer));
    }
}

void Leaving::give_seat(const std::string& says, Sockets::Answer answer) {
    steps_.refuse_seats(true);
    patience_ = loop_.after(silence, [this] { steps_.refuse_seats(false); });
    pause_ = loop_.after(pace, [says, answer = std::move(answer)] {
        answer(to_json(MapBuilder{}.text("state", "seat").text("says", says).build()));
    });
}

void Leaving::go(Sockets::Answer answer) {
    gone_ = true;
    patience_.reset();
    steps_.leave(lifeline_.guard([this, answer = std::move(answer)](Result<void> released) {
        MapBuilder map;
        map.text("state", "left").add("kept", list_of_texts(steps_.kept()));
        if (!released) map.text("trouble", released.error().text);
        answer(to_json(map.build()));
        steps_.end(released);
    }));
}

}  // namespace hansa
