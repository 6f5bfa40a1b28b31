#include "mesh/memory/cluster.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/text.h"

namespace hansa {

class MemoryCluster::Listening final : public Subscription {
 public:
    Listening(MemoryCluster& cluster, std::uint64_t number) : cluster_(cluster), number_(number) {}
    ~Listening() override { cluster_.listeners_.erase(number_); }

 private:
    MemoryCluster& cluster_;
    std::uint64_t number_;
};

MemoryCluster::~MemoryCluster() {
    check(listeners_.empty(), "clients end before their cluster");
}

Held MemoryCluster::listen(Action moved) {
    listeners_.emplace(++listeners_made_, std::move(moved));
    return std::make_unique<Listening>(*this, listeners_made_);
}

// Listeners only set timers, so none comes or goes while they are told.
void MemoryCluster::tell() {
    for (auto& [number, moved] : listeners_) moved();
}

Reading MemoryCluster::read(ReadScope scope, const std::string& key) const {
    ++reads_;
    Reading reading{revision_, {}};
    for (auto at = records_.lower_bound(key); at != records_.end(); ++at) {
        const bool wanted = scope == ReadScope::key ? at->first == key : at->first.starts_with(key);
        if (!wanted) break;
        reading.records.push_back(at->second);
    }
    return reading;
}

bool MemoryCluster::holds(const Compare& compare) const {
    const auto found = records_.find(compare.key);
    const bool is_there = found != records_.end();
    switch (compare.what) {
        case Compare::What::created_at:
            return compare.revision == (is_there ? found->second.created : 0);
        case Compare::What::modified_at:
            return compare.revision == (is_there ? found->second.modified : 0);
        case Compare::What::value_is: return is_there && found->second.value == compare.value;
    }
    return false;
}

Result<void> MemoryCluster::acceptable(const Transaction& transaction) const {
    std::set<std::string> written;
    for (const Operation& operation : transaction.then) {
        if (operation.type == Operation::Type::remove_prefix) continue;
        if (operation.key.empty()) return Error{Code::invalid, "an empty key; give it a name"};
        if (operation.type == Operation::Type::remove) continue;
        if (!written.insert(operation.key).second)
            return Error{Code::invalid, printable(operation.key) + ": written twice at once"};
        if (operation.lease != 0 && !leases_.contains(operation.lease))
            return Error{Code::missing, "lease " + std::to_string(operation.lease) + " has ended"};
    }
    for (const Operation& operation : transaction.then) {
        if (operation.type == Operation::Type::put) continue;
        const auto touched = written.lower_bound(operation.key);
        if (touched == written.end()) continue;
        const bool overlaps = operation.type == Operation::Type::remove
                                  ? *touched == operation.key
                                  : touched->starts_with(operation.key);
        if (overlaps)
            return Error{Code::invalid, printable(*touched) + ": written and removed at once"};
    }
    return {};
}

void MemoryCluster::put(const Operation& operation, EventBatch& batch) {
    Record& record = records_[operation.key];
    if (record.lease != 0) leases_.at(record.lease).keys.erase(operation.key);
    if (record.created == 0) record.created = batch.revision;
    record.key = operation.key;
    record.value = operation.value;
    record.modified = batch.revision;
    record.lease = operation.lease;
    if (record.lease != 0) leases_.at(record.lease).keys.insert(operation.key);
    batch.events.push_back({StoreEvent::Type::put, record});
}

void MemoryCluster::remove(const std::string& key, EventBatch& batch) {
    const auto found = records_.find(key);
    if (found == records_.end()) return;
    if (found->second.lease != 0) leases_.at(found->second.lease).keys.erase(key);
    Record gone;
    gone.key = key;
    gone.modified = batch.revision;
    batch.events.push_back({StoreEvent::Type::removed, std::move(gone)});
    records_.erase(found);
}

void MemoryCluster::publish(EventBatch batch) {
    if (batch.events.empty()) return;  // nothing was done: no commit
    revision_ = batch.revision;
    history_.push_back(std::move(batch));
    tell();
}

Result<Committed> MemoryCluster::commit(const Transaction& transaction) {
    ++commits_tried_;
    if (auto fine = acceptable(transaction); !fine) return std::move(fine).error();
    for (const Compare& compare : transaction.when)
        if (!holds(compare)) return Committed{false, revision_};

    EventBatch batch{revision_ + 1, {}};
    for (const Operation& operation : transaction.then) {
        switch (operation.type) {
            case Operation::Type::put: put(operation, batch); break;
            case Operation::Type::remove: remove(operation.key, batch); break;
            case Operation::Type::remove_prefix:
                std::vector<std::string> doomed;
                for (auto at = records_.lower_bound(operation.key);
                     at != records_.end() && at->first.starts_with(operation.key); ++at)
                    doomed.push_back(at->first);
                for (const std::string& key : doomed) remove(key, batch);
                break;
        }
    }
    publish(std::move(batch));
    return Committed{true, revision_};
}

EventBatch MemoryCluster::events(const std::string& prefix, Revision from, Revision to) const {
    check(from >= oldest_, "history that is asked for is still kept");
    EventBatch merged;
    const auto first = std::lower_bound(
        history_.begin(), history_.end(), from,
        [](const EventBatch& commit, Revision revision) { return commit.revision < revision; });
    for (auto commit = first; commit != history_.end() && commit->revision <= to; ++commit) {
        for (const StoreEvent& event : commit->events) {
            if (!event.record.key.starts_with(prefix)) continue;
            merged.events.push_back(event);
            merged.revision = commit->revision;
        }
    }
    return merged;
}

void MemoryCluster::compact(Revision at) {
    check(at <= revision_, "only the past is compacted");
    oldest_ = std::max(oldest_, at);
    while (!history_.empty() && history_.front().revision < oldest_) history_.pop_front();
    tell();
}

void MemoryCluster::arm(LeaseId id, Lease& lease) {
    lease.expiry.reset();
    if (!serving_) return;
    lease.expiry = loop_.after(lease.ttl, [this, id] { revoke(id); });
}

LeaseId MemoryCluster::grant(Seconds ttl) {
    Lease& lease = leases_[++leases_made_];
    lease.ttl = ttl;
    arm(leases_made_, lease);
    return leases_made_;
}

bool MemoryCluster::beat(LeaseId id) {
    const auto lease = leases_.find(id);
    if (lease == leases_.end()) return false;
    arm(id, lease->second);
    return true;
}

bool MemoryCluster::revoke(LeaseId id) {
    const auto lease = leases_.find(id);
    if (lease == leases_.end()) return false;
    const std::set<std::string> keys = lease->second.keys;
    EventBatch batch{revision_ + 1, {}};
    for (const std::string& key : keys) remove(key, batch);
    leases_.erase(lease);
    publish(std::move(batch));
    return true;
}

void MemoryCluster::deliver_late(Duration delay, Action request) {
    const std::uint64_t number = ++late_made_;
    late_[number] = loop_.after(delay, [this, number, request = std::move(request)] {
        const auto arrived = late_.extract(number);
        if (serving_) request();
    });
}

void MemoryCluster::stop() {
    serving_ = false;
    for (auto& [id, lease] : leases_) lease.expiry.reset();
    tell();
}

void MemoryCluster::lose_quorum() {
    answers_ = true;
    stop();
}

void MemoryCluster::start() {
    serving_ = true;
    answers_ = false;
    for (auto& [id, lease] : leases_) arm(id, lease);
    tell();
}

}  // namespace hansa
