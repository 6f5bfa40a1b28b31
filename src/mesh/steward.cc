#include "mesh/steward.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/text.h"
#include "mesh/copies.h"
#include "mesh/keys.h"

namespace hansa {
namespace {

constexpr Seconds lease_least{2};  // etcd grants no shorter one with its usual times

// As readable() writes it; what follows may be punctuation.
bool is_unit(std::string_view word) {
    while (!word.empty() && std::ispunct(static_cast<unsigned char>(word.back())))
        word.remove_suffix(1);
    constexpr std::array<std::string_view, 7> units{"ns", "us", "ms", "s", "min", "h", "d"};
    return std::find(units.begin(), units.end(), word) != units.end();
}

// That time goes by is no news.
std::string without_times(const std::string& says) {
    const std::vector<std::string> words = split(says, ' ');
    std::string kept;
    for (std::size_t at = 0; at < words.size(); ++at)
        if (at + 1 < words.size() && is_unit(words[at + 1]))
            ++at;
        else
            kept += words[at] + ' ';
    return kept;
}

Seconds lease_of(const SeatTiming& timing) {
    return std::max(lease_least, std::chrono::ceil<Seconds>(timing.steward_lease));
}

constexpr Milliseconds numbers_pace{10'000};

// Without its numbers.
std::string words_of(std::string text) {
    std::erase_if(text, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
    return text;
}

}  // namespace

// A time that grows is no news by itself, or there would be a commit for each reading.
bool is_news(const StewardRecord& told, const SeatStep& step, Milliseconds wall) {
    if (told.says == step.says && told.is_alarm == step.is_alarm) return false;
    if (told.is_alarm != step.is_alarm || wall - told.at >= numbers_pace) return true;
    return words_of(told.says) != words_of(step.says);
}

Steward::Steward(Ports ports, Self self, SeatSettings settings)
    : ports_(ports),
      self_(std::move(self)),
      settings_(std::move(settings)),
      caretaker_({ports.loop, ports.electorate, ports.report}, [this] { look_again(); }) {
    facts_.me = self_.uuid;
    follow();
    hold_lease();
    tick();
}

Steward::~Steward() = default;

void Steward::follow() {
    for (const std::string& prefix : {keys::seats(), keys::names(), keys::peers()}) {
        FollowerEvents events;
        events.on_all = [this, prefix](const Reading& reading) {
            register_.replace(prefix, reading);
            put_settings();
        };
        events.on_events = [this](const EventBatch& batch) { register_.apply(batch); };
        events.on_check = [this, prefix](const Reading& reading,
                                         const std::set<std::string>& touched) {
            return register_.agrees(prefix, reading, touched);
        };
        events.on_error = [this](const Error& error) {
            ports_.report.publish(happened::Refused{"store_error", "seats: " + error.text});
        };
        auto follower = std::make_unique<Follower>(ports_.loop, ports_.store, ports_.random, prefix,
                                                   FollowerTimes{}, std::move(events));
        follower->store_is(ports_.store.status().state);
        followers_.push_back(std::move(follower));
    }
}

void Steward::store_is(StoreStatus::State state) {
    for (auto& follower : followers_) follower->store_is(state);
}

void Steward::hold_lease() {
    LeaseHandlers handlers;
    handlers.on_granted = [this](LeaseId lease) {
        lease_ = lease;
        sighting_.clear();
    };
    handlers.on_lost = [this] {
        lease_ = 0;
        term_ = 0;
    };
    lease_kept_ = ports_.store.keep_lease(lease_of(timing_), std::move(handlers));
}

// The first one that looks writes what the cluster was founded with.
void Steward::put_settings() {
    if (register_.has_settings() || !followers_.front()->folded()) return;
    commit("keeping the settings of seats",
           {{Compare::absent(keys::seat_settings())},
            {Operation::put(keys::seat_settings(), encode(settings_))}});
}

void Steward::tick() {
    tick_later();
    if (reading_ || acting_) return;
    read([this] { decide_now(); });
}

// Under the key's own lease and guarded by its term, so it can outlive neither.
void Steward::tell_all() {
    if (term_ == 0 || lease_ == 0 || telling_ || !leads()) return;
    if (!is_news(record_, step_, facts_.wall)) return;
    StewardRecord record{self_.uuid, self_.host.text(), step_.says, step_.is_alarm, facts_.wall};
    const std::string key = keys::seat_steward();
    telling_ = true;
    ports_.store.commit(
        {{Compare::created(key, term_)}, {Operation::put(key, encode(record), lease_)}},
        lifeline_.guard([this, record](const Result<Committed>& done) {
            telling_ = false;
            if (done && done->applied) record_ = record;
        }));
}

void Steward::decide_now() {
    const bool known = std::all_of(followers_.begin(), followers_.end(),
                                   [](const auto& follower) { return follower->folded(); });
    if (!known || !register_.has_settings() || caretaker_.is_at_work()) return;
    step_ = decide(facts_, timing_, ports_.loop.clock().now());
    tell();
    tell_all();
    // First: while a store is full everything that is written to it fails.
    if (facts_.readable) keep_up();
    if (!caretaker_.is_at_work()) act();
}

void Steward::keep_up() {
    UpkeepFacts facts;
    facts.leads = leads();
    facts.is_steward = facts_.steward == self_.uuid;
    facts.is_calm = step_.what == SeatStep::Do::nothing && !facts_.book.intent;
    std::map<MemberId, std::string> endpoints;
    for (const SeatMember& member : facts_.members) {
        facts.is_calm &= !member.is_learner && facts_.condition(member.uuid).healthy;
        if (member.is_learner || member.client_urls.empty()) continue;
        endpoints[member.id] =
            member.uuid == self_.uuid ? self_.endpoint : member.client_urls.front();
        UpkeepVoter voter{member.id, facts_.name_of(member), member.id == facts_.leader};
        if (const auto status = statuses_.find(member.id); status != statuses_.end()) {
            voter.answers = true;
            voter.complains = !status->second.errors.empty();
            voter.bytes = status->second.bytes;
            voter.bytes_used = status->second.bytes_used;
            voter.revision = status->second.revision;
        }
        facts.voters.push_back(std::move(voter));
    }
    caretaker_.look(std::move(facts), std::move(endpoints), timing_);
}

void Steward::tell() {
    const SeatMember* mine = facts_.find_member_of(self_.uuid);
    if (mine && mine->is_condemned && !std::exchange(condemned_, true))
        ports_.report.publish(happened::Warned{
            "seats: this host's member of the store holds other data than most voters; its seat "
            "is taken from it, and its data cleared away"});
    std::string timeless = without_times(step_.says);
    if (timeless == told_) return;
    told_ = std::move(timeless);
    if (step_.is_alarm)
        ports_.report.publish(happened::Warned{"seats: " + step_.says});
    else if (leads())
        ports_.report.publish(happened::Noted{"seats: " + step_.says});
}

void Steward::act() {
    using Do = SeatStep::Do;
    switch (step_.what) {
        case Do::nothing: return tell_voters();
        case Do::campaign: return campaign();
        case Do::resign: return resign();
        case Do::write: return write(*step_.book);
        case Do::call: return call(*step_.order);
        case Do::move_leader: return move_leader(step_.target);
    }
}

// Whoever looks for a voter hears of a new one at once, and need not ask for it again and again;
// whoever is to keep a copy of the store hears that in the same record, which all follow anyway,
// and so does everybody the time.
void Steward::tell_voters() {
    if (term_ == 0 || !leads()) return;
    const Instant now = ports_.loop.clock().now();
    VotersRecord record{voters(), choose_keepers(facts_)};
    if (auto stands = decode_voters(register_.voters_text())) {
        stands->clock.reset();
        if (*stands == record && now < clock_due_) return;
    }
    clock_due_ = now + timing_.tell_clock;
    const Duration wall = ports_.loop.clock().wall().time_since_epoch();
    record.clock = {self_.host.text(), duration_cast<Milliseconds>(wall)};
    commit("telling where the voters are", {{Compare::created(keys::seat_steward(), term_)},
                                            {Operation::put(keys::seat_voters(), encode(record))}});
}

std::vector<VoterPlace> Steward::voters() const {
    std::vector<VoterPlace> voters;
    for (const SeatMember& member : facts_.members) {
        const SeatApplicant* peer = facts_.find_peer(member.uuid);
        if (member.is_learner || member.client_urls.empty() || !peer) continue;
        voters.push_back({peer->name, join(peer->domain, ","), member.client_urls});
    }
    std::sort(voters.begin(), voters.end(),
              [](const auto& a, const auto& b) { return a.host < b.host; });
    return voters;
}

void Steward::campaign() {
    if (lease_ == 0) return;
    acting_ = true;
    const std::string key = keys::seat_steward();
    record_ = {self_.uuid, self_.host.text(), {}, false, facts_.wall};
    const std::string text = encode(record_);
    ports_.store.commit({{Compare::absent(key)}, {Operation::put(key, text, lease_)}},
                        lifeline_.guard([this](Result<Committed> done) {
                            if (done && done->applied) {
                                term_ = done->revision;
                                clock_due_ = {};
                            }
                            acted("becoming the steward",
                                  done ? Result<void>{} : Result<void>(done.error()));
                        }));
}

void Steward::resign() {
    commit("resigning as steward", {{Compare::created(keys::seat_steward(), term_)},
                                    {Operation::remove(keys::seat_steward())}});
    term_ = 0;
}

void Steward::write(const SeatBook& book) {
    const std::string key = keys::seat_book();
    const Revision modified = register_.book_modified();
    commit("writing the book of seats",
           {{Compare::created(keys::seat_steward(), term_),
             modified ? Compare::modified(key, modified) : Compare::absent(key)},
            {Operation::put(key, encode(book))}});
}

void Steward::commit(const char* doing, Transaction transaction) {
    acting_ = true;
    ports_.store.commit(std::move(transaction),
                        lifeline_.guard([this, doing](Result<Committed> done) {
                            acted(doing, done ? Result<void>{} : Result<void>(done.error()));
                            // What was compared with is not there any more; that news is on its
                            // way.
                            if (done && !done->applied) tick_later();
                        }));
}

void Steward::tick_later() {
    timer_ = ports_.loop.after(timing_.tick, [this] { tick(); });
}

// Between the decision and the call time passes: the host may have been asleep. What speaks for
// the call is read once more just before.
void Steward::call(const SeatOrder& order) {
    acting_ = true;
    read([this, order] {
        const Instant now = ports_.loop.clock().now();
        if (auto still = admit(order, facts_, timing_, now); !still)
            return acted("changing the members", Result<void>(std::move(still).error()));
        const auto done = [this](auto answer) {
            acted("changing the members",
                  answer ? Result<void>{} : Result<void>(std::move(answer.result).error()));
        };
        const Ask here = ask(timing_.read);
        switch (order.call) {
            case SeatCall::add_learner: {
                const SeatApplicant* peer = facts_.find_peer(order.uuid);
                if (!peer) return acted("changing the members", Error{Code::missing, "nobody"});
                return ports_.electorate.add_learner(here, peer->peer_urls, lifeline_.guard(done));
            }
            case SeatCall::promote:
                return ports_.electorate.promote(here, order.member, lifeline_.guard(done));
            case SeatCall::undo:
            case SeatCall::remove:
                return ports_.electorate.remove(here, order.member, lifeline_.guard(done));
        }
    });
}

void Steward::move_leader(MemberId target) {
    const SeatMember* leader = facts_.find_member(facts_.leader);
    if (!leader || leader->client_urls.empty()) return;
    acting_ = true;
    const std::string at =
        leader->uuid == self_.uuid ? self_.endpoint : leader->client_urls.front();
    ports_.electorate.move_leader({at, timing_.read}, target,
                                  lifeline_.guard([this](Answer<void> answer) {
                                      acted("moving the leadership", std::move(answer.result));
                                  }));
}

// What was done is seen at the next reading, which comes at once.
void Steward::acted(const char* doing, const Result<void>& done) {
    acting_ = false;
    const std::string trouble =
        done ? std::string{} : std::string{doing} + ": " + done.error().text;
    if (!trouble.empty() && trouble != trouble_)
        ports_.report.publish(happened::Refused{"seats", trouble});
    trouble_ = trouble;
    if (done && !reading_) look_again();
}

void Steward::look_again() {
    timer_ = ports_.loop.after(Duration{0}, [this] { tick(); });
}

}  // namespace hansa
