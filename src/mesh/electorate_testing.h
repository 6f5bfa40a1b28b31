// A member list that does what it is told, for tests of whoever reads and changes one.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "mesh/electorate.h"
#include "mesh/testing.h"
#include "sys/loop.h"

namespace hansa::testing {

inline std::string url_of(const std::string& name) {
    return "https://" + name + ":2379";
}
inline std::string peer_url_of(const std::string& name) {
    return "https://" + name + ":2380";
}

class FakeElectorate final : public Electorate {
 public:
    explicit FakeElectorate(Loop& its_loop) : loop(its_loop) {}

    void list(Ask ask, Done<std::vector<MemberInfo>> done) override {
        ++lists;
        if (!readable || !up.contains(ask.endpoint))
            return later(done, fail<std::vector<MemberInfo>>(MemberFault::no_leader));
        reply(ask, done, Answer<std::vector<MemberInfo>>{members});
    }
    void list_as_heard(Ask ask, Done<std::vector<MemberInfo>> done) override {
        if (!up.contains(ask.endpoint))
            return later(done, fail<std::vector<MemberInfo>>(MemberFault::not_reached));
        reply(ask, done, Answer<std::vector<MemberInfo>>{members});
    }
    void read_as_heard(Ask ask, std::string prefix, Done<Reading> done) override {
        if (!up.contains(ask.endpoint)) return later(done, fail<Reading>(MemberFault::not_reached));
        reply(ask, done, Answer<Reading>{heard[prefix]});
    }
    void add_learner(Ask, std::vector<std::string> peer_urls, Done<MemberId> done) override {
        calls.push_back("add " + peer_urls.front());
        members.push_back({++last_id, "", std::move(peer_urls), {}, true, false});
        later(done, Answer<MemberId>{last_id});
    }
    void promote(Ask, MemberId member, Done<void> done) override {
        calls.push_back("promote " + std::to_string(member));
        for (MemberInfo& each : members)
            if (each.id == member) each.is_learner = false;
        later(done, Answer<void>{Result<void>{}});
    }
    void remove(Ask, MemberId member, Done<void> done) override {
        calls.push_back("remove " + std::to_string(member));
        std::erase_if(members, [&](const MemberInfo& each) { return each.id == member; });
        later(done, Answer<void>{Result<void>{}});
    }
    void status(Ask ask, Done<MemberStatus> done) override {
        ++asked_status;
        for (const MemberInfo& each : members) {
            if (each.client_urls.empty() || each.client_urls.front() != ask.endpoint) continue;
            if (!up.contains(ask.endpoint)) break;
            MemberStatus status;
            status.id = each.id;
            status.leader = leader;
            status.raft_index = 100;
            status.revision = revision;
            status.bytes = bytes[each.id];
            status.bytes_used = bytes_used;
            for (const StoreAlarm& alarm : raised)
                status.errors.push_back("alarm of " + std::to_string(alarm.member));
            status.is_learner = each.is_learner;
            return reply(ask, done, Answer<MemberStatus>{status});
        }
        later(done, fail<MemberStatus>(MemberFault::not_reached));
    }
    void move_leader(Ask, MemberId target, Done<void> done) override {
        calls.push_back("lead " + std::to_string(target));
        leader = target;
        later(done, Answer<void>{Result<void>{}});
    }
    void update(Ask, MemberId, std::vector<std::string>, Done<void> done) override {
        later(done, fail<void>(MemberFault::refused));
    }
    void compact(Ask, Revision to, Done<void> done) override {
        calls.push_back("compact " + std::to_string(to));
        later(done, Answer<void>{Result<void>{}});
    }
    void defragment(Ask ask, Done<void> done) override {
        const MemberId id = id_at(ask.endpoint);
        calls.push_back("defragment " + std::to_string(id));
        if (id == hold_defragment) {
            held = [this, done] { later(done, fail<void>(MemberFault::no_answer)); };
            return;
        }
        bytes[id] = bytes_used;
        later(done, Answer<void>{Result<void>{}});
    }
    void hash_kv(Ask ask, Revision at, Done<StoreHash> done) override {
        ++hashes_asked;
        if (at > revision || !up.contains(ask.endpoint))
            return later(done, fail<StoreHash>(MemberFault::revision_ahead));
        const auto odd = hashes.find(id_at(ask.endpoint));
        later(done, Answer<StoreHash>{odd == hashes.end() ? StoreHash{7, 1} : odd->second});
    }
    void alarms(Ask, Done<std::vector<StoreAlarm>> done) override {
        later(done, Answer<std::vector<StoreAlarm>>{raised});
    }
    void disarm(Ask, StoreAlarm alarm, Done<void> done) override {
        calls.push_back("disarm " + std::to_string(alarm.member));
        std::erase(raised, alarm);
        later(done, Answer<void>{Result<void>{}});
    }
    void snapshot(Ask ask, SnapshotSink sink, Done<std::uint64_t> done) override {
        ++snapshots;
        if (image.empty() || !up.contains(ask.endpoint))
            return later(done, fail<std::uint64_t>(MemberFault::refused));
        send(0, std::move(sink), std::move(done));
    }

    // Ends what was held, without success.
    void release() {
        hold_defragment = 0;
        held();
    }
    // The etcd of that host runs, as the member with its address.
    void start(const std::string& name) {
        for (MemberInfo& each : members) {
            if (each.peer_urls.front() != peer_url_of(name)) continue;
            each.name = uuid_of(name);
            each.client_urls = {url_of(name)};
            each.started = true;
        }
        up.insert(url_of(name));
    }
    MemberId id_of(const std::string& name) const {
        for (const MemberInfo& each : members)
            if (each.peer_urls.front() == peer_url_of(name)) return each.id;
        return 0;
    }
    MemberId id_at(const std::string& endpoint) const {
        for (const MemberInfo& each : members)
            if (!each.client_urls.empty() && each.client_urls.front() == endpoint) return each.id;
        return 0;
    }
    std::size_t voters() const {
        return static_cast<std::size_t>(std::count_if(
            members.begin(), members.end(), [](const auto& each) { return !each.is_learner; }));
    }

    Loop& loop;
    std::vector<MemberInfo> members;
    std::set<std::string> up;
    std::map<std::string, Duration> far;  // how long answers take from there; by endpoint
    MemberId leader = 0;
    MemberId last_id = 0;
    bool readable = true;
    Revision revision = 1000;
    std::map<MemberId, std::uint64_t> bytes;  // of each file
    std::uint64_t bytes_used = 0;
    std::map<MemberId, StoreHash> hashes;  // of those whose hash is not the usual one
    std::size_t hashes_asked = 0;
    std::vector<StoreAlarm> raised;
    MemberId hold_defragment = 0;  // does not end on this one
    Action held;
    std::map<std::string, Reading> heard;  // what each member has, by prefix
    std::size_t asked_status = 0;
    std::vector<std::string> calls;
    int lists = 0;      // how often it was read
    std::string image;  // what a snapshot sends; empty: nobody gives one
    int snapshots = 0;  // asked for

 private:
    static constexpr std::size_t piece = 700;
    std::vector<Held> on_their_way;

    void send(std::size_t at, SnapshotSink sink, Done<std::uint64_t> done) {
        if (at >= image.size()) return later(done, Answer<std::uint64_t>{image.size()});
        sink(image.substr(at, piece), [this, at, sink, done](Result<void> taken) {
            if (taken) return send(at + piece, sink, done);
            later(done, Answer<std::uint64_t>{std::move(taken).error(), MemberFault::refused});
        });
    }
    template <class T>
    static Answer<T> fail(MemberFault fault) {
        return {Error{Code::unavailable, "refused"}, fault};
    }
    template <class T>
    void reply(const Ask& ask, Done<T> done, Answer<T> answer) {
        const auto way = far.find(ask.endpoint);
        if (way == far.end()) return later(std::move(done), std::move(answer));
        if (way->second > ask.limit) answer = fail<T>(MemberFault::no_answer);
        on_their_way.push_back(loop.after(std::min(way->second, ask.limit),
                                          [done = std::move(done), answer = std::move(answer)] {
                                              done(answer);
                                          }));
    }
    template <class T>
    void later(Done<T> done, Answer<T> answer) {
        loop.post([done = std::move(done), answer = std::move(answer)]() mutable {
            done(std::move(answer));
        });
    }
};

}  // namespace hansa::testing
