// The part of recovery_commands.h that makes a store of a snapshot.
#include <filesystem>

#include "base/text.h"
#include "daemon/recovery/new_store.h"
#include "daemon/recovery/snapshot_file.h"
#include "daemon/recovery/store_desk.h"
#include "daemon/recovery_commands.h"
#include "sys/linux/disk_space.h"
#include "sys/linux/surroundings.h"

namespace hansa {

namespace {

// etcd's own log of 64 MB, made beforehand, and a little more.
constexpr std::uint64_t bytes_besides = std::uint64_t{160} << 20;

Error answers(const MemberSeen& member) {
    return Error{Code::conflict,
                 "the store at " + member.endpoint +
                     " answers, with a majority of its members behind it: there is nothing to "
                     "restore; where it is to be replaced all the same, end its members first"};
}

Result<void> check_room(const StoreDesk& desk, const OwnStore& place, std::uint64_t bytes) {
    const bool is_there = static_cast<bool>(desk.files.status(place.directory));
    auto room = disk_space(is_there ? place.directory : desk.home());
    if (!room) return std::move(room).error();
    const std::uint64_t needed = 2 * bytes + bytes_besides;
    if (room->free >= needed) return {};
    return Error{Code::unavailable, "there are " + std::to_string(room->free) +
                                        " bytes free below " + place.directory + ", and " +
                                        std::to_string(needed) + " are needed: make room"};
}

}  // namespace

struct Restoration::State {
    std::unique_ptr<StoreDesk> desk;
    StillStanding standing;  // before the desk, whose loop it uses
    OwnStore place;
    Plan plan;

    ~State() { standing = {}; }
};

Restoration::Restoration(std::unique_ptr<State> state) : state_(std::move(state)) {}
Restoration::Restoration(Restoration&&) noexcept = default;
Restoration::~Restoration() = default;

Result<Restoration> Restoration::prepare(const HostChoice& choice, const std::string& file,
                                         const StoreAddress& address) {
    auto state = std::make_unique<State>();
    auto opened = StoreDesk::open(choice.prefix, choice.host);
    if (!opened) return std::move(opened).error();
    state->desk = std::move(*opened);
    StoreDesk& desk = *state->desk;
    auto standing = hold_still(desk);
    if (!standing) return std::move(standing).error();
    state->standing = std::move(*standing);

    Plan& plan = state->plan;
    plan.file = absolute_path(file);
    auto seal = check_snapshot(plan.file);
    if (!seal) return std::move(seal).error();
    auto note = read_snapshot_note(desk.files, plan.file);
    if (!note && note.error().code != Code::missing) return std::move(note).error();
    if (note) {
        if (note->sha256 != seal->sha256)
            return Error{Code::invalid, printable(note_path(plan.file)) +
                                            " is of another file: its SHA-256 differs; move it "
                                            "away if you know what this snapshot is"};
        if (note->cluster != desk.identity().cluster)
            return Error{Code::conflict, "the snapshot is of cluster " + note->cluster +
                                             ", and this host belongs to " +
                                             desk.identity().cluster};
        plan.time = note->time;
        plan.revision = note->revision;
        plan.epoch = note->epoch;
        plan.had_quorum = note->had_quorum;
    }
    for (const MemberSeen& member : desk.look_around())
        if (member.status && member.status->leader != 0) return answers(member);
    auto place = place_new_store(desk, {address.listen, address.advertise});
    if (!place) return std::move(place).error();
    state->place = std::move(*place);
    if (auto room = check_room(desk, state->place, seal->bytes); !room)
        return std::move(room).error();
    plan.cluster = desk.identity().cluster;
    plan.host = desk.identity().host;
    plan.directory = state->place.directory;
    plan.has_data = static_cast<bool>(desk.files.status(state->place.data()));
    return Restoration(std::move(state));
}

const Restoration::Plan& Restoration::plan() const {
    return state_->plan;
}

Result<StoreRenewed> Restoration::carry_out() {
    auto made = make_new_store(*state_->desk, state_->place, state_->plan.file, state_->plan.epoch);
    if (!made) return std::move(made).error();
    return StoreRenewed{made->epoch, made->revision, made->directory, made->aside, made->peer_url};
}

}  // namespace hansa
