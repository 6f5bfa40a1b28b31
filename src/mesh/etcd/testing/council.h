// Tests only: the electorate of a rig, with its answers as values, and members that join the rig.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mesh/etcd/electorate.h"
#include "mesh/etcd/testing/client.h"

namespace hansa::test {

class Council {
 public:
    // Longer than any answer of a well cluster takes.
    static constexpr Duration limit = Seconds(10);

    Council(LinuxLoop& loop, EtcdRig& rig)
        : loop_(loop), rig_(rig), electorate_(make_etcd_electorate(loop, peer_of(rig))) {}

    EtcdElectorate& electorate() { return *electorate_; }
    void destroy() { electorate_.reset(); }

    Ask ask(std::size_t at, Duration within = limit) const { return {rig_.url(at), within}; }

    // Drives the loop until the answer is there.
    template <class T>
    Answer<T> await(const std::function<void(Electorate::Done<T>)>& call) {
        std::optional<Answer<T>> answer;
        call([&](Answer<T> result) { answer.emplace(std::move(result)); });
        check(!answer, "an answer never comes from within the call");
        if (!run_until(loop_, [&] { return answer.has_value(); }))
            return {Error{Code::internal, "no answer at all"}, MemberFault::none};
        check(static_cast<bool>(answer->result) == (answer->fault == MemberFault::none),
              "there is a fault exactly when there is no result");
        return *std::move(answer);
    }

    // A change of members. Raft drops one that is proposed while the leader still works on the last
    // (etcd-io/raft, `pendingConfIndex`), although etcd may have answered that one already: who
    // waits for the answer waits in vain. The slower the disk the likelier; asked again it is made.
    template <class T>
    Answer<T> change(const std::function<void(Electorate::Done<T>)>& call) {
        auto answer = await<T>(call);
        for (int again = 0; again < 5 && answer.fault == MemberFault::no_answer; ++again)
            answer = await<T>(call);
        return answer;
    }

    Answer<std::vector<MemberInfo>> list(const Ask& at) {
        return await<std::vector<MemberInfo>>(
            [&](auto done) { electorate_->list(at, std::move(done)); });
    }
    Answer<MemberId> add_learner(const Ask& at, const std::vector<std::string>& peer_urls) {
        return change<MemberId>(
            [&](auto done) { electorate_->add_learner(at, peer_urls, std::move(done)); });
    }
    Answer<void> promote(const Ask& at, MemberId member) {
        return change<void>([&](auto done) { electorate_->promote(at, member, std::move(done)); });
    }
    Answer<void> remove(const Ask& at, MemberId member) {
        return change<void>([&](auto done) { electorate_->remove(at, member, std::move(done)); });
    }
    Answer<void> update(const Ask& at, MemberId member, const std::vector<std::string>& peer_urls) {
        return change<void>(
            [&](auto done) { electorate_->update(at, member, peer_urls, std::move(done)); });
    }
    Answer<MemberStatus> status(const Ask& at) {
        return await<MemberStatus>([&](auto done) { electorate_->status(at, std::move(done)); });
    }
    Answer<void> move_leader(const Ask& at, MemberId target) {
        return await<void>(
            [&](auto done) { electorate_->move_leader(at, target, std::move(done)); });
    }
    Answer<void> compact(const Ask& at, Revision revision) {
        return await<void>([&](auto done) { electorate_->compact(at, revision, std::move(done)); });
    }
    Answer<StoreHash> hash_kv(const Ask& at, Revision revision) {
        return await<StoreHash>(
            [&](auto done) { electorate_->hash_kv(at, revision, std::move(done)); });
    }
    Answer<std::vector<StoreAlarm>> alarms(const Ask& at) {
        return await<std::vector<StoreAlarm>>(
            [&](auto done) { electorate_->alarms(at, std::move(done)); });
    }

    MemberId id(std::size_t at) {
        auto told = status(ask(at));
        check(static_cast<bool>(told), "a member that runs tells its id");
        return told.result->id;
    }
    std::size_t voters(std::size_t at) {
        auto told = list(ask(at));
        check(static_cast<bool>(told), "a member with a quorum tells the list");
        return static_cast<std::size_t>(
            std::count_if(told.result->begin(), told.result->end(),
                          [](const MemberInfo& member) { return !member.is_learner; }));
    }

    // Again and again as long as it fails for this reason alone.
    template <class T>
    Answer<T> at_last(MemberFault passing, const std::function<Answer<T>()>& call) {
        const auto deadline = loop_.clock().now() + patience;
        for (;;) {
            auto answer = call();
            if (answer) return answer;
            if (answer.fault != passing || loop_.clock().now() > deadline) {
                std::fprintf(stderr, "             %s\n", answer.result.error().text.c_str());
                return answer;
            }
            run_for(loop_, Milliseconds(20));
        }
    }

    // A learner that runs, added through `via`. Returns its place in the rig.
    std::size_t let_in(std::size_t via) {
        const std::size_t at = rig_.prepare_joiner();
        auto added = at_last<MemberId>(MemberFault::unhealthy, [&] {
            return add_learner(ask(via), rig_.config(at).peer_urls);
        });
        check(static_cast<bool>(added), "a well cluster takes a learner");
        tell_members(via, at);
        rig_.start(at);
        return at;
    }

    void make_voter(std::size_t via, std::size_t at) {
        const auto promoted = at_last<void>(
            MemberFault::not_in_sync, [&, member = id(at)] { return promote(ask(via), member); });
        check(static_cast<bool>(promoted), "a learner that runs becomes a voter");
        // The others have agreed on it; it may not have heard yet, and still answers as a learner.
        const auto heard = at_last<std::vector<MemberInfo>>(MemberFault::is_learner,
                                                            [&] { return list(ask(at)); });
        check(static_cast<bool>(heard), "a voter soon knows that it is one");
    }

    // What who joins has to know: the list as it stands once it was added.
    void tell_members(std::size_t via, std::size_t joiner) {
        auto listed = list(ask(via));
        check(static_cast<bool>(listed), "a member with a quorum tells the list");
        for (const auto& member : *listed.result)
            for (const auto& url : member.peer_urls)
                rig_.config(joiner).members.push_back({member.name, url});
    }

 private:
    LinuxLoop& loop_;
    EtcdRig& rig_;
    std::unique_ptr<EtcdElectorate> electorate_;
};

// Writes one key after the other, each when the one before is acknowledged.
class Writer {
 public:
    Writer(LinuxLoop& loop, const EtcdRig& rig)
        : loop_(loop), client_(loop, rig), last_(loop.clock().now()) {
        write();
    }

    // Ends with what is under way acknowledged; to be called before anything is counted.
    void stop() {
        stopping_ = true;
        check(run_until(loop_, [&] { return !busy_; }), "the last write is answered");
    }

    Client& client() { return client_; }
    std::size_t acknowledged() const { return acknowledged_; }
    const std::vector<std::string>& failures() const { return failures_; }
    Duration longest_gap() const { return longest_gap_; }

    static std::string key(std::size_t number) { return "/w/" + std::to_string(number); }

 private:
    void write() {
        busy_ = true;
        client_.store().commit({{}, {Operation::put(key(acknowledged_), "x")}},
                               [this](Result<Committed> result) { answered(std::move(result)); });
    }

    void answered(Result<Committed> result) {
        busy_ = false;
        if (result) {
            ++acknowledged_;
            const auto now = loop_.clock().now();
            longest_gap_ = std::max(longest_gap_, now - std::exchange(last_, now));
        } else {
            failures_.push_back(result.error().text);
        }
        if (!stopping_) write();
    }

    LinuxLoop& loop_;
    Client client_;
    Instant last_;
    Duration longest_gap_{0};
    std::size_t acknowledged_ = 0;
    std::vector<std::string> failures_;
    bool busy_ = false;
    bool stopping_ = false;
};

}  // namespace hansa::test
