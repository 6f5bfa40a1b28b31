// The local copy of everything under exports/, and what of it this host collects. Pure: events
// in, Amendments out.
//
// Owned by Collector. Of each host there are two states: what stands in the store, and what was
// accepted last; only the second is collected. A host's state is accepted as a whole, once per
// batch, when its manifest vouches for exactly what stands there (exporters.h); otherwise what was
// accepted before stays, and the refusal is told once per manifest. Each record that is collected
// is verified besides, once per version.
//
// An event costs work for the record it touches, the collect entries of its kind, and 32 bytes of
// hashing per record of its host; not for everything that is collected. Records that no entry asks
// for are kept as they came and never decoded.
// Invariant: after each call the amendments returned so far add up to exactly what the requests
// select from what was accepted.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/host.h"
#include "mesh/exporters.h"
#include "mesh/records.h"
#include "mesh/store.h"
#include "report/event.h"
#include "resource/amendment.h"
#include "resource/kind.h"
#include "trust/policy.h"

namespace hansa {

// A host whose present state in the store is not accepted, or not renewed.
struct Distrust {
    std::string host;
    std::string cause;
    std::string why;
    WallTime since;
};

// What this host lets others say about it.
struct CollectPolicy {
    Policy policy;
    PolicyHost host;
    std::set<std::string> accepted = {};  // exporters whose quarantine has ended
};

// A manifest that waits for a key set which is on its way is not told before that.
inline constexpr Seconds lateness_max{5};

// Of one host more is not looked at: twice what a host may export (publication.h), for a change in
// parts keeps what goes beside what comes.
inline constexpr std::size_t exports_of_host_max = 10'000;

class ExportFold {
 public:
    // `catalog` and `exporters` must outlive the fold.
    ExportFold(const Catalog& catalog, HostName self, ExportJudge& exporters, CollectPolicy policy);

    // Replaces the requests; kinds that nobody knows here are refused.
    Amendment want(const std::vector<CollectRequest>& requests, WallTime now);

    // The whole prefix, read at once, in place of everything held.
    Amendment replace(const Reading& reading, WallTime now);

    // Forgets everything. REQUIRES: nothing is asked for.
    void forget();

    // What one batch changed. Events that are older than what is held are passed over.
    Amendment apply(const EventBatch& batch, WallTime now);

    // Judges these hosts again: others speak for them now.
    Amendment judge_again(const std::set<std::string>& hosts, WallTime now);

    // Judges all, those that export nothing any more as well.
    Amendment judge_all_again(WallTime now);

    // Judges everything that is collected by another policy.
    Amendment use(CollectPolicy policy, WallTime now);

    // Takes what `host` exports out of what is collected, or back in.
    enum class Use { collect, drop };
    Amendment use(const std::string& host, Use use, WallTime now);

    // Tells refusals that may have been mere lateness, and of the hosts that live those whose
    // manifest is not renewed.
    void review(const std::set<std::string>& live, WallTime now);
    bool is_late(const std::string& host) const;  // waits for a key set
    // How long the last manifest of the host that was believed is good.
    WallTime good_until(const std::string& host) const;
    bool any_late() const;

    // In order of hosts.
    std::vector<Distrust> distrusted() const;

    // Hosts that hold at least one record, or of which something is accepted, in order.
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
    // What was decided about resources since the last call.
    std::vector<happened::Judged> take_judgements();

 private:
    struct Version {
        std::shared_ptr<const std::string> value;  // shared by both states; null: absent
        Revision created = 0;
        Revision modified = 0;
    };
    struct Entry {
        Version stored;
        Version accepted;
        Leaf leaf{};                                // of `stored`
        std::uint64_t round = 0;                    // of the last full reading that held it
        Revision refused = 0;                       // the version last refused
        std::string verified;                       // the signature that was found good,
        Revision verified_in = 0;                   // in this version of the record
        std::string denied;                         // why, as it was told for the present version
        std::set<std::string> judged;               // places for which something was decided
        std::map<std::string, std::size_t> places;  // where it is collected to: fingerprint
    };
    struct Host {
        std::optional<ExportManifest> manifest;  // that stands in the store
        Revision manifest_modified = 0;          // 0: absent
        std::uint64_t manifest_round = 0;
        std::optional<std::string> digest;  // of what stands in the store; empty: not known now
        std::set<ResourceId> unaccepted;    // differ from what was accepted
        std::uint64_t announced = 0;        // accepted
        WallTime renewed;                   // when the last manifest that was believed came
        WallTime good_until;                // of that manifest, by our clock
        Distrust distrust;                  // cause empty: none
        bool late = false;                  // may be, and is not told yet
        Revision told = 0;                  // the manifest whose refusal was told,
        std::string told_cause;             // and for what
        bool skewed = false;                // told
        Use use = Use::collect;
        std::map<ResourceId, Entry> entries;
        std::set<ResourceId> pending;  // collected, and prepared for a generation to come
    };
    using Touched = std::set<std::pair<std::string, ResourceId>>;
    enum class News { read, happened };  // how something came: how old it may be
    struct Work {
        WallTime now;
        News news = News::read;
        std::set<std::string> hosts{};  // to be judged
        Touched records{};              // to be settled
    };

    static bool is_news(const Record& record, const Version& held, News news);
    void put(const Record& record, Work& work);
    void put_manifest(const std::string& host, const Record& record, Work& work);
    void remove(const Record& record, Work& work);
    void remove_unseen(Work& work);
    static void lose_manifest(const std::string& name, Host& host, Work& work);
    void store(const std::string& name, Host& host, const ResourceId& id, Version version,
               Work& work);

    void judge(const std::string& name, Host& host, Work& work);
    static std::size_t stored(const Host& host);
    void judge_nothing(const std::string& name, Host& host, Work& work);
    Verdict verdict(const std::string& name, Host& host, WallTime now);
    static const std::string& digest(Host& host);
    void accept(const std::string& name, Host& host, Work& work);
    static void vouch(Host& host, WallTime now);
    void announce(const std::string& name, Host& host, std::uint64_t generation, Work& work);
    void tell_skew(const std::string& name, Host& host, WallTime now);
    void distrust(const std::string& name, Host& host, const Verdict& verdict, WallTime now);
    void tell(Host& host);
    void touch_all(const std::string& name, const Host& host, Work& work) const;

    Amendment settle(Work work);
    // What shall be collected of one record.
    struct Choice {
        std::vector<Declaration> wanted;  // one for each place
        std::set<std::string> kept;       // places where what is there stays as it is
    };
    void settle(const std::string& name, Host& host, const ResourceId& id, Entry& entry,
                Amendment& amendment, WallTime now);
    void take_out(const std::string& name, const ResourceId& id, Entry& entry,
                  Amendment& amendment);
    void forget_judged(const std::string& name, const ResourceId& id, Entry& entry,
                       const std::set<std::string>& still);
    bool is_good(const std::string& name, const ResourceId& id, Entry& entry,
                 const ExportVersion& version, WallTime now);
    void show(const std::string& name, const ResourceId& id, Entry& entry, Choice choice,
              const ExportBody* body, Amendment& amendment);
    std::set<std::string> places_for(const std::string& host, const ResourceId& id) const;
    Choice choose(const std::string& host, const ResourceId& id, Entry& entry,
                  const ExportBody& body);
    Result<void> admit(const std::string& host, const Entry& entry, Declaration& declaration);
    void judged(const InstanceId& id, happened::Judged::Verdict verdict, PolicyDecision decision);
    void refuse(std::string cause, std::string text, std::string exporter = {});

    const Catalog& catalog_;
    const HostName self_;
    ExportJudge& exporters_;
    std::vector<CollectRequest> requests_;
    std::unordered_map<std::string, std::vector<std::size_t>> by_kind_;
    std::map<std::string, Host> hosts_;
    std::map<std::string, Revision> garbage_;  // keys that are no keys of ours; bounded
    std::vector<happened::Refused> refusals_;
    std::set<std::string> turned_;
    std::vector<happened::Judged> judgements_;
    CollectPolicy policy_;
    bool rejudging_ = false;  // by another policy: what it denies does not stay
    std::size_t collected_ = 0;
    std::uint64_t round_ = 0;
    Revision revision_ = 0;
};

}  // namespace hansa
