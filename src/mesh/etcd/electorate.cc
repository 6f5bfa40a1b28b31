#include "mesh/etcd/electorate.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "mesh/etcd/calls.h"
#include "mesh/etcd/convert.h"
#include "mesh/etcd/lines.h"
#include "mesh/etcd/pump.h"
#include "mesh/etcd/refusal.h"
#include "mesh/etcd/transfer.h"
#include "mesh/lifeline.h"

namespace hansa::etcd {

namespace pb = etcdserverpb;

namespace {

enum class Needs {
    leader,   // refused at once by a member that knows none, instead of waiting for one
    nothing,  // but the member itself
};

MemberInfo info_of(const pb::Member& from) {
    MemberInfo info;
    info.id = from.id();
    info.name = from.name();
    info.peer_urls.assign(from.peerurls().begin(), from.peerurls().end());
    info.client_urls.assign(from.clienturls().begin(), from.clienturls().end());
    info.is_learner = from.islearner();
    info.started = !from.name().empty();
    return info;
}

MemberStatus status_of(const pb::StatusResponse& from) {
    MemberStatus status;
    status.id = from.header().member_id();
    status.cluster = from.header().cluster_id();
    status.leader = from.leader();
    status.term = from.raftterm();
    status.raft_index = from.raftindex();
    status.applied_index = from.raftappliedindex();
    status.revision = from.header().revision();
    status.bytes = static_cast<std::uint64_t>(from.dbsize());
    status.bytes_used = static_cast<std::uint64_t>(from.dbsizeinuse());
    status.is_learner = from.islearner();
    status.version = from.version();
    status.errors.assign(from.errors().begin(), from.errors().end());
    return status;
}

StoreAlarm alarm_of(const pb::AlarmMember& from) {
    switch (from.alarm()) {
        case pb::NOSPACE: return {StoreAlarm::Kind::space, from.memberid()};
        case pb::CORRUPT: return {StoreAlarm::Kind::corruption, from.memberid()};
        default: return {StoreAlarm::Kind::other, from.memberid()};
    }
}

// An answer of another type: what was wrong, or else what `convert` makes of the response.
template <class T, class Response, class Convert>
Answer<T> converted(Answer<Response>& answer, const Convert& convert) {
    if (!answer) return {std::move(answer.result).error(), answer.fault};
    return {convert(*answer.result)};
}

class ElectorateOverGrpc final : public EtcdElectorate {
 public:
    ElectorateOverGrpc(Loop& loop, std::optional<StoreIdentity> identity)
        : pump_(loop), lines_(loop.clock()) {
        if (identity) lines_.use_identity(*std::move(identity));
    }

    ~ElectorateOverGrpc() override {
        for (const auto& [raw, transfer] : transfers_) transfer->stop();
    }

    void use_identity(StoreIdentity identity) override { lines_.use_identity(std::move(identity)); }

    void list(Ask ask, Done<std::vector<MemberInfo>> done) override {
        const Instant end = now() + ask.limit;
        pb::RangeRequest read;  // of one key, whether it is there or not
        read.set_key(std::string(1, '\0'));
        const Ask first = ask;
        request<pb::RangeResponse>(
            first, Needs::leader,
            [read](Connection& on, auto* context, auto* queue) {
                return on.kv->AsyncRange(context, read, queue);
            },
            [this, ask = std::move(ask), end,
             done = std::move(done)](Answer<pb::RangeResponse> answer) mutable {
                if (!answer) return done({std::move(answer.result).error(), answer.fault});
                ask.limit = std::max(end - now(), Duration::zero());
                list_from(ask, Needs::leader, std::move(done));
            });
    }

    void list_as_heard(Ask ask, Done<std::vector<MemberInfo>> done) override {
        list_from(ask, Needs::nothing, std::move(done));
    }

    void read_as_heard(Ask ask, std::string prefix, Done<Reading> done) override {
        const KeyRange range = range_of(prefix);
        pb::RangeRequest read;
        read.set_key(range.first);
        read.set_range_end(range.end);
        read.set_serializable(true);
        request<pb::RangeResponse>(
            ask, Needs::nothing,
            [read](Connection& on, auto* context, auto* queue) {
                return on.kv->AsyncRange(context, read, queue);
            },
            [done = std::move(done)](Answer<pb::RangeResponse> answer) {
                done(converted<Reading>(answer, [](auto& told) {
                    Reading reading{told.header().revision(), {}};
                    for (auto& one : *told.mutable_kvs()) reading.records.push_back(record_of(one));
                    return reading;
                }));
            });
    }

    void add_learner(Ask ask, std::vector<std::string> peer_urls, Done<MemberId> done) override {
        pb::MemberAddRequest add;
        for (auto& url : peer_urls) add.add_peerurls(std::move(url));
        add.set_islearner(true);
        request<pb::MemberAddResponse>(
            ask, Needs::leader,
            [add](Connection& on, auto* context, auto* queue) {
                return on.cluster->AsyncMemberAdd(context, add, queue);
            },
            [done = std::move(done)](Answer<pb::MemberAddResponse> answer) {
                done(converted<MemberId>(answer, [](auto& added) { return added.member().id(); }));
            });
    }

    void promote(Ask ask, MemberId member, Done<void> done) override {
        pb::MemberPromoteRequest promotion;
        promotion.set_id(member);
        request<pb::MemberPromoteResponse>(
            ask, Needs::leader,
            [promotion](Connection& on, auto* context, auto* queue) {
                return on.cluster->AsyncMemberPromote(context, promotion, queue);
            },
            without_answer<pb::MemberPromoteResponse>(std::move(done)));
    }

    void remove(Ask ask, MemberId member, Done<void> done) override {
        pb::MemberRemoveRequest removal;
        removal.set_id(member);
        request<pb::MemberRemoveResponse>(
            ask, Needs::leader,
            [removal](Connection& on, auto* context, auto* queue) {
                return on.cluster->AsyncMemberRemove(context, removal, queue);
            },
            without_answer<pb::MemberRemoveResponse>(std::move(done)));
    }

    void update(Ask ask, MemberId member, std::vector<std::string> peer_urls,
                Done<void> done) override {
        pb::MemberUpdateRequest update;
        update.set_id(member);
        for (auto& url : peer_urls) update.add_peerurls(std::move(url));
        request<pb::MemberUpdateResponse>(
            ask, Needs::leader,
            [update](Connection& on, auto* context, auto* queue) {
                return on.cluster->AsyncMemberUpdate(context, update, queue);
            },
            without_answer<pb::MemberUpdateResponse>(std::move(done)));
    }

    void status(Ask ask, Done<MemberStatus> done) override {
        request<pb::StatusResponse>(
            ask, Needs::nothing,
            [](Connection& on, auto* context, auto* queue) {
                return on.maintenance->AsyncStatus(context, pb::StatusRequest(), queue);
            },
            [done = std::move(done)](Answer<pb::StatusResponse> answer) {
                done(converted<MemberStatus>(answer, status_of));
            });
    }

    void move_leader(Ask ask, MemberId target, Done<void> done) override {
        pb::MoveLeaderRequest move;
        move.set_targetid(target);
        request<pb::MoveLeaderResponse>(
            ask, Needs::nothing,
            [move](Connection& on, auto* context, auto* queue) {
                return on.maintenance->AsyncMoveLeader(context, move, queue);
            },
            without_answer<pb::MoveLeaderResponse>(std::move(done)));
    }

    void compact(Ask ask, Revision revision, Done<void> done) override {
        pb::CompactionRequest compaction;
        compaction.set_revision(revision);
        compaction.set_physical(true);
        request<pb::CompactionResponse>(
            ask, Needs::leader,
            [compaction](Connection& on, auto* context, auto* queue) {
                return on.kv->AsyncCompact(context, compaction, queue);
            },
            without_answer<pb::CompactionResponse>(std::move(done)));
    }

    void defragment(Ask ask, Done<void> done) override {
        request<pb::DefragmentResponse>(
            ask, Needs::nothing,
            [](Connection& on, auto* context, auto* queue) {
                return on.maintenance->AsyncDefragment(context, pb::DefragmentRequest(), queue);
            },
            without_answer<pb::DefragmentResponse>(std::move(done)));
    }

    void hash_kv(Ask ask, Revision revision, Done<StoreHash> done) override {
        pb::HashKVRequest wish;
        wish.set_revision(revision);
        request<pb::HashKVResponse>(
            ask, Needs::nothing,
            [wish](Connection& on, auto* context, auto* queue) {
                return on.maintenance->AsyncHashKV(context, wish, queue);
            },
            [done = std::move(done)](Answer<pb::HashKVResponse> answer) {
                done(converted<StoreHash>(answer, [](auto& told) {
                    return StoreHash{told.hash(), told.compact_revision()};
                }));
            });
    }

    void alarms(Ask ask, Done<std::vector<StoreAlarm>> done) override {
        request_alarm(ask, {}, [done = std::move(done)](Answer<pb::AlarmResponse> answer) {
            done(converted<std::vector<StoreAlarm>>(answer, [](auto& told) {
                std::vector<StoreAlarm> alarms;
                for (const auto& alarm : told.alarms()) alarms.push_back(alarm_of(alarm));
                return alarms;
            }));
        });
    }

    void disarm(Ask ask, StoreAlarm alarm, Done<void> done) override {
        pb::AlarmRequest wish;
        wish.set_action(pb::AlarmRequest::DEACTIVATE);
        wish.set_memberid(alarm.member);
        if (alarm.kind == StoreAlarm::Kind::space) wish.set_alarm(pb::NOSPACE);
        if (alarm.kind == StoreAlarm::Kind::corruption) wish.set_alarm(pb::CORRUPT);
        request_alarm(ask, wish, without_answer<pb::AlarmResponse>(std::move(done)));
    }

    void snapshot(Ask ask, SnapshotSink sink, Done<std::uint64_t> done) override {
        auto on = line_for<std::uint64_t>(ask, done);
        if (!on) return;
        auto transfer = std::make_shared<Transfer>(pump_, on, ask.limit, std::move(sink));
        transfers_.emplace(transfer.get(), transfer);
        transfer->start(
            [this, on, raw = transfer.get(), done = std::move(done)](Answer<std::uint64_t> answer) {
                transfers_.erase(raw);
                is_of_the_line(answer.fault) ? lines_.drop(on) : lines_.heard(on);
                done(std::move(answer));
            });
    }

 private:
    template <class Response>
    using Begin = std::function<typename UnaryCall<Response>::Reader(
        Connection&, grpc::ClientContext*, grpc::CompletionQueue*)>;

    Instant now() { return pump_.loop().clock().now(); }

    static bool is_of_the_line(MemberFault fault) {
        return fault == MemberFault::not_reached || fault == MemberFault::no_answer;
    }

    template <class Response>
    static Done<Response> without_answer(Done<void> done) {
        return [done = std::move(done)](Answer<Response> answer) {
            if (!answer) return done({std::move(answer.result).error(), answer.fault});
            done({Result<void>()});
        };
    }

    // Without one `done` is answered a little later.
    template <class T>
    std::shared_ptr<Connection> line_for(const Ask& ask, Done<T>& done) {
        const auto fail = [&](Error error, MemberFault fault) {
            pump_.loop().post(
                lifeline_.guard([done = std::move(done), error = std::move(error), fault] {
                    done({error, fault});
                }));
        };
        auto address = address_of(ask.endpoint);
        if (!address) {
            fail(std::move(address).error(), MemberFault::refused);
            return nullptr;
        }
        auto line = lines_.to(*address);
        if (!line)
            fail({Code::denied, "there is no certificate yet to show to " + *address},
                 MemberFault::not_reached);
        return line;
    }

    template <class Response>
    void request(const Ask& ask, Needs needs, const Begin<Response>& begin, Done<Response> done) {
        auto on = line_for<Response>(ask, done);
        if (!on) return;
        UnaryCall<Response>::start(
            pump_, ask.limit,
            [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
                if (needs == Needs::leader) context->AddMetadata("hasleader", "true");
                return begin(*on, context, queue);
            },
            [this, on, limit = ask.limit, done = std::move(done)](const Ending& ending,
                                                                  Response& response) {
                if (ending.status.ok()) {
                    lines_.heard(on);
                    return done({std::move(response)});
                }
                auto refusal = refusal_of(ending, on->address, limit);
                if (ending.timed_out) {
                    lines_.silent(on, limit);
                } else if (is_of_the_line(refusal.fault)) {
                    lines_.drop(on);
                } else {
                    lines_.heard(on);
                }
                done({std::move(refusal.error), refusal.fault});
            });
    }

    void list_from(const Ask& ask, Needs needs, Done<std::vector<MemberInfo>> done) {
        request<pb::MemberListResponse>(
            ask, needs,
            [](Connection& on, auto* context, auto* queue) {
                return on.cluster->AsyncMemberList(context, pb::MemberListRequest(), queue);
            },
            [done = std::move(done)](Answer<pb::MemberListResponse> answer) {
                done(converted<std::vector<MemberInfo>>(answer, [](auto& told) {
                    std::vector<MemberInfo> members;
                    for (const auto& member : told.members()) members.push_back(info_of(member));
                    return members;
                }));
            });
    }

    void request_alarm(const Ask& ask, const pb::AlarmRequest& wish, Done<pb::AlarmResponse> done) {
        request<pb::AlarmResponse>(
            ask, Needs::leader,
            [wish](Connection& on, auto* context, auto* queue) {
                return on.maintenance->AsyncAlarm(context, wish, queue);
            },
            std::move(done));
    }

    Pump pump_;
    Lines lines_;
    std::unordered_map<Transfer*, std::shared_ptr<Transfer>> transfers_;  // until they are answered
    Lifeline lifeline_;
};

}  // namespace

}  // namespace hansa::etcd

namespace hansa {

std::unique_ptr<EtcdElectorate> make_etcd_electorate(Loop& loop,
                                                     std::optional<StoreIdentity> identity) {
    return std::make_unique<etcd::ElectorateOverGrpc>(loop, std::move(identity));
}

}  // namespace hansa
