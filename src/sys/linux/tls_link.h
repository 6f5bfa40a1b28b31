// One TLS 1.3 connection on the loop: handshake, then texts with their length in front.
//
// Owned by whoever made it; loop thread only; one operation at a time. A text is four bytes of
// length, most significant first, and its bytes: what is cut short on the way is never taken for
// whole, and no more is held in memory than the reader allows. Sessions are never resumed, so
// every connection proves possession of the keys anew.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "sys/linux/fd.h"
#include "sys/linux/loop.h"
#include "sys/secure_sockets.h"

struct ssl_ctx_st;
struct ssl_st;
struct x509_store_ctx_st;

namespace hansa {

// What many connections share: who we are.
using TlsContext = std::shared_ptr<ssl_ctx_st>;  // shared by the connections made from it

class TlsLink {
 public:
    enum class Side { server, client };

    // Null: we show nothing (a client). Code::invalid for a chain or key that cannot be read, or
    // that do not belong together.
    static Result<TlsContext> make_context(Side side, const TlsIdentity* identity);

    // `failed` is called at most once, from within the loop; nothing else comes after it.
    TlsLink(const TlsContext& context, Side side, Fd socket, LinuxLoop& loop,
            std::function<void(Error)> failed);
    ~TlsLink();
    TlsLink(const TlsLink&) = delete;

    // Of a client: asked with the server's chain before we prove or say anything.
    void judge_with(SecureSockets::Judge judge) { judge_ = std::move(judge); }

    void handshake(Action done);
    void send(const std::string& text, Action done);
    void receive(std::size_t bytes_max, std::function<void(std::string)> done);

    // What the other side showed, leaf first; empty: nothing. After the handshake.
    std::string peer_chain_pem() const;

    // The judge's refusal, when that is why the handshake failed.
    const std::optional<Error>& refusal() const { return refusal_; }

 private:
    struct Step {
        int code = 0;           // as OpenSSL's calls tell it: above 0 it went on
        bool complete = false;  // nothing is left to do
    };
    using Operation = std::function<Step()>;

    static int verify(x509_store_ctx_st* shown, void*);
    void begin(Operation operation, Action done);
    void pump();
    enum class Waiting { nothing, readable, writable };
    void await(Waiting what);
    void fail(const std::string& why);
    Step receive_some(std::size_t bytes_max);

    Fd socket_;
    LinuxLoop& loop_;
    std::function<void(Error)> failed_;  // empty: it has been called
    SecureSockets::Judge judge_;
    std::optional<Error> refusal_;
    std::unique_ptr<ssl_st, void (*)(ssl_st*)> ssl_;
    Operation operation_;
    Action done_;
    std::string buffer_;
    std::size_t moved_ = 0;  // of buffer_
    Waiting waiting_ = Waiting::nothing;
    Held watch_;
};

}  // namespace hansa
