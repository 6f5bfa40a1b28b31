#include "mesh/identity.h"

#include "base/text.h"
#include "data/json.h"
#include "data/members.h"
#include "data/texts.h"
#include "mesh/keys.h"

namespace hansa {
namespace {

constexpr JsonLimits limits{64 << 10, 8};

void put(Value::Map& map, std::string name, const std::string& text) {
    map.push_back({std::move(name), {}, Value::of_text(text)});
}

Value::Map begun() {
    Value::Map map;
    map.push_back({"v", {}, Value::of_int(1)});
    return map;
}

void take_version(Members& members) {
    const auto found = members.number("v", {0, INT64_MAX});
    if (found != 1)
        members.refuse("is of version " + std::to_string(found) + "; this program reads version 1");
}

template <class T>
Result<T> finished(std::string_view key, const Members& members, T record) {
    if (auto end = members.finish(); !end) return std::move(end).error().during(printable(key));
    return record;
}

Error garbage(std::string_view key) {
    return {Code::invalid, printable(key) + ": not a key of this program; remove it"};
}

Error foreign_cluster(const Admission& wish, const std::string& ours, const std::string& found) {
    return {Code::conflict, "the store belongs to cluster " + printable(found, 80) +
                                ", but this host belongs to " + ours + "; " + wish.remedy};
}

Error outdated(const ClusterRecord& found, std::uint64_t known) {
    return {Code::unavailable,
            "the store is of epoch " + std::to_string(found.epoch) + " of cluster " +
                printable(found.id, 80) + ", which was recovered since and is at epoch " +
                std::to_string(known) + ": it is not used; end it where it runs"};
}

std::string holder_of(const Applicant& me, const NameRecord& owner) {
    return "host name \"" + me.host.text() + "\" is taken by " + printable(owner.uuid, 80) +
           ", since " + printable(owner.since, 40) + ", at " + printable(owner.where, 120);
}

Error name_taken(const Applicant& me, const NameRecord& owner) {
    return {Code::conflict,
            holder_of(me, owner) +
                "; choose another --hostname, or, if that host is gone for good: --replace to be "
                "it on this machine, or \"hansa peers remove " +
                me.host.text() + "\" on another one to free the name"};
}

Error name_in_use(const Applicant& me, const NameRecord& owner) {
    return {Code::conflict, holder_of(me, owner) +
                                ", and that host is alive: --replace is for one that is dead; "
                                "\"hansa leave\" there frees the name"};
}

}  // namespace

std::string encode(const ClusterRecord& record) {
    Value::Map map = begun();
    put(map, "id", record.id);
    put(map, "created", record.created);
    if (record.epoch != 0)
        map.push_back({"epoch", {}, Value::of_int(static_cast<std::int64_t>(record.epoch))});
    return to_json(Value::of_map(std::move(map)));
}

std::string encode(const NameRecord& record) {
    Value::Map map = begun();
    put(map, "name", record.name);
    put(map, "uuid", record.uuid);
    put(map, "since", record.since);
    put(map, "where", record.where);
    return to_json(Value::of_map(std::move(map)));
}

std::string encode(const PeerRecord& record) {
    Value::Map map = begun();
    put(map, "name", record.name);
    put(map, "uuid", record.uuid);
    map.push_back(
        {"incarnation", {}, Value::of_int(static_cast<std::int64_t>(record.incarnation))});
    put(map, "version", record.version);
    put(map, "where", record.where);
    if (!record.urls.empty()) map.push_back({"urls", {}, list_of_texts(record.urls)});
    if (record.seat) map.push_back({"seat", {}, encode(*record.seat)});
    return to_json(Value::of_map(std::move(map)));
}

Result<ClusterRecord> decode_cluster(std::string_view value) {
    auto parsed = parse_json(value, limits);
    if (!parsed) return std::move(parsed).error().during(keys::cluster());
    Members members(*parsed, "record");
    take_version(members);
    ClusterRecord record{members.text("id"), members.text("created")};
    record.epoch = static_cast<std::uint64_t>(members.number_or("epoch", {}, 0));
    return finished(keys::cluster(), members, std::move(record));
}

Result<NameRecord> decode_name(std::string_view key, std::string_view value) {
    const auto host = keys::parse_name(key);
    if (!host) return garbage(key);
    auto parsed = parse_json(value, limits);
    if (!parsed) return std::move(parsed).error().during(printable(key));
    Members members(*parsed, "record");
    take_version(members);
    NameRecord record{members.text("name"), members.text("uuid"), members.text("since"),
                      members.text_if_any("where")};
    if (record.name != host->text()) members.refuse("is of another name than its key");
    return finished(key, members, std::move(record));
}

Result<PeerRecord> decode_peer(std::string_view key, std::string_view value) {
    const auto host = keys::parse_peer(key);
    if (!host) return garbage(key);
    auto parsed = parse_json(value, limits);
    if (!parsed) return std::move(parsed).error().during(printable(key));
    Members members(*parsed, "record");
    take_version(members);
    PeerRecord record;
    record.name = members.text("name");
    record.uuid = members.text("uuid");
    record.incarnation = static_cast<std::uint64_t>(members.number("incarnation", {}));
    record.version = members.text_if_any("version");
    record.where = members.text_if_any("where");
    record.urls = members.texts("urls");
    if (const Value* seat = members.any("seat")) {
        auto offer = decode_seat_offer(*seat);
        if (offer)
            record.seat = std::move(*offer);
        else
            members.refuse("is wrong: " + offer.error().text);
    }
    if (record.name != host->text()) members.refuse("is of another name than its key");
    return finished(key, members, std::move(record));
}

Result<AdmissionStep> decide_admission(const AdmissionFacts& facts, const Applicant& me,
                                       const Admission& wish, const std::string& new_cluster_id,
                                       WallTime now) {
    AdmissionStep step;
    Transaction claim;
    if (facts.cluster) {
        const auto cluster = decode_cluster(facts.cluster->value);
        if (!cluster)
            return Error{Code::conflict, "the store holds no cluster that this program knows: " +
                                             cluster.error().text};
        for (const std::string& only : {wish.cluster_id, wish.new_cluster_id})
            if (!only.empty() && cluster->id != only)
                return foreign_cluster(wish, only, cluster->id);
        if (cluster->epoch < wish.epoch) return outdated(*cluster, wish.epoch);
        step.cluster_id = cluster->id;
        step.epoch = cluster->epoch;
        claim.when.push_back(Compare::created(keys::cluster(), facts.cluster->created));
    } else {
        if (!wish.cluster_id.empty())
            return Error{Code::conflict, "the store is empty, but this host belongs to cluster " +
                                             wish.cluster_id + "; " + wish.remedy};
        if (wish.founding == Founding::never)
            return Error{Code::missing,
                         "the store answers, but holds no cluster; found one with --found, or "
                         "check --seeds"};
        step.cluster_id = new_cluster_id;
        claim.when.push_back(Compare::absent(keys::cluster()));
        claim.then.push_back(
            Operation::put(keys::cluster(), encode(ClusterRecord{new_cluster_id, iso8601(now)})));
    }

    const std::string name_key = keys::name_of(me.host);
    if (facts.name) {
        const auto owner = decode_name(name_key, facts.name->value);
        if (!owner)
            return Error{Code::conflict,
                         "host name \"" + me.host.text() +
                             "\" is held by something unknown: " + owner.error().text +
                             "; remove it, or choose another "
                             "--hostname"};
        if (owner->uuid == me.uuid) {
            step.name_value = facts.name->value;
        } else {
            if (!wish.replaces) return name_taken(me, *owner);
            if (facts.peer) return name_in_use(me, *owner);
            step.replaced = *owner;
            claim.when.push_back(Compare::modified(name_key, facts.name->modified));
            claim.when.push_back(Compare::absent(keys::peer(me.host)));
            claim.then.push_back(Operation::remove(keys::seat_copy(me.host)));  // not on this disk
        }
    } else {
        claim.when.push_back(Compare::absent(name_key));
    }
    if (step.name_value.empty()) {
        step.name_value = encode(NameRecord{me.host.text(), me.uuid, iso8601(now), me.where});
        claim.then.push_back(Operation::put(name_key, step.name_value));
    }
    if (!claim.then.empty()) step.claim = std::move(claim);
    return step;
}

}  // namespace hansa
