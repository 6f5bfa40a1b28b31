#include "daemon/control.h"

#include "base/text.h"
#include "data/json.h"
#include "report/json.h"

namespace hansa {

std::string answer_control(const std::string& question, const Snapshot& snapshot) {
    if (question == "status") return to_json(to_value(snapshot));
    MapBuilder map;
    map.text("error", "no question \"" + printable(question) + "\"; this agent knows \"status\"");
    return to_json(map.build());
}

Result<Held> serve_control(Sockets& sockets, const Accounts& accounts, const std::string& path,
                           Report& report) {
    return sockets.serve(path, [&accounts, &report](const LocalPeer& peer, std::string question,
                                                    Sockets::Answer answer) {
        if (peer.user == accounts.self() || peer.user == 0)
            return answer(answer_control(question, report.snapshot()));
        report.publish(happened::Refused{
            "control_user", "user " + accounts.user_name(peer.user) + " (process " +
                                std::to_string(peer.pid) + ") asked at the control socket"});
        answer(to_json(MapBuilder{}.text("error", "not your agent").build()));
    });
}

}  // namespace hansa
