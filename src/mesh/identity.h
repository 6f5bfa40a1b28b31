// Who is who in a cluster: the records under cluster, names/ and peers/, and the decision of a
// peer that wants to come in. Pure. Formats: docs/formats/records.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/host.h"
#include "base/result.h"
#include "base/time.h"
#include "mesh/seat_book.h"
#include "mesh/store.h"

namespace hansa {

struct ClusterRecord {
    std::string id;  // a UUID
    std::string created;
    std::uint64_t epoch = 0;  // how often its store was recovered or restored
    friend bool operator==(const ClusterRecord&, const ClusterRecord&) = default;
};

// Whose a host name is, until it is released.
struct NameRecord {
    std::string name;
    std::string uuid;
    std::string since;
    std::string where;  // for people: machine and process
    friend bool operator==(const NameRecord&, const NameRecord&) = default;
};

// Hangs on a lease: as long as it is there the peer is alive.
struct PeerRecord {
    std::string name;
    std::string uuid;
    std::uint64_t incarnation = 0;
    std::string version;
    std::string where;
    std::vector<std::string> urls;    // where it serves the store to clients, if it does
    std::optional<SeatOffer> seat{};  // what it says of itself about seats
    friend bool operator==(const PeerRecord&, const PeerRecord&) = default;
};

std::string encode(const ClusterRecord& record);
std::string encode(const NameRecord& record);
std::string encode(const PeerRecord& record);
Result<ClusterRecord> decode_cluster(std::string_view value);
Result<NameRecord> decode_name(std::string_view key, std::string_view value);
Result<PeerRecord> decode_peer(std::string_view key, std::string_view value);

enum class Founding {
    never,     // a store without a cluster is not ours to found one in
    if_empty,  // found one
};

struct Admission {
    std::string cluster_id;  // the only one acceptable; empty: whichever is there
    Founding founding = Founding::never;
    // For people: what to do when the store is not that cluster's.
    std::string remedy = "point --seeds at its own cluster";
    // The authority's: the only one acceptable too, and the id of a cluster that is founded, so
    // that certificates and data name the same one; empty: whichever is there, or a random one.
    std::string new_cluster_id{};
    // Of the cluster, the highest that was seen: a store of an older one is what a recovery has
    // left behind.
    std::uint64_t epoch = 0;
    // A name that is a dead host's is taken over: this one is the same host on another machine.
    bool replaces = false;
};

// What a peer knows of itself before it asks.
struct Applicant {
    HostName host;
    std::string uuid;
    std::string where;
};

struct AdmissionFacts {
    std::optional<Record> cluster;
    std::optional<Record> name;
    std::optional<Record> peer;  // leased, of who has the name; asked where it may be replaced
};

// `claim` is what remains to be written; nothing when the name is ours already. Once it is
// applied, the name's key holds `name_value`.
struct AdmissionStep {
    std::string cluster_id;
    std::string name_value;
    std::optional<Transaction> claim;
    std::uint64_t epoch = 0;
    std::optional<NameRecord> replaced = {};  // whose name it was
};

// Code::conflict: another cluster, or the name is somebody else's; Code::missing: no cluster
// here; Code::unavailable: it is a store of an older epoch, and another one is to be asked.
// `new_cluster_id` is used where one has to be founded.
Result<AdmissionStep> decide_admission(const AdmissionFacts& facts, const Applicant& me,
                                       const Admission& wish, const std::string& new_cluster_id,
                                       WallTime now);

}  // namespace hansa
