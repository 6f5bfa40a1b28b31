#include "sys/linux/tls_link.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "base/check.h"

namespace hansa {

namespace {

constexpr std::size_t length_bytes = 4;

using Bio = std::unique_ptr<BIO, int (*)(BIO*)>;
using OwnedX509 = std::unique_ptr<X509, void (*)(X509*)>;
using OwnedKey = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;

Bio bio_of(const std::string& text) {
    return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

// An encrypted key is refused: OpenSSL would ask for its password on the terminal.
int no_password(char*, int, int, void*) {
    return -1;
}

Error unreadable(const char* what) {
    ERR_clear_error();
    return Error{Code::invalid, std::string("a TLS identity: ") + what};
}

Result<void> use_identity(SSL_CTX* context, const TlsIdentity& identity) {
    const Bio chain = bio_of(identity.chain_pem);
    bool leaf = true;
    while (X509* read = PEM_read_bio_X509(chain.get(), nullptr, no_password, nullptr)) {
        OwnedX509 certificate(read, X509_free);
        const bool taken = leaf ? SSL_CTX_use_certificate(context, certificate.get()) == 1
                                : SSL_CTX_add0_chain_cert(context, certificate.get()) == 1;
        if (!taken) return unreadable("a certificate that TLS does not take");
        if (!std::exchange(leaf, false)) (void)certificate.release();
    }
    if (leaf) return unreadable("no certificate in its chain");
    const Bio text = bio_of(identity.key_pem);
    const OwnedKey key(PEM_read_bio_PrivateKey(text.get(), nullptr, no_password, nullptr),
                       EVP_PKEY_free);
    if (!key) return unreadable("no key that can be read; it must be PEM and not encrypted");
    if (SSL_CTX_use_PrivateKey(context, key.get()) != 1)
        return unreadable("the key does not belong to the certificate");
    ERR_clear_error();  // of the end of the chain's text
    return {};
}

void add_pem(BIO* out, X509* certificate) {
    if (certificate) check(PEM_write_bio_X509(out, certificate) == 1, "a certificate has a text");
}

std::string take_text(BIO* bio) {
    char* bytes = nullptr;
    const long length = BIO_get_mem_data(bio, &bytes);
    return {bytes, static_cast<std::size_t>(length)};
}

// `leaf` null: it is the first of `chain`.
std::string pem_of(X509* leaf, const STACK_OF(X509) * chain) {
    const Bio out(BIO_new(BIO_s_mem()), BIO_free);
    add_pem(out.get(), leaf);
    for (int i = 0; i < sk_X509_num(chain); ++i) add_pem(out.get(), sk_X509_value(chain, i));
    return take_text(out.get());
}

std::string reason() {
    const char* text = ERR_reason_error_string(ERR_peek_error());
    ERR_clear_error();
    return text ? text : "the connection was closed";
}

std::string framed(const std::string& text) {
    std::string frame;
    frame.reserve(length_bytes + text.size());
    for (int shift = 24; shift >= 0; shift -= 8)
        frame += static_cast<char>((text.size() >> shift) & 0xff);
    return frame + text;
}

std::size_t length_in(const std::string& frame) {
    std::size_t length = 0;
    for (std::size_t i = 0; i < length_bytes; ++i)
        length = length << 8 | static_cast<unsigned char>(frame[i]);
    return length;
}

}  // namespace

Result<TlsContext> TlsLink::make_context(Side side, const TlsIdentity* identity) {
    const bool server = side == Side::server;
    TlsContext context(SSL_CTX_new(server ? TLS_server_method() : TLS_client_method()),
                       SSL_CTX_free);
    check(context != nullptr, "OpenSSL has memory for a context");
    SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_num_tickets(context.get(), 0);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context.get(),
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    // Of a client: asks for its certificate, does not insist on one.
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_cert_verify_callback(context.get(), &TlsLink::verify, nullptr);
    if (!identity) return context;
    if (auto used = use_identity(context.get(), *identity); !used) return std::move(used).error();
    return context;
}

TlsLink::TlsLink(const TlsContext& context, Side side, Fd socket, LinuxLoop& loop,
                 std::function<void(Error)> failed)
    : socket_(std::move(socket)),
      loop_(loop),
      failed_(std::move(failed)),
      ssl_(SSL_new(context.get()), SSL_free) {
    check(ssl_ && SSL_set_fd(ssl_.get(), socket_.get()) == 1, "OpenSSL has memory for a link");
    SSL_set_app_data(ssl_.get(), this);
    side == Side::server ? SSL_set_accept_state(ssl_.get()) : SSL_set_connect_state(ssl_.get());
}

TlsLink::~TlsLink() = default;

// Stands for the whole check of a chain: what a chain is worth is not for this room to say.
int TlsLink::verify(x509_store_ctx_st* shown, void*) {
    auto* ssl =
        static_cast<SSL*>(X509_STORE_CTX_get_ex_data(shown, SSL_get_ex_data_X509_STORE_CTX_idx()));
    auto& link = *static_cast<TlsLink*>(SSL_get_app_data(ssl));
    if (!link.judge_) return 1;
    auto verdict = link.judge_(pem_of(nullptr, X509_STORE_CTX_get0_untrusted(shown)));
    if (verdict) return 1;
    link.refusal_ = std::move(verdict).error();
    X509_STORE_CTX_set_error(shown, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
}

void TlsLink::handshake(Action done) {
    begin(
        [this] {
            const int code = SSL_do_handshake(ssl_.get());
            return Step{code, code == 1};
        },
        std::move(done));
}

void TlsLink::send(const std::string& text, Action done) {
    buffer_ = framed(text);
    moved_ = 0;
    begin(
        [this] {
            const int code = SSL_write(ssl_.get(), buffer_.data() + moved_,
                                       static_cast<int>(buffer_.size() - moved_));
            if (code > 0) moved_ += static_cast<std::size_t>(code);
            return Step{code, moved_ == buffer_.size()};
        },
        std::move(done));
}

void TlsLink::receive(std::size_t bytes_max, std::function<void(std::string)> done) {
    buffer_.assign(length_bytes, '\0');
    moved_ = 0;
    begin([this, bytes_max] { return receive_some(bytes_max); },
          [this, done = std::move(done)] { done(buffer_.substr(length_bytes)); });
}

TlsLink::Step TlsLink::receive_some(std::size_t bytes_max) {
    const int code =
        SSL_read(ssl_.get(), buffer_.data() + moved_, static_cast<int>(buffer_.size() - moved_));
    if (code <= 0) return {code, false};
    moved_ += static_cast<std::size_t>(code);
    if (moved_ < buffer_.size()) return {code, false};
    if (moved_ > length_bytes) return {code, true};
    const std::size_t length = length_in(buffer_);
    if (length > bytes_max)
        fail("a text of " + std::to_string(length) + " bytes, more than " +
             std::to_string(bytes_max));
    else
        buffer_.resize(length_bytes + length);
    return {code, length == 0};
}

std::string TlsLink::peer_chain_pem() const {
    X509* leaf = SSL_get0_peer_certificate(ssl_.get());
    if (!leaf) return {};
    // The client's side lists the leaf with the others, the server's does not.
    return pem_of(SSL_is_server(ssl_.get()) ? leaf : nullptr, SSL_get_peer_cert_chain(ssl_.get()));
}

void TlsLink::begin(Operation operation, Action done) {
    operation_ = std::move(operation);
    done_ = std::move(done);
    pump();
}

void TlsLink::pump() {
    while (operation_ && failed_) {
        ERR_clear_error();  // SSL_get_error() looks at what anybody left there
        const Step step = operation_();
        if (!failed_) return;
        if (step.complete) {
            operation_ = nullptr;
            watch_.reset();
            waiting_ = Waiting::nothing;
            const Action done = std::exchange(done_, nullptr);
            return done();
        }
        if (step.code > 0) continue;
        const int error = SSL_get_error(ssl_.get(), step.code);
        if (error == SSL_ERROR_WANT_READ) return await(Waiting::readable);
        if (error == SSL_ERROR_WANT_WRITE) return await(Waiting::writable);
        return fail(refusal_ ? refusal_->text : reason());
    }
}

void TlsLink::await(Waiting what) {
    if (waiting_ == what) return;
    waiting_ = what;
    const auto ready = [this] { pump(); };
    watch_ = what == Waiting::readable ? loop_.watch_fd(socket_.get(), ready)
                                       : loop_.watch_writable(socket_.get(), ready);
}

void TlsLink::fail(const std::string& why) {
    const auto failed = std::exchange(failed_, nullptr);
    watch_.reset();
    if (failed) failed(Error{refusal_ ? refusal_->code : Code::unavailable, why});
}

}  // namespace hansa
