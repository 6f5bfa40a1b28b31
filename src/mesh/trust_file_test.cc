#include "mesh/trust_file.h"

#include "mesh/store_testing.h"
#include "sys/sim/files.h"
#include "sys/sim/workers.h"

namespace hansa {
namespace {

const std::string path = "/home/exporters.json";

class Keeping : public ::testing::Test {
 protected:
    Keeping() { EXPECT_TRUE(files.make_directory("/home", {})); }

    std::unique_ptr<TrustFile> opened() {
        auto file = TrustFile::open({loop, workers, files, report}, path);
        EXPECT_TRUE(file) << file.error().text;
        return file ? std::move(*file) : nullptr;
    }
    static RememberedExporter seen(std::uint64_t seq, const std::string& digest = "d") {
        return {testing::uuid_of("a"), 1, seq, Milliseconds{5}, digest};
    }
    TrustMemory stored() {
        auto text = files.read(path, 1 << 20);
        return text ? *decode_trust_memory(*text) : TrustMemory{};
    }

    SimLoop loop;
    SimWorkers workers{loop, 1};
    SimFiles files{loop.clock()};
    Report report{loop.clock()};
    testing::Feed feed{report};
};

TEST_F(Keeping, what_was_seen_is_there_after_a_restart_and_is_nobody_elses) {
    {
        auto file = opened();
        file->keep("a", seen(3));
        file->keep_revocations(9, "signed list");
        loop.run_for(Seconds{2});
    }
    EXPECT_EQ(files.status(path)->mode, 0600U);
    const auto file = opened();
    EXPECT_EQ(file->kept().exporters.at("a"), seen(3));
    EXPECT_EQ(file->kept().revocation_epoch, 9U);
    EXPECT_EQ(file->kept().revocations, "signed list");
    EXPECT_TRUE(feed.all<happened::Warned>().empty());
}

TEST_F(Keeping, many_changes_are_one_write_a_second) {
    auto file = opened();
    const std::uint64_t before = workers.started();
    for (std::uint64_t seq = 1; seq <= 100; ++seq) {
        file->keep("a", seen(seq, std::to_string(seq)));
        loop.run_for(Milliseconds{100});
    }
    loop.run_for(Seconds{5});
    EXPECT_LE(workers.started() - before, 11U);
    EXPECT_EQ(stored().exporters.at("a").seq, 100U);
}

TEST_F(Keeping, a_mere_renewal_is_written_at_stop) {
    auto file = opened();
    file->keep("a", seen(1));
    loop.run_for(Seconds{5});
    const std::uint64_t before = workers.started();
    file->keep("a", seen(2));
    loop.run_for(Seconds{60});
    EXPECT_EQ(workers.started(), before);
    bool finished = false;
    file->finish([&] { finished = true; });
    EXPECT_TRUE(finished);
    EXPECT_EQ(stored().exporters.at("a").seq, 2U);
}

TEST_F(Keeping, the_end_waits_for_a_write_under_way_and_comes_after_it) {
    auto file = opened();
    const std::uint64_t before = workers.started();
    file->keep("a", seen(1));
    while (workers.started() == before) loop.run_for(Milliseconds{1});
    file->keep("a", seen(2, "e"));
    bool finished = false;
    file->finish([&] { finished = true; });
    EXPECT_FALSE(finished);
    loop.run_for(Seconds{1});
    EXPECT_TRUE(finished);
    EXPECT_EQ(stored().exporters.at("a").seq, 2U);
}

TEST_F(Keeping, a_broken_file_is_told_and_kept_aside) {
    ASSERT_TRUE(files.write(path, "{broken", {.mode = 0600}));
    auto file = opened();
    EXPECT_TRUE(file->kept().exporters.empty());
    ASSERT_EQ(feed.all<happened::Warned>().size(), 1U);
    const auto entries = files.list("/home");
    ASSERT_EQ(entries->size(), 1U);
    EXPECT_TRUE((*entries)[0].name.starts_with("exporters.json.broken-"));
    file->keep("a", seen(1));
    loop.run_for(Seconds{2});
    EXPECT_EQ(files.list("/home")->size(), 2U);
}

TEST_F(Keeping, a_file_that_others_may_write_proves_nothing) {
    ASSERT_TRUE(files.write(path, encode(TrustMemory{}), {.mode = 0620}));
    const auto file = TrustFile::open({loop, workers, files, report}, path);
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().code, Code::denied);
}

TEST_F(Keeping, a_full_disk_is_told_once_and_tried_again) {
    auto file = opened();
    files.set_fault("/home", FileFault::no_space);
    file->keep("a", seen(1));
    loop.run_for(Seconds{10});
    EXPECT_EQ(feed.all<happened::Warned>().size(), 1U);
    files.heal_all();
    loop.run_for(Seconds{3});
    EXPECT_EQ(stored().exporters.at("a").seq, 1U);
}

}  // namespace
}  // namespace hansa
