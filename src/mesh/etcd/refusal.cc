#include "mesh/etcd/refusal.h"

#include <array>
#include <string_view>

#include "mesh/etcd/convert.h"

namespace hansa::etcd {

namespace {

using Status = grpc::StatusCode;

struct Known {
    Status status;
    std::string_view says;  // behind "etcdserver: "
    MemberFault fault;
    Code code;
    std::string_view advice = {};
};

// etcd 3.4, etcdserver/api/v3rpc/rpctypes/error.go.
constexpr std::array known_refusals = {
    Known{Status::UNAVAILABLE, "no leader", MemberFault::no_leader, Code::unavailable},
    Known{Status::UNAVAILABLE, "rpc not supported for learner", MemberFault::is_learner,
          Code::unavailable, "ask a voter"},
    Known{Status::UNAVAILABLE, "unhealthy cluster", MemberFault::unhealthy, Code::unavailable,
          "all voters must have been connected for 5 s; wait, or remove the one that is not"},
    Known{Status::FAILED_PRECONDITION, "not leader", MemberFault::not_leader, Code::unavailable,
          "ask the member that leads"},
    Known{Status::FAILED_PRECONDITION, "bad leader transferee", MemberFault::bad_target,
          Code::invalid, "name a voter"},
    Known{Status::FAILED_PRECONDITION, "re-configuration failed due to not enough started members",
          MemberFault::too_few_started, Code::unavailable, "start the voters that do not run"},
    Known{Status::FAILED_PRECONDITION, "too many learner members in cluster",
          MemberFault::too_many_learners, Code::conflict, "promote or remove the other one first"},
    Known{Status::FAILED_PRECONDITION,
          "can only promote a learner member which is in sync with leader",
          MemberFault::not_in_sync, Code::unavailable, "start it, or wait"},
    Known{Status::FAILED_PRECONDITION, "can only promote a learner member",
          MemberFault::not_learner, Code::invalid},
    Known{Status::FAILED_PRECONDITION, "Peer URLs already exists", MemberFault::address_taken,
          Code::conflict, "remove the member that has them, or give others"},
    Known{Status::FAILED_PRECONDITION, "member ID already exist", MemberFault::address_taken,
          Code::conflict, "ask again"},
    Known{Status::NOT_FOUND, "member not found", MemberFault::no_such_member, Code::missing},
    Known{Status::OUT_OF_RANGE, "mvcc: required revision has been compacted",
          MemberFault::revision_gone, Code::invalid, "take a newer one"},
    Known{Status::OUT_OF_RANGE, "mvcc: required revision is a future revision",
          MemberFault::revision_ahead, Code::unavailable, "wait"},
};

const Known* find_known(const grpc::Status& status) {
    constexpr std::string_view speaker = "etcdserver: ";
    const std::string text = status.error_message();
    if (!text.starts_with(speaker)) return nullptr;
    // Some of them 3.4 sends without their code, as UNKNOWN: too few started members, for one.
    const auto code = status.error_code();
    for (const Known& known : known_refusals)
        if ((code == known.status || code == Status::UNKNOWN) &&
            std::string_view(text).substr(speaker.size()) == known.says)
            return &known;
    return nullptr;
}

MemberFault fault_of(const Ending& ending, Fate fate) {
    if (fate == Fate::unknown) return MemberFault::no_answer;
    const bool said = ending.status.error_code() != Status::UNAVAILABLE;
    return said ? MemberFault::refused : MemberFault::not_reached;
}

}  // namespace

Refusal refusal_of(const Ending& ending, const std::string& address, Duration limit) {
    if (const Known* known = ending.timed_out ? nullptr : find_known(ending.status)) {
        std::string text = std::string(known->says) + ", says etcd at " + address;
        if (!known->advice.empty()) text += "; " + std::string(known->advice);
        return {known->fault, {known->code, std::move(text)}};
    }
    auto failure = failure_of(ending, address, limit);
    return {fault_of(ending, failure.fate), std::move(failure.error)};
}

}  // namespace hansa::etcd
