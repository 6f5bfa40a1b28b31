#include "daemon/seating.h"

#include "daemon/machine_store.h"
#include "daemon/member_certificate.h"
#include "daemon/seat_settings.h"
#include "mesh/endpoints.h"
#include "trust/authority.h"

namespace hansa {
namespace {

constexpr std::uint64_t log_bytes_max = std::uint64_t{8} << 20;
constexpr Duration cut_apart = Seconds{5};   // a member is back in one or two
constexpr Duration care_after = Seconds{5};  // the first moments are for what the host does

}  // namespace

Seating::Seating(Ports ports, const Settings& settings, const Home& home,
                 const HostCredentials& credentials, Events events)
    : ports_(ports),
      settings_(settings),
      home_(home),
      events_(std::move(events)),
      revocations_(
          {ports.loop, ports.store, ports.files, ports.random, ports.report},
          home.trust_directory(),
          [&credentials]() -> const Credentials& { return credentials.current(); },
          [this] { revoked(); }) {}

Seating::~Seating() = default;

Electorate& Seating::electorate() {
    if (!electorate_) electorate_ = make_etcd_electorate(ports_.loop, identity_);
    return *electorate_;
}

const Steward* Seating::steward() const {
    return duty_ ? duty_->steward() : nullptr;
}

std::optional<SeatFigures> Seating::figures() const {
    if (!steward()) return std::nullopt;
    const SeatFacts& facts = steward()->facts();
    SeatFigures made;
    made.leads = steward()->leads();
    made.is_steward = facts.steward == facts.me;
    made.ideal = facts.ideal;
    for (const SeatMember& member : facts.members) {
        ++(member.is_learner ? made.learners : made.voters);
        if (member.uuid != facts.me && !facts.condition(member.uuid).healthy) ++made.unwell;
    }
    made.store_bytes = facts.store_bytes;
    return made;
}

SeatDuty& Seating::duty() {
    if (duty_) return *duty_;
    duty_ = std::make_unique<SeatDuty>(
        Steward::Ports{ports_.loop, ports_.store, electorate(), ports_.random, ports_.report},
        settings_.host, home_.identity().uuid,
        founding_settings(settings_, timing_.value_or(settings_.seat_timing)),
        SeatDuty::Events{.on_wanted =
                             [this](const SeatSettings& stored) {
                                 if (holder_)
                                     holder_->expect(endpoints_, home_.identity().cluster,
                                                     stored.timing);
                             },
                         .on_unwanted =
                             [this] {
                                 if (holder_) holder_->expect_nothing();
                             },
                         .on_settings =
                             [this](const SeatSettings& stored) {
                                 for (const std::string& line : overruled(settings_, stored))
                                     ports_.report.publish(happened::Warned{line});
                             },
                         .on_voter =
                             [this] {
                                 if (!holder_) return;  // it is the machine's, which says more
                                 const SeatHolder::Wishes wishes = holder_wishes();
                                 events_.on_own({wishes.client_urls, wishes.clients_told});
                             }});
    return *duty_;
}

SeatHolder::Wishes Seating::holder_wishes() const {
    SeatHolder::Wishes wishes;
    wishes.directory = home_.directory() + "/store";
    const Identity& me = home_.identity();
    wishes.owner = {me.uuid, me.cluster, me.epoch};
    SeatUrls urls = seat_urls(settings_);
    wishes.client_urls = std::move(urls.clients);
    wishes.peer_urls = std::move(urls.peers);
    wishes.clients_told = std::move(urls.clients_told);
    wishes.peers_told = std::move(urls.peers_told);
    return wishes;
}

// A host without an address that others reach would only ever be a member for itself.
void Seating::take_part(Before before) {
    if (holder_ || settings_.seat == SeatWish::no ||
        !is_reached_by_others(seat_urls(settings_).peers_told))
        return;
    SeatDuty& duty = this->duty();
    holder_ = std::make_unique<SeatHolder>(
        SeatHolder::Ports{ports_.loop, ports_.files, ports_.processes, *electorate_, ports_.report},
        holder_wishes(), [this](const std::vector<std::string>&) { return certificate(); },
        SeatHolder::Events{.on_serving =
                               [this] {
                                   duty_->member_serves(holder_wishes().client_urls.front());
                                   revocations_.follow();
                               },
                           .on_gone =
                               [this] {
                                   duty_->member_ended();
                                   revocations_.stop();
                                   events_.on_own({});
                               },
                           .on_lost = [this](bool lost) { duty_->member_lost(lost); },
                           .on_log = [this](const std::string& line) { keep_log(line); }});
    holder_->start();
    if (before.had_member) holder_->had_member(endpoints_);
    duty.follow_book();
}

void Seating::members_are(const std::vector<StoreMember>& members) {
    if (!holder_ || holder_->marker()) return;
    const bool is_listed = std::any_of(
        members.begin(), members.end(),
        [this](const StoreMember& member) { return member.name == home_.identity().uuid; });
    if (is_listed) holder_->had_member(endpoints_);
}

void Seating::keep_log(const std::string& line) {
    if (!log_) {
        auto opened = RotatedFile::open(home_.directory() + "/store/etcd.log", log_bytes_max);
        if (!opened) return;  // the errors that matter reach the report by another way
        log_.emplace(std::move(*opened));
    }
    (void)log_->add(line);
}

// Got in advance (member_certificate.h): whoever issues it may be away when the seat is given.
Result<StoreCertificate> Seating::certificate() {
    const std::string directory = home_.trust_directory();
    const std::string path = member_certificate_path(directory);
    if (auto there = ports_.files.status(path); !there)
        return Error{Code::unavailable,
                     path +
                         ": this host has no certificate for a seat yet; it asks for one where "
                         "it joined"};
    auto crl = revocations_.prepare();
    if (!crl) return std::move(crl).error();
    StoreCertificate made;
    made.client_tls = {path, member_key_path(directory), directory + "/ca.pem", *crl};
    made.peer_tls = made.client_tls;
    made.server_name = store_server_name;
    return made;
}

bool Seating::has_member() const {
    return holder_ && holder_->marker();
}

void Seating::found(const std::string& cluster) {
    if (holder_) holder_->found(cluster, settings_.seat_timing);
}

void Seating::beside(const std::string& endpoint, const std::string& timing) {
    timing_ = timing;
    if (!endpoint.empty())
        duty().member_serves(endpoint);
    else if (duty_)
        duty_->member_ended();
}

void Seating::alone_at(const std::string& endpoint) {
    care_.reset();
    care_begins_.reset();
    if (endpoint.empty()) return;
    care_begins_ = ports_.loop.after(care_after, [this, endpoint] {
        care_ = std::make_unique<SoleCare>(
            Caretaker::Ports{ports_.loop, electorate(), ports_.report}, endpoint);
    });
}

void Seating::use_identity(StoreIdentity identity) {
    identity_ = std::move(identity);
    if (electorate_) electorate_->use_identity(identity_);
}

// One voter after the other: two that start again at once could be a majority. The founder's goes
// at once, since its agent knows first.
void Seating::revoked() {
    if (!holder_ || !holder_->serves()) return;
    const auto before = static_cast<std::int64_t>(events_.turn());
    cut_ = ports_.loop.after(cut_apart * (1 + before), [this] {
        ports_.report.publish(happened::Noted{
            "somebody was revoked: every connection to this host's member is made anew"});
        holder_->cut_connections();
    });
}

void Seating::store_is(StoreStatus::State state) {
    revocations_.store_is(state);
    if (duty_) duty_->store_is(state);
}

void Seating::stop(Action stopped) {
    cut_.reset();
    revocations_.stop();
    alone_at({});
    if (duty_) duty_->member_ended();
    if (!holder_) return ports_.loop.post(std::move(stopped));
    holder_->stop(std::move(stopped));
}

}  // namespace hansa
