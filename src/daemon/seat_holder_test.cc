#include "daemon/seat_holder.h"

#include <gtest/gtest.h>

#include "mesh/electorate_testing.h"
#include "sys/sim/machine.h"

namespace hansa {
namespace {

using testing::FakeElectorate;
using testing::peer_url_of;
using testing::url_of;
using testing::uuid_of;

constexpr auto serving_line = R"({"level":"info","msg":"ready to serve client requests"})";
constexpr const char* directory = "/p/b/store";

class Holding : public ::testing::Test {
 protected:
    Holding() {
        script.takes = Seconds{100'000};
        script.lines = {{Milliseconds{10}, serving_line}};
        machine.processes.script("etcd", [this](const Command& command) {
            // As etcd does with an empty directory.
            (void)machine.files.make_directory(std::string{directory} + "/etcd", {});
            (void)machine.files.make_directory(std::string{directory} + "/etcd/member", {});
            started.push_back(command);
            return script;
        });
        electorate.members = {{1, "machine", {peer_url_of("a")}, {url_of("a")}, false, true}};
        electorate.last_id = 1;
        electorate.up = {url_of("a")};
        report.listen([this](const Event& event, WallTime) {
            if (const auto* warned = std::get_if<happened::Warned>(&event))
                warnings.push_back(warned->text);
        });
        holder = make();
    }

    std::unique_ptr<SeatHolder> make() {
        return std::make_unique<SeatHolder>(
            SeatHolder::Ports{loop, machine.files, machine.processes, electorate, report},
            SeatHolder::Wishes{directory,
                               {uuid_of("b"), cluster, epoch},
                               {url_of("b")},
                               {peer_url_of("b")},
                               {url_of("b")},
                               {peer_url_of("b")}},
            [this](const std::vector<std::string>&) -> Result<StoreCertificate> {
                if (!certified) return Error{Code::unavailable, "no certificate yet"};
                return StoreCertificate{};
            },
            SeatHolder::Events{.on_serving = [this] { ++served; },
                               .on_gone = [this] { ++gone; },
                               .on_lost = [this](bool lost) { losses.push_back(lost); },
                               .on_log = [](const std::string&) {}});
    }
    void add_member() {
        electorate.members.push_back(
            {++electorate.last_id, "", {peer_url_of("b")}, {}, true, false});
    }
    bool has(const std::string& path) {
        return static_cast<bool>(machine.files.status(std::string{directory} + path));
    }
    std::string command_line() const {
        std::string text;
        for (const std::string& word : started.back().arguments) text += word + " ";
        return text;
    }

    SimLoop loop;
    SimMachine machine{loop, 1};
    Report report{loop.clock()};
    FakeElectorate electorate{loop};
    Script script;
    std::vector<Command> started;
    std::vector<std::string> warnings;
    std::unique_ptr<SeatHolder> holder;
    bool certified = true;
    std::vector<bool> losses;  // as they were told
    std::string cluster;       // that this host belongs to; empty: unknown
    std::uint64_t epoch = 0;   // that this host has seen
    int served = 0;
    int gone = 0;
};

TEST_F(Holding, becomes_a_member_only_once_it_stands_in_the_list) {
    holder->start();
    loop.run_for(Seconds{5});
    holder->expect({url_of("a")}, "c1", "fast");
    loop.run_for(Seconds{5});
    EXPECT_TRUE(started.empty()) << "nobody added it";
    add_member();
    loop.run_for(Seconds{3});
    ASSERT_EQ(started.size(), 1U);
    EXPECT_EQ(served, 1);
    EXPECT_TRUE(holder->serves());
    const std::string line = command_line();
    EXPECT_NE(line.find("--initial-cluster-state=existing"), std::string::npos) << line;
    EXPECT_NE(line.find("machine=" + peer_url_of("a")), std::string::npos) << line;
    EXPECT_NE(line.find(uuid_of("b") + "=" + peer_url_of("b")), std::string::npos) << line;
    const auto text = machine.files.read(std::string{directory} + "/member.json", 8192);
    ASSERT_TRUE(text);
    const auto marker = decode_member_marker(*text);
    ASSERT_TRUE(marker) << marker.error().text;
    EXPECT_EQ(marker->member, 2U);
    EXPECT_EQ(marker->cluster, "c1");
    EXPECT_EQ(marker->timing, "fast");
    EXPECT_NE(line.find("--heartbeat-interval=20 --election-timeout=200 "), std::string::npos);
}

TEST_F(Holding, another_hosts_member_is_not_ours) {
    holder->expect({url_of("a")}, "c1", "fast");
    electorate.members.push_back({7, "", {peer_url_of("x")}, {}, true, false});
    loop.run_for(Seconds{5});
    EXPECT_TRUE(started.empty());
}

TEST_F(Holding, without_a_certificate_it_waits_and_says_so) {
    certified = false;
    add_member();
    holder->expect({url_of("a")}, "c1", "fast");
    loop.run_for(Seconds{5});
    EXPECT_TRUE(started.empty());
    ASSERT_EQ(warnings.size(), 1U);
    EXPECT_NE(warnings[0].find("no certificate yet"), std::string::npos);
    certified = true;
    loop.run_for(Seconds{3});
    EXPECT_EQ(started.size(), 1U);
}

TEST_F(Holding, serves_again_after_a_restart_whoever_else_is_there) {
    add_member();
    holder->expect({url_of("a")}, "c1", "fast");
    loop.run_for(Seconds{3});
    ASSERT_EQ(started.size(), 1U);
    holder.reset();
    electorate.up.clear();
    holder = make();
    holder->start();
    loop.run_for(Seconds{1});
    EXPECT_EQ(started.size(), 2U);
    EXPECT_EQ(served, 2);
}

TEST_F(Holding, a_member_whose_data_is_gone_is_never_started_empty) {
    add_member();
    holder->expect({url_of("a")}, "c1", "fast");
    loop.run_for(Seconds{3});
    holder.reset();
    ASSERT_TRUE(machine.files.remove_tree(std::string{directory} + "/etcd"));
    holder = make();
    holder->start();
    holder->expect({url_of("a")}, "c1", "fast");
    loop.run_for(Seconds{10});
    EXPECT_EQ(started.size(), 1U);
    EXPECT_TRUE(holder->is_lost());
    EXPECT_EQ(losses, std::vector<bool>{true});
    ASSERT_EQ(warnings.size(), 1U);
    EXPECT_NE(warnings[0].find("gone"), std::string::npos) << warnings[0];

    // Taken out of the list and added anew it begins afresh, with another id.
    electorate.members.pop_back();
    loop.run_for(Seconds{3});
    EXPECT_FALSE(holder->is_lost());
    EXPECT_EQ(losses, (std::vector<bool>{true, false}));
    add_member();
    loop.run_for(Seconds{3});
    ASSERT_EQ(started.size(), 2U);
    EXPECT_EQ(holder->marker()->member, 3U);
}

TEST_F(Holding, a_member_of_the_machines_that_is_listed_still_counts_as_lost) {
    electorate.members.push_back({7, "machine", {peer_url_of("b")}, {}, false, true});
    holder->start();
    holder->had_member({url_of("a")});
    loop.run_for(Seconds{3});
    EXPECT_EQ(losses, std::vector<bool>{true});
    electorate.members.pop_back();
    loop.run_for(Seconds{3});
    EXPECT_EQ(losses, (std::vector<bool>{true, false}));

    // And then it may have a seat of its own.
    holder->expect({url_of("a")}, "c1", "fast");
    electorate.last_id = 7;
    add_member();
    loop.run_for(Seconds{3});
    ASSERT_EQ(started.size(), 1U);
    EXPECT_EQ(holder->marker()->member, 8U);
}

TEST_F(Holding, a_member_of_the_machines_that_is_gone_is_no_loss) {
    holder->had_member({url_of("a")});
    loop.run_for(Seconds{3});
    EXPECT_TRUE(losses.empty());
    const auto asked = electorate.lists;
    loop.run_for(Seconds{30});
    EXPECT_EQ(electorate.lists, asked) << "once is enough";
}

TEST_F(Holding, data_that_goes_while_it_is_served_is_not_begun_anew) {
    script.takes = Seconds{5};
    script.status = 1;
    add_member();
    holder->expect({url_of("a")}, "c1", "fast");
    loop.run_for(Seconds{3});
    ASSERT_EQ(served, 1);
    ASSERT_TRUE(machine.files.remove_tree(std::string{directory} + "/etcd"));
    loop.run_for(Seconds{30});
    EXPECT_EQ(started.size(), 1U) << "etcd has the list of members still, and would begin empty";
    EXPECT_EQ(losses, std::vector<bool>{true});
    EXPECT_NE(warnings.back().find("is gone"), std::string::npos) << warnings.back();

    electorate.members.pop_back();
    holder->expect({url_of("a")}, "c1", "fast");
    loop.run_for(Seconds{3});
    EXPECT_EQ(losses, (std::vector<bool>{true, false}));
}

TEST_F(Holding, a_member_whose_whole_directory_is_gone_counts_as_lost_while_it_is_listed) {
    electorate.members.push_back(
        {2, uuid_of("b"), {"https://elsewhere:2380"}, {url_of("b")}, false, true});
    holder->start();
    holder->had_member({url_of("a")});
    loop.run_for(Seconds{3});
    EXPECT_EQ(losses, std::vector<bool>{true}) << "known by its name";
    EXPECT_TRUE(started.empty());
    electorate.members.pop_back();
    loop.run_for(Seconds{3});
    EXPECT_EQ(losses, (std::vector<bool>{true, false}));
}

TEST_F(Holding, damaged_data_counts_as_lost_and_is_cleared_for_a_new_member) {
    holder->expect({url_of("a")}, "c1", "fast");
    add_member();
    loop.run_for(Seconds{3});
    ASSERT_EQ(started.size(), 1U);
    holder.reset();
    script.takes = Milliseconds{50};
    script.status = 1;
    script.lines = {
        {Milliseconds{10},
         R"({"level":"fatal","msg":"discovery failed","error":"walpb: crc mismatch"})"}};
    holder = make();
    holder->start();
    loop.run_for(Seconds{60});
    EXPECT_EQ(started.size(), 2U) << "it is not started in vain";
    EXPECT_EQ(losses, std::vector<bool>{true});
    EXPECT_NE(warnings.back().find("crc mismatch"), std::string::npos) << warnings.back();
    EXPECT_TRUE(has("/etcd/member")) << "evidence, as long as nobody needs the place";

    electorate.members.pop_back();
    script.takes = Seconds{100'000};
    script.lines = {{Milliseconds{10}, serving_line}};
    holder->expect({url_of("a")}, "c1", "fast");
    loop.run_for(Seconds{2});
    EXPECT_EQ(losses, (std::vector<bool>{true, false}));
    add_member();
    loop.run_for(Seconds{3});
    EXPECT_EQ(started.size(), 3U);
    EXPECT_TRUE(holder->serves());
}

TEST_F(Holding, what_may_pass_is_tried_again) {
    holder->expect({url_of("a")}, "c1", "fast");
    add_member();
    script.takes = Milliseconds{50};
    script.status = 1;
    script.lines = {
        {Milliseconds{10}, R"({"level":"fatal","msg":"m","error":"no space left on device"})"}};
    loop.run_for(Seconds{60});
    EXPECT_GT(started.size(), 5U);
    EXPECT_TRUE(losses.empty());
}

TEST_F(Holding, founds_a_store_alone_and_learns_what_it_is_called_there) {
    electorate.members = {{5, uuid_of("b"), {peer_url_of("b")}, {url_of("b")}, false, true}};
    electorate.up = {url_of("b")};
    holder->start();
    holder->found("c1", "fast");
    loop.run_for(Seconds{3});
    ASSERT_EQ(started.size(), 1U);
    EXPECT_EQ(served, 1);
    const std::string line = command_line();
    EXPECT_NE(line.find("--initial-cluster-state=new"), std::string::npos) << line;
    EXPECT_NE(line.find("--initial-cluster=" + uuid_of("b") + "=" + peer_url_of("b") + " "),
              std::string::npos)
        << line;
    EXPECT_EQ(holder->marker()->member, 5U);
    EXPECT_EQ(
        decode_member_marker(*machine.files.read(std::string{directory} + "/member.json", 8192))
            ->member,
        5U);
}

TEST_F(Holding, a_founder_without_a_certificate_waits_for_one) {
    certified = false;
    holder->found("c1", "fast");
    loop.run_for(Seconds{5});
    EXPECT_TRUE(started.empty());
    EXPECT_FALSE(has("/member.json")) << "nothing vouches for nothing";
    certified = true;
    loop.run_for(Seconds{2});
    EXPECT_EQ(started.size(), 1U);
}

TEST_F(Holding, a_founder_that_ended_before_there_was_a_store_is_no_member) {
    MemberMarker marker{"c1", uuid_of("b"), 0, {url_of("b")}, {peer_url_of("b")}};
    ASSERT_TRUE(machine.files.make_directories(directory));
    ASSERT_TRUE(machine.files.write(std::string{directory} + "/member.json", encode(marker), {}));
    holder->start();
    EXPECT_FALSE(holder->marker());
    EXPECT_TRUE(losses.empty());

    // With data it goes on.
    ASSERT_TRUE(machine.files.write(std::string{directory} + "/member.json", encode(marker), {}));
    ASSERT_TRUE(machine.files.make_directories(std::string{directory} + "/etcd/member"));
    holder = make();
    holder->start();
    loop.run_for(Seconds{1});
    EXPECT_EQ(started.size(), 1U);
}

class NotOurs : public Holding {
 protected:
    // A member's data with that marker, as it lies there before the agent starts.
    void leave(const std::string& marker) {
        ASSERT_TRUE(machine.files.make_directories(path("/etcd/member")));
        ASSERT_TRUE(machine.files.write(path("/etcd/member/db"), "theirs", {}));
        ASSERT_TRUE(machine.files.write(path("/member.json"), marker, {}));
    }
    static MemberMarker marker_of(const char* cluster, const char* host) {
        return {cluster, uuid_of(host), 9, {url_of(host)}, {peer_url_of(host)}};
    }
    static std::string path(const std::string& below) { return directory + below; }
    std::string content(const std::string& below) const {
        const auto text = machine.files.read(path(below), 8192);
        return text ? *text : text.error().text;
    }
    // The one entry of that name that was put aside, as a path below the directory.
    std::string aside(const std::string& name) const {
        std::vector<std::string> found;
        const auto entries = machine.files.list(directory);
        for (const DirectoryEntry& entry : *entries)
            if (entry.name.starts_with(name + ".aside-")) found.push_back("/" + entry.name);
        EXPECT_EQ(found.size(), 1U) << name;
        return found.empty() ? "" : found[0];
    }
    void expect_left_alone(const std::string& marker, const std::string& words) {
        loop.run_for(Seconds{5});
        EXPECT_TRUE(started.empty());
        ASSERT_EQ(warnings.size(), 1U);
        EXPECT_NE(warnings[0].find(words), std::string::npos) << warnings[0];
        EXPECT_EQ(content("/etcd/member/db"), "theirs");
        EXPECT_EQ(content("/member.json"), marker);
    }
    void expect_kept_aside(const std::string& marker) {
        loop.run_for(Seconds{3});
        EXPECT_EQ(started.size(), 1U);
        EXPECT_TRUE(holder->serves());
        ASSERT_TRUE(holder->marker());
        EXPECT_EQ(holder->marker()->uuid, uuid_of("b"));
        EXPECT_FALSE(has("/etcd/member/db")) << "its own begins empty";
        EXPECT_EQ(content(aside("etcd") + "/member/db"), "theirs");
        EXPECT_EQ(content(aside("member.json")), marker);
        EXPECT_NE(warnings.back().find(directory + aside("etcd")), std::string::npos)
            << warnings.back();
    }
};

TEST_F(NotOurs, another_hosts_data_is_left_alone) {
    const std::string marker = encode(marker_of("c1", "x"));
    leave(marker);
    holder->start();
    expect_left_alone(marker, "another host");
    add_member();
    holder->expect({url_of("a")}, "c1", "fast");
    expect_kept_aside(marker);
}

TEST_F(NotOurs, data_of_another_cluster_is_left_alone) {
    const std::string marker = encode(marker_of("c2", "b"));
    leave(marker);
    cluster = "c1";
    holder = make();
    holder->start();
    expect_left_alone(marker, "another cluster (c2)");
    add_member();
    holder->expect({url_of("a")}, "c1", "fast");
    expect_kept_aside(marker);
}

TEST_F(NotOurs, data_whose_marker_cannot_be_understood_is_left_alone) {
    leave("{rubbish");
    holder->start();
    expect_left_alone("{rubbish", "member.json");
    add_member();
    holder->expect({url_of("a")}, "c1", "fast");
    expect_kept_aside("{rubbish");
}

TEST_F(NotOurs, a_founder_keeps_it_aside_too) {
    const std::string marker = encode(marker_of("c1", "x"));
    leave(marker);
    holder->start();
    expect_left_alone(marker, "another host");
    holder->found("c1", "fast");
    expect_kept_aside(marker);
}

TEST_F(NotOurs, what_cannot_be_put_aside_is_in_the_way_of_a_seat) {
    const std::string marker = encode(marker_of("c1", "x"));
    leave(marker);
    holder->start();
    machine.files.set_fault(path("/etcd"), FileFault::denied);
    add_member();
    holder->expect({url_of("a")}, "c1", "fast");
    loop.run_for(Seconds{5});
    EXPECT_TRUE(started.empty());
    machine.files.heal_all();
    EXPECT_EQ(content("/etcd/member/db"), "theirs");
    EXPECT_EQ(content("/member.json"), marker);
}

TEST_F(NotOurs, a_marker_that_cannot_be_read_is_none_that_is_missing) {
    const std::string marker = encode(marker_of("c1", "b"));
    leave(marker);
    machine.files.set_fault(path("/member.json"), FileFault::denied);
    holder->start();
    ASSERT_EQ(warnings.size(), 1U);
    EXPECT_NE(warnings[0].find("member.json"), std::string::npos) << warnings[0];
    EXPECT_NE(warnings[0].find("holds no seat"), std::string::npos) << warnings[0];
    machine.files.heal_all();  // too late: it is not looked at twice
    add_member();
    holder->expect({url_of("a")}, "c1", "fast");
    holder->found("c1", "fast");
    loop.run_for(Seconds{10});
    EXPECT_TRUE(started.empty());
    EXPECT_EQ(content("/etcd/member/db"), "theirs");
    EXPECT_EQ(content("/member.json"), marker);
}

TEST_F(Holding, a_founder_that_is_removed_before_it_knows_its_name_asks_no_more) {
    script.takes = Milliseconds{500};  // then it ends with status 0: its cluster has removed it
    electorate.up.clear();
    holder->found("c1", "fast");
    loop.run_for(Seconds{10});
    EXPECT_EQ(gone, 1);
    EXPECT_FALSE(holder->marker());
}

TEST_F(Holding, what_was_removed_clears_its_data_away) {
    script.takes = Seconds{20};  // then it ends with status 0: its cluster has removed it
    add_member();
    holder->expect({url_of("a")}, "c1", "fast");
    loop.run_for(Seconds{3});
    ASSERT_TRUE(has("/etcd/member"));
    holder->expect_nothing();
    loop.run_for(Seconds{30});
    EXPECT_EQ(gone, 1);
    EXPECT_FALSE(has("/etcd"));
    EXPECT_FALSE(has("/member.json"));
    EXPECT_FALSE(holder->serves());
    EXPECT_EQ(started.size(), 1U);
}

class Outlived : public Holding {
 protected:
    void become_member() {
        add_member();
        holder->expect({url_of("a")}, "c1", "");
        loop.run_for(Seconds{3});
        holder->expect_nothing();
        ASSERT_TRUE(holder->serves());
    }
    std::vector<std::string> put_aside() {
        std::vector<std::string> names;
        const auto entries = machine.files.list(directory);
        for (const DirectoryEntry& entry : *entries)
            if (entry.name.find("aside") != std::string::npos) names.push_back(entry.name);
        return names;
    }
};

TEST_F(Outlived, a_member_of_an_epoch_that_is_over_ends_and_its_data_is_kept) {
    become_member();
    holder->epoch_is(0);
    loop.run_for(Seconds{3});
    EXPECT_TRUE(holder->serves()) << "that is its own";
    holder->epoch_is(1);
    loop.run_for(Seconds{10});
    EXPECT_FALSE(holder->serves());
    EXPECT_EQ(gone, 1);
    EXPECT_FALSE(has("/etcd"));
    EXPECT_FALSE(has("/member.json"));
    ASSERT_EQ(put_aside().size(), 1U);
    EXPECT_TRUE(has("/" + put_aside()[0] + "/member"));
    ASSERT_FALSE(warnings.empty());
    EXPECT_NE(warnings.back().find("epoch 0"), std::string::npos) << warnings.back();
    EXPECT_NE(warnings.back().find("epoch 1"), std::string::npos) << warnings.back();
    EXPECT_NE(warnings.back().find(put_aside()[0]), std::string::npos) << warnings.back();

    // The new store may give it a seat: then it is a member of that one.
    add_member();
    holder->expect({url_of("a")}, "c1", "");
    loop.run_for(Seconds{3});
    EXPECT_TRUE(holder->serves());
    EXPECT_EQ(holder->marker()->epoch, 1U);
}

TEST_F(Outlived, its_data_is_not_started_by_a_host_that_knows_better) {
    become_member();
    bool stopped = false;
    holder->stop([&] { stopped = true; });
    loop.run_for(Seconds{3});
    ASSERT_TRUE(stopped);
    epoch = 1;
    holder = make();
    holder->start();
    loop.run_for(Seconds{5});
    EXPECT_EQ(started.size(), 1U) << "the one before";
    EXPECT_EQ(put_aside().size(), 1U);
    EXPECT_FALSE(has("/member.json"));
}

TEST_F(Outlived, who_stops_meanwhile_waits_for_its_end) {
    become_member();
    bool stopped = false;
    holder->epoch_is(1);
    holder->stop([&] { stopped = true; });
    loop.run_for(Seconds{10});
    EXPECT_TRUE(stopped);
    EXPECT_EQ(put_aside().size(), 1U);
}

}  // namespace
}  // namespace hansa
