// The part of recovery_commands.h that begins a cluster anew from what survived of its majority.
#include <algorithm>
#include <filesystem>

#include "base/check.h"
#include "base/text.h"
#include "daemon/home.h"
#include "daemon/recovery/bench_places.h"
#include "daemon/recovery/new_store.h"
#include "daemon/recovery/take_snapshot.h"
#include "daemon/recovery/verdict.h"
#include "daemon/recovery/workbench.h"
#include "daemon/recovery_commands.h"

namespace hansa {

namespace {

constexpr Duration answer_limit = Seconds{5};

// A member may take a leader for alive that is not; a read tells.
bool has_majority(StoreDesk& desk, const MemberSeen& member) {
    if (!member.status || member.status->leader == 0) return false;
    return static_cast<bool>(desk.await<std::vector<MemberInfo>>([&](auto done) {
        desk.electorate().list({member.endpoint, answer_limit}, std::move(done));
    }));
}

std::string letters_of(const std::string& text) {
    std::string made;
    for (const char each : text)
        made += std::isalnum(static_cast<unsigned char>(each)) || each == '.' ? each : '-';
    return made;
}

}  // namespace

struct Recovery::State {
    State(std::unique_ptr<StoreDesk> opened, Look wanted) : desk(std::move(opened)), look(wanted) {}
    ~State() { standing = {}; }

    Result<void> gather();
    void look_at(const std::vector<MemberSeen>& seen);
    // Of this host, stopped, with its data.
    bool is_at_rest(const MemberSeen& member) const {
        return !member.status && member.is_own && desk->own().has_data && standing;
    }
    std::string hindrance() const;
    void add_running(const MemberSeen& member);
    Result<void> copy_running();
    Result<void> add_own();
    Result<void> weigh_own(Workbench& bench, Survivor& own);
    Result<std::string> snapshot_path(const std::string& name);
    Result<void> copy(Electorate& electorate, const std::string& endpoint, Survivor& survivor);
    void add_store(std::uint64_t id, const std::string& name);

    std::unique_ptr<StoreDesk> desk;
    const Look look;
    std::optional<StillStanding> standing;  // empty: an agent runs here
    OwnStore place;
    RecoveryFacts facts;
    Plan plan;
    std::uint64_t store = 0;    // etcd's id of what survives
    std::string another_store;  // somebody's who has another one
};

Recovery::Recovery(std::unique_ptr<State> state) : state_(std::move(state)) {}
Recovery::Recovery(Recovery&&) noexcept = default;
Recovery::~Recovery() = default;

const Recovery::Plan& Recovery::plan() const {
    return state_->plan;
}

void Recovery::State::add_store(std::uint64_t id, const std::string& name) {
    if (store == 0) store = id;
    if (store != id) another_store = name;
}

Result<std::string> Recovery::State::snapshot_path(const std::string& name) {
    const std::string directory = desk->home() + "/snapshots";
    if (auto made = make_directories(desk->files, directory); !made) return std::move(made).error();
    std::string time = iso8601(desk->loop.clock().wall()).substr(0, 19);
    std::erase_if(time, [](char each) { return each == '-' || each == ':'; });
    return directory + "/recovery-" + time + "Z-" + letters_of(name) + ".db";
}

Result<void> Recovery::State::copy(Electorate& electorate, const std::string& endpoint,
                                   Survivor& survivor) {
    auto path = snapshot_path(survivor.name);
    if (!path) return std::move(path).error();
    SnapshotOrder order;
    order.endpoint = endpoint;
    order.path = *path;
    order.had_quorum = false;
    auto note = take_snapshot(*desk, electorate, order);
    if (!note) return std::move(note).error().during("copying what " + survivor.name + " has");
    survivor.snapshot = *path;
    return {};
}

void Recovery::State::add_running(const MemberSeen& member) {
    Survivor survivor;
    survivor.name = member.name;
    survivor.where = member.endpoint;
    survivor.is_own = member.is_own;
    survivor.term = member.status->term;
    survivor.index = member.status->applied_index;
    survivor.revision = member.status->revision;
    survivor.epoch = desk->identity().epoch;
    add_store(member.status->cluster, member.name);
    plan.survivors.push_back(std::move(survivor));
}

// Before anything is changed: whoever is not chosen may have what the chosen one lacks.
Result<void> Recovery::State::copy_running() {
    for (Survivor& survivor : plan.survivors)
        if (survivor.snapshot.empty())
            if (auto copied = copy(desk->electorate(), survivor.where, survivor); !copied)
                return copied;
    return {};
}

Result<void> Recovery::State::weigh_own(Workbench& bench, Survivor& own) {
    if (auto copied = bench.copy(desk->own().data()); !copied) return copied;
    auto stand = bench.look(member_name(*desk));
    if (!stand) return std::move(stand).error();
    own.term = stand->term;
    own.index = stand->commit;
    if (auto started = bench.start(Workbench::Start::alone, member_name(*desk)); !started)
        return started;
    auto cluster = read_cluster(*desk, bench.store());
    if (!cluster) return std::move(cluster).error();
    own.epoch = cluster->epoch;
    auto status = desk->await<MemberStatus>([&](auto done) {
        bench.electorate().status({bench.endpoint(), answer_limit}, std::move(done));
    });
    if (!status) return std::move(status.result).error();
    own.revision = status.result->revision;
    add_store(status.result->cluster, own.name);
    facts.own_could_start = true;
    if (look == Look::only || !refusal_of(facts).empty()) return {};
    return copy(bench.electorate(), bench.endpoint(), own);
}

// What this host's member would still know, found out on a copy: the data stays as it is.
Result<void> Recovery::State::add_own() {
    Survivor own;
    own.name = desk->identity().host;
    own.where = desk->own().data();
    own.is_own = true;
    std::error_code failed;
    const auto written =
        std::filesystem::last_write_time(desk->own().data() + "/member/snap/db", failed);
    if (!failed)
        own.since = iso8601(
            std::chrono::time_point_cast<Nanoseconds>(std::chrono::file_clock::to_sys(written)));
    auto bench =
        Workbench::open(*desk, bench_place(desk->own().directory, BenchUse::look, desk->random));
    if (!bench) return std::move(bench).error();
    auto weighed = weigh_own(**bench, own);
    if (!weighed && weighed.error().code != Code::invalid) return weighed;
    if (!weighed) {
        plan.missing.push_back(own.name + " (" + own.where + "): " + weighed.error().text);
        return {};
    }
    plan.survivors.push_back(std::move(own));
    return {};
}

void Recovery::State::look_at(const std::vector<MemberSeen>& seen) {
    facts.own = desk->identity().host;
    for (const MemberSeen& member : seen) {
        if (!member.is_learner) ++facts.voters;
        if (has_majority(*desk, member)) facts.with_majority = member.endpoint;
        if (member.status && !member.status->is_learner) facts.running.push_back(member.name);
        if (member.status) add_running(member);
        if (!member.status && !is_at_rest(member))
            plan.missing.push_back(member.name + " (" + member.endpoint + "): " + member.fault);
    }
    plan.voters = facts.voters;
}

Result<void> Recovery::State::gather() {
    const std::vector<MemberSeen> seen = desk->look_around();
    look_at(seen);
    const bool rests = std::any_of(seen.begin(), seen.end(),
                                   [this](const MemberSeen& member) { return is_at_rest(member); });
    if (rests)
        if (auto added = add_own(); !added) return added;
    plan.refusal = refusal_of(facts);
    if (plan.refusal.empty()) plan.refusal = hindrance();
    if (plan.refusal.empty() && look == Look::and_copy)
        if (auto copied = copy_running(); !copied) return copied;
    order_survivors(plan.survivors);
    return {};
}

std::string Recovery::State::hindrance() const {
    if (!standing) return "an agent runs here: stop it first";
    if (plan.survivors.empty())
        return "no member is left that this machine can see: go to one that has its data, or "
               "restore a snapshot with \"hansa cluster restore\"";
    if (!another_store.empty())
        return "what " + another_store +
               " has is of another store than the rest, from before or after a recovery: end it "
               "first";
    return {};
}

Result<Recovery> Recovery::prepare(const HostChoice& choice, const StoreAddress& address,
                                   Look look) {
    auto opened = StoreDesk::open(choice.prefix, choice.host);
    if (!opened) return std::move(opened).error();
    auto state = std::make_unique<State>(std::move(*opened), look);
    StoreDesk& desk = *state->desk;
    auto standing = hold_still(desk);
    if (!standing && standing.error().code != Code::conflict) return std::move(standing).error();
    if (standing) state->standing = std::move(*standing);
    auto place = place_new_store(desk, {address.listen, address.advertise});
    if (!place && look == Look::and_copy) return std::move(place).error();
    if (place) state->place = std::move(*place);
    state->plan.cluster = desk.identity().cluster;
    state->plan.host = desk.identity().host;
    state->plan.directory = state->place.directory;
    if (auto gathered = state->gather(); !gathered) return std::move(gathered).error();
    return Recovery(std::move(state));
}

Result<StoreRenewed> Recovery::carry_out() {
    check(state_->plan.refusal.empty() && state_->look == Look::and_copy,
          "a recovery is carried out only where nothing speaks against it");
    const Survivor& best = state_->plan.survivors.front();
    auto made = make_new_store(*state_->desk, state_->place, best.snapshot, best.epoch);
    if (!made) return std::move(made).error();
    return StoreRenewed{made->epoch, made->revision, made->directory, made->aside, made->peer_url};
}

}  // namespace hansa
