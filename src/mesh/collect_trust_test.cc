// What a collector enforces when somebody has the store in hand: he may write, hold back and
// replay whatever he likes, and has keys of his own, but not his victim's.
#include <algorithm>

#include "mesh/collect.h"
#include "mesh/store_testing.h"

namespace hansa {
namespace {

using testing::collect;
using testing::file;
using testing::host;

const std::string key_f1 = "/hansa/v1/exports/victim/file/f1";
const std::string key_manifest = "/hansa/v1/exports/victim/@manifest";
const std::string key_identity = "/hansa/v1/identities/victim";

// Whoever verifies a key set asks what is remembered of its host.
class CountingKeeper final : public TrustKeeper {
 public:
    const TrustMemory& kept() const override {
        ++asked;
        return memory_.kept();
    }
    void keep(const std::string& host, const RememberedExporter& exporter) override {
        memory_.keep(host, exporter);
    }
    void keep_revocations(std::uint64_t epoch, const std::string& text) override {
        memory_.keep_revocations(epoch, text);
    }
    mutable std::size_t asked = 0;

 private:
    MemoryKeeper memory_;
};

class Attacked : public testing::StoreTest {
 protected:
    Attacked() {
        begin();
        store.on_status([this](const StoreStatus& status) { collector->store_is(status.state); });
        for (const char* name : {"victim", "thief"})
            write(std::string("/hansa/v1/peers/") + name, "{}");
        declare("victim", {file("f1", "1"), file("f2", "2")});
        EXPECT_TRUE(reaches([&] { return picture() == "victim:f1=1 victim:f2=2 "; }));
    }

    // A collector that remembers what the last one saw.
    void begin() {
        CollectorEvents events;
        events.on_amendment = [this](const Amendment& amendment) {
            for (const InstanceId& id : amendment.removals) EXPECT_EQ(held.erase(id), 1U);
            for (const Declaration& each : amendment.upserts)
                held[each.instance()] = each.fields.find("content")->scalar().text;
        };
        events.on_moved = [] {};
        held.clear();
        collector.emplace(loop, store, random, catalog, report, host("me"), CollectorTimes{},
                          keeper, testing::anything(), std::move(events));
        collector->use(testing::terms());
        collector->want({collect("file")});
    }

    WallTime now() const { return loop.clock().wall(); }
    void commit(std::vector<Operation> operations) {
        ASSERT_FALSE(operations.empty());
        ASSERT_TRUE(cluster.commit({{}, std::move(operations)}));
    }
    void declare(const std::string& name, std::vector<Wanted> wanted) {
        commit(agents.declare(name, std::move(wanted), now()));
    }
    Reading exports_of(const std::string& name) const {
        return cluster.read(ReadScope::prefix, "/hansa/v1/exports/" + name + "/");
    }
    // Puts back what once stood there, and takes away what did not.
    void replay(const std::string& name, const Reading& then) {
        std::vector<Operation> operations{
            Operation::remove_prefix("/hansa/v1/exports/" + name + "/")};
        commit(std::move(operations));
        for (const Record& record : then.records) write(record.key, record.value);
    }

    // The authority's list in its next epoch.
    void revoke(std::vector<std::string> serials) {
        write("/hansa/v1/revocations",
              *sign_revocations({testing::authority().cluster(), ++epoch, {std::move(serials), {}}},
                                testing::authority()));
    }

    // What an agent with these credentials would write in the place of `name`.
    std::vector<Operation> forged(const Credentials& mine, const std::string& name,
                                  const std::vector<Wanted>& wanted, const Subtree& there = {}) {
        const Exporter me{
            host(name), 99, {{testing::authority().cluster(), mine.uuid, name}, mine.signing_key}};
        PublicationOrder order{there, wanted, me};
        order.now = since_1970(now());
        order.fence = Fence::needed;
        const auto plan = plan_publication(order);
        EXPECT_TRUE(plan && plan->steps.size() == 1);
        return plan->steps.at(0).operations;
    }

    std::string picture() const {
        std::string text;
        for (const auto& [id, what] : held)
            text += id.exporter + ":" + id.resource.name + "=" + what + " ";
        return text;
    }
    std::string distrust() const {
        const auto found = collector->distrusted();
        return found.empty() ? "" : found[0].host + " " + found[0].cause;
    }
    // Nothing changed, and it is said why: once, and for as long as it stays so.
    void expect_refused(const std::string& cause) {
        loop.run_for(Seconds{10});
        EXPECT_EQ(picture(), "victim:f1=1 victim:f2=2 ");
        EXPECT_EQ(distrust(), "victim " + cause);
        EXPECT_EQ(feed.refused(cause), 1U);
    }
    // The true exporter is believed again as soon as it puts things right.
    void expect_recovery() {
        agents.restart("victim");
        const Reading now_there = exports_of("victim");
        for (const Record& record : now_there.records) erase(record.key);
        declare("victim", {file("f1", "true"), file("f2", "2")});
        EXPECT_TRUE(reaches([&] { return picture() == "victim:f1=true victim:f2=2 "; }));
        EXPECT_EQ(distrust(), "");
    }

    Catalog catalog = testing::two_kinds();
    CountingKeeper keeper;
    testing::Agents agents;
    std::map<InstanceId, std::string> held;
    std::uint64_t epoch = 0;
    std::optional<Collector> collector;
};

TEST_F(Attacked, a_record_that_nobody_signed) {
    ExportRecord record = *decode_export(key_f1, *stored(key_f1));
    record.version->body.fields = testing::content("evil");
    record.version->seal.signature.clear();
    write(key_f1, *encode(record));
    expect_refused("digest");
    expect_recovery();
}

TEST_F(Attacked, a_whole_publication_with_the_key_of_another_member) {
    commit(forged(testing::credentials("thief"), "victim", {file("f1", "evil")}));
    expect_refused("bad_signature");
    expect_recovery();
}

TEST_F(Attacked, a_key_set_of_another_member_under_the_victims_name) {
    write(key_identity,
          make_key_set(testing::credentials("thief"), testing::authority().cluster()));
    commit(forged(testing::credentials("thief"), "victim", {file("f1", "evil")}));
    expect_refused("bad_signature");
}

TEST_F(Attacked, a_key_set_that_another_authority_certified_for_the_name) {
    const Authority other = Authority::make(testing::authority().cluster(), now()).issuing;
    const Credentials fake = testing::credentials_of({"victim", "", "fake"}, other, now());
    write(key_identity, make_key_set(fake, testing::authority().cluster()));
    commit(forged(fake, "victim", {file("f1", "evil")}));
    expect_refused("bad_signature");
    // Nor by a collector that sees nothing else.
    begin();
    loop.run_for(Seconds{60});
    EXPECT_EQ(picture(), "");
    EXPECT_EQ(distrust(), "victim denied");
}

TEST_F(Attacked, records_of_another_member_moved_below_the_victims_name) {
    declare("thief", {file("f1", "evil")});
    ASSERT_TRUE(reaches([&] { return held.size() == 3; }));
    held.erase({{"file", "f1"}, "thief", ""});
    for (const Record& record : exports_of("thief").records) {
        std::string value = record.value;
        const std::string says = "\"from\":\"thief\"";
        value.replace(value.find(says), says.size(), "\"from\":\"victim\"");
        const std::string below = "/hansa/v1/exports/thief";
        write("/hansa/v1/exports/victim" + record.key.substr(below.size()), value);
    }
    loop.run_for(Seconds{10});
    EXPECT_EQ(picture(), "victim:f1=1 victim:f2=2 ");
    EXPECT_EQ(distrust(), "victim bad_signature");
}

TEST_F(Attacked, one_record_of_an_earlier_publication) {
    const std::string old = *stored(key_f1);
    declare("victim", {file("f1", "one"), file("f2", "2")});
    ASSERT_TRUE(reaches([&] { return picture() == "victim:f1=one victim:f2=2 "; }));
    write(key_f1, old);
    loop.run_for(Seconds{10});
    EXPECT_EQ(picture(), "victim:f1=one victim:f2=2 ");
    EXPECT_EQ(distrust(), "victim digest");
}

TEST_F(Attacked, a_whole_earlier_publication_also_after_a_restart) {
    const Reading before = exports_of("victim");
    declare("victim", {file("f1", "one"), file("f2", "2")});
    ASSERT_TRUE(reaches([&] { return picture() == "victim:f1=one victim:f2=2 "; }));
    replay("victim", before);
    loop.run_for(Seconds{10});
    EXPECT_EQ(picture(), "victim:f1=one victim:f2=2 ");
    EXPECT_EQ(distrust(), "victim rollback");
    begin();
    loop.run_for(Seconds{60});
    EXPECT_EQ(picture(), "") << "nothing at all rather than something old";
    EXPECT_EQ(distrust(), "victim rollback");
}

TEST_F(Attacked, a_publication_that_was_withdrawn_while_we_were_away) {
    for (int number = 0; number < 8; ++number) {  // whatever comes first
        const Reading before = exports_of("victim");
        declare("victim", {});
        begin();
        loop.run_for(Seconds{10});
        EXPECT_EQ(picture(), "");
        EXPECT_EQ(distrust(), "");
        replay("victim", before);
        loop.run_for(Seconds{10});
        EXPECT_EQ(picture(), "") << "nothing was accepted, so nothing may come back";
        EXPECT_EQ(distrust(), "victim rollback");
        agents.restart("victim");
        declare("victim", {file("f1", "1"), file("f2", "2")});
        ASSERT_TRUE(reaches([&] { return held.size() == 2; }));
    }
}

TEST_F(Attacked, one_record_held_back) {
    declare("victim", {file("f1", "1"), file("f2", "2"), file("f3", "3")});
    ASSERT_TRUE(reaches([&] { return held.size() == 3; }));
    erase("/hansa/v1/exports/victim/file/f3");
    loop.run_for(Seconds{10});
    EXPECT_EQ(held.size(), 3U);
    EXPECT_EQ(distrust(), "victim digest");
}

TEST_F(Attacked, everything_held_back) {
    for (const Record& record : exports_of("victim").records) erase(record.key);
    loop.run_for(Seconds{10});
    EXPECT_EQ(picture(), "victim:f1=1 victim:f2=2 ");
    EXPECT_EQ(distrust(), "victim withheld");
    expect_recovery();
}

TEST_F(Attacked, news_held_back_from_us_alone) {
    // The exporter lives and renews, but we are shown the same state on and on.
    loop.run_for(Seconds{590});
    EXPECT_EQ(distrust(), "");
    loop.run_for(Seconds{120});
    expect_refused("frozen");
    commit(agents.renew("victim", now()));
    loop.run_for(Seconds{1});
    EXPECT_EQ(distrust(), "");
}

TEST_F(Attacked, an_old_state_shown_to_one_who_comes_later) {
    loop.run_for(Seconds{700});
    keeper = {};
    begin();
    loop.run_for(Seconds{60});
    EXPECT_EQ(picture(), "");
    EXPECT_EQ(distrust(), "victim expired");
    commit(agents.renew("victim", now()));
    EXPECT_TRUE(reaches([&] { return held.size() == 2; }));
}

TEST_F(Attacked, what_is_meant_for_others_does_not_come_here) {
    Wanted secret = file("f1", "for you");
    secret.meta.export_to = {"you"};
    declare("victim", {secret, file("f2", "2")});
    ASSERT_TRUE(reaches([&] { return held.size() == 1; }));
    // Whom it is for is signed as well.
    ExportRecord record = *decode_export(key_f1, *stored(key_f1));
    record.version->body.meta.export_to = {"me"};
    Subtree there = Subtree::of(exports_of("victim"), host("victim"));
    there.records[key_f1] = stored_record(key_f1, *encode(record));
    std::vector<Leaf> leaves;
    for (const auto& [key, each] : there.records) leaves.push_back(*each.leaf);
    ExportManifest manifest = *decode_manifest(key_manifest, there.manifest);
    manifest.seq += 1;
    manifest.digest = digest_of(leaves);
    testing::signer("victim").sign(manifest);  // as if the victim had vouched for it
    commit(
        {Operation::put(key_f1, *encode(record)), Operation::put(key_manifest, encode(manifest))});
    loop.run_for(Seconds{10});
    EXPECT_EQ(picture(), "victim:f2=2 ");
    EXPECT_EQ(feed.refused("bad_signature"), 1U);
}

TEST_F(Attacked, a_revoked_exporter_says_nothing_new_and_goes_after_the_grace) {
    revoke({testing::credentials("victim").chain.front().serial()});
    loop.run_for(Seconds{5});
    declare("victim", {file("f1", "new"), file("f2", "2"), file("f3", "3")});
    loop.run_for(Seconds{300});
    EXPECT_EQ(picture(), "victim:f1=1 victim:f2=2 ") << "what was allowed stays for the grace";
    EXPECT_EQ(collector->stale().size(), 1U) << "alive, but cut off";
    loop.run_for(Seconds{400});
    EXPECT_EQ(picture(), "");
    // And a collector that starts now takes nothing from it.
    begin();
    loop.run_for(Seconds{60});
    EXPECT_EQ(picture(), "");
}

// The answers of the store come in any order; a resource that was believed once would stay for the
// whole grace.
TEST_F(Attacked, the_revoked_are_not_believed_in_whatever_order_the_store_answers) {
    revoke({testing::credentials("victim").chain.front().serial()});
    for (int round = 0; round < 40; ++round) {
        keeper = {};
        begin();
        loop.run_for(Seconds{1});
        EXPECT_EQ(picture(), "") << "round " << round;
    }
}

TEST_F(Attacked, whoever_was_revoked_while_nobody_looked_is_not_believed_afterwards) {
    for (int round = 0; round < 40; ++round) {
        keeper = {};
        revoke({});
        begin();
        ASSERT_TRUE(reaches([&] { return picture() == "victim:f1=1 victim:f2=2 "; }));
        collector->want({});
        ASSERT_TRUE(reaches([&] { return picture().empty(); }));
        revoke({testing::credentials("victim").chain.front().serial()});
        collector->want({collect("file")});
        loop.run_for(Seconds{1});
        EXPECT_EQ(picture(), "") << "round " << round;
    }
}

TEST_F(Attacked, a_revocation_in_error_is_taken_back) {
    revoke({testing::credentials("victim").chain.front().serial()});
    loop.run_for(Seconds{5});
    declare("victim", {file("f1", "new")});
    loop.run_for(Seconds{5});
    revoke({});
    EXPECT_TRUE(reaches([&] { return picture() == "victim:f1=new "; }));
    EXPECT_TRUE(collector->stale().empty());
}

TEST_F(Attacked, the_list_of_who_is_revoked_is_forged_set_back_and_held_back) {
    const std::string key = "/hansa/v1/revocations";
    revoke({});
    const std::string older = *stored(key);
    revoke({testing::credentials("victim").chain.front().serial()});
    loop.run_for(Seconds{700});
    EXPECT_EQ(picture(), "");
    const Authority other = Authority::make(testing::authority().cluster(), now()).issuing;
    const std::string forged = *sign_revocations({other.cluster(), 99, {}}, other);
    for (const std::string& text : {older, forged, std::string{"{}"}}) {
        write(key, text);
        loop.run_for(Seconds{10});
    }
    erase(key);
    loop.run_for(Seconds{10});
    EXPECT_EQ(feed.refused("revocations"), 4U);
    begin();  // what was revoked is remembered
    commit(agents.renew("victim", now()));
    loop.run_for(Seconds{60});
    EXPECT_EQ(picture(), "");
    EXPECT_EQ(distrust(), "victim denied");
}

TEST_F(Attacked, a_list_or_terms_that_change_nothing_cost_nothing) {
    revoke({});
    loop.run_for(Seconds{5});
    constexpr std::size_t many = 50;
    for (std::size_t number = 0; number < many; ++number) {
        const std::string name = "h" + std::to_string(number);
        write("/hansa/v1/peers/" + name, "{}");
        declare(name, {file("f1", "1")});
    }
    ASSERT_TRUE(reaches([&] { return held.size() == 2 + many; }));
    loop.run_for(Seconds{5});
    keeper.asked = 0;
    revoke({});
    loop.run_for(Seconds{5});
    collector->use(testing::terms());
    loop.run_for(Seconds{5});
    EXPECT_LT(keeper.asked, many);
    revoke({"aa"});
    loop.run_for(Seconds{5});
    EXPECT_GE(keeper.asked, many);
}

TEST_F(Attacked, a_certificate_that_begins_by_our_clock_only_later) {
    const Credentials young = testing::credentials_of({.name = "young", .since = Seconds{1000}});
    write("/hansa/v1/peers/young", "{}");
    std::vector<Operation> operations = agents.declare("young", {file("f1", "1")}, now());
    ASSERT_EQ(operations.front().key, "/hansa/v1/identities/young");
    operations.front().value = make_key_set(young, testing::authority().cluster());
    commit(std::move(operations));
    loop.run_for(Seconds{300});
    commit(agents.renew("young", now()));
    commit(agents.renew("victim", now()));
    EXPECT_EQ(picture(), "victim:f1=1 victim:f2=2 ");
    EXPECT_EQ(distrust(), "young denied");
    loop.run_for(young.chain.front().not_before() - now() - Seconds{31});
    commit(agents.renew("young", now()));
    commit(agents.renew("victim", now()));
    EXPECT_EQ(picture(), "victim:f1=1 victim:f2=2 ");
    loop.run_for(Seconds{62});
    EXPECT_EQ(picture(), "victim:f1=1 young:f1=1 victim:f2=2 ");
    EXPECT_EQ(distrust(), "");
}

TEST_F(Attacked, a_peer_record_that_somebody_deletes_ends_nobody_who_goes_on_renewing) {
    erase("/hansa/v1/peers/victim");
    for (int number = 0; number < 10; ++number) {
        loop.run_for(Seconds{280});
        commit(agents.renew("victim", now()));
        ASSERT_EQ(picture(), "victim:f1=1 victim:f2=2 ");
    }
    ASSERT_EQ(collector->stale().size(), 1U);
    EXPECT_EQ(collector->stale()[0].life, Life::stale);
    loop.run_for(Seconds{590});
    EXPECT_EQ(picture(), "victim:f1=1 victim:f2=2 ");
    loop.run_for(Seconds{20});
    EXPECT_EQ(picture(), "") << "now it has ended";
    EXPECT_EQ(collector->stale()[0].life, Life::expired);
}

TEST_F(Attacked, nobody_is_believed_before_it_is_known_who_is_revoked) {
    revoke({testing::credentials("victim").chain.front().serial()});
    keeper = {};
    begin();
    bool seen = false;
    ASSERT_FALSE(reaches([&] { return seen = seen || !held.empty(); }, Seconds{60}));
    EXPECT_EQ(distrust(), "victim denied");
}

TEST_F(Attacked, before_this_host_is_in_a_cluster_nobody_is_judged_and_nobody_blamed) {
    held.clear();
    const std::size_t told = feed.all<happened::Refused>().size();
    CollectorEvents events;
    events.on_amendment = [this](const Amendment& amendment) {
        for (const Declaration& each : amendment.upserts)
            held[each.instance()] = each.fields.find("content")->scalar().text;
    };
    events.on_moved = [] {};
    collector.emplace(loop, store, random, catalog, report, host("me"), CollectorTimes{}, keeper,
                      testing::anything(), std::move(events));
    collector->want({collect("file")});
    loop.run_for(Seconds{2});
    EXPECT_TRUE(held.empty());
    collector->use(testing::terms());
    EXPECT_TRUE(reaches([&] { return held.size() == 2; }));
    EXPECT_EQ(feed.all<happened::Refused>().size(), told);
}

TEST_F(Attacked, another_clusters_signatures_are_none_here) {
    TrustTerms terms = testing::terms();
    terms.cluster = "elsewhere";
    collector->use(terms);
    declare("victim", {file("f1", "new")});
    loop.run_for(Seconds{60});
    EXPECT_EQ(picture(), "victim:f1=1 victim:f2=2 ");
    EXPECT_EQ(distrust(), "victim denied");
}

}  // namespace
}  // namespace hansa
