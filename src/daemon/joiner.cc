#include "daemon/joiner.h"

#include <algorithm>

#include "base/text.h"
#include "daemon/issuer.h"

namespace hansa {

std::vector<HostPort> places_to_ask(const std::vector<std::string>& addresses,
                                    const std::vector<std::string>& seeds) {
    std::vector<HostPort> places;
    const auto add = [&places](Result<HostPort> at) {
        if (at && std::find(places.begin(), places.end(), *at) == places.end())
            places.push_back(std::move(*at));
    };
    for (const std::string& address : addresses) add(HostPort::parse(address));
    for (const std::string& seed : seeds) {  // "https://HOST:PORT"
        const std::size_t slashes = seed.find("//");
        auto at = HostPort::parse(slashes == seed.npos ? seed : seed.substr(slashes + 2));
        if (at) at->port = enrolment_port_usual;
        add(std::move(at));
    }
    return places;
}

std::string make_nonce(Random& random) {
    std::string bytes;
    for (int word = 0; word < 2; ++word)
        for (std::uint64_t left = random.next(), i = 0; i < 8; ++i, left >>= 8)
            bytes += static_cast<char>(left & 0xff);
    return hex_encode(bytes);
}

void Joiner::ask() {
    JoinRequest request;
    request.name = wishes_.name;
    request.uuid = wishes_.uuid;
    request.public_pem = wishes_.key.public_pem();
    request.nonce = make_nonce(ports_.random);
    prove(request, wishes_.token);
    const std::string pin = wishes_.token.pin;
    const Clock& clock = ports_.loop.clock();
    SecureSockets::Question question{.addresses = wishes_.places,
                                     .text = encode(EnrolmentQuestion{request}),
                                     .identity = {},
                                     .judge = [pin, &clock](const std::string& chain) {
                                         return judge_issuer(chain, pin, clock.wall());
                                     }};
    asking_ = ports_.sockets.ask(
        std::move(question),
        [this, expected = Expectation{request.nonce, wishes_.name, wishes_.uuid, pin, wishes_.key}](
            const Result<std::string>& text) { answered(text, expected); });
}

void Joiner::answered(const Result<std::string>& text, const Expectation& expected) {
    if (!text && text.error().code != Code::denied) return again(text.error().text);
    if (!text) return done_(text.error());
    auto answer = decode_enrolment_answer(*text);
    if (!answer) return done_(Error{Code::denied, std::move(answer).error().text});
    auto grant = accept_grant(*answer, expected, ports_.loop.clock().wall());
    if (!grant && grant.error().code == Code::unavailable) return again(grant.error().text);
    done_(std::move(grant));
}

void Joiner::again(const std::string& why) {
    if (told_ != why) {
        told_ = why;
        ports_.report.publish(happened::StoreChanged{
            happened::StoreChanged::State::starting,
            "waiting for an authority that answers this host's join: " + why});
    }
    timer_ = ports_.loop.after(backoff_.next(ports_.random), [this] { ask(); });
}

}  // namespace hansa
