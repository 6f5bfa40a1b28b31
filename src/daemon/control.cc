#include "daemon/control.h"

#include <algorithm>
#include <memory>

#include "base/text.h"
#include "data/json.h"
#include "report/explain.h"
#include "report/json.h"

namespace hansa {

namespace {

std::string known_questions(const std::vector<ControlTopic>& topics) {
    std::string text = "\"status\", \"explain RESOURCE\"";
    for (const ControlTopic& topic : topics) text += ", \"" + topic.question + "\"";
    return text;
}

// Whom it answers, and with what.
class ControlDesk {
 public:
    ControlDesk(const Accounts& accounts, Report& report, std::optional<GroupId> group,
                std::vector<ControlTopic> topics)
        : accounts_(accounts), report_(report), group_(group), topics_(std::move(topics)) {}

    void hear(const LocalPeer& peer, const std::string& question, Sockets::Answer answer) {
        if (!may_ask(peer, accounts_.self(), group_)) {
            refused("control_user", peer, "asked at the control socket");
            return answer(control_error("not your agent"));
        }
        const std::size_t end = std::min(question.find(' '), question.size());
        const std::string word = question.substr(0, end);
        const auto topic =
            std::find_if(topics_.begin(), topics_.end(),
                         [&](const ControlTopic& one) { return one.word() == word; });
        if (topic == topics_.end())
            return answer(answer_control(question, report_.snapshot(), topics_));
        if (topic->allowed == ControlTopic::For::owners && !may_change(peer, accounts_.self())) {
            refused("control_change", peer, "wanted \"" + printable(question, 80) + "\"");
            return answer(control_error("only " + accounts_.user_name(accounts_.self()) +
                                        " and root may change this agent's cluster"));
        }
        topic->answer(std::string{trim(question.substr(end))}, std::move(answer));
    }

 private:
    void refused(const char* cause, const LocalPeer& peer, const std::string& what) {
        report_.publish(happened::Refused{cause, "user " + accounts_.user_name(peer.user) +
                                                     " (process " + std::to_string(peer.pid) +
                                                     ") " + what});
    }

    const Accounts& accounts_;
    Report& report_;
    const std::optional<GroupId> group_;
    const std::vector<ControlTopic> topics_;
};

}  // namespace

std::string control_error(const std::string& why) {
    return to_json(MapBuilder{}.text("error", why).build());
}

std::string answer_control(const std::string& question, const Snapshot& snapshot,
                           const std::vector<ControlTopic>& others) {
    if (question == "status") return to_json(to_value(snapshot));
    constexpr std::string_view explain_word = "explain ";
    if (question.starts_with(explain_word))
        return to_json(explain(snapshot, question.substr(explain_word.size())));
    return control_error("no question \"" + printable(question) + "\"; this agent knows " +
                         known_questions(others));
}

bool may_change(const LocalPeer& peer, UserId self) {
    return peer.user == self || peer.user == 0;
}

bool may_ask(const LocalPeer& peer, UserId self, std::optional<GroupId> group) {
    if (may_change(peer, self)) return true;
    return group && std::find(peer.groups.begin(), peer.groups.end(), *group) != peer.groups.end();
}

Result<Held> serve_control(Sockets& sockets, const Accounts& accounts, const std::string& path,
                           Report& report, std::optional<GroupId> group,
                           std::vector<ControlTopic> topics) {
    // Shared, because a handler is copied.
    auto desk = std::make_shared<ControlDesk>(accounts, report, group, std::move(topics));
    return sockets.serve(
        path,
        [desk](const LocalPeer& peer, std::string question, Sockets::Answer answer) {
            desk->hear(peer, question, std::move(answer));
        },
        group);
}

}  // namespace hansa
