// Several peers share files over a store that fails them in every way: do all end with the same?
// In a third of the runs somebody else can write to the store too, and does: then nothing may ever
// be enforced that its exporter did not publish, nor anything older than what was seen of it.
//
//     HANSA_SEED=123 exchange_sim_test    one seed, with everything that was done
//     HANSA_SEEDS=5000 exchange_sim_test  so many, instead of 1,000
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>  // program_invocation_name
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>

#include "base/text.h"
#include "mesh/keys.h"
#include "mesh/testing.h"
#include "peer.h"

namespace hansa {
namespace {

using namespace std::chrono_literals;

constexpr Duration heal_limit = 1h;
constexpr std::uint64_t failures_shown = 3;

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

struct CollectPlan {
    std::string place;  // a directory, with a trailing slash
    std::string name_glob;
    std::string from_glob;
};

// What one host declares.
struct HostPlan {
    using Exports = std::map<std::string, std::string>;

    Exports exports;  // name to content; path /own/NAME
    std::vector<CollectPlan> collects;
    bool has_local = false;  // a local file where a collected one would go

    std::string yaml() const {
        std::string out = "graph: g\n";
        if (!exports.empty() || has_local) out += "resources:\n  file:\n";
        for (const auto& [name, content] : exports)
            out += "  - {name: \"@@" + name + "\", path: /own/" + name + ", content: " + content +
                   "}\n";
        if (has_local) out += "  - {name: mine, path: /pool/shared, content: local}\n";
        if (!collects.empty()) out += "collect:\n";
        for (const CollectPlan& collect : collects) {
            out += "- {kind: file, pattern: " + collect.place;
            if (!collect.name_glob.empty()) out += ", name: \"" + collect.name_glob + "\"";
            if (!collect.from_glob.empty()) out += ", from: \"" + collect.from_glob + "\"";
            out += "}\n";
        }
        return out;
    }
};

struct ExchangeCounts {
    std::uint64_t outages = 0;
    std::uint64_t cuts = 0;
    std::uint64_t crashes = 0;
    std::uint64_t compactions = 0;
    std::uint64_t conflicts = 0;
    std::uint64_t amendments = 0;
    std::uint64_t attacks = 0;
    std::uint64_t refusals = 0;
};

class Exchange {
 public:
    explicit Exchange(std::uint64_t seed) : random_(seed) {
        SimPeerOptions options;
        options.line.latency_max = Milliseconds{random_.below(20)};
        // So few that most publications take several transactions.
        if (random_.chance(0.5)) options.line.limits.operations_max = 3 + random_.below(3);
        if (random_.chance(0.3)) {
            options.line.request_lost = 0.05;
            options.line.answer_lost = 0.05;
            options.line.request_late = 0.05;
            lossy_ = true;
        }
        hostile_ = random_.chance(0.33);
        const std::uint64_t hosts = 2 + random_.below(4);
        for (std::uint64_t i = 0; i < hosts; ++i) {
            const std::string name(1, static_cast<char>('a' + i));
            options.seed = seed * 1000 + i;
            options.redrawn = [this, i] { see_whole_versions(i); };
            peers_.push_back(
                std::make_unique<SimPeer>(loop_, cluster_, *HostName::parse(name), options));
            for (const char* directory : {"/pool", "/some", "/own"})
                (void)peers_.back()->node().files().make_directories(directory);
            plans_.push_back(make_plan(hosts));
            history_.emplace_back(1);  // nothing at first
            seen_.emplace_back(hosts);
        }
        for (std::uint64_t i = 0; i < hosts; ++i) declare(i);
    }

    std::vector<std::string> run() {
        for (std::uint64_t deeds = 4 + random_.below(16); deeds > 0; --deeds) {
            loop_.run_for(Milliseconds{random_.below(random_.chance(0.1) ? 900'000 : 8'000)});
            act();
        }
        heal();
        if (!converges()) return wrong_;
        compare();
        if (!lossy_ && !hostile_) {
            equal_declarations_wake_nobody();
            one_change_is_one_redraw();
        }
        return wrong_;
    }

    const ExchangeCounts& counts() const { return counts_; }
    std::string story() const {
        std::string out;
        for (std::size_t i = 0; i < peers_.size(); ++i)
            out += "host " + peers_[i]->host().text() + ":\n" + plans_[i].yaml();
        return out + "deeds:\n" + join(diary_, "\n") + "\n";
    }

 private:
    HostPlan make_plan(std::uint64_t hosts) {
        HostPlan plan;
        for (std::uint64_t i = random_.below(5); i > 0; --i) add_export(plan);
        if (random_.chance(0.8)) plan.collects.push_back({"/pool/", "", ""});
        if (random_.chance(0.3)) plan.collects.push_back({"/some/", "*[02468]", ""});
        if (random_.chance(0.2)) {
            const std::string from(1, static_cast<char>('a' + random_.below(hosts)));
            plan.collects.push_back({"/some/", "*[13579]", from});
        }
        plan.has_local = random_.chance(0.1);
        return plan;
    }

    void add_export(HostPlan& plan) {
        const bool shared = random_.chance(0.15);  // a name that others may export too
        const std::string name = shared ? "shared" : "f" + std::to_string(++made_);
        plan.exports[name] = "v" + std::to_string(++made_);
    }

    void note(const std::string& what) {
        diary_.push_back(readable(loop_.clock().now().time_since_epoch()) + "  " + what);
    }

    void declare(std::size_t host) {
        if (!peers_[host]->running()) return;
        history_[host].push_back(plans_[host].exports);
        if (auto wanted = peers_[host]->want(plans_[host].yaml()); !wanted)
            wrong_.push_back(wanted.error().text);
    }

    // Publication is atomic: what is collected from a host is one of its versions, never a mix.
    void see_whole_versions(std::size_t host) {
        const auto& collects = plans_[host].collects;
        if (collects.empty() || collects[0].place != "/pool/") return;
        for (std::size_t from = 0; from < peers_.size(); ++from) {
            const auto seen = peers_[host]->collected_from(peers_[from]->host(), "/pool/");
            if (seen.empty()) continue;  // withdrawn, or expired
            const auto& versions = history_[from];
            std::size_t& newest = seen_[host][from];
            const auto since = versions.begin() + static_cast<std::ptrdiff_t>(newest);
            const auto found = std::find(since, versions.end(), seen);
            if (found != versions.end()) {
                newest = static_cast<std::size_t>(found - versions.begin());
                continue;
            }
            const bool old = std::find(versions.begin(), since, seen) != since;
            wrong_.push_back(peers_[host]->host().text() + " saw " +
                             (old ? "an old version of " : "a mix of versions of ") +
                             peers_[from]->host().text());
        }
    }

    // Somebody has the store's port in hand, but nobody's key.
    void attack() {
        const HostName& victim = peers_[random_.below(peers_.size())]->host();
        const HostName& other = peers_[random_.below(peers_.size())]->host();
        const Reading now = cluster_.read(ReadScope::prefix, keys::exports_of(victim));
        past_.push_back(now);
        ++counts_.attacks;
        switch (random_.below(6)) {
            case 0: return spoil(victim, now);
            case 1: return erase(victim, now);
            case 2: return replay(victim);
            case 3: return swap(victim, other);
            case 4: return forge(victim, other);
            default:
                note("attack: the key set of " + victim.text());
                return overwrite({Operation::put(keys::identity_of(victim),
                                                 make_key_set(testing::credentials(other.text()),
                                                              testing::authority().cluster()))});
        }
    }

    void overwrite(std::vector<Operation> operations) {
        if (!operations.empty()) (void)cluster_.commit({{}, std::move(operations)});
    }

    void spoil(const HostName& victim, const Reading& now) {
        if (now.records.empty()) return;
        const Record& record = now.records[random_.below(now.records.size())];
        std::string value = record.value;
        value[random_.below(value.size())] ^= 1;
        note("attack: spoil " + record.key + " of " + victim.text());
        overwrite({Operation::put(record.key, value)});
    }

    void erase(const HostName& victim, const Reading& now) {
        note("attack: erase what " + victim.text() + " exports");
        if (random_.chance(0.5))
            return overwrite({Operation::remove_prefix(keys::exports_of(victim))});
        if (!now.records.empty())
            overwrite({Operation::remove(now.records[random_.below(now.records.size())].key)});
    }

    // Brings back a state that once stood there, whole or in part.
    void replay(const HostName& victim) {
        const Reading& then = past_[random_.below(past_.size())];
        const bool whole = random_.chance(0.5);
        note("attack: replay over " + victim.text());
        std::vector<Operation> operations;
        for (const Record& record : then.records)
            if (whole || random_.chance(0.5))
                operations.push_back(Operation::put(record.key, record.value));
        overwrite(std::move(operations));
    }

    void swap(const HostName& victim, const HostName& other) {
        note("attack: pass what " + other.text() + " exports off as of " + victim.text());
        std::vector<Operation> operations;
        const std::string from = keys::exports_of(other);
        for (const Record& record : cluster_.read(ReadScope::prefix, from).records) {
            std::string value = record.value;
            const std::string says = "\"from\":\"" + other.text() + "\"";
            if (const auto found = value.find(says); found != std::string::npos)
                value.replace(found, says.size(), "\"from\":\"" + victim.text() + "\"");
            operations.push_back(
                Operation::put(keys::exports_of(victim) + record.key.substr(from.size()), value));
        }
        overwrite(std::move(operations));
    }

    // A record and a manifest that fit each other, with another host's key.
    void forge(const HostName& victim, const HostName& other) {
        note("attack: forge exports of " + victim.text() + " with the key of " + other.text());
        if (victim == other) return;
        Signer signer = testing::signer(other.text());
        signer.scope.name = victim.text();
        signer.scope.uuid = testing::uuid_of(victim.text());
        const Exporter thief{victim, 1000, signer};
        const Subtree nothing;
        const std::vector<Wanted> wanted = {testing::file("evil", "evil")};
        PublicationOrder order{nothing, wanted, thief};
        order.now = since_1970(loop_.clock().wall());
        const auto plan = plan_publication(order);
        if (!plan) return;
        std::vector<Operation> operations = plan->steps[0].operations;
        if (random_.chance(0.5))
            for (const Record& record :
                 cluster_.read(ReadScope::prefix, keys::exports_of(victim)).records)
                if (record.key != keys::manifest_of(victim) && record.key != operations[0].key)
                    operations.push_back(Operation::remove(record.key));
        overwrite(std::move(operations));
    }

    void act() {
        const std::size_t host = random_.below(peers_.size());
        const std::string name = peers_[host]->host().text();
        if (hostile_ && random_.chance(0.4)) return attack();
        const std::uint64_t dice = random_.below(14);
        if (dice < 5) return change(host);
        if (dice < 7) return tamper(host);
        if (dice < 9) return toggle_line(host);
        if (dice < 11) return toggle_store();
        if (dice < 12) {
            note("compaction");
            ++counts_.compactions;
            return cluster_.compact(cluster_.revision());
        }
        if (peers_[host]->running()) {
            note("crash of " + name);
            ++counts_.crashes;
            peers_[host]->crash();
        } else {
            note("restart of " + name);
            restart(host);
        }
    }

    void change(std::size_t host) {
        HostPlan& plan = plans_[host];
        const std::uint64_t dice = random_.below(6);
        if (dice == 5) {  // back to what was declared before
            const auto& versions = history_[host];
            plan.exports = versions[versions.size() > 1 ? versions.size() - 2 : 0];
        } else if (dice == 0 || plan.exports.empty()) {
            add_export(plan);
        } else if (dice == 4) {
            for (auto& [name, content] : plan.exports) content = "v" + std::to_string(++made_);
            if (random_.chance(0.5)) add_export(plan);
        } else {
            auto which = plan.exports.begin();
            std::advance(which, random_.below(plan.exports.size()));
            if (dice == 1)
                plan.exports.erase(which);
            else
                which->second = "v" + std::to_string(++made_);
        }
        note("new exports at " + peers_[host]->host().text());
        declare(host);
        if (dice != 5 || !random_.chance(0.5)) return;
        loop_.run_for(Milliseconds{random_.below(5'000)});
        plan.exports = history_[host].end()[-2];
        note("and back at " + peers_[host]->host().text());
        declare(host);
    }

    void tamper(std::size_t host) {
        SimFiles& files = peers_[host]->node().files();
        const auto entries = files.list("/pool");
        if (!entries || entries->empty()) return;
        const std::string path = "/pool/" + (*entries)[random_.below(entries->size())].name;
        note("tamper with " + path + " at " + peers_[host]->host().text());
        if (random_.chance(0.5))
            (void)files.remove(path);
        else
            (void)files.overwrite(path, "spoiled");
    }

    void toggle_line(std::size_t host) {
        const bool cut = random_.chance(0.6);
        note((cut ? "cut line of " : "mend line of ") + peers_[host]->host().text());
        counts_.cuts += cut ? 1 : 0;
        cut ? peers_[host]->cut_line() : peers_[host]->mend_line();
    }

    void toggle_store() {
        if (cluster_.serving()) {
            note("outage");
            ++counts_.outages;
            cluster_.stop();
        } else {
            note("the store is back");
            cluster_.start();
        }
    }

    void restart(std::size_t host) {
        peers_[host]->restart();
        declare(host);
    }

    void heal() {
        note("heal everything");
        if (!cluster_.serving()) cluster_.start();
        for (std::size_t host = 0; host < peers_.size(); ++host) {
            if (!peers_[host]->running()) restart(host);
            peers_[host]->mend_line();
        }
    }

    // The content that must be at `path` on a host, by the records of the store: of several that
    // want the place, the oldest keeps it.
    std::map<std::string, std::string> expected_files(std::size_t host) {
        std::map<std::string, Revision> since;
        std::map<std::string, std::string> files;
        for (std::size_t from = 0; from < peers_.size(); ++from) {
            for (const auto& [name, content] : plans_[from].exports) {
                const Reading record = cluster_.read(
                    ReadScope::key, keys::exported(peers_[from]->host(), {"file", name}));
                if (record.records.empty()) {
                    wrong_.push_back(name + " of " + peers_[from]->host().text() +
                                     " is not in the store");
                    continue;
                }
                for (const CollectPlan& collect : plans_[host].collects) {
                    if (!glob_matches(collect.name_glob.empty() ? "*" : collect.name_glob, name) ||
                        !glob_matches(collect.from_glob.empty() ? "*" : collect.from_glob,
                                      peers_[from]->host().text()))
                        continue;
                    const Revision created = record.records[0].created;
                    const std::string path = collect.place + name;
                    if (since.contains(path) && contested_.insert({host, path}).second)
                        ++counts_.conflicts;
                    if (since.contains(path) && since[path] < created) continue;
                    since[path] = created;
                    files[path] = content;
                }
            }
        }
        if (plans_[host].has_local) files["/pool/shared"] = "local";
        return files;
    }

    std::string difference() {
        std::string out;
        for (std::size_t host = 0; host < peers_.size(); ++host) {
            const std::string name = peers_[host]->host().text();
            if (peers_[host]->refused()) out += name + " was refused: " + *peers_[host]->refused();
            for (const auto& [path, content] : expected_files(host)) {
                const auto found = peers_[host]->node().content(path);
                if (found != content)
                    out += name + ":" + path + " holds " + found.value_or("(nothing)") + ", not " +
                           content + "\n";
            }
        }
        return out;
    }

    bool all_at_rest() const {
        return std::all_of(peers_.begin(), peers_.end(),
                           [](const auto& peer) { return peer->at_rest(); });
    }

    bool converges() {
        const auto is_fine = [this] {
            const std::size_t wrong_before = wrong_.size();
            const bool fine = all_at_rest() && difference().empty();
            const bool complete = wrong_.size() == wrong_before;
            wrong_.resize(wrong_before);
            return fine && complete;
        };
        // Asked now and then only: looking at everything after every action would be slow.
        for (Duration waited{0}; waited < heal_limit; waited += 1s) {
            if (is_fine()) return true;
            loop_.run_for(1s);
        }
        wrong_.push_back("does not converge: " + difference());
        for (const auto& peer : peers_)
            if (!peer->at_rest()) wrong_.push_back(peer->host().text() + " is not at rest");
        return false;
    }

    // Nothing beside what must be collected, and no copy ever differed from the store.
    void compare() {
        loop_.run_for(10s);
        if (auto differs = difference(); !differs.empty()) wrong_.push_back("later: " + differs);
        for (std::size_t host = 0; host < peers_.size(); ++host) {
            counts_.amendments += peers_[host]->amendments();
            const auto& refusals = peers_[host]->node().report().snapshot().refusals;
            for (const auto& [cause, count] : refusals) {
                counts_.refusals += hostile_ ? count : 0;
                const bool expected = hostile_ && cause != "fold_difference";
                if (!expected && cause != "store_error" && cause != "expired" && cause != "frozen")
                    wrong_.push_back(peers_[host]->host().text() + " reported " + cause);
            }
            const std::size_t wanted = instances(host);
            const std::size_t found = peers_[host]->collected().size();
            if (found != wanted)
                wrong_.push_back(peers_[host]->host().text() + " collects " +
                                 std::to_string(found) + " resources, not " +
                                 std::to_string(wanted) + ": " +
                                 join(peers_[host]->collected(), ", "));
        }
    }

    // Of resources that a host collects, those that yield to others included.
    std::size_t instances(std::size_t host) const {
        std::size_t count = 0;
        for (std::size_t from = 0; from < peers_.size(); ++from)
            for (const auto& [name, content] : plans_[from].exports)
                for (const CollectPlan& collect : plans_[host].collects)
                    if (glob_matches(collect.name_glob.empty() ? "*" : collect.name_glob, name) &&
                        glob_matches(collect.from_glob.empty() ? "*" : collect.from_glob,
                                     peers_[from]->host().text()))
                        ++count;
        return count;
    }

    std::vector<std::uint64_t> amendments() const {
        std::vector<std::uint64_t> counts;
        for (const auto& peer : peers_) counts.push_back(peer->amendments());
        return counts;
    }

    // That changed records: manifests are renewed at their own time.
    std::size_t commits_since(Revision revision) const {
        std::set<Revision> commits;
        for (const StoreEvent& event :
             cluster_.events(keys::exports(), revision + 1, cluster_.revision()).events)
            if (!event.record.key.ends_with("/@manifest")) commits.insert(event.record.modified);
        return commits.size();
    }

    void equal_declarations_wake_nobody() {
        const Revision revision = cluster_.revision();
        const auto before = amendments();
        for (std::size_t host = 0; host < peers_.size(); ++host) declare(host);
        loop_.run_for(20s);
        if (amendments() != before) wrong_.push_back("an equal declaration redrew a graph");
        if (commits_since(revision) != 0) wrong_.push_back("an equal declaration was written");
    }

    void one_change_is_one_redraw() {
        std::size_t host = 0;
        while (host < plans_.size() && plans_[host].exports.empty()) ++host;
        if (host == plans_.size()) return;
        const auto before = amendments();
        const Revision revision = cluster_.revision();
        plans_[host].exports.begin()->second = "v" + std::to_string(++made_);
        declare(host);
        loop_.run_for(20s);
        if (auto differs = difference(); !differs.empty()) wrong_.push_back("change: " + differs);
        if (const std::size_t commits = commits_since(revision); commits != 1)
            wrong_.push_back("one change took " + std::to_string(commits) + " commits");
        for (std::size_t i = 0; i < peers_.size(); ++i) {
            const std::uint64_t redraws = peers_[i]->amendments() - before[i];
            if (redraws > 1)
                wrong_.push_back("one change redrew " + peers_[i]->host().text() + " " +
                                 std::to_string(redraws) + " times");
        }
    }

    SimLoop loop_;
    MemoryCluster cluster_{loop_};
    SeededRandom random_;
    bool lossy_ = false;
    bool hostile_ = false;
    std::vector<std::unique_ptr<SimPeer>> peers_;
    std::vector<HostPlan> plans_;
    std::vector<std::vector<HostPlan::Exports>> history_;  // of each host, as declared
    std::vector<std::vector<std::size_t>> seen_;           // newest version of a host at another
    std::vector<Reading> past_;                            // of hosts' exports, for replays
    std::uint64_t made_ = 0;
    std::vector<std::string> diary_;
    std::vector<std::string> wrong_;
    ExchangeCounts counts_;
    std::set<std::pair<std::size_t, std::string>> contested_;  // by host: each counts once
};

TEST(ExchangeSim, peers_end_with_the_same_files_whatever_the_store_does) {
    const bool one = std::getenv("HANSA_SEED") != nullptr;
    const std::uint64_t first = number_from("HANSA_SEED", 1);
    const std::uint64_t count = one ? 1 : number_from("HANSA_SEEDS", 1000);
    ExchangeCounts sum;
    std::uint64_t failed = 0;
    for (std::uint64_t seed = first; seed < first + count; ++seed) {
        Exchange exchange(seed);
        const std::vector<std::string> wrong = exchange.run();
        sum.outages += exchange.counts().outages;
        sum.cuts += exchange.counts().cuts;
        sum.crashes += exchange.counts().crashes;
        sum.compactions += exchange.counts().compactions;
        sum.conflicts += exchange.counts().conflicts;
        sum.amendments += exchange.counts().amendments;
        sum.attacks += exchange.counts().attacks;
        sum.refusals += exchange.counts().refusals;
        if (!wrong.empty()) ++failed;
        const bool told = one || (!wrong.empty() && failed <= failures_shown);
        if (told) std::fputs(exchange.story().c_str(), stderr);
        if (told && !wrong.empty())
            ADD_FAILURE() << join(wrong, "\n") << "\nreplay: HANSA_SEED=" << seed << " "
                          << program_invocation_name;
    }
    EXPECT_EQ(failed, 0u) << "of " << count << " seeds";
    if (!one) {
        EXPECT_GT(sum.outages, count / 10);
        EXPECT_GT(sum.cuts, count / 10);
        EXPECT_GT(sum.crashes, count / 10);
        EXPECT_GT(sum.compactions, count / 10);
        EXPECT_GT(sum.conflicts, count / 10);
        EXPECT_GT(sum.attacks, count / 10);
        EXPECT_GT(sum.refusals, count / 10);
    }
    const auto shown = [](std::uint64_t number) { return static_cast<unsigned long long>(number); };
    std::printf(
        "%llu seeds: %llu outages, %llu cut lines, %llu crashes, %llu compactions, "
        "%llu conflicts, %llu redraws, %llu attacks, %llu refusals\n",
        shown(count), shown(sum.outages), shown(sum.cuts), shown(sum.crashes),
        shown(sum.compactions), shown(sum.conflicts), shown(sum.amendments), shown(sum.attacks),
        shown(sum.refusals));
}

}  // namespace
}  // namespace hansa
