// What every SecureSockets port must do. See bench.h for how a side runs it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "sys/contract/bench.h"
#include "sys/secure_sockets.h"

namespace hansa::contract {

class SecureBench : public LoopBench {
 public:
    virtual SecureSockets& sockets() = 0;
    // Two that differ, made anew for each bench; `which` is 0 or 1.
    virtual TlsIdentity identity(int which) = 0;
    // Where nobody listens.
    virtual HostPort nowhere() = 0;
};

using MakeSecureBench = std::unique_ptr<SecureBench> (*)();

class SecureContract : public testing::TestWithParam<MakeSecureBench> {
 protected:
    static Result<void> anybody(const std::string&) { return {}; }

    // Serves with identity 0 on a free port.
    void serve(SecureSockets::Handler handler, const SecureLimits& limits = {}) {
        auto served = bench_->sockets().serve({"127.0.0.1", 0},
                                              {.identity = [this] { return shown_; },
                                               .handler = std::move(handler),
                                               .limits = limits,
                                               .lost =
                                                   [this](const std::string& address, Unheard why) {
                                                       EXPECT_FALSE(address.empty());
                                                       lost_.push_back(why);
                                                   }});
        ASSERT_TRUE(served) << served.error().text;
        at_ = {"127.0.0.1", served->port};
        held_ = std::move(served->held);
    }

    SecureSockets::Question question(const std::string& text) {
        return {.addresses = {at_}, .text = text, .identity = {}, .judge = &anybody};
    }

    Result<std::string> ask(SecureSockets::Question asked) {
        std::optional<Result<std::string>> answer;
        Held asking = bench_->sockets().ask(std::move(asked), [&](Result<std::string> given) {
            EXPECT_FALSE(answer) << "told twice";
            answer.emplace(std::move(given));
        });
        EXPECT_FALSE(answer) << "told before ask() returned";
        EXPECT_TRUE(bench_->run_until([&] { return answer.has_value(); }));
        return answer ? std::move(*answer) : Error{Code::internal, "nothing was told"};
    }

    static void echo(const SecurePeer&, std::string text, const SecureSockets::Answer& answer) {
        answer("you said " + text);
    }

    std::unique_ptr<SecureBench> bench_ = GetParam()();
    TlsIdentity shown_ = bench_->identity(0);
    HostPort at_;
    Held held_;
    std::vector<Unheard> lost_;
};

TEST_P(SecureContract, a_question_gets_its_answer_and_each_side_sees_who_the_other_is) {
    SecurePeer seen;
    serve(
        [&](const SecurePeer& peer, const std::string& text, const SecureSockets::Answer& answer) {
            seen = peer;
            echo(peer, text, answer);
        });
    auto asked = question("hello");
    asked.identity = bench_->identity(1);
    std::string server_chain;
    asked.judge = [&](const std::string& chain) {
        server_chain = chain;
        return Result<void>{};
    };
    auto answer = ask(asked);
    ASSERT_TRUE(answer) << answer.error().text;
    EXPECT_EQ(*answer, "you said hello");
    EXPECT_EQ(server_chain, bench_->identity(0).chain_pem);
    EXPECT_EQ(seen.chain_pem, bench_->identity(1).chain_pem);
    EXPECT_FALSE(seen.address.empty());
}

TEST_P(SecureContract, who_shows_nothing_is_told_as_such) {
    std::optional<std::string> chain;
    serve(
        [&](const SecurePeer& peer, const std::string& text, const SecureSockets::Answer& answer) {
            chain = peer.chain_pem;
            echo(peer, text, answer);
        });
    ASSERT_TRUE(ask(question("x")));
    EXPECT_EQ(chain, "");
}

TEST_P(SecureContract, a_server_that_the_judge_refuses_never_hears_the_question) {
    bool heard = false;
    serve(
        [&](const SecurePeer&, const std::string&, const SecureSockets::Answer&) { heard = true; });
    auto asked = question("secret");
    asked.judge = [](const std::string&) -> Result<void> {
        return Error{Code::denied, "of another authority"};
    };
    auto answer = ask(asked);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Code::denied);
    EXPECT_NE(answer.error().text.find("of another authority"), std::string::npos);
    bench_->run_for_a_while();
    EXPECT_FALSE(heard);
}

TEST_P(SecureContract, the_next_address_is_asked_when_one_does_not_answer_or_is_refused) {
    serve(&echo);
    const HostPort wrong = at_;
    const Held first = std::move(held_);
    shown_ = bench_->identity(1);
    serve(&echo);
    auto asked = question("hello");
    asked.addresses = {bench_->nowhere(), wrong, at_};
    // Both servers show the same identity now; only the second question to the judge is granted.
    int judged = 0;
    asked.judge = [&](const std::string&) -> Result<void> {
        if (++judged == 2) return {};
        return Error{Code::denied, "not this one"};
    };
    auto answer = ask(asked);
    ASSERT_TRUE(answer) << answer.error().text;
    EXPECT_EQ(judged, 2);
}

TEST_P(SecureContract, nobody_there_is_unavailable_and_names_each_address) {
    auto asked = question("x");
    asked.addresses = {bench_->nowhere()};
    auto answer = ask(asked);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Code::unavailable);
    EXPECT_NE(answer.error().text.find(bench_->nowhere().text()), std::string::npos);
    asked.addresses.clear();
    EXPECT_EQ(ask(asked).error().code, Code::unavailable);
}

TEST_P(SecureContract, a_server_that_never_answers_is_given_up) {
    serve([](const SecurePeer&, const std::string&, const SecureSockets::Answer&) {});
    auto asked = question("x");
    asked.limits.time = Milliseconds{200};
    auto answer = ask(asked);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Code::unavailable);
    EXPECT_NE(answer.error().text.find("no answer in time"), std::string::npos);
}

TEST_P(SecureContract, texts_up_to_the_limits_arrive_whole_and_longer_ones_do_not) {
    serve(
        [](const SecurePeer&, const std::string& text, const SecureSockets::Answer& answer) {
            answer(text == "much" ? std::string(1'001, 'y') : text);
        },
        {.question_max = 50'000});
    const std::string most(50'000, 'q');
    auto whole = ask(question(most));
    ASSERT_TRUE(whole) << whole.error().text;
    EXPECT_EQ(*whole, most);
    EXPECT_FALSE(ask(question(most + "q"))) << "the server's limit";
    EXPECT_EQ(ask(question(std::string(64 * 1024 + 1, 'q'))).error().code, Code::invalid);
    auto asked = question("much");
    asked.limits.answer_max = 1'000;
    EXPECT_FALSE(ask(asked));
    asked.limits.answer_max = 1'001;
    EXPECT_TRUE(ask(asked));
}

TEST_P(SecureContract, late_answers_arrive_and_an_empty_one_hangs_up) {
    Held timer;
    serve([&](const SecurePeer&, const std::string& text, const SecureSockets::Answer& answer) {
        timer = bench_->loop().after(Milliseconds{20},
                                     [answer, text] { answer(text == "go" ? "" : "late"); });
    });
    auto late = ask(question("x"));
    ASSERT_TRUE(late) << late.error().text;
    EXPECT_EQ(*late, "late");
    auto gone = ask(question("go"));
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().code, Code::unavailable);
}

TEST_P(SecureContract, who_drops_the_handle_is_told_nothing) {
    serve(&echo);
    bool told = false;
    Held asking =
        bench_->sockets().ask(question("x"), [&](const Result<std::string>&) { told = true; });
    asking.reset();
    bench_->run_for_a_while();
    EXPECT_FALSE(told);
}

TEST_P(SecureContract, an_answer_to_somebody_who_has_left_or_from_a_closed_port_is_harmless) {
    SecureSockets::Answer answer;
    serve([&](const SecurePeer&, const std::string&, const SecureSockets::Answer& given) {
        answer = given;
    });
    Held asking = bench_->sockets().ask(question("x"), [](const Result<std::string>&) {});
    EXPECT_TRUE(bench_->run_until([&] { return answer != nullptr; }));
    asking.reset();
    held_.reset();
    bench_->run_for_a_while();
    answer("too late");
    bench_->run_for_a_while();
    EXPECT_FALSE(ask(question("x"))) << "the port is closed";
}

TEST_P(SecureContract, a_taken_port_is_a_conflict) {
    serve(&echo);
    auto second = bench_->sockets().serve(at_, {[this] { return shown_; }, &echo});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::conflict);
    held_.reset();
    EXPECT_TRUE(bench_->sockets().serve(at_, {[this] { return shown_; }, &echo}));
}

TEST_P(SecureContract, more_clients_than_allowed_are_turned_away_and_the_others_served) {
    std::vector<SecureSockets::Answer> waiting;
    serve([&](const SecurePeer&, const std::string&,
              const SecureSockets::Answer& answer) { waiting.push_back(answer); },
          {.clients_max = 3});
    int answered = 0;
    std::vector<Held> asking;
    for (int i = 0; i < 3; ++i)
        asking.push_back(bench_->sockets().ask(
            question("x"), [&](const Result<std::string>& answer) { answered += answer ? 1 : 0; }));
    EXPECT_TRUE(bench_->run_until([&] { return waiting.size() == 3; }));
    EXPECT_FALSE(ask(question("one too many")));
    EXPECT_EQ(lost_, std::vector{Unheard::turned_away});
    for (const auto& answer : waiting) answer("now");
    EXPECT_TRUE(bench_->run_until([&] { return answered == 3; }));
    bench_->run_for_a_while();
    waiting.clear();
    asking.push_back(bench_->sockets().ask(question("y"), [](const Result<std::string>&) {}));
    EXPECT_TRUE(bench_->run_until([&] { return waiting.size() == 1; })) << "places are free again";
}

TEST_P(SecureContract, a_renewed_identity_is_shown_to_the_next_client) {
    serve(&echo);
    ASSERT_TRUE(ask(question("x")));
    shown_ = bench_->identity(1);
    auto asked = question("x");
    std::string chain;
    asked.judge = [&](const std::string& shown) {
        chain = shown;
        return Result<void>{};
    };
    ASSERT_TRUE(ask(asked));
    EXPECT_EQ(chain, bench_->identity(1).chain_pem);
}

}  // namespace hansa::contract
