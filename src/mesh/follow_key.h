// What a Follower does that follows one key: tells the record that stands there, whenever that is
// another one. Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "mesh/follower.h"

namespace hansa {

struct KeyNews {
    std::function<void(const std::optional<Record>&)> on_record;  // nothing: there is none
    // One that was written just now, as far as the way here is short; before on_record.
    std::function<void(const Record&)> on_written = {};
    std::function<void(const Error&)> on_error;
    std::function<void()> on_difference = {};  // a comparison found that news were missed
};

// For a follower whose prefix is `key`; longer keys are nobody's business here.
FollowerEvents follow_key(std::string key, KeyNews news);

}  // namespace hansa
