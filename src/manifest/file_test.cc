#include "manifest/file.h"

#include <gtest/gtest.h>

#include "sys/sim/machine.h"

namespace hansa {
namespace {

// A file /etc/web.yaml of a simulated machine, and what was told about it.
class ManifestFileTest : public testing::Test {
 protected:
    ManifestFileTest() {
        ok(machine.files.make_directories("/etc"));
        write("graph: one\n");
    }

    static void ok(const Result<void>& result) { EXPECT_TRUE(result) << result.error().text; }

    void write(std::string_view bytes) { ok(machine.files.write("/etc/web.yaml", bytes, {})); }

    std::unique_ptr<ManifestFile> make(ManifestLimits limits = {}) {
        return std::make_unique<ManifestFile>(
            path, catalog,
            ManifestFile::Ports{loop, machine.workers, machine.files, machine.watcher}, limits);
    }

    std::unique_ptr<ManifestFile> watched() {
        auto file = make();
        EXPECT_TRUE(file->load());
        ok(file->watch(
            [this](Result<Manifest> now) { told.push_back(now ? now->name : now.error().text); }));
        settle();
        return file;
    }

    void settle() { EXPECT_TRUE(loop.run_until_idle(Seconds{10})); }

    std::string refusal(const ManifestLimits& limits = {}) {
        auto loaded = load_manifest(machine.files, path, catalog, limits);
        return loaded ? "accepted" : loaded.error().text;
    }

    using Told = std::vector<std::string>;

    SimLoop loop;
    SimMachine machine{loop, 1};
    Catalog catalog;
    ManifestPath path{"/etc/web.yaml", "web.yaml"};
    Told told;
};

TEST_F(ManifestFileTest, is_read_at_start) {
    auto loaded = make()->load();
    ASSERT_TRUE(loaded) << loaded.error().text;
    EXPECT_EQ(loaded->name, "one");
}

TEST_F(ManifestFileTest, says_why_it_cannot_be_read) {
    ok(machine.files.remove("/etc/web.yaml"));
    EXPECT_EQ(refusal(), "web.yaml: there is no such file; check the path");
    ok(machine.files.make_directory("/etc/web.yaml", {}));
    EXPECT_EQ(refusal(), "web.yaml: this is a directory; name a file in it");
    ok(machine.files.remove("/etc/web.yaml"));
    ok(machine.files.make_pipe("/etc/web.yaml"));
    EXPECT_EQ(refusal(), "web.yaml: this is not a regular file; save the graph into one");
    ok(machine.files.remove("/etc/web.yaml"));
    ok(machine.files.make_symlink("/etc/web.yaml", "web.yaml"));
    EXPECT_EQ(refusal(), "web.yaml: the symbolic links lead in a circle; repair them");
}

TEST_F(ManifestFileTest, says_when_rights_are_lacking) {
    machine.files.set_fault("/etc/web.yaml", FileFault::denied);
    auto loaded = load_manifest(machine.files, path, catalog);
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().code, Code::denied);
    EXPECT_EQ(loaded.error().text,
              "web.yaml: the file may not be read; give this user the right to");
}

TEST_F(ManifestFileTest, refuses_a_huge_file_by_its_size) {
    write("graph: one\n" + std::string(100, '#'));
    ManifestLimits limits;
    limits.yaml.bytes_max = 50;
    EXPECT_EQ(refusal(limits),
              "web.yaml: the file has 111 bytes; at most 50 are read, split the graph");
}

TEST_F(ManifestFileTest, tells_a_new_version_once) {
    auto file = watched();
    EXPECT_EQ(told, Told{});
    write("graph: two\n");
    settle();
    EXPECT_EQ(told, (Told{"two"}));
    write("graph: two\n");
    settle();
    EXPECT_EQ(told, (Told{"two"}));
}

TEST_F(ManifestFileTest, tells_a_version_that_came_between_load_and_watch) {
    auto file = make();
    EXPECT_TRUE(file->load());
    write("graph: two\n");
    ok(file->watch([this](Result<Manifest> now) { told.push_back(now->name); }));
    settle();
    EXPECT_EQ(told, (Told{"two"}));
}

TEST_F(ManifestFileTest, settles_a_burst_into_one_reading) {
    auto file = watched();
    const std::uint64_t before = machine.workers.started();
    for (int i = 0; i < 10; ++i) {
        write("graph: g" + std::to_string(i) + "\n");
        loop.run_for(Milliseconds{10});
    }
    settle();
    EXPECT_EQ(told, (Told{"g9"}));
    EXPECT_EQ(machine.workers.started(), before + 1);
}

TEST_F(ManifestFileTest, looks_even_when_a_burst_does_not_end) {
    auto file = watched();
    for (int i = 0; i < 100; ++i) {
        write("graph: g" + std::to_string(i) + "\n");
        loop.run_for(Milliseconds{20});
    }
    EXPECT_GE(told.size(), 3U);
    settle();
    EXPECT_EQ(told.back(), "g99");
}

TEST_F(ManifestFileTest, tells_what_is_wrong_once_and_when_it_is_right_again) {
    auto file = watched();
    write("graph: [\n");
    settle();
    ASSERT_EQ(told.size(), 1U);
    EXPECT_TRUE(told[0].starts_with("web.yaml:")) << told[0];
    ok(machine.files.remove("/etc/web.yaml"));
    settle();
    ASSERT_EQ(told.size(), 2U);
    EXPECT_EQ(told[1], "web.yaml: there is no such file; check the path");
    write("graph: one\n");
    settle();
    EXPECT_EQ(told.back(), "one");
    EXPECT_EQ(told.size(), 3U);
}

TEST_F(ManifestFileTest, survives_the_loss_of_its_directory) {
    auto file = watched();
    ok(machine.files.rename("/etc", "/old"));
    settle();
    ok(machine.files.make_directory("/etc", {}));
    write("graph: two\n");
    settle();
    EXPECT_EQ(told.back(), "two");
    const std::size_t before = told.size();
    ok(machine.files.write("/old/web.yaml", "graph: old\n", {}));
    settle();
    EXPECT_EQ(told.size(), before);
}

TEST_F(ManifestFileTest, follows_symbolic_links_and_their_change) {
    ok(machine.files.make_directories("/srv/v1"));
    ok(machine.files.write("/srv/v1/web.yaml", "graph: v1\n", {}));
    ok(machine.files.write("/srv/v2.yaml", "graph: v2\n", {}));
    ok(machine.files.remove("/etc/web.yaml"));
    ok(machine.files.make_symlink("/etc/web.yaml", "../srv/now.yaml"));
    ok(machine.files.make_symlink("/srv/now.yaml", "/srv/v1/web.yaml"));
    auto file = watched();
    ok(machine.files.write("/srv/v1/web.yaml", "graph: v1b\n", {}));
    settle();
    ok(machine.files.make_symlink("/srv/now.yaml", "v2.yaml"));
    settle();
    ok(machine.files.write("/srv/v2.yaml", "graph: v2b\n", {}));
    settle();
    EXPECT_EQ(told, (Told{"v1b", "v2", "v2b"}));
}

TEST_F(ManifestFileTest, follows_links_as_the_kernel_does) {
    ok(machine.files.make_directories("/srv/releases/5"));
    ok(machine.files.make_directories("/srv/releases/6"));
    ok(machine.files.make_directories("/srv/releases/shared"));
    ok(machine.files.make_directories("/srv/shared"));
    ok(machine.files.write("/srv/releases/shared/web.yaml", "graph: right\n", {}));
    ok(machine.files.write("/srv/shared/web.yaml", "graph: wrong\n", {}));
    ok(machine.files.write("/srv/releases/6/web.yaml", "graph: six\n", {}));
    ok(machine.files.make_symlink("/srv/releases/5/web.yaml", "../shared/web.yaml"));
    ok(machine.files.make_symlink("/srv/cur", "releases/5"));
    path.path = "/srv/cur/web.yaml";
    auto loaded = make()->load();
    ASSERT_TRUE(loaded) << loaded.error().text;
    EXPECT_EQ(loaded->name, "right");
    auto file = watched();
    ok(machine.files.make_symlink("/srv/cur", "releases/6"));
    settle();
    EXPECT_EQ(told, Told{"six"});
}

TEST_F(ManifestFileTest, is_silent_after_its_end) {
    auto file = watched();
    write("graph: two\n");
    loop.run_until([this] { return machine.workers.running() > 0; }, Seconds{1});
    file.reset();
    settle();
    write("graph: three\n");
    settle();
    EXPECT_EQ(told, Told{});
}

TEST_F(ManifestFileTest, may_be_ended_by_its_own_callback) {
    auto file = make();
    EXPECT_TRUE(file->load());
    ok(file->watch([this, &file](Result<Manifest> now) {
        told.push_back(now->name);
        file.reset();
    }));
    write("graph: two\n");
    settle();
    EXPECT_EQ(told, (Told{"two"}));
    EXPECT_EQ(file, nullptr);
}

TEST(ManifestFile, tells_when_it_cannot_be_watched) {
    SimLoop loop;
    SimMachine machine{loop, 1, {.workers = {}, .watch = {.watches_max = 0}}};
    Catalog catalog;
    ManifestFile file{{"/web.yaml", "web.yaml"},
                      catalog,
                      {loop, machine.workers, machine.files, machine.watcher}};
    auto held = file.watch([](const Result<Manifest>&) {});
    ASSERT_FALSE(held);
    EXPECT_EQ(held.error().code, Code::unavailable);
    EXPECT_TRUE(held.error().text.starts_with("watching web.yaml: ")) << held.error().text;
}

}  // namespace
}  // namespace hansa
