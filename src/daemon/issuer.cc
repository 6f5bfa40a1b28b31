#include "daemon/issuer.h"

#include "base/check.h"
#include "base/text.h"

namespace hansa {

namespace {

constexpr Duration retry_after = Seconds{60};

constexpr const char* loopback = "127.0.0.1";
// Strangers at the port are told of in one line at most so often.
constexpr Duration refusals_pace = Seconds{60};

std::string nonce_of(const EnrolmentQuestion& question) {
    return std::visit([](const auto& request) { return request.nonce; }, question);
}

// Nobody can ask at "any address".
std::vector<std::string> addresses_of(const HostPort& at) {
    if (at.host == "0.0.0.0" || at.host == "::") return {};
    return {at.text()};
}

struct Loss {
    const char* cause;
    const char* text;
};

Loss loss_of(Unheard why) {
    switch (why) {
        case Unheard::silent: return {"join_silent", "asked nothing in time"};
        case Unheard::gave_way:
            return {"join_gave_way", "had asked nothing yet when all places were taken"};
        case Unheard::turned_away: return {"join_turned_away", "turned away: too many ask at once"};
        case Unheard::broken: break;
    }
    return {"join_broken", "left before it had asked, or spoke no TLS 1.3"};
}

std::string name_of(const SecurePeer& peer) {
    auto leaf = Certificate::from_pem(peer.chain_pem);
    return leaf ? leaf->label() : "somebody";
}

std::string granted(const EnrolmentQuestion& question, const SecurePeer& peer) {
    if (const auto* asked = std::get_if<JoinRequest>(&question))
        return asked->name + " joins with token " + asked->token_id + ", from " + peer.address;
    if (const auto* member = std::get_if<MemberRequest>(&question))
        return name_of(peer) + " has a certificate to hold a seat with, at " +
               join(member->addresses, ", ");
    return name_of(peer) + " has a new certificate";
}

const char* cause_of(const EnrolmentQuestion& question) {
    if (std::holds_alternative<JoinRequest>(question)) return "join";
    return std::holds_alternative<MemberRequest>(question) ? "member" : "renewal";
}

}  // namespace

// One question on its way through a worker and back.
struct Issuer::Case {
    SecurePeer peer;
    EnrolmentQuestion question;
    SecureSockets::Answer answer;
    WallTime now;
    Result<std::string> issued = Error{};  // what the worker found
};

Issuer::Issuer(Ports ports, AuthorityDirectory directory, Authority authority, IssuerWishes wishes,
               StoreUrls stores)
    : ports_(ports),
      directory_(std::move(directory)),
      authority_(std::move(authority)),
      wishes_(std::move(wishes)),
      stores_(std::move(stores)),
      refusals_told_(ports.loop.clock().now() - refusals_pace) {}

Issuer::~Issuer() {
    *alive_ = false;
}

std::vector<HostPort> Issuer::places() const {
    if (wishes_.listen) return {*wishes_.listen};
    std::vector<HostPort> places;
    // Tokens that are out name the port of last time.
    for (const auto& listener : directory_.listeners())
        if (listener.host == wishes_.host) places.push_back({loopback, listener.at.port});
    places.push_back({loopback, enrolment_port_usual});
    places.push_back({loopback, 0});
    return places;
}

Result<SecureSockets::Served> Issuer::listen(HostPort& at) {
    Result<SecureSockets::Served> served = Error{};
    for (const HostPort& place : places()) {
        served = ports_.sockets.serve(
            place,
            {.identity = [this] { return identity(); },
             .handler = [this](
                            const SecurePeer& peer, const std::string& text,
                            SecureSockets::Answer answer) { hear(peer, text, std::move(answer)); },
             .lost = [this](const std::string& address, Unheard why) { lose(address, why); }});
        at = place;
        if (served || served.error().code != Code::conflict) break;
    }
    if (served) at.port = served->port;
    return served;
}

Result<HostPort> Issuer::start() {
    auto served = listen(at_);
    if (!served && wishes_.listen)
        return Error{Code::unavailable,
                     "--join-listen " + served.error().text + "; free it, or give another address"};
    if (!served) return std::move(served).error();
    served_ = std::move(served->held);
    ports_.report.publish(happened::Noted{"this agent answers joins at " + at_.text() +
                                          " for cluster " + authority_.cluster()});
    if (auto kept = directory_.remember_listener({wishes_.host, at_}); !kept)
        ports_.report.publish(happened::Warned{
            "\"hansa token create\" will not know where this agent answers: " + kept.error().text});
    return at_;
}

// Its issuing certificate may have been renewed since we started. Another authority in its place
// is not ours: we go on with what we have.
void Issuer::read_authority(WallTime now) {
    auto present = directory_.keys().keep(now);
    if (present && present->root().key_pin() == authority_.root().key_pin()) {
        authority_ = std::move(*present);
    } else if (!present) {
        ports_.report.publish(
            happened::Warned{"the authority cannot be read again: " + present.error().text});
    }
}

// Asked for by each client; a fresh one each time two thirds of its life are over.
const TlsIdentity& Issuer::identity() {
    const WallTime now = ports_.loop.clock().wall();
    if (now < identity_until_) return identity_;
    read_authority(now);
    const PrivateKey key = PrivateKey::make();
    auto issued = authority_.issue(member_order(wishes_.host, wishes_.uuid, key), now);
    if (!issued) {
        ports_.report.publish(happened::Warned{"joins cannot be answered: " + issued.error().text});
        identity_until_ = now + retry_after;  // whoever connects costs no more than that
        return identity_;
    }
    identity_ = {*issued + authority_.root().pem(), key.pem()};
    auto leaf = Certificate::from_pem(*issued);
    check(static_cast<bool>(leaf), "what was issued can be read");
    identity_until_ = renewal_time(*leaf);
    return identity_;
}

void Issuer::hear(const SecurePeer& peer, const std::string& text, SecureSockets::Answer answer) {
    auto question = decode_enrolment_question(text);
    if (!question) {
        ++refusals_;
        return answer({});
    }
    // Whoever joined now would not know where to go; it asks again.
    if (std::holds_alternative<JoinRequest>(*question) && stores_().empty())
        return answer(encode(EnrolmentAnswer{
            nonce_of(*question), Error{Code::unavailable, "its store does not serve yet"}}));
    auto open = std::make_shared<Case>(
        Case{peer, std::move(*question), std::move(answer), ports_.loop.clock().wall()});
    decide(std::move(open));
}

void Issuer::decide(std::shared_ptr<Case> open) {
    // Copies for the worker: the agent may end before it does.
    const auto work = [open, directory = directory_, authority = authority_,
                       wishes = wishes_](Task& task) mutable {
        task.blocking();
        const Pause pause = [&task](Duration duration) { task.sleep(duration); };
        const AuthorityDirectory::Rules rules{wishes.life, wishes.grace};
        const std::string& shown = open->peer.chain_pem;
        if (const auto* join = std::get_if<JoinRequest>(&open->question))
            open->issued = directory.grant_join(*join, authority, rules, open->now, pause);
        else if (const auto* member = std::get_if<MemberRequest>(&open->question))
            open->issued =
                directory.grant_member(*member, shown, authority, rules, open->now, pause);
        else
            open->issued = directory.grant_renewal(shown, authority, rules, open->now, pause);
    };
    ports_.workers.run(work, [this, alive = alive_, open] {
        if (!*alive) return;
        tell(*open);
        EnrolmentAnswer answer{nonce_of(open->question), Grant{}};
        if (open->issued) {
            answer.verdict =
                Grant{*open->issued, authority_.root().pem(), stores_(), addresses_of(at_)};
        } else {
            answer.verdict = open->issued.error();
        }
        open->answer(encode(answer));
    });
}

// Strangers at the port: counted all, and told at the log's pace.
void Issuer::lose(const std::string& address, Unheard why) {
    const Loss loss = loss_of(why);
    ports_.report.publish(happened::Refused{loss.cause, "from " + address + ": " + loss.text});
}

void Issuer::tell(const Case& closed) {
    if (closed.issued)
        return ports_.report.publish(happened::Noted{granted(closed.question, closed.peer)});
    ++refusals_;
    const Instant now = ports_.loop.clock().now();
    if (now - refusals_told_ < refusals_pace) return;
    refusals_told_ = now;
    const std::string more = refusals_ > 1 ? "; " + counted(refusals_, "refusal") + " in all" : "";
    refusals_ = 0;
    ports_.report.publish(happened::Refused{
        cause_of(closed.question),
        "from " + closed.peer.address + ": " + closed.issued.error().text + more});
}

}  // namespace hansa
