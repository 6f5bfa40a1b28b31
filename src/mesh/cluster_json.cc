#include "data/texts.h"
#include "mesh/cluster_view.h"
#include "report/json.h"

namespace hansa {
namespace {

WallTime since_1970(Milliseconds time) {
    return WallTime{time};
}

Value of(const MemberView& member) {
    MapBuilder map;
    map.text("id", text_of_member(member.id)).text("host", member.host);
    map.text("seat", member.is_learner ? "learner" : "voter").truth("leads", member.leads);
    map.text("domain", member.domain).text("url", member.url).truth("answers", member.answers);
    if (!member.answers) map.text("silence", member.silence);
    if (member.behind) map.number("behind", *member.behind);
    if (member.answers) map.number("bytes", member.bytes).number("bytes_used", member.bytes_used);
    map.text("etcd", member.version);
    return map.build();
}

Value seats_of(const ClusterView& view) {
    MapBuilder map;
    map.truth("given", view.gives_seats).truth("known", view.knows_seats);
    if (view.settings)
        map.number("ideal", view.settings->ideal).text("timing", view.settings->timing);
    map.number("wanted", view.wanted).number("taken", view.voters).number("open", view.open);
    map.add("fewer_because", list_of_texts(view.fewer))
        .add("open_because", list_of_texts(view.causes));
    return map.build();
}

Value of(const StewardRecord& steward) {
    MapBuilder map;
    map.text("host", steward.name).text("says", steward.says).truth("alarm", steward.is_alarm);
    map.text("at", iso8601(since_1970(steward.at)));
    return map.build();
}

Value of(const SeatIntent& intent) {
    MapBuilder map;
    map.number("seq", intent.seq).text("purpose", std::string{name_of(intent.purpose)});
    map.text("why", intent.why).add("adds", list_of_texts(intent.adds));
    map.add("removes", list_of_texts(intent.removes));
    if (intent.order) map.text("next", std::string{name_of(intent.order->call)});
    map.text("at", iso8601(since_1970(intent.at)));
    map.text("deadline", iso8601(since_1970(intent.at + intent.allowed)));
    return map.build();
}

Value of(const PenaltyView& penalty) {
    MapBuilder map;
    map.text("host", penalty.host).number("strikes", penalty.strikes);
    map.text("until", iso8601(penalty.until));
    return map.build();
}

Value of(const CopyView& copy) {
    MapBuilder map;
    map.text("host", copy.host).text("time", iso8601(copy.at));
    map.number("age", static_cast<std::uint64_t>(duration_cast<Seconds>(copy.age).count()));
    map.number("epoch", copy.epoch).add("revision", Value::of_int(copy.revision));
    map.number("bytes", copy.bytes);
    return map.build();
}

template <class T>
Value list_of(const std::vector<T>& all) {
    Value::List list;
    for (const T& one : all) list.push_back(of(one));
    return Value::of_list(std::move(list));
}

}  // namespace

std::string_view name_of(ClusterView::Health health) {
    switch (health) {
        case ClusterView::Health::healthy: return "healthy";
        case ClusterView::Health::changing: return "changing";
        case ClusterView::Health::degraded: return "degraded";
        case ClusterView::Health::read_only: return "read-only";
    }
    return "unknown";
}

Value to_value(const ClusterView& view) {
    MapBuilder map;
    map.text("host", view.host).text("time", iso8601(view.at));
    map.text("health", std::string{name_of(view.health)})
        .add("reasons", list_of_texts(view.reasons));
    map.truth("stale", view.health == ClusterView::Health::read_only);
    if (view.read_only_since) map.text("read_only_since", iso8601(*view.read_only_since));
    map.number("voters", view.voters).number("answering", view.answering);
    map.add("can_lose", Value::of_int(view.can_lose)).text("tolerance", view.tolerance);
    if (!view.remedy.empty()) map.text("remedy", view.remedy);
    map.add("revision", Value::of_int(view.revision));
    map.number("bytes", view.bytes).number("bytes_used", view.bytes_used);
    map.add("seats", seats_of(view)).add("members", list_of(view.members));
    if (view.steward) map.add("steward", of(*view.steward));
    if (view.intent) map.add("intent", of(*view.intent));
    map.add("alarms", list_of_texts(view.alarms)).add("penalties", list_of(view.penalties));
    map.add("copies", list_of(view.copies));
    return map.build();
}

}  // namespace hansa
