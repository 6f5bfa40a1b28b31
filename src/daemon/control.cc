#include "daemon/control.h"

#include <algorithm>

#include "base/text.h"
#include "data/json.h"
#include "report/explain.h"
#include "report/json.h"

namespace hansa {

std::string answer_control(const std::string& question, const Snapshot& snapshot) {
    if (question == "status") return to_json(to_value(snapshot));
    constexpr std::string_view explain_word = "explain ";
    if (question.starts_with(explain_word))
        return to_json(explain(snapshot, question.substr(explain_word.size())));
    MapBuilder map;
    map.text("error", "no question \"" + printable(question) +
                          "\"; this agent knows \"status\" and \"explain RESOURCE\"");
    return to_json(map.build());
}

bool may_ask(const LocalPeer& peer, UserId self, std::optional<GroupId> group) {
    if (peer.user == self || peer.user == 0) return true;
    return group && std::find(peer.groups.begin(), peer.groups.end(), *group) != peer.groups.end();
}

Result<Held> serve_control(Sockets& sockets, const Accounts& accounts, const std::string& path,
                           Report& report, std::optional<GroupId> group) {
    const auto hear = [&accounts, &report, group](const LocalPeer& peer, std::string question,
                                                  Sockets::Answer answer) {
        if (may_ask(peer, accounts.self(), group))
            return answer(answer_control(question, report.snapshot()));
        report.publish(happened::Refused{
            "control_user", "user " + accounts.user_name(peer.user) + " (process " +
                                std::to_string(peer.pid) + ") asked at the control socket"});
        answer(to_json(MapBuilder{}.text("error", "not your agent").build()));
    };
    return sockets.serve(path, hear, group);
}

}  // namespace hansa
