#include "daemon/joiner.h"

#include <algorithm>

#include "base/text.h"
#include "daemon/ask_authority.h"
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

void Joiner::ask() {
    JoinRequest request;
    request.name = wishes_.name;
    request.uuid = wishes_.uuid;
    request.public_pem = wishes_.key.public_pem();
    request.nonce = make_nonce(ports_.random);
    prove(request, wishes_.token);
    Expectation expected{request.nonce, wishes_.name, wishes_.uuid, wishes_.token.pin, wishes_.key};
    asking_ = ask_authority(ports_.loop, ports_.sockets,
                            {wishes_.places, std::move(request), std::nullopt, std::move(expected)},
                            [this](Result<Grant> grant) { answered(std::move(grant)); });
}

void Joiner::answered(Result<Grant> grant) {
    if (!grant && grant.error().code != Code::denied) return again(grant.error().text);
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
