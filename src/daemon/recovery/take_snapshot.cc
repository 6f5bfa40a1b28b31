#include "daemon/recovery/take_snapshot.h"

#include <algorithm>

#include "base/text.h"
#include "daemon/recovery_commands.h"
#include "sys/linux/surroundings.h"

namespace hansa {

namespace {

constexpr Duration answer_limit = Seconds{5};
constexpr Duration piece_limit = Seconds{30};

// Whoever knows most, when no majority stands behind anybody.
const MemberSeen* furthest(const std::vector<MemberSeen>& seen) {
    const MemberSeen* best = nullptr;
    for (const MemberSeen& member : seen)
        if (member.status && !member.status->is_learner &&
            (!best || member.status->applied_index > best->status->applied_index))
            best = &member;
    return best;
}

Error nobody_answers(const std::vector<MemberSeen>& seen) {
    std::string faults;
    for (const MemberSeen& member : seen)
        faults += (faults.empty() ? ": " : "; ") + member.name + ": " + member.fault;
    return Error{Code::unavailable,
                 "no member of the store answers" + faults +
                     (seen.empty() ? "; none is known on this machine: has its agent been "
                                     "connected, and are --prefix and --hostname right?"
                                   : "")};
}

struct Source {
    std::string endpoint;
    std::vector<MemberInfo> members{};  // empty: no quorum
};

// A list answers only after a linearizable read: that member is up to date.
Result<Source> choose(StoreDesk& desk) {
    const std::vector<MemberSeen> seen = desk.look_around();
    for (const MemberSeen& member : seen) {
        if (!member.status || member.status->leader == 0) continue;
        auto listed = desk.await<std::vector<MemberInfo>>([&](auto done) {
            desk.electorate().list({member.endpoint, answer_limit}, std::move(done));
        });
        if (listed) return Source{member.endpoint, *std::move(listed.result)};
    }
    const MemberSeen* best = furthest(seen);
    if (!best) return nobody_answers(seen);
    return Source{best->endpoint};
}

}  // namespace

Result<SnapshotNote> take_snapshot(StoreDesk& desk, Electorate& electorate,
                                   const SnapshotOrder& order) {
    auto status = desk.await<MemberStatus>([&](auto done) {
        electorate.status({order.endpoint, answer_limit}, std::move(done));
    });
    if (!status) return std::move(status.result).error();
    auto writer = SnapshotWriter::begin(order.path);
    if (!writer) return std::move(writer).error();
    auto taken = desk.await<std::uint64_t>([&](auto done) {
        electorate.snapshot(
            {order.endpoint, piece_limit},
            [&writer](const std::string& piece, const Taken& next) { next(writer->add(piece)); },
            std::move(done));
    });
    if (!taken) return std::move(taken.result).error().during("the snapshot");
    SnapshotNote note;
    note.cluster = desk.identity().cluster;
    note.epoch = desk.identity().epoch;
    note.store = text_of_member(status.result->cluster);
    note.member = text_of_member(status.result->id);
    note.revision = status.result->revision;
    note.term = status.result->term;
    note.index = status.result->applied_index;
    note.had_quorum = order.had_quorum;
    note.time = iso8601(desk.loop.clock().wall());
    note.members = order.members;
    return writer->finish(desk.files, std::move(note), order.existing);
}

Result<SnapshotShown> snapshot_store(const HostChoice& choice, const std::string& file,
                                     Overwrite overwrite) {
    auto desk = StoreDesk::open(choice.prefix, choice.host);
    if (!desk) return std::move(desk).error();
    SnapshotOrder order;
    order.path = absolute_path(file);
    const bool is_there = static_cast<bool>((*desk)->files.status(order.path));
    if (is_there && overwrite == Overwrite::no)
        return Error{Code::conflict,
                     printable(file) + " is there already; give another name, or --force"};
    if (is_there) order.existing = LargeFileWriter::Existing::replaced;
    auto source = choose(**desk);
    if (!source) return std::move(source).error();
    order.endpoint = source->endpoint;
    order.had_quorum = !source->members.empty();
    SnapshotShown shown;
    for (const MemberInfo& member : source->members) {
        order.members.insert(order.members.end(), member.peer_urls.begin(), member.peer_urls.end());
        shown.members.push_back((member.name.empty() ? "(not started)" : member.name) + " " +
                                join(member.peer_urls, ",") +
                                (member.is_learner ? " (learner)" : ""));
    }
    auto note = take_snapshot(**desk, (*desk)->electorate(), order);
    if (!note) return std::move(note).error();
    shown.path = order.path;
    shown.cluster = note->cluster;
    shown.epoch = note->epoch;
    shown.revision = note->revision;
    shown.bytes = note->bytes;
    shown.sha256 = note->sha256;
    shown.from = order.endpoint;
    shown.had_quorum = note->had_quorum;
    return shown;
}

}  // namespace hansa
