#include "daemon/ask_authority.h"

#include "base/text.h"

namespace hansa {

std::string make_nonce(Random& random) {
    std::string bytes;
    for (int word = 0; word < 2; ++word)
        for (std::uint64_t left = random.next(), i = 0; i < 8; ++i, left >>= 8)
            bytes += static_cast<char>(left & 0xff);
    return hex_encode(bytes);
}

Held ask_authority(Loop& loop, SecureSockets& sockets, AuthorityQuestion asked,
                   std::function<void(Result<Grant>)> done) {
    const Clock& clock = loop.clock();
    SecureSockets::Question question{
        .addresses = std::move(asked.places),
        .text = encode(asked.question),
        .identity = std::move(asked.identity),
        .judge = [pin = asked.expected.pin, &clock](const std::string& chain) {
            return judge_issuer(chain, pin, clock.wall());
        }};
    return sockets.ask(std::move(question),
                       [&clock, expected = std::move(asked.expected),
                        done = std::move(done)](const Result<std::string>& text) {
                           if (!text) return done(text.error());
                           auto answer = decode_enrolment_answer(*text);
                           if (!answer) return done(Error{Code::denied, answer.error().text});
                           done(accept_grant(*answer, expected, clock.wall()));
                       });
}

}  // namespace hansa
