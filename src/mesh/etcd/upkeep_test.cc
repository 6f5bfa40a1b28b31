// The electorate of real etcds: hashes, compaction, alarms, snapshots.
#include <gtest/gtest.h>

#include <fstream>

#include "mesh/etcd/testing/council.h"

namespace hansa {
namespace {

using test::Council;
using test::EtcdRig;
using test::run_until;

class EtcdUpkeep : public testing::Test {
 protected:
    // Runs to its end.
    Exit run(const std::vector<std::string>& arguments) {
        LinuxProcesses processes(loop_);
        std::optional<Exit> ended;
        Command command;
        command.arguments = arguments;
        command.environment = {"ETCDCTL_API=3"};
        ChildEvents events;
        events.on_exit = [&](Exit exit) { ended = std::move(exit); };
        auto child = processes.start(command, Lifetime::tied_to_us, std::move(events));
        check(static_cast<bool>(child), "the package etcd-client is installed");
        check(run_until(loop_, [&] { return ended.has_value(); }), "etcdctl ends");
        return *ended;
    }

    Answer<std::uint64_t> snapshot(Council& council, const Ask& ask, SnapshotSink sink) {
        return council.await<std::uint64_t>([&](auto done) {
            council.electorate().snapshot(ask, std::move(sink), std::move(done));
        });
    }

    LinuxLoop loop_;
};

std::string megabyte(char of) {
    return std::string(std::size_t{1} << 20, of);
}

TEST_F(EtcdUpkeep, members_that_hold_the_same_have_the_same_hash) {
    EtcdRig rig(loop_, 3);
    rig.start_all();
    Council council(loop_, rig);
    test::Client client(loop_, rig);
    const auto first = client.put("/a", "1");
    const auto second = client.put("/a", "2");
    ASSERT_TRUE(first && second);

    std::vector<StoreHash> hashes;
    for (std::size_t at = 0; at < 3; ++at) {
        auto hash = council.at_last<StoreHash>(MemberFault::revision_ahead, [&] {
            return council.hash_kv(council.ask(at), second->revision);
        });
        ASSERT_TRUE(hash) << hash.result.error().text;
        hashes.push_back(*hash.result);
    }
    EXPECT_EQ(hashes[0], hashes[1]);
    EXPECT_EQ(hashes[0], hashes[2]);
    const auto older = council.hash_kv(council.ask(0), first->revision);
    ASSERT_TRUE(older);
    EXPECT_NE(older.result->hash, hashes[0].hash);
    EXPECT_EQ(council.hash_kv(council.ask(0), second->revision + 1'000).fault,
              MemberFault::revision_ahead);

    const std::size_t via = rig.leader();
    const auto third = client.put("/a", "3");
    ASSERT_TRUE(third);
    ASSERT_TRUE(council.compact(council.ask(via), second->revision));
    EXPECT_EQ(council.compact(council.ask(via), second->revision).fault,
              MemberFault::revision_gone);
    // Also of the very revision up to which history is gone.
    EXPECT_EQ(council.hash_kv(council.ask(via), second->revision).fault,
              MemberFault::revision_gone);
    const auto after = council.hash_kv(council.ask(via), third->revision);
    ASSERT_TRUE(after);
    EXPECT_EQ(after.result->compacted, second->revision);
}

// Puts the same key until the quota is used up. Returns the store's last revision.
Revision fill(test::Client& client) {
    Revision last = 0;
    for (int round = 0; round < 32; ++round) {
        const auto put = client.put("/big", megabyte('x'));
        if (!put) return last;
        last = put->revision;
    }
    return 0;
}

TEST_F(EtcdUpkeep, a_full_store_takes_writes_again_once_it_is_compacted_and_disarmed) {
    EtcdRig rig(loop_, 1);
    rig.config(0).quota_bytes = std::uint64_t{16} << 20;
    rig.start_all();
    Council council(loop_, rig);
    test::Client client(loop_, rig);
    const auto ask = council.ask(0);
    ASSERT_EQ(*council.alarms(ask).result, std::vector<StoreAlarm>());

    const Revision last = fill(client);
    ASSERT_GT(last, 0);
    const StoreAlarm full{StoreAlarm::Kind::space, council.id(0)};
    EXPECT_EQ(*council.alarms(ask).result, std::vector{full});
    const auto before = council.status(ask);
    ASSERT_TRUE(before);
    EXPECT_EQ(before.result->errors.size(), 1u);

    ASSERT_TRUE(council.compact(ask, last));
    EXPECT_FALSE(client.put("/k", "1")) << "compaction alone does not clear the alarm";
    ASSERT_TRUE(council.await<void>(
        [&](auto done) { council.electorate().defragment(ask, std::move(done)); }));
    ASSERT_TRUE(council.await<void>(
        [&](auto done) { council.electorate().disarm(ask, full, std::move(done)); }));

    const auto after = council.status(ask);
    ASSERT_TRUE(after);
    EXPECT_LT(after.result->bytes, before.result->bytes / 4);
    EXPECT_EQ(after.result->errors, std::vector<std::string>());
    EXPECT_EQ(*council.alarms(ask).result, std::vector<StoreAlarm>());
    EXPECT_TRUE(client.put("/k", "1"));
}

TEST_F(EtcdUpkeep, a_snapshot_is_restored_to_a_store_that_serves_the_same) {
    EtcdRig rig(loop_, 1);
    rig.start_all();
    Council council(loop_, rig);
    test::Client client(loop_, rig);
    ASSERT_TRUE(client.put("/k", "kept"));
    ASSERT_TRUE(client.put("/big", megabyte('y')));

    const std::string path = rig.directory() + "/snapshot.db";
    std::ofstream file(path, std::ios::binary);
    const auto bytes =
        snapshot(council, council.ask(0), [&](std::string piece, const Taken& taken) {
            file << piece;
            loop_.post([taken] { taken({}); });  // as a sink that needs its time
        });
    file.close();
    ASSERT_TRUE(bytes) << bytes.result.error().text;
    EXPECT_EQ(std::filesystem::file_size(path), *bytes.result);

    const std::size_t at = rig.prepare_joiner();
    EtcdConfig& config = rig.config(at);
    config.entry = EtcdConfig::Entry::founding;
    const Exit restored =
        run({"etcdctl", "snapshot", "restore", path, "--name=" + config.name,
             "--data-dir=" + config.data_directory, "--initial-cluster-token=" + config.token,
             "--initial-cluster=" + config.name + "=" + config.peer_urls[0],
             "--initial-advertise-peer-urls=" + config.peer_urls[0]});
    ASSERT_TRUE(restored.ok()) << restored.output;
    rig.start(at);
    test::Client reader(loop_, test::peer_of(rig), {rig.url(at)});
    const auto kept = reader.read(ReadScope::key, "/k");
    const auto big = reader.read(ReadScope::key, "/big");
    ASSERT_TRUE(kept && big);
    ASSERT_EQ(kept->records.size(), 1u);
    EXPECT_EQ(kept->records[0].value, "kept");
    ASSERT_EQ(big->records.size(), 1u);
    EXPECT_EQ(big->records[0].value, megabyte('y'));
}

TEST_F(EtcdUpkeep, a_snapshot_ends_with_its_sink_and_with_its_member) {
    EtcdRig rig(loop_, 1);
    rig.start_all();
    Council council(loop_, rig);
    test::Client client(loop_, rig);
    // More than travels ahead of a sink.
    for (int at = 0; at < 8; ++at) ASSERT_TRUE(client.put("/" + std::to_string(at), megabyte('z')));

    int pieces = 0;
    const auto full = snapshot(council, council.ask(0), [&](const auto&, const Taken& taken) {
        if (++pieces == 3) return taken(Error{Code::unavailable, "no space left"});
        taken({});
        taken({});  // says nothing new
    });
    EXPECT_EQ(pieces, 3);
    EXPECT_EQ(full.fault, MemberFault::refused);
    ASSERT_FALSE(full);
    EXPECT_EQ(full.result.error().text, "no space left");

    pieces = 0;
    const auto killed = snapshot(council, council.ask(0), [&](const auto&, const Taken& taken) {
        if (++pieces == 1)
            loop_.post([&, taken] {
                rig.kill(0);
                taken({});
            });
        else
            taken({});
    });
    EXPECT_EQ(killed.fault, MemberFault::no_answer);
}

}  // namespace
}  // namespace hansa
