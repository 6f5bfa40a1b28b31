#include "daemon/copy_keeper.h"

#include <algorithm>

#include "base/text.h"
#include "mesh/keys.h"

namespace hansa {
namespace {

constexpr Duration answer_limit = Seconds{5};
constexpr Duration piece_limit = Seconds{30};
constexpr Duration clock_play = Seconds{60};  // a copy from the future is of another clock

bool names(const VotersRecord& told, const std::string& uuid) {
    return std::find(told.keepers.begin(), told.keepers.end(), uuid) != told.keepers.end();
}

CopyRecord record_of(const KeptCopy& copy, const std::string& uuid) {
    return {uuid, duration_cast<Milliseconds>(copy.begun.time_since_epoch()), copy.note.epoch,
            copy.note.revision, copy.note.bytes};
}

std::vector<std::string> sorted(std::vector<std::string> texts) {
    std::sort(texts.begin(), texts.end());
    return texts;
}

}  // namespace

Duration copy_will_do(const std::vector<KeptCopy>& kept, const StoreNow& store, WallTime now,
                      Duration every) {
    if (kept.empty()) return {};
    const KeptCopy& newest = kept.front();
    const bool is_of_this = newest.note.cluster == store.cluster &&
                            newest.note.epoch == store.epoch &&
                            sorted(newest.note.members) == sorted(store.members);
    if (!is_of_this || newest.begun > now + clock_play) return {};
    return std::max(Duration{}, std::min(every, newest.begun + every - now));
}

bool is_superseded(const CopyRecord& mine, const std::vector<CopyRecord>& told) {
    return std::any_of(told.begin(), told.end(), [&](const CopyRecord& other) {
        return other.uuid != mine.uuid &&
               std::pair(other.epoch, other.revision) >= std::pair(mine.epoch, mine.revision);
    });
}

struct CopyKeeper::Round {
    std::vector<KeptCopy> kept;
    std::string endpoint;
    StoreNow store;
    MemberStatus status;
    WallTime begun;
    std::string path;
    std::optional<SnapshotWriter> writer;  // of workers, one after the other
};

CopyKeeper::CopyKeeper(Ports ports, const HostName& host, const Identity& identity, CopyShelf shelf,
                       Around around)
    : ports_(ports),
      host_(host),
      identity_(identity),
      shelf_(std::move(shelf)),
      around_(std::move(around)) {}

template <class T>
void CopyKeeper::on_worker(std::function<Result<T>()> work, std::function<void(T)> then) {
    auto outcome = std::make_shared<std::optional<Result<T>>>();  // shared: the worker's and ours
    ports_.workers.run([work = std::move(work), outcome](Task&) { outcome->emplace(work()); },
                       lifeline_.guard([this, outcome, then = std::move(then)] {
                           if (!*outcome) return failed({Code::cancelled, "it was stopped"});
                           if (!**outcome) return failed(std::move(**outcome).error());
                           then(std::move(***outcome));
                       }));
}

// When ------------------------------------------------------------------------------------------
void CopyKeeper::hear(const VotersRecord& told) {
    const bool was_named = is_named_;
    const bool are_others = told.voters != voters_;
    const bool is_first = !std::exchange(has_heard_, true);
    voters_ = told.voters;
    is_named_ = names(told, identity_.uuid);
    if (is_named_ && (!was_named || are_others)) return learn_times([this] { look_soon(); });
    if (is_named_ || !(was_named || is_first)) return;
    unnamed_ = ports_.loop.clock().now();
    look_soon();  // whether anything is here at all
}

void CopyKeeper::look_soon() {
    plan(jittered(timing_.copy_soon, timing_.copy_soon * 5));
}

Duration CopyKeeper::jittered(Duration least, Duration most) {
    const Duration play = most - least;
    return least + Duration{static_cast<Duration::rep>(
                       ports_.random.below(static_cast<std::uint64_t>(play.count()) + 1))};
}

// An earlier look that is planned already stays.
void CopyKeeper::plan(Duration wait) {
    const Instant due = ports_.loop.clock().now() + wait;
    if (timer_ && due_ <= due) return;
    due_ = due;
    timer_ = ports_.loop.after(wait, [this] {
        const Held ended = std::move(timer_);
        look();
    });
}

void CopyKeeper::failed(Error error) {
    ports_.report.publish(
        happened::Refused{"copies", std::move(error).during("a copy of the store").text});
    done(jittered(timing_.copy_again / 2, timing_.copy_again));
}

void CopyKeeper::done(Duration next) {
    busy_ = false;
    plan(std::max<Duration>(next, timing_.copy_soon));
}

// The cluster's; those that were known last where it does not answer.
void CopyKeeper::learn_times(std::function<void()> then) {
    ports_.store.read(ReadScope::key, keys::seat_settings(),
                      lifeline_.guard([this, then = std::move(then)](Result<Reading> reading) {
                          if (reading && !reading->records.empty()) {
                              auto stored = decode_seat_settings(reading->records.front().value);
                              if (stored) timing_ = *timing_named(stored->timing);
                          }
                          then();
                      }));
}

void CopyKeeper::look() {
    if (busy_) return look_soon();
    busy_ = true;
    auto round = std::make_shared<Round>();  // shared: what is asked for answers later
    on_worker<std::vector<KeptCopy>>([shelf = shelf_] { return shelf.look(); },
                                     [this, round](std::vector<KeptCopy> kept) {
                                         round->kept = std::move(kept);
                                         looked(round);
                                     });
}

void CopyKeeper::looked(const RoundPtr& round) {
    if (!is_named_ && round->kept.empty()) {
        busy_ = false;  // until it is named again
        return;
    }
    learn_times([this, round] {
        if (is_named_)
            list(round, 0);
        else
            let_go(round);
    });
}

// A copy ----------------------------------------------------------------------------------------
// A list answers only after a linearizable read: that member is up to date.
void CopyKeeper::list(const RoundPtr& round, std::size_t which) {
    const std::vector<std::string> endpoints = around_.endpoints();
    if (which >= endpoints.size())
        return failed({Code::unavailable, "no member that a majority stands behind answers"});
    around_.electorate().list(
        {endpoints[which], answer_limit},
        lifeline_.guard([this, round, which,
                         endpoint = endpoints[which]](Answer<std::vector<MemberInfo>> answer) {
            if (!answer) return list(round, which + 1);
            round->endpoint = endpoint;
            round->store = {identity_.cluster, identity_.epoch, {}};
            for (const MemberInfo& member : *answer.result)
                round->store.members.insert(round->store.members.end(), member.peer_urls.begin(),
                                            member.peer_urls.end());
            listed(round);
        }));
}

void CopyKeeper::listed(const RoundPtr& round) {
    const Duration enough =
        copy_will_do(round->kept, round->store, ports_.loop.clock().wall(), timing_.copy_every);
    if (enough > Duration{}) return tell(round);
    ask_status(round);
}

// Everything that it knows then is in the copy.
void CopyKeeper::ask_status(const RoundPtr& round) {
    around_.electorate().status({round->endpoint, answer_limit},
                                lifeline_.guard([this, round](Answer<MemberStatus> answer) {
                                    if (!answer) return failed(std::move(answer.result).error());
                                    round->status = std::move(*answer.result);
                                    round->begun =
                                        std::chrono::floor<Seconds>(ports_.loop.clock().wall());
                                    make_room(round);
                                }));
}

void CopyKeeper::make_room(const RoundPtr& round) {
    on_worker<bool>(
        [shelf = shelf_, bytes = round->status.bytes, begun = round->begun,
         round]() -> Result<bool> {
            auto path = shelf.make_room(bytes, begun);
            if (!path) return std::move(path).error();
            auto writer = SnapshotWriter::begin(*path);
            if (!writer) return std::move(writer).error();
            round->path = *std::move(path);
            round->writer.emplace(*std::move(writer));
            return true;
        },
        [this, round](bool) { transfer(round); });
}

void CopyKeeper::transfer(const RoundPtr& round) {
    around_.electorate().snapshot({round->endpoint, piece_limit},
                                  lifeline_.guard([this, round](std::string piece, Taken taken) {
                                      take(round, std::move(piece), std::move(taken));
                                  }),
                                  lifeline_.guard([this, round](Answer<std::uint64_t> answer) {
                                      if (!answer) return failed(std::move(answer.result).error());
                                      put_away(round);
                                  }));
}

void CopyKeeper::take(const RoundPtr& round, std::string piece, Taken taken) {
    auto outcome = std::make_shared<Result<void>>();  // shared: the worker's and ours
    ports_.workers.run(
        [round, outcome, piece = std::move(piece)](Task&) { *outcome = round->writer->add(piece); },
        lifeline_.guard([outcome, taken = std::move(taken)] { taken(std::move(*outcome)); }));
}

void CopyKeeper::put_away(const RoundPtr& round) {
    SnapshotNote note;
    note.cluster = round->store.cluster;
    note.epoch = round->store.epoch;
    note.store = text_of_member(round->status.cluster);
    note.member = text_of_member(round->status.id);
    note.revision = round->status.revision;
    note.term = round->status.term;
    note.index = round->status.applied_index;
    note.time = iso8601(round->begun);
    note.members = round->store.members;
    on_worker<SnapshotNote>(
        [shelf = shelf_, note, round]() -> Result<SnapshotNote> {
            auto whole = shelf.put_away(*round->writer, note);
            round->writer.reset();
            return whole;
        },
        [this, round](SnapshotNote whole) {
            ports_.report.publish(happened::Noted{"the store is copied to " + round->path +
                                                  ": revision " + std::to_string(whole.revision) +
                                                  ", " + std::to_string(whole.bytes) + " bytes"});
            round->kept.insert(round->kept.begin(), {round->path, round->begun, std::move(whole)});
            tell(round);
        });
}

// Whoever looks for a copy is told where one is; without that it is a copy all the same.
void CopyKeeper::tell(const RoundPtr& round) {
    const Duration next =
        copy_will_do(round->kept, round->store, ports_.loop.clock().wall(), timing_.copy_every);
    std::string text = encode(record_of(round->kept.front(), identity_.uuid));
    if (text == told_) return done(next);
    ports_.store.commit({{around_.name_is_ours()}, {Operation::put(keys::seat_copy(host_), text)}},
                        lifeline_.guard([this, text, next](const Result<Committed>& put) {
                            if (!put) return failed(put.error());
                            if (!put->applied)  // it may be ours again later
                                return done(jittered(timing_.copy_again / 2, timing_.copy_again));
                            told_ = text;
                            done(next);
                        }));
}

// Not needed any more ---------------------------------------------------------------------------
void CopyKeeper::let_go(const RoundPtr& round) {
    const Duration since = ports_.loop.clock().now() - unnamed_;
    if (since < timing_.copy_every) return done(timing_.copy_every - since);
    ports_.store.read(
        ReadScope::prefix, keys::seat_copies(),
        lifeline_.guard([this, round](Result<Reading> read) {
            if (!read) return failed(std::move(read).error());
            std::vector<CopyRecord> told;
            for (const Record& record : read->records)
                if (auto copy = decode_copy(record.value)) told.push_back(std::move(*copy));
            if (is_named_ || !is_superseded(record_of(round->kept.front(), identity_.uuid), told))
                return done(timing_.copy_every);
            forget(round);
        }));
}

void CopyKeeper::forget(const RoundPtr& round) {
    on_worker<bool>(
        [shelf = shelf_]() -> Result<bool> {
            if (auto gone = shelf.clear(); !gone) return std::move(gone).error();
            return true;
        },
        [this, count = round->kept.size()](bool) {
            ports_.report.publish(happened::Noted{"this host's copies of the store are removed, " +
                                                  std::to_string(count) +
                                                  " of them: others keep newer ones"});
            told_.clear();
            ports_.store.commit(
                {{around_.name_is_ours()}, {Operation::remove(keys::seat_copy(host_))}},
                lifeline_.guard([this](const Result<Committed>& gone) {
                    if (!gone) return failed(gone.error());
                    busy_ = false;
                }));
        });
}

}  // namespace hansa
