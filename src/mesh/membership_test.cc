#include "mesh/membership.h"

#include "mesh/keys.h"
#include "mesh/seat_records.h"
#include "mesh/store_testing.h"

namespace hansa {
namespace {

using testing::host;

// Another store, which asks for leases only once it is told to.
class LateLeases final : public Store {
 public:
    explicit LateLeases(Store& inner) : inner_(inner) {}

    void grant() { lease_ = inner_.keep_lease(ttl_, std::move(handlers_)); }

    Held keep_lease(Seconds ttl, LeaseHandlers handlers) override {
        ttl_ = ttl;
        handlers_ = std::move(handlers);
        return {};
    }
    void read(ReadScope scope, std::string key, Done<Reading> done) override {
        inner_.read(scope, std::move(key), std::move(done));
    }
    void commit(Transaction transaction, Done<Committed> done) override {
        inner_.commit(std::move(transaction), std::move(done));
    }
    Held watch(std::string prefix, Revision from, WatchHandlers handlers) override {
        return inner_.watch(std::move(prefix), from, std::move(handlers));
    }
    void revoke(LeaseId lease, Done<void> done) override { inner_.revoke(lease, std::move(done)); }
    void use_endpoints(std::vector<std::string>) override {}
    StoreStatus status() const override { return inner_.status(); }
    void on_status(std::function<void(const StoreStatus&)>) override {}
    StoreLimits limits() const override { return inner_.limits(); }

 private:
    Store& inner_;
    Seconds ttl_{0};
    LeaseHandlers handlers_;
    Held lease_;
};

class Joining : public testing::StoreTest {
 protected:
    struct Peer {
        std::optional<Membership> membership;
        std::string cluster;
        std::optional<Error> refused;
        std::vector<std::string> told;
        bool turned_away = false;  // expected
        int claims = 0;
        int renewed = 0;
        int claimed_again = 0;
        std::string replaced;  // uuid
        std::uint64_t epoch = 0;
        std::vector<std::string> outdated;
        Action when_entered = [] {};
    };

    static MembershipOptions options(const std::string& uuid, Founding founding) {
        MembershipOptions made;
        made.uuid = uuid;
        made.incarnation = 4;
        made.version = "0.1.0";
        made.where = "machine " + uuid;
        made.admission.founding = founding;
        return made;
    }

    void join(Peer& peer, Store& through, const std::string& name, MembershipOptions how) {
        MembershipEvents events;
        events.on_claiming = [&peer](const Compare&, const std::string&) { ++peer.claims; };
        events.on_entered = [&peer](const std::string& id, std::uint64_t epoch) {
            peer.cluster = id;
            peer.epoch = epoch;
            peer.when_entered();
        };
        events.on_outdated = [&peer](std::uint64_t, const Error& error) {
            peer.outdated.push_back(error.text);
        };
        events.on_refused = [&peer](const Error& error) { peer.refused = error; };
        events.on_claimed_again = [&peer] { ++peer.claimed_again; };
        events.on_replaced = [&peer](const NameRecord& before) { peer.replaced = before.uuid; };
        events.on_renewed = [&peer] { ++peer.renewed; };
        events.on_error = [&peer](const Error& error) {
            EXPECT_TRUE(peer.turned_away) << error.text;
            peer.told.push_back(error.text);
        };
        peer.membership.emplace(loop, through, random, host(name), std::move(how),
                                std::move(events));
    }
    void join(Peer& peer, const std::string& name, MembershipOptions how) {
        join(peer, store, name, std::move(how));
    }

    std::string peer_value(const std::string& name) const {
        return stored(keys::peer(host(name))).value_or("");
    }
    // A host of which only the name is left.
    void let_die(const std::string& name) {
        Peer before;
        join(before, name, options("u", Founding::if_empty));
        ASSERT_TRUE(reaches([&] { return !peer_value(name).empty(); }));
        before.membership->stop([] {});
        ASSERT_TRUE(reaches([&] { return peer_value(name).empty(); }));
    }
    static MembershipOptions replacing(const std::string& uuid) {
        MembershipOptions how = options(uuid, Founding::never);
        how.admission.replaces = true;
        return how;
    }
    std::string owner_of(const std::string& name) const {
        const std::string key = keys::name_of(host(name));
        return decode_name(key, *stored(key))->uuid;
    }
    bool decides(const Peer& peer) {
        return reaches([&] { return !peer.cluster.empty() || peer.refused; });
    }
};

TEST_F(Joining, founds_an_empty_store_and_shows_itself) {
    Peer peer;
    join(peer, "a", options("u", Founding::if_empty));
    ASSERT_TRUE(reaches([&] { return !peer_value("a").empty(); }));
    EXPECT_EQ(peer.cluster, decode_cluster(*stored(keys::cluster()))->id);
    EXPECT_EQ(peer.claims, 1);
    const auto record = decode_peer(keys::peer(host("a")), peer_value("a"));
    ASSERT_TRUE(record);
    EXPECT_EQ(record->incarnation, 4U);
    EXPECT_EQ(decode_name(keys::name_of(host("a")), *stored(keys::name_of(host("a"))))->uuid, "u");
}

TEST_F(Joining, two_founders_at_the_same_instant_make_one_cluster) {
    MemoryStore second(cluster, loop, 2);
    Peer a;
    Peer b;
    join(a, "a", options("ua", Founding::if_empty));
    join(b, second, "b", options("ub", Founding::if_empty));
    ASSERT_TRUE(reaches([&] { return !a.cluster.empty() && !b.cluster.empty(); }));
    EXPECT_EQ(a.cluster, b.cluster);
}

TEST_F(Joining, of_two_hosts_with_one_name_exactly_one_gets_in) {
    MemoryStore second(cluster, loop, 2);
    Peer a;
    Peer b;
    join(a, "same", options("ua", Founding::if_empty));
    join(b, second, "same", options("ub", Founding::if_empty));
    ASSERT_TRUE(decides(a) && decides(b));
    EXPECT_NE(a.refused.has_value(), b.refused.has_value());
    const Error& error = a.refused ? *a.refused : *b.refused;
    EXPECT_EQ(error.code, Code::conflict);
    EXPECT_NE(error.text.find(a.refused ? "machine ub" : "machine ua"), std::string::npos);
    loop.run_for(Seconds{300});
    EXPECT_FALSE(a.membership->entered() && b.membership->entered());
}

TEST_F(Joining, a_store_without_a_cluster_is_refused_to_those_who_only_join) {
    Peer peer;
    join(peer, "a", options("u", Founding::never));
    ASSERT_TRUE(decides(peer));
    ASSERT_TRUE(peer.refused);
    EXPECT_EQ(peer.refused->code, Code::missing);
    EXPECT_EQ(stored_below("/hansa/"), 0U);
}

TEST_F(Joining, a_foreign_cluster_is_refused) {
    write(keys::cluster(), encode(ClusterRecord{"theirs", "then"}));
    Peer peer;
    MembershipOptions how = options("u", Founding::if_empty);
    how.admission.cluster_id = "ours";
    join(peer, "a", how);
    ASSERT_TRUE(decides(peer));
    ASSERT_TRUE(peer.refused);
    EXPECT_EQ(peer.refused->code, Code::conflict);
    EXPECT_EQ(stored_below("/hansa/v1/names/"), 0U);
}

TEST_F(Joining, a_restart_finds_its_name_and_renews_its_record) {
    {
        Peer first;
        join(first, "a", options("u", Founding::if_empty));
        ASSERT_TRUE(reaches([&] { return !peer_value("a").empty(); }));
    }
    Peer second;
    MembershipOptions how = options("u", Founding::never);
    how.incarnation = 5;
    join(second, "a", how);
    ASSERT_TRUE(reaches([&] {
        const auto record = decode_peer(keys::peer(host("a")), peer_value("a"));
        return record && record->incarnation == 5;
    }));
    loop.run_for(Seconds{120});  // the first one's lease ends, the record is ours
    EXPECT_FALSE(peer_value("a").empty());
}

TEST_F(Joining, a_host_that_was_removed_while_it_was_away_joins_again_and_is_told) {
    const auto run = [&](Peer& peer, const std::string& known) {
        MembershipOptions how = options("u", Founding::if_empty);
        how.admission.cluster_id = known;
        join(peer, "a", std::move(how));
        ASSERT_TRUE(reaches([&] { return !peer_value("a").empty(); }));
    };
    Peer first, again, removed;
    run(first, "");
    EXPECT_EQ(first.claimed_again, 0);
    first.membership->stop([] {});
    ASSERT_TRUE(reaches([&] { return peer_value("a").empty(); }));
    run(again, first.cluster);
    EXPECT_EQ(again.claimed_again, 0) << "its name was kept";
    again.membership->stop([] {});
    ASSERT_TRUE(reaches([&] { return peer_value("a").empty(); }));
    erase(keys::name_of(host("a")));
    run(removed, first.cluster);
    EXPECT_EQ(removed.claimed_again, 1);
    EXPECT_FALSE(removed.refused);
}

TEST_F(Joining, a_host_that_was_removed_while_it_was_cut_off_joins_again_and_is_told) {
    Peer peer;
    join(peer, "a", options("u", Founding::if_empty));
    ASSERT_TRUE(reaches([&] { return !peer_value("a").empty(); }));
    store.go_away();
    ASSERT_TRUE(reaches([&] { return peer_value("a").empty(); }, Seconds{120}));
    erase(keys::name_of(host("a")));
    store.come_back();
    ASSERT_TRUE(reaches([&] { return !peer_value("a").empty(); }));
    EXPECT_EQ(peer.claimed_again, 1);
    EXPECT_TRUE(stored(keys::name_of(host("a"))));
}

TEST_F(Joining, a_host_that_comes_back_is_not_removed_any_more) {
    const std::string leaving = keys::seat_leaving(host("a"));
    Peer peer;
    join(peer, "a", options("u", Founding::if_empty));
    ASSERT_TRUE(reaches([&] { return !peer_value("a").empty(); }));
    store.go_away();
    ASSERT_TRUE(reaches([&] { return peer_value("a").empty(); }, Seconds{120}));
    write(leaving, encode(LeavingRecord{testing::uuid_of("a"), "b", "now"}));
    store.come_back();
    ASSERT_TRUE(reaches([&] { return !peer_value("a").empty(); }));
    EXPECT_FALSE(stored(leaving));
}

TEST_F(Joining, waits_for_a_store_that_is_away) {
    cluster.stop();
    Peer peer;
    join(peer, "a", options("u", Founding::if_empty));
    loop.run_for(Seconds{300});
    EXPECT_TRUE(peer.cluster.empty());
    EXPECT_FALSE(peer.refused);
    cluster.start();
    peer.membership->store_returned();
    ASSERT_TRUE(reaches([&] { return !peer.cluster.empty(); }));
}

TEST_F(Joining, a_claim_of_unknown_fate_is_looked_up) {
    store.lose_next_answer();
    Peer peer;
    join(peer, "a", options("u", Founding::if_empty));
    ASSERT_TRUE(decides(peer));
    EXPECT_FALSE(peer.refused);
    EXPECT_EQ(peer.cluster, decode_cluster(*stored(keys::cluster()))->id);
}

TEST_F(Joining, a_lost_lease_is_replaced_and_the_record_put_again) {
    Peer peer;
    join(peer, "a", options("u", Founding::if_empty));
    ASSERT_TRUE(reaches([&] { return !peer_value("a").empty(); }));
    store.go_away();
    loop.run_for(Seconds{120});
    EXPECT_TRUE(peer_value("a").empty());
    store.come_back();
    ASSERT_TRUE(reaches([&] { return !peer_value("a").empty(); }));
    EXPECT_EQ(peer.renewed, 1);
    EXPECT_EQ(decode_peer(keys::peer(host("a")), peer_value("a"))->incarnation, 4U);
}

TEST_F(Joining, the_record_is_written_only_when_something_in_it_changes) {
    Peer peer;
    join(peer, "a", options("u", Founding::if_empty));
    ASSERT_TRUE(reaches([&] { return !peer_value("a").empty(); }));
    const Revision before = cluster.revision();
    peer.membership->advertise({});
    loop.run_for(Seconds{600});
    EXPECT_EQ(cluster.revision(), before);
    peer.membership->advertise({"https://127.0.0.1:2379"});
    loop.run_for(Seconds{600});
    EXPECT_EQ(cluster.revision(), before + 1);
    const SeatOffer offer{.domain = "dc=lon", .peer_urls = {"https://127.0.0.1:2380"}};
    peer.membership->offer(offer);
    loop.run_for(Seconds{600});
    EXPECT_EQ(cluster.revision(), before + 2);
    peer.membership->offer(offer);
    loop.run_for(Seconds{600});
    EXPECT_EQ(cluster.revision(), before + 2);
    EXPECT_EQ(decode_peer(keys::peer(host("a")), peer_value("a"))->seat, offer);
}

TEST_F(Joining, a_name_that_became_another_s_is_told_and_awaited) {
    Peer peer;
    join(peer, "a", options("u", Founding::if_empty));
    ASSERT_TRUE(reaches([&] { return !peer_value("a").empty(); }));
    peer.turned_away = true;
    const std::string ours = *stored(keys::name_of(host("a")));
    write(keys::name_of(host("a")), encode(NameRecord{"a", "thief", "now", "elsewhere"}));
    for (int number = 0; number < 100; ++number) {
        peer.membership->verify();
        loop.run_for(Seconds{1});
    }
    EXPECT_FALSE(peer.refused) << peer.refused->text;
    ASSERT_EQ(peer.told.size(), 1U);
    EXPECT_NE(peer.told[0].find("thief"), std::string::npos);
    EXPECT_FALSE(peer_value("a").empty()) << "it is alive";
    const int claims = peer.claims;
    write(keys::name_of(host("a")), ours);
    EXPECT_TRUE(reaches([&] { return peer.claims > claims; }));
    // Nor does it end when another cluster is said to be there; once more it is told.
    const std::string cluster_there = *stored(keys::cluster());
    write(keys::cluster(), encode(ClusterRecord{"theirs", "then"}));
    peer.membership->verify();
    ASSERT_TRUE(reaches([&] { return peer.told.size() == 2; }));
    write(keys::cluster(), cluster_there);
    EXPECT_FALSE(peer.refused);
}

ClusterRecord at_epoch(const std::string& text, std::uint64_t epoch) {
    ClusterRecord record = *decode_cluster(text);
    record.epoch = epoch;
    return record;
}

TEST_F(Joining, a_store_that_was_recovered_is_noticed_when_it_is_back) {
    Peer peer;
    join(peer, "a", options("u", Founding::if_empty));
    ASSERT_TRUE(reaches([&] { return !peer_value("a").empty(); }));
    EXPECT_EQ(peer.epoch, 0U);
    store.go_away();
    loop.run_for(Seconds{120});
    // As of an older state: the name was not there yet.
    write(keys::cluster(), encode(at_epoch(*stored(keys::cluster()), 1)));
    erase(keys::name_of(host("a")));
    store.come_back();
    EXPECT_TRUE(reaches([&] { return peer.epoch == 1; }));
    EXPECT_TRUE(reaches([&] { return !peer_value("a").empty(); })) << "it is a peer as before";
    EXPECT_TRUE(stored(keys::name_of(host("a"))));
    EXPECT_FALSE(peer.refused);
    EXPECT_TRUE(peer.outdated.empty());
}

TEST_F(Joining, a_recovered_store_that_knows_the_host_is_noticed_too) {
    Peer peer;
    join(peer, "a", options("u", Founding::if_empty));
    ASSERT_TRUE(reaches([&] { return !peer_value("a").empty(); }));
    store.go_away();
    loop.run_for(Seconds{120});
    write(keys::cluster(), encode(at_epoch(*stored(keys::cluster()), 3)));
    store.come_back();
    EXPECT_TRUE(reaches([&] { return peer.epoch == 3; }));
}

TEST_F(Joining, a_store_of_an_older_epoch_is_left_and_not_joined) {
    write(keys::cluster(), encode(ClusterRecord{"c", "then", 1}));
    Peer peer;
    MembershipOptions how = options("u", Founding::if_empty);
    how.admission.cluster_id = "c";
    how.admission.epoch = 2;
    join(peer, "a", how);
    ASSERT_TRUE(reaches([&] { return !peer.outdated.empty(); }));
    EXPECT_NE(peer.outdated[0].find("epoch 1"), std::string::npos) << peer.outdated[0];
    EXPECT_NE(peer.outdated[0].find("epoch 2"), std::string::npos) << peer.outdated[0];
    loop.run_for(Seconds{60});
    EXPECT_FALSE(peer.refused) << "another endpoint may have the right one";
    EXPECT_EQ(stored_below("/hansa/v1/names/"), 0U);
    write(keys::cluster(), encode(ClusterRecord{"c", "then", 2}));
    EXPECT_TRUE(reaches([&] { return peer.epoch == 2; }));
}

TEST_F(Joining, stopping_ends_the_lease_but_keeps_the_name) {
    Peer peer;
    join(peer, "a", options("u", Founding::if_empty));
    ASSERT_TRUE(reaches([&] { return !peer_value("a").empty(); }));
    bool stopped = false;
    peer.membership->stop([&] { stopped = true; });
    ASSERT_TRUE(reaches([&] { return stopped; }));
    EXPECT_TRUE(peer_value("a").empty());
    EXPECT_TRUE(stored(keys::name_of(host("a"))));
}

TEST_F(Joining, leaving_gives_the_name_back) {
    Peer peer;
    join(peer, "a", options("u", Founding::if_empty));
    ASSERT_TRUE(reaches([&] { return !peer_value("a").empty(); }));
    for (const char* who : {"a", "b"}) write(keys::seat_copy(host(who)), "its copy of the store");
    std::optional<Result<void>> left;
    peer.membership->leave([&](Result<void> result) { left = result; });
    ASSERT_TRUE(reaches([&] { return left.has_value(); }));
    EXPECT_TRUE(*left);
    EXPECT_FALSE(stored(keys::name_of(host("a"))));
    EXPECT_FALSE(stored(keys::seat_copy(host("a"))));
    EXPECT_TRUE(stored(keys::seat_copy(host("b"))));
    EXPECT_TRUE(peer_value("a").empty());
}

TEST_F(Joining, a_dead_host_is_replaced_and_a_live_one_is_not) {
    Peer before, live, after;
    join(before, "a", options("u", Founding::if_empty));
    ASSERT_TRUE(reaches([&] { return !peer_value("a").empty(); }));
    MembershipOptions how = options("v", Founding::never);
    how.admission.replaces = true;
    join(live, "a", how);
    ASSERT_TRUE(decides(live));
    ASSERT_TRUE(live.refused) << "it lives";
    EXPECT_NE(live.refused->text.find("alive"), std::string::npos);

    write(keys::seat_copy(host("a")), "its copy of the store");
    before.membership->stop([] {});
    ASSERT_TRUE(reaches([&] { return peer_value("a").empty(); }));
    EXPECT_TRUE(stored(keys::seat_copy(host("a")))) << "a host that is switched off still has it";
    join(after, "a", how);
    ASSERT_TRUE(decides(after));
    EXPECT_FALSE(peer_value("a").empty());
    EXPECT_FALSE(after.refused);
    EXPECT_EQ(after.replaced, "u");
    EXPECT_FALSE(stored(keys::seat_copy(host("a")))) << "it is on the other machine's disk";
    EXPECT_EQ(decode_name(keys::name_of(host("a")), *stored(keys::name_of(host("a"))))->uuid, "v");
}

TEST_F(Joining, of_two_that_replace_the_same_host_exactly_one_gets_in) {
    let_die("a");
    MemoryStore other(cluster, loop, 2);
    Peer first, second;
    join(first, "a", replacing("v"));
    join(second, other, "a", replacing("w"));
    ASSERT_TRUE(reaches([&] { return decides(first) && decides(second); }));
    EXPECT_NE(bool(first.refused), bool(second.refused));
}

TEST_F(Joining, who_replaces_is_seen_to_be_alive_from_its_claim_on) {
    let_die("a");
    write(keys::seat_leaving(host("a")), encode(LeavingRecord{testing::uuid_of("a"), "b", "now"}));
    MemoryStore other(cluster, loop, 2);
    Peer first, second;
    first.when_entered = [this] { store.go_away(); };  // it writes nothing after its claim
    join(first, "a", replacing("v"));
    ASSERT_TRUE(reaches([&] { return !first.cluster.empty(); }));
    EXPECT_FALSE(stored(keys::seat_leaving(host("a")))) << "what was wished of the dead one";
    join(second, other, "a", replacing("w"));
    ASSERT_TRUE(decides(second));
    ASSERT_TRUE(second.refused);
    EXPECT_NE(second.refused->text.find("alive"), std::string::npos) << second.refused->text;
    EXPECT_EQ(owner_of("a"), "v");

    const Revision claimed = cluster.revision();
    store.come_back();
    loop.run_for(Seconds{120});
    EXPECT_EQ(cluster.revision(), claimed) << "its record is not written twice";
    EXPECT_FALSE(peer_value("a").empty()) << "it hangs on a lease that is kept";
    first.membership->stop([] {});
    EXPECT_TRUE(reaches([&] { return peer_value("a").empty(); }));
}

TEST_F(Joining, nobody_is_replaced_before_there_is_a_lease_to_live_by) {
    let_die("a");
    LateLeases late(store);
    Peer peer;
    join(peer, late, "a", replacing("v"));
    loop.run_for(Seconds{60});
    EXPECT_EQ(peer.claims, 0);
    EXPECT_EQ(owner_of("a"), "u");
    EXPECT_FALSE(peer.refused);
    late.grant();
    ASSERT_TRUE(reaches([&] { return peer.claims == 1; }, Seconds{1})) << "as soon as it has one";
    ASSERT_TRUE(decides(peer));
    EXPECT_FALSE(peer.refused);
    EXPECT_EQ(owner_of("a"), "v");
}

TEST_F(Joining, who_was_replaced_while_it_was_cut_off_writes_nothing_more_under_the_name) {
    MemoryStore other(cluster, loop, 2);
    Peer former, present;
    join(former, "a", options("u", Founding::if_empty));
    ASSERT_TRUE(reaches([&] { return !peer_value("a").empty(); }));
    store.go_away();
    ASSERT_TRUE(reaches([&] { return peer_value("a").empty(); }, Seconds{120}));
    join(present, other, "a", replacing("v"));
    ASSERT_TRUE(reaches([&] { return !present.cluster.empty(); }));
    const std::string record = peer_value("a");
    former.turned_away = true;
    store.come_back();
    former.membership->advertise({"https://127.0.0.1:2379"});
    loop.run_for(Seconds{600});
    EXPECT_EQ(peer_value("a"), record);
    EXPECT_EQ(owner_of("a"), "v");
    EXPECT_FALSE(former.refused) << "what it has it goes on keeping";
    EXPECT_EQ(former.told.size(), 1U);
    // Once the name is given back it is whose it was.
    present.membership->leave([](Result<void>) {});
    ASSERT_TRUE(reaches([&] { return former.claimed_again == 1; }, Seconds{600}));
    EXPECT_EQ(owner_of("a"), "u");
}

}  // namespace
}  // namespace hansa
