// The agent's control socket: answers what commands of this machine ask it, and does what its
// operators may change.
//
// Owned by Node; loop thread only. The agent's own user and root get an answer; the members of one
// group, if there is one (--control-group), get it to what changes nothing.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "report/report.h"
#include "sys/accounts.h"
#include "sys/sockets.h"

namespace hansa {

// What can be asked beside the agent's own state: a word, and what follows it.
struct ControlTopic {
    enum class For {
        readers,  // changes nothing
        owners,   // changes something
    };
    std::string question;  // "size K"; the first word is the topic's
    For allowed = For::readers;
    // Answers once, now or within 4 s, with one JSON object.
    std::function<void(std::string rest, Sockets::Answer answer)> answer;

    std::string word() const { return question.substr(0, question.find(' ')); }
};

// Serves at `path` as long as the handle lives; everything must outlive it.
[[nodiscard]] Result<Held> serve_control(Sockets& sockets, const Accounts& accounts,
                                         const std::string& path, Report& report,
                                         std::optional<GroupId> group,
                                         std::vector<ControlTopic> topics);

// Whether whoever asks is one of those. Pure.
bool may_ask(const LocalPeer& peer, UserId self, std::optional<GroupId> group);
bool may_change(const LocalPeer& peer, UserId self);

// The answer to a question about the agent's own state. Pure.
std::string answer_control(const std::string& question, const Snapshot& snapshot,
                           const std::vector<ControlTopic>& others = {});

// {"error": …}
std::string control_error(const std::string& why);

}  // namespace hansa
