#include "daemon/diagnosis.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"

namespace hansa {

namespace {

using Grade = Finding::Grade;

constexpr std::uint64_t disk_least = std::uint64_t{1} << 30;  // seats.md: gives its seat up below
constexpr Duration certificate_soon = Seconds{6 * 3600};      // of 24 h; renewed at two thirds
constexpr std::string_view etcd_oldest = "3.4.";
constexpr Milliseconds offset_warns{1000};
constexpr Milliseconds offset_refused{30'000};
constexpr Milliseconds syncs_warn{32};
constexpr Milliseconds syncs_too_slow{512};  // half of etcd's time for an election

std::string text_in(const Value& map, std::string_view key) {
    const Value* found = map.is_map() ? map.find(key) : nullptr;
    return found && found->is_scalar() ? found->scalar().text : std::string{};
}

std::int64_t number_in(const Value& map, std::string_view key) {
    const Value* found = map.is_map() ? map.find(key) : nullptr;
    return found ? found->as_int().value_or(0) : 0;
}

bool flag_in(const Value& map, std::string_view key) {
    const Value* found = map.is_map() ? map.find(key) : nullptr;
    return found && found->as_bool().value_or(false);
}

const Value::List& list_in(const Value& map, std::string_view key) {
    static const Value::List none;
    const Value* found = map.is_map() ? map.find(key) : nullptr;
    return found && found->is_list() ? found->list() : none;
}

class Diagnosis {
 public:
    explicit Diagnosis(const Signs& signs) : signs_(signs) {}

    std::vector<Finding> make() {
        look_at_prefix();
        look_at_disk();
        look_at_clock();
        look_at_programs();
        for (const HostSigns& host : signs_.hosts) look_at_host(host);
        look_at_authority();
        look_at_agent();
        look_at_cluster();
        look_at_members();
        look_at_peers();
        std::stable_sort(findings_.begin(), findings_.end(),
                         [](const auto& a, const auto& b) { return a.grade > b.grade; });
        return std::move(findings_);
    }

 private:
    void good(std::string what) { findings_.push_back({Grade::good, std::move(what), {}}); }
    void warn(std::string what, std::string remedy) {
        findings_.push_back({Grade::warning, std::move(what), std::move(remedy)});
    }
    void bad(std::string what, std::string remedy) {
        findings_.push_back({Grade::problem, std::move(what), std::move(remedy)});
    }

    void look_at_prefix() {
        if (!signs_.prefix_fault.empty())
            return bad(signs_.prefix_fault,
                       "give --prefix, or let only the agent's user write to " + signs_.prefix);
        if (signs_.hosts.empty())
            warn(signs_.prefix + " holds no host yet", "start one with \"hansa run\"");
    }

    void look_at_disk() {
        if (signs_.disk_size == 0) return;
        const std::string what = counted_bytes(signs_.disk_free) + " of " +
                                 counted_bytes(signs_.disk_size) + " are free below " +
                                 signs_.prefix;
        if (signs_.disk_free < std::min(disk_least, signs_.disk_size / 10))
            return bad(what + ": a voter gives its seat up, and its store may stop",
                       "free some, or give the prefix a larger disk");
        good(what);
    }

    void look_at_clock() {
        if (signs_.clock_is_synchronised) return good("the clock is synchronised");
        warn(
            "the kernel does not know its clock to be synchronised: certificates and signatures "
            "are judged by it",
            "run chrony or systemd-timesyncd on every host");
    }

    void look_at_programs() {
        if (!signs_.etcd_fault.empty())
            return bad("no etcd: " + signs_.etcd_fault,
                       "install etcd-server, or run hosts without a seat (--seat no)");
        if (!signs_.etcd_version.starts_with(etcd_oldest))
            return warn("etcd " + signs_.etcd_version + " is not of the line 3.4 that is tested",
                        "install Debian 12's etcd-server");
        good("etcd " + signs_.etcd_version);
    }

    void look_at_host(const HostSigns& host) {
        const std::string who = host.name + ": ";
        if (!host.identity_fault.empty())
            bad(who + host.identity_fault,
                "restore " + signs_.prefix + "/" + host.name + ", or move it away and join anew");
        look_at_certificate(host);
        if (host.is_marked_member && !host.has_member_data)
            bad(who + "the data of its member of the store is gone",
                "nothing while another voter lives: the steward takes the member out and adds it "
                "anew; else see docs/manual/recovery.md");
        if (host.agent_runs && !host.agent_fault.empty())
            bad(who + host.agent_fault, "look at its log; end it with SIGTERM and start it again");
        if (!host.agent_runs) warn(who + "its agent does not run", "start it with \"hansa run\"");
    }

    void look_at_certificate(const HostSigns& host) {
        const std::string who = host.name + ": its certificate ";
        if (!host.certificate_fault.empty())
            return bad(who + "cannot be read: " + host.certificate_fault,
                       "join anew with a token (\"hansa join\")");
        if (!host.certified_until) return;
        if (signs_.now < *host.certified_from)
            return bad(who + "is not valid before " + iso8601(*host.certified_from),
                       "set the clock: it says " + iso8601(signs_.now));
        if (signs_.now >= *host.certified_until)
            return bad(who + "has expired at " + iso8601(*host.certified_until),
                       "start its agent, which renews it for some days more where the authority "
                       "answers; else join anew with a token");
        if (*host.certified_until - signs_.now < certificate_soon)
            return warn(who + "expires at " + iso8601(*host.certified_until),
                        "see that its agent runs and reaches the authority's host");
        good(who + "is valid until " + iso8601(*host.certified_until));
    }

    void look_at_authority() {
        if (signs_.root_key_is_here && signs_.others_joined)
            warn("the root key of the authority is on this machine",
                 "move " + signs_.prefix + "/ca/root.key to where you keep what must not be lost");
        for (const std::string& port : signs_.taken_ports)
            warn(port,
                 "free it, or name others with --client-urls and --server-urls; without "
                 "that a free port is taken and told to everybody");
    }

    void look_at_agent() {
        if (!signs_.status.is_map()) return;
        const Value* graph = signs_.status.find("graph");
        if (graph && !text_in(*graph, "refused").empty())
            bad("the graph file has errors, and the version before it is enforced: " +
                    text_in(*graph, "refused"),
                "mend it; \"hansa validate\" shows them all");
        const Value* counts = signs_.status.find("counts");
        for (const char* phase : {"failed", "blocked", "retrying"})
            if (const auto count = counts ? number_in(*counts, phase) : 0; count > 0)
                bad(counted(static_cast<std::size_t>(count), "resource") + " " + phase,
                    "see \"hansa status\"");
        const Value* store = signs_.status.find("store");
        const std::string state = store ? text_in(*store, "state") : std::string{};
        if (state == "away" || state == "starting")
            bad("the store is not reached: " + text_in(*store, "detail"),
                "look for its members; what is declared is enforced meanwhile");
        if (state == "connected") good("the store is reached at " + text_in(*store, "detail"));
    }

    void look_at_cluster() {
        const Value& cluster = signs_.cluster;
        if (!cluster.is_map()) return;
        const std::string health = text_in(cluster, "health");
        std::vector<std::string> reasons;
        for (const Value& reason : list_in(cluster, "reasons"))
            if (reason.is_scalar()) reasons.push_back(reason.scalar().text);
        const std::string why = reasons.empty() ? std::string{} : ": " + join(reasons, "; ");
        if (const std::string remedy = text_in(cluster, "remedy"); !remedy.empty())
            return bad("the cluster cannot be seen" + why, remedy);
        if (flag_in(cluster, "stale"))
            return bad("the store has no majority" + why,
                       "start the missing voters; if they are gone for good, \"hansa cluster "
                       "recover\" (docs/manual/recovery.md)");
        if (health == "healthy")
            good("the cluster is healthy, and " + text_in(cluster, "tolerance"));
        else
            warn("the cluster is " + health + why,
                 "see \"hansa cluster status\"; the steward mends what it can");
        look_at_invariants(cluster);
        for (const Value& alarm : list_in(cluster, "alarms"))
            bad("an alarm of the store: " +
                    (alarm.is_scalar() ? alarm.scalar().text : text_in(alarm, "kind")),
                "the steward clears what it can; see \"hansa cluster status\"");
    }

    // seats.md 5: what holds whatever happens.
    void look_at_invariants(const Value& cluster) {
        std::size_t voters = 0;
        std::size_t learners = 0;
        for (const Value& member : list_in(cluster, "members"))
            ++(text_in(member, "seat") == "learner" ? learners : voters);
        const bool changes = cluster.find("intent") != nullptr;
        if (voters == 0) bad("the store has no voters", "see docs/manual/recovery.md");
        if (voters % 2 == 0 && voters > 0 && !changes)
            warn("the number of voters is even (" + std::to_string(voters) +
                     ") and no change is under way",
                 "wait a minute; if it stays, see what the steward says in \"hansa cluster "
                 "status\"");
        if (learners > 1)
            bad(std::to_string(learners) + " learners at once: somebody else changes the members",
                "let only the steward do that");
    }

    void look_at_members() {
        std::map<std::string, std::vector<std::string>> versions;
        for (const Value& member : list_in(signs_.cluster, "members")) {
            if (!flag_in(member, "answers")) continue;
            versions[text_in(member, "etcd")].push_back(text_in(member, "host"));
        }
        if (versions.size() > 1)
            warn("voters run different etcds: " + told(versions),
                 "bring all to the newest, one after the other");
    }

    void look_at_peers() {
        std::map<std::string, std::vector<std::string>> versions;
        for (const Value& peer : list_in(signs_.peers, "peers")) {
            const std::string name = text_in(peer, "name");
            if (flag_in(peer, "alive")) versions[text_in(peer, "version")].push_back(name);
            look_at_offset(name, Milliseconds{number_in(peer, "clock_offset_ms")});
            if (text_in(peer, "seat") != "-")
                look_at_syncs(name, Milliseconds{number_in(peer, "fsync_p99_ms")});
        }
        if (versions.size() > 1)
            warn("hosts run different versions: " + told(versions),
                 "bring all to the newest; neighbours by one minor version work together");
    }

    void look_at_offset(const std::string& name, Milliseconds offset) {
        const Milliseconds size = std::chrono::abs(offset);
        if (size < offset_warns) return;
        const std::string what = "the clock of " + name + " is " + readable(size) +
                                 (offset > Milliseconds{0} ? " ahead of" : " behind") +
                                 " that of the steward's host";
        const std::string remedy =
            "synchronise both (chrony, systemd-timesyncd): certificates and signatures are judged "
            "by them";
        if (size >= offset_refused) return bad(what, remedy);
        warn(what, remedy);
    }

    // Told as powers of two, so 16 may be 9: nobody is blamed for that.
    void look_at_syncs(const std::string& name, Milliseconds p99) {
        if (p99 < syncs_warn) return;
        const std::string what = "the disk of " + name + " takes up to " + readable(p99) +
                                 " to keep a record (fsync, 99 of 100); a member of the store "
                                 "wants less than 10 ms";
        const std::string remedy =
            "give its store a faster disk, or its seat to another host (--seat no there)";
        if (p99 >= syncs_too_slow)
            return bad(what + ", and loses its leadership at such times", remedy);
        warn(what, remedy);
    }

    static std::string told(const std::map<std::string, std::vector<std::string>>& versions) {
        constexpr std::size_t named_max = 3;
        std::vector<std::string> parts;
        for (const auto& [version, hosts] : versions) {
            const std::vector<std::string> some(
                hosts.begin(),
                hosts.begin() + static_cast<std::ptrdiff_t>(std::min(hosts.size(), named_max)));
            parts.push_back(version + " on " + join(some, ", ") +
                            (hosts.size() > named_max
                                 ? " and " + std::to_string(hosts.size() - named_max) + " more"
                                 : ""));
        }
        return join(parts, "; ");
    }

    static std::string counted_bytes(std::uint64_t bytes) {
        return std::to_string(bytes >> 20) + " MiB";
    }

    const Signs& signs_;
    std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> diagnose(const Signs& signs) {
    return Diagnosis(signs).make();
}

Finding::Grade worst(const std::vector<Finding>& findings) {
    Grade worst = Grade::good;
    for (const Finding& finding : findings) worst = std::max(worst, finding.grade);
    return worst;
}

}  // namespace hansa
