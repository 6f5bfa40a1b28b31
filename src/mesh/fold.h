// The local copy of everything under exports/, and what of it this host collects. Pure: events
// in, Amendments out.
//
// Owned by Collector. An event costs work for the record it touches and the collect entries of
// its kind, not for everything that is collected. Records that no entry asks for are kept as they
// came and never decoded.
// Invariant: after each call the amendments returned so far add up to exactly what the requests
// select from the copy.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/host.h"
#include "mesh/records.h"
#include "mesh/store.h"
#include "report/event.h"
#include "resource/amendment.h"
#include "resource/kind.h"

namespace hansa {

class ExportFold {
 public:
    // `catalog` must outlive the fold.
    ExportFold(const Catalog& catalog, HostName self);

    // Replaces the requests; kinds that nobody knows here are refused.
    Amendment want(const std::vector<CollectRequest>& requests);

    // The whole prefix, read at once, in place of everything held.
    Amendment replace(const Reading& reading);

    // What one batch changed. Events that are older than what is held are passed over.
    Amendment apply(const EventBatch& batch);

    // Takes what `host` exports out of what is collected, or back in.
    enum class Use { collect, drop };
    Amendment use(const std::string& host, Use use);

    // Hosts that hold at least one record, in order.
    std::vector<std::string> hosts() const;
    bool exports(const std::string& host) const;

    // Those that came to be or ceased to be among them since the last call.
    std::set<std::string> take_turned() { return std::exchange(turned_, {}); }

    // The last one folded in; 0 before the first.
    Revision revision() const { return revision_; }

    // How many keys differ from a full reading, those in `touched` aside: events about them came
    // while it was read.
    std::size_t differences(const Reading& reading, const std::set<std::string>& touched) const;

    // How many resources are collected now.
    std::size_t collected() const { return collected_; }

    // What was found wrong since the last call; each bad key is told once per version.
    std::vector<happened::Refused> take_refusals();

 private:
    struct Entry {
        std::string value;
        Revision created = 0;
        Revision modified = 0;
        bool present = false;
        std::uint64_t round = 0;          // of the last full reading that held it
        Revision refused = 0;             // the version last refused
        std::size_t shown = 0;            // fingerprint of what is collected
        std::vector<std::string> places;  // where it is collected to, sorted
    };
    struct Host {
        std::uint64_t announced = 0;
        Revision manifest_modified = 0;  // 0: absent
        std::uint64_t manifest_round = 0;
        Use use = Use::collect;
        std::map<ResourceId, Entry> entries;
        std::set<ResourceId> pending;  // collected, and prepared for a generation to come
    };
    using Touched = std::set<std::pair<std::string, ResourceId>>;

    enum class Source { reading, event };
    static bool is_news(const Record& record, const Entry& held, Source source);
    void put(const Record& record, Source source, Touched& touched);
    void put_manifest(const std::string& host, const Record& record, Source source,
                      Touched& touched);
    void remove(const Record& record, Touched& touched);
    void remove_unseen(Touched& touched);
    void announce(const std::string& name, Host& host, std::uint64_t generation, Touched& touched);
    void touch_all(const std::string& name, const Host& host, Touched& touched) const;

    Amendment settle(const Touched& touched);
    void settle(const std::string& name, Host& host, const ResourceId& id, Entry& entry,
                Amendment& amendment);
    std::vector<const CollectRequest*> matching(const std::string& host,
                                                const ResourceId& id) const;
    std::vector<Declaration> declarations(const std::string& host, const ResourceId& id,
                                          const Entry& entry, const ExportBody& body);
    void refuse(std::string cause, std::string text);

    const Catalog& catalog_;
    const HostName self_;
    std::vector<CollectRequest> requests_;
    std::unordered_map<std::string, std::vector<std::size_t>> by_kind_;
    std::map<std::string, Host> hosts_;
    std::map<std::string, Revision> garbage_;  // keys that are no keys of ours; bounded
    std::vector<happened::Refused> refusals_;
    std::set<std::string> turned_;
    std::size_t collected_ = 0;
    std::uint64_t round_ = 0;
    Revision revision_ = 0;
};

}  // namespace hansa
