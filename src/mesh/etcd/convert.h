// Between the Store's words and etcd's: keys, transactions, records, and errors for people. Pure.
#pragma once

#include <grpcpp/grpcpp.h>

#include <string>
#include <string_view>

#include "base/result.h"
#include "mesh/endpoints.h"
#include "mesh/etcd/calls.h"
#include "mesh/store.h"

namespace etcdserverpb {
class Event;
class KeyValue;
class Member;
class TxnRequest;
}  // namespace etcdserverpb

namespace hansa::etcd {

// The first and the end key of everything that begins with a prefix, as etcd wants them.
struct KeyRange {
    std::string first;
    std::string end;
};
KeyRange range_of(std::string_view prefix);

// "https://host:port" or "host:port" as gRPC wants it: "host:port". Code::invalid otherwise.
Result<std::string> address_of(std::string_view endpoint);

// What gRPC shall make of an address: a numeric one needs no resolver, whose timers would wake us.
std::string target_of(const std::string& address);

// Moves the bytes out of `from`.
Record record_of(etcdserverpb::KeyValue& from);
StoreEvent event_of(etcdserverpb::Event& from);

StoreMember member_of(const etcdserverpb::Member& from);

// Fills `to`. Code::invalid when the transaction is above the limits.
Result<void> encode(Transaction transaction, const StoreLimits& limits,
                    etcdserverpb::TxnRequest& to);

// What is known about a request that failed.
enum class Fate {
    refused,       // it will fail again in the same way
    nothing_done,  // surely not carried out; another try is safe
    unknown,       // it may have been carried out, or may yet be
};

// What a failed handshake says about certificates. gRPC 1.51 keeps OpenSSL's reasons to itself,
// so this is all that its texts tell.
enum class Handshake {
    unquestioned,
    not_believed,  // what answers there has proved to be no store of ours
    not_accepted,  // it closed the connection on us: our certificate is not good for it
};

struct Failure {
    Fate fate = Fate::unknown;
    Error error;
    Handshake handshake = Handshake::unquestioned;
};

// REQUIRES: the ending is not a success. `limit`: how long the answer was awaited.
Failure failure_of(const Ending& ending, const std::string& address, Duration limit);

}  // namespace hansa::etcd
