// The Electorate port: the store's own members, as they stand, and what can be done to them.
//
// Everything here is one call to one member, tried once: whoever decides about members has read
// before and reads again. Real side: mesh/etcd. Calls are made on the loop thread and answer there
// exactly once, never from within the call, at the latest when their limit has passed. Destroying
// the electorate cancels without answers; what was asked for may still be done.
//
// What etcd 3.4 does not promise: it has no way to make a change of members conditional, and a
// change that was not answered may be carried out much later, when a lost quorum is back. So
// after MemberFault::no_answer, and before any decision, read the list.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "mesh/seat_book.h"
#include "mesh/store.h"

namespace hansa {

// Why a call failed, as far as that decides what to do next. All but the last: it was surely not
// carried out.
enum class MemberFault {
    none,
    not_reached,        // nothing listens there, or it could not prove to be the store
    no_leader,          // too few members reach each other
    is_learner,         // the endpoint is a learner's, which tells its status and nothing else
    not_leader,         // its member does not lead
    unhealthy,          // a voter is not connected, or not for 5 s yet: wait, or remove it
    too_few_started,    // the voters that run would be less than a majority
    too_many_learners,  // there is one already
    not_in_sync,        // the learner has not caught up, or does not run
    not_learner,        // it is a voter
    address_taken,      // another member has such a peer URL
    no_such_member,     // it never was, or it is removed
    bad_target,         // of move_leader: a learner, or no member
    revision_gone,      // compacted
    revision_ahead,     // this member has not seen it yet
    refused,            // for another reason, which the text tells
    no_answer,          // in time, or the connection broke: it may have been done, or may yet be
};

template <class T>
struct Answer {
    Result<T> result;
    MemberFault fault = MemberFault::none;  // none exactly when there is a result

    explicit operator bool() const { return static_cast<bool>(result); }
};

// Whom to ask, by a client URL, and how long to wait for the answer.
struct Ask {
    std::string endpoint;
    Duration limit;
};

struct MemberInfo {
    MemberId id = 0;
    std::string name;  // empty until it has been started once
    std::vector<std::string> peer_urls;
    std::vector<std::string> client_urls;  // empty until then, too
    bool is_learner = false;
    bool started = false;  // has been, once; whether it runs now, status() tells
    friend bool operator==(const MemberInfo&, const MemberInfo&) = default;
};

struct MemberStatus {
    MemberId id = 0;
    std::uint64_t cluster = 0;
    MemberId leader = 0;  // 0: it knows none
    std::uint64_t term = 0;
    std::uint64_t raft_index = 0;     // committed, as far as it knows
    std::uint64_t applied_index = 0;  // what its answers are made from
    Revision revision = 0;            // of its own copy
    std::uint64_t bytes = 0;          // of its database file
    std::uint64_t bytes_used = 0;     // of them; the rest comes back by defragment()
    bool is_learner = false;
    std::string version;              // of etcd
    std::vector<std::string> errors;  // for people
};

// Of all keys up to a revision. Two members hold the same when these are equal, and say nothing
// about each other when their `compacted` differs.
struct StoreHash {
    std::uint32_t hash = 0;
    Revision compacted = 0;
    friend bool operator==(const StoreHash&, const StoreHash&) = default;
};

struct StoreAlarm {
    enum class Kind { space, corruption, other } kind = Kind::other;
    MemberId member = 0;  // that raised it; it binds all
    friend bool operator==(const StoreAlarm&, const StoreAlarm&) = default;
};

// Takes the next bytes; the ones after them come when `taken` is called, on the loop thread, now
// or later. An error ends the transfer, which answers with it.
using Taken = std::function<void(Result<void>)>;
using SnapshotSink = std::function<void(std::string bytes, Taken taken)>;

class Electorate {
 public:
    template <class T>
    using Done = std::function<void(Answer<T>)>;

    virtual ~Electorate() = default;

    // The members as of now: etcd 3.4 lists what the member asked has heard of, which may be
    // stale, so that member must first pass a linearizable read. Both within the limit.
    virtual void list(Ask ask, Done<std::vector<MemberInfo>> done) = 0;

    // What the member asked has heard, without a quorum: for people, never for a decision.
    virtual void list_as_heard(Ask ask, Done<std::vector<MemberInfo>> done) = 0;
    virtual void read_as_heard(Ask ask, std::string prefix, Done<Reading> done) = 0;

    // To be started within its time with an empty directory and these peer URLs. Costs no quorum.
    virtual void add_learner(Ask ask, std::vector<std::string> peer_urls, Done<MemberId> done) = 0;

    // etcd 3.4 judges by log indexes alone (nine tenths of the leader's): look first whether the
    // learner is started, and how far it is.
    virtual void promote(Ask ask, MemberId member, Done<void> done) = 0;

    // A voter or a learner; it ends by itself when it hears of it. One that leads should hand
    // over first.
    virtual void remove(Ask ask, MemberId member, Done<void> done) = 0;
    virtual void update(Ask ask, MemberId member, std::vector<std::string> peer_urls,
                        Done<void> done) = 0;

    // The endpoint's own word, without a quorum; a learner answers too.
    virtual void status(Ask ask, Done<MemberStatus> done) = 0;

    // To be asked of the member that leads. Answers when the target leads.
    virtual void move_leader(Ask ask, MemberId target, Done<void> done) = 0;

    // Forgets the history up to `revision` on all members, and waits until this one has. What
    // that frees is used again by new data; for a smaller file defragment.
    virtual void compact(Ask ask, Revision revision, Done<void> done) = 0;

    // Writes the endpoint's database file anew. It answers nobody until that is done.
    virtual void defragment(Ask ask, Done<void> done) = 0;

    // Of the endpoint's copy. `revision`: one that all members to be compared have reached.
    virtual void hash_kv(Ask ask, Revision revision, Done<StoreHash> done) = 0;

    virtual void alarms(Ask ask, Done<std::vector<StoreAlarm>> done) = 0;
    virtual void disarm(Ask ask, StoreAlarm alarm, Done<void> done) = 0;

    // The endpoint's database as `etcdctl snapshot restore` takes it: the file, and its SHA-256.
    // The limit holds for each piece, without the time that the sink takes. Answers the number of
    // bytes; nothing of them is worth keeping on another answer.
    virtual void snapshot(Ask ask, SnapshotSink sink, Done<std::uint64_t> done) = 0;
};

}  // namespace hansa
