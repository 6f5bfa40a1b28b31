#include "sys/sim/secure_sockets.h"

#include "base/text.h"

namespace hansa {

struct SimNetwork::Server {
    SecureSockets::Service service;
    std::size_t clients = 0;
    bool closed = false;
};

// Ends the server with its handle.
struct SimNetwork::Port final : Subscription {
    Port(SimNetwork& its_network, std::string its_address)
        : network(its_network), address(std::move(its_address)) {}
    ~Port() override {
        network.servers_.at(address)->closed = true;
        network.servers_.erase(address);
    }

    SimNetwork& network;
    std::string address;
};

// As the real side: one address after the other, each step a while later.
class SimAsking final : public Subscription {
 public:
    SimAsking(SimNetwork& network, std::string from, SecureSockets::Question question,
              SecureSockets::Done done)
        : network_(network),
          from_(std::move(from)),
          question_(std::move(question)),
          done_(std::move(done)) {
        step_ = network_.loop_.after(network_.latency_, [this] { try_next(); });
    }
    ~SimAsking() override {
        leave();
        *alive_ = false;
    }

 private:
    void try_next() {
        if (question_.text.size() > question_.limits.question_max)
            return finish(Error{Code::invalid, "a question of more than " +
                                                   std::to_string(question_.limits.question_max) +
                                                   " bytes"});
        if (next_ == question_.addresses.size()) return give_up();
        const std::string at = question_.addresses[next_++].text();
        const auto found = network_.servers_.find(at);
        const auto fault = network_.faults_.find(at);
        const bool faulty = fault != network_.faults_.end();
        if (faulty && fault->second == NetworkFault::silent) return wait_in_vain();
        if (found == network_.servers_.end() || (faulty && fault->second == NetworkFault::refuse))
            return failed(at, {Code::unavailable, "connection refused"});
        put_to(at, found->second, faulty);
    }

    void put_to(const std::string& at, const std::shared_ptr<SimNetwork::Server>& server,
                bool answer_is_lost) {
        // As TLS does: none at all is fine, an empty one is not.
        if (question_.identity && question_.identity->chain_pem.empty())
            return failed(at, {Code::invalid, "a TLS identity: no certificate in its chain"});
        if (auto right = question_.judge(server->service.identity().chain_pem); !right)
            return failed(at, right.error());
        const SecureLimits& limits = server->service.limits;
        const bool full = server->clients >= limits.clients_max;
        if (full || question_.text.size() > limits.question_max) {
            if (server->service.lost)
                server->service.lost(from_, full ? Unheard::turned_away : Unheard::broken);
            return failed(at, {Code::unavailable, "the connection was closed"});
        }
        server_ = server;
        ++server->clients;
        wait_in_vain();
        const auto answer = [this, alive = alive_, round = next_, answer_is_lost,
                             server](const std::string& text) {
            if (!*alive || round != next_ || answer_is_lost || server->closed) return;
            step_ = network_.loop_.after(network_.latency_, [this, text] { answered(text); });
        };
        const std::string chain = question_.identity ? question_.identity->chain_pem : "";
        server->service.handler({from_, chain}, question_.text, answer);
    }

    void answered(const std::string& text) {
        leave();
        const std::string at = question_.addresses[next_ - 1].text();
        if (text.empty()) return failed(at, {Code::unavailable, "the connection was closed"});
        if (text.size() > question_.limits.answer_max)
            return failed(at, {Code::unavailable, "a text of " + std::to_string(text.size()) +
                                                      " bytes, more than " +
                                                      std::to_string(question_.limits.answer_max)});
        finish(text);
    }

    // Until an answer replaces this step.
    void wait_in_vain() {
        step_ = network_.loop_.after(question_.limits.time, [this] {
            leave();
            failed(question_.addresses[next_ - 1].text(), {Code::unavailable, "no answer in time"});
        });
    }

    void failed(const std::string& at, const Error& why) {
        failures_.push_back(at + ": " + why.text);
        if (why.code == Code::denied && !refusal_) refusal_ = why.during(at);
        step_ = network_.loop_.after(network_.latency_, [this] { try_next(); });
    }

    void give_up() {
        if (refusal_) return finish(*refusal_);
        finish(Error{Code::unavailable,
                     failures_.empty() ? "no address to ask" : join(failures_, "; ")});
    }

    void finish(Result<std::string> answer) {
        const auto done = std::exchange(done_, nullptr);
        if (done) done(std::move(answer));
    }

    void leave() {
        if (server_) --server_->clients;
        server_.reset();
    }

    SimNetwork& network_;
    std::string from_;
    SecureSockets::Question question_;
    SecureSockets::Done done_;
    std::size_t next_ = 0;
    std::vector<std::string> failures_;
    std::optional<Error> refusal_;
    std::shared_ptr<SimNetwork::Server> server_;                  // shared: it may end before us
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with a late answer
    Held step_;
};

Result<SecureSockets::Served> SimSecureSockets::serve(const HostPort& at, Service service) {
    HostPort bound = at;
    if (bound.port == 0) bound.port = network_.next_port_++;
    if (network_.servers_.contains(bound.text()))
        return Error{Code::conflict, bound.text() + " is taken"};
    auto server = std::make_shared<SimNetwork::Server>();
    server->service = std::move(service);
    network_.servers_.emplace(bound.text(), std::move(server));
    return Served{std::make_unique<SimNetwork::Port>(network_, bound.text()), bound.port};
}

Held SimSecureSockets::ask(Question question, Done done) {
    return std::make_unique<SimAsking>(network_, address_, std::move(question), std::move(done));
}

}  // namespace hansa
