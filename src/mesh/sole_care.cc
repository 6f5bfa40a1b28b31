#include "mesh/sole_care.h"

#include <utility>

namespace hansa {
namespace {

constexpr Duration look_every = Seconds{5};
constexpr Duration answer_limit = Seconds{2};

}  // namespace

SoleCare::SoleCare(Caretaker::Ports ports, std::string endpoint)
    : ports_(ports), endpoint_(std::move(endpoint)), caretaker_(ports, [this] { look(); }) {
    look();
}

void SoleCare::look() {
    timer_ = ports_.loop.after(look_every, [this] { look(); });
    if (caretaker_.is_at_work()) return;
    ports_.electorate.status({endpoint_, answer_limit},
                             lifeline_.guard([this](Answer<MemberStatus> answer) {
                                 if (answer) on_status(*answer.result);
                             }));
}

void SoleCare::on_status(const MemberStatus& status) {
    UpkeepFacts facts;
    facts.leads = facts.is_steward = status.leader == status.id;
    facts.is_calm = true;
    facts.voters.push_back({status.id, "this machine", facts.leads, true, !status.errors.empty(),
                            status.bytes, status.bytes_used, status.revision});
    caretaker_.look(std::move(facts), {{status.id, endpoint_}}, default_timing());
}

}  // namespace hansa
