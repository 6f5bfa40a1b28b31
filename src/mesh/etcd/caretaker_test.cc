// The caretaker of real etcds: full ones, large ones, and one whose file was changed behind its
// back.
#include "mesh/caretaker.h"

#include <gtest/gtest.h>

#include <fstream>

#include "mesh/etcd/testing/council.h"

namespace hansa {
namespace {

using test::Council;
using test::EtcdRig;
using test::run_until;

constexpr std::uint64_t mib = std::uint64_t{1} << 20;

// Reads every member's status as the steward does, and has the caretaker look.
class Care {
 public:
    Care(LinuxLoop& loop, Council& council, const EtcdRig& rig, SeatTiming timing)
        : loop_(loop), council_(council), rig_(rig), timing_(std::move(timing)) {
        report_.listen([this](const Event& event, WallTime) {
            if (const auto* warned = std::get_if<happened::Warned>(&event))
                warnings_ += warned->text + "\n";
        });
    }

    bool until(const std::function<bool()>& done) {
        const Instant end = loop_.clock().now() + test::patience;
        while (!done() && loop_.clock().now() < end) {
            look();
            test::run_for(loop_, Milliseconds(20));
            run_until(loop_, [&] { return !caretaker_.is_at_work(); });
        }
        return done();
    }

    MemberStatus status(std::size_t at) {
        auto told = council_.status(council_.ask(at));
        check(static_cast<bool>(told), "a member that runs tells its status");
        return *told.result;
    }
    bool is_full() {
        auto alarms = council_.alarms(council_.ask(0));
        return alarms && !alarms.result->empty();
    }
    const std::set<MemberId>& condemned() const { return caretaker_.condemned(); }
    const std::string& warnings() const { return warnings_; }

 private:
    void look() {
        UpkeepFacts facts;
        facts.leads = facts.is_steward = facts.is_calm = true;
        std::map<MemberId, std::string> endpoints;
        for (std::size_t at = 0; at < rig_.size(); ++at) {
            const MemberStatus told = status(at);
            endpoints[told.id] = rig_.url(at);
            facts.voters.push_back({told.id, "m" + std::to_string(at), told.id == told.leader, true,
                                    !told.errors.empty(), told.bytes, told.bytes_used,
                                    told.revision});
        }
        caretaker_.look(std::move(facts), std::move(endpoints), timing_);
    }

    LinuxLoop& loop_;
    Council& council_;
    const EtcdRig& rig_;
    const SeatTiming timing_;
    Report report_{loop_.clock()};
    std::string warnings_;
    Caretaker caretaker_{{loop_, council_.electorate(), report_}, [] {}};
};

std::string megabyte(char of) {
    return std::string(mib, of);
}

// Of everything but comparisons, which a test asks for by itself.
SeatTiming quick() {
    SeatTiming timing = fast_timing();
    timing.compare = timing.compare_again = Seconds{3600};
    timing.defragment = Milliseconds{50};
    return timing;
}

TEST(EtcdCaretaker, a_full_store_takes_writes_again_and_its_leases_live_on) {
    LinuxLoop loop;
    EtcdRig rig(loop, 3);
    for (std::size_t at = 0; at < 3; ++at) rig.config(at).quota_bytes = 16 * mib;
    rig.start_all();
    Council council(loop, rig);
    test::Client client(loop, rig);
    LeaseId lease = 0;
    bool lost = false;
    LeaseHandlers handlers;
    handlers.on_granted = [&](LeaseId granted) { lease = granted; };
    handlers.on_lost = [&] { lost = true; };
    const Held kept = client.store().keep_lease(Seconds{5}, std::move(handlers));
    ASSERT_TRUE(run_until(loop, [&] { return lease != 0; }));
    ASSERT_TRUE(client.put("/leased", "x", lease));
    int puts = 0;
    while (puts < 64 && client.put("/big", megabyte('x'))) ++puts;
    ASSERT_LT(puts, 64) << "the quota was not reached";

    Care care(loop, council, rig, quick());
    ASSERT_TRUE(care.is_full());
    ASSERT_TRUE(care.until([&] { return !care.is_full(); })) << care.warnings();
    EXPECT_TRUE(client.put("/big", megabyte('y')));
    for (std::size_t at = 0; at < 3; ++at) EXPECT_LT(care.status(at).bytes, 8 * mib) << at;
    EXPECT_NE(care.warnings().find("is full"), std::string::npos);
    EXPECT_FALSE(lost);
    const auto leased = client.read(ReadScope::key, "/leased");
    ASSERT_TRUE(leased);
    EXPECT_EQ(leased->records.size(), 1u);
}

TEST(EtcdCaretaker, says_that_the_data_alone_does_not_fit) {
    LinuxLoop loop;
    EtcdRig rig(loop, 1);
    rig.config(0).quota_bytes = 16 * mib;
    rig.start_all();
    Council council(loop, rig);
    test::Client client(loop, rig);
    int puts = 0;
    while (puts < 64 && client.put("/big" + std::to_string(puts), megabyte('x'))) ++puts;
    ASSERT_LT(puts, 64);
    Care care(loop, council, rig, quick());
    EXPECT_TRUE(care.until([&] {
        if (!care.is_full()) (void)client.put("/more" + std::to_string(puts++), megabyte('x'));
        return care.warnings().find("the data alone") != std::string::npos;
    })) << care.warnings();
}

TEST(EtcdCaretaker, a_large_file_that_is_mostly_free_becomes_small) {
    LinuxLoop loop;
    EtcdRig rig(loop, 3);
    rig.start_all();
    Council council(loop, rig);
    test::Client client(loop, rig);
    Revision last = 0;
    for (std::uint64_t put = 0; put < defragment_bytes_min / mib + 4; ++put) {
        const auto done = client.put("/big", megabyte('x'));
        ASSERT_TRUE(done);
        last = done->revision;
    }
    Care care(loop, council, rig, quick());
    ASSERT_GT(care.status(0).bytes, defragment_bytes_min);
    ASSERT_TRUE(council.compact(council.ask(rig.leader()), last));
    EXPECT_TRUE(care.until([&] {
        (void)client.put("/small", "x");  // what is free is counted when something is written
        return care.status(0).bytes < 8 * mib && care.status(1).bytes < 8 * mib &&
               care.status(2).bytes < 8 * mib;
    }));
}

// Every copy of a value in the file; etcd has the file mapped, and reads what stands there.
int change_in_file(const std::string& path, const std::string& from, const std::string& to) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    int changed = 0;
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + 1)) {
        file.seekp(static_cast<std::streamoff>(at));
        file.write(to.data(), static_cast<std::streamsize>(to.size()));
        ++changed;
    }
    return changed;
}

TEST(EtcdCaretaker, finds_whose_file_was_changed_while_it_ran) {
    LinuxLoop loop;
    EtcdRig rig(loop, 3);
    rig.start_all();
    Council council(loop, rig);
    test::Client client(loop, rig);
    ASSERT_TRUE(client.put("/kept", "good-value-9Kq2"));
    SeatTiming timing = quick();
    timing.compare = timing.compare_again = Milliseconds{50};
    Care care(loop, council, rig, timing);
    const std::string file = rig.config(2).data_directory + "/member/snap/db";
    ASSERT_TRUE(run_until(loop, [&] {
        return change_in_file(file, "good-value-9Kq2", "evil-value-9Kq2") > 0;
    })) << "etcd writes its file every 100 ms";
    ASSERT_TRUE(care.until([&] { return !care.condemned().empty(); }));
    EXPECT_EQ(care.condemned(), std::set<MemberId>{council.id(2)});
    EXPECT_NE(care.warnings().find("m2 holds other data"), std::string::npos) << care.warnings();
}

TEST(EtcdCaretaker, condemns_nobody_while_history_is_compacted_and_much_is_written) {
    LinuxLoop loop;
    EtcdRig rig(loop, 3);
    rig.start_all();
    Council council(loop, rig);
    test::Client client(loop, rig);
    SeatTiming timing = quick();
    timing.compare = timing.compare_again = Milliseconds{1};
    timing.compare_proofs = 1;
    Care care(loop, council, rig, timing);
    Revision last = 0;
    int round = 0;
    ASSERT_TRUE(care.until([&] {
        const auto put = client.put("/k" + std::to_string(round % 7), megabyte('k'));
        if (put && round % 5 == 4 && last > 0)
            (void)council.compact(council.ask(rig.leader()), last);
        if (put) last = put->revision;
        if (round % 3 == 2)
            (void)client.commit({{}, {Operation::remove("/k" + std::to_string((round + 3) % 7))}});
        return ++round >= 60 || !care.condemned().empty();
    }));
    EXPECT_TRUE(care.condemned().empty()) << care.warnings();
}

}  // namespace
}  // namespace hansa
