#include "mesh/etcd/convert.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"
#include "etcd.pb.h"

namespace hansa::etcd {

namespace pb = etcdserverpb;

namespace {

// A request travels through etcd's log inside a wrapper, and the wrapped size is what it limits.
constexpr std::size_t wrapper_bytes = 64;

void encode_compare(Compare compare, pb::Compare& to) {
    to.set_result(pb::Compare::EQUAL);
    to.set_key(std::move(compare.key));
    switch (compare.what) {
        case Compare::What::created_at:
            to.set_target(pb::Compare::CREATE);
            to.set_create_revision(compare.revision);
            return;
        case Compare::What::modified_at:
            to.set_target(pb::Compare::MOD);
            to.set_mod_revision(compare.revision);
            return;
        case Compare::What::value_is:
            to.set_target(pb::Compare::VALUE);
            to.set_value(std::move(compare.value));
            return;
    }
}

void encode_operation(Operation operation, pb::RequestOp& to) {
    switch (operation.type) {
        case Operation::Type::put: {
            auto& put = *to.mutable_request_put();
            put.set_key(std::move(operation.key));
            put.set_value(std::move(operation.value));
            put.set_lease(operation.lease);
            return;
        }
        case Operation::Type::remove:
            to.mutable_request_delete_range()->set_key(std::move(operation.key));
            return;
        case Operation::Type::remove_prefix: {
            auto range = range_of(operation.key);
            auto& removal = *to.mutable_request_delete_range();
            removal.set_key(std::move(range.first));
            removal.set_range_end(std::move(range.end));
            return;
        }
    }
}

Error too_large(std::string fact, const std::string& limit) {
    return {Code::invalid, "transaction of " + std::move(fact) + " is too large for the store, " +
                               "which takes " + limit + "; split it"};
}

// The last part of gRPC's chained texts is the fact: "…: Failed to connect to remote host:
// Connection refused".
std::string last_part(const std::string& text) {
    const auto at = text.rfind(": ");
    return lower(printable(at == std::string::npos ? text : text.substr(at + 2)));
}

bool holds(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

std::optional<Failure> failed_handshake(const std::string& text, const std::string& address) {
    const auto because = [](Handshake handshake, std::string words) {
        return Failure{Fate::nothing_done, {Code::unavailable, std::move(words)}, handshake};
    };
    if (holds(text, "certificate verify failed"))
        return because(Handshake::not_believed,
                       "the certificate shown at " + address +
                           " is not believed: made by another authority, or not valid now, or not "
                           "for a store");
    if (holds(text, "is not in peer certificate"))
        return because(Handshake::not_believed, "the certificate shown at " + address +
                                                    " is for another name than that of the store");
    if (holds(text, "wrong version number") || holds(text, "packet length too long"))
        return because(Handshake::not_believed,
                       address + " does not speak TLS: something else listens there");
    // In TLS 1.3 a client's certificate is judged after the client's own handshake is done; and
    // an etcd without TLS hangs up on the first byte. A certificate that was taken back is judged
    // after that, and the connection reset.
    if (holds(text, "ndpoint read failed") || holds(text, "Socket closed") ||
        holds(text, "Connection reset by peer"))
        return because(Handshake::not_accepted,
                       address +
                           " closed the connection at once: it does not accept this host's "
                           "certificate, does not speak TLS, or is ending");
    return std::nullopt;
}

Failure unavailable(const std::string& text, const std::string& address) {
    const bool never_connected = holds(text, "failed to connect");
    if (never_connected)
        if (auto handshake = failed_handshake(text, address)) return *std::move(handshake);
    // Not one byte of the request has left us.
    if (never_connected || holds(text, "DNS resolution failed"))
        return {Fate::nothing_done, {Code::unavailable, last_part(text) + " at " + address}};
    if (holds(text, "etcdserver: no leader") || holds(text, "rpc not supported for learner"))
        return {Fate::nothing_done,
                {Code::unavailable, last_part(text) + ", says etcd at " + address}};
    if (holds(text, "etcdserver:"))
        return {Fate::unknown, {Code::unavailable, last_part(text) + ", says etcd at " + address}};
    return {Fate::unknown,
            {Code::unavailable, "connection to " + address + " lost: " + last_part(text)}};
}

}  // namespace

KeyRange range_of(std::string_view prefix) {
    std::string end(prefix);
    while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xff) end.pop_back();
    if (end.empty()) {
        const std::string all(1, '\0');  // as an end: no end at all
        return {prefix.empty() ? all : std::string(prefix), all};
    }
    end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
    return {std::string(prefix), std::move(end)};
}

Result<std::string> address_of(std::string_view endpoint) {
    const auto refuse = [&](const char* why) {
        return Error{Code::invalid, "endpoint \"" + printable(endpoint) + "\" " + why +
                                        "; write it as https://host:port"};
    };
    auto rest = trim(endpoint);
    if (const auto at = rest.find("://"); at != std::string_view::npos) {
        if (rest.substr(0, at) == "http") return refuse("is plain text, which no store speaks");
        if (rest.substr(0, at) != "https") return refuse("has a scheme that is not supported");
        rest.remove_prefix(at + 3);
    }
    while (!rest.empty() && rest.back() == '/') rest.remove_suffix(1);
    const auto colon = rest.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return refuse("has no host and port");
    const auto port = to_int(rest.substr(colon + 1));
    if (!port || *port < 1 || *port > 65'535) return refuse("has no valid port");
    if (rest.find_first_of("/ \t\n,@?#%") != std::string_view::npos)
        return refuse("is not an address");
    return std::string(rest);
}

std::string target_of(const std::string& address) {
    if (address.front() == '[') return "ipv6:" + address;
    const auto host = std::string_view(address).substr(0, address.rfind(':'));
    const bool numeric = host.find_first_not_of("0123456789.") == std::string_view::npos;
    return (numeric ? "ipv4:" : "dns:") + address;
}

Record record_of(pb::KeyValue& from) {
    Record record;
    record.key = std::move(*from.mutable_key());
    record.value = std::move(*from.mutable_value());
    record.created = from.create_revision();
    record.modified = from.mod_revision();
    record.lease = from.lease();
    return record;
}

StoreEvent event_of(pb::Event& from) {
    StoreEvent event;
    event.type =
        from.type() == pb::Event::DELETE ? StoreEvent::Type::removed : StoreEvent::Type::put;
    event.record = record_of(*from.mutable_kv());
    return event;
}

StoreMember member_of(const pb::Member& from) {
    StoreMember member{from.name()};
    member.client_urls.assign(from.clienturls().begin(), from.clienturls().end());
    member.learner = from.islearner();
    return member;
}

Result<void> encode(Transaction transaction, const StoreLimits& limits, pb::TxnRequest& to) {
    const auto operations = std::max(transaction.then.size(), transaction.when.size());
    if (operations > limits.operations_max)
        return too_large(counted(operations, "operation"),
                         counted(limits.operations_max, "operation"));
    for (auto& compare : transaction.when) encode_compare(std::move(compare), *to.add_compare());
    for (auto& operation : transaction.then)
        encode_operation(std::move(operation), *to.add_success());
    const auto bytes = to.ByteSizeLong() + wrapper_bytes;
    if (bytes > limits.bytes_max)
        return too_large(counted(bytes, "byte"), counted(limits.bytes_max, "byte"));
    return {};
}

Failure failure_of(const Ending& ending, const std::string& address, Duration limit) {
    if (ending.timed_out)
        return {Fate::unknown,
                {Code::unavailable, "no answer from " + address + " within " + readable(limit)}};
    const auto& text = ending.status.error_message();
    const Error told{Code::unavailable, last_part(text) + ", says etcd at " + address};
    const auto with = [&](Fate fate, Code code) { return Failure{fate, {code, told.text}}; };
    switch (ending.status.error_code()) {
        case grpc::StatusCode::UNAVAILABLE: return unavailable(text, address);
        case grpc::StatusCode::INVALID_ARGUMENT:
        case grpc::StatusCode::OUT_OF_RANGE: return with(Fate::refused, Code::invalid);
        case grpc::StatusCode::NOT_FOUND: return with(Fate::refused, Code::missing);
        case grpc::StatusCode::PERMISSION_DENIED:
        case grpc::StatusCode::UNAUTHENTICATED: return with(Fate::refused, Code::denied);
        case grpc::StatusCode::RESOURCE_EXHAUSTED:
            // "too many requests" passes; a full store or a message above a limit does not.
            return with(holds(text, "too many requests") ? Fate::nothing_done : Fate::refused,
                        Code::unavailable);
        case grpc::StatusCode::UNIMPLEMENTED:
            return {Fate::refused,
                    {Code::invalid, address + " does not speak etcd's API version 3"}};
        default: return with(Fate::unknown, Code::unavailable);
    }
}

}  // namespace hansa::etcd
