#include "daemon/endpoint_sources.h"

#include <gtest/gtest.h>

#include "sys/sim/machine.h"

namespace hansa {
namespace {

const std::string path = "/var/lib/hansa/a/endpoints.json";

StoreMember member(const std::string& name) {
    return {name, {}, {"https://" + name + ":2379"}};
}

class EndpointSources : public testing::Test {
 protected:
    EndpointSources() {
        EXPECT_TRUE(machine.files.make_directories("/var/lib/hansa/a"));
        report.listen([this](const Event& event, WallTime) {
            warnings += std::holds_alternative<happened::Warned>(event);
        });
    }
    EndpointCache::Ports ports() {
        return {machine.workers, machine.files, machine.accounts, report};
    }

    SimLoop loop;
    SimMachine machine{loop, 1};
    Report report{loop.clock()};
    int warnings = 0;
};

TEST_F(EndpointSources, what_is_kept_is_there_at_the_next_start_for_its_owner_alone) {
    EndpointCache cache(ports(), path);
    EXPECT_TRUE(cache.read().empty());
    cache.keep({member("a")});
    cache.keep({member("b")});
    cache.keep({member("c")});
    EXPECT_TRUE(loop.run_until_idle(Seconds{1}));
    EXPECT_EQ(EndpointCache(ports(), path).read(), (std::vector<StoreMember>{member("c")}));
    EXPECT_EQ(machine.files.status(path)->mode, 0600u);
    EXPECT_EQ(warnings, 0);
}

TEST_F(EndpointSources, a_file_that_others_may_write_or_that_is_damaged_is_not_used) {
    const std::string good = encode_endpoints({member("a")});
    ASSERT_TRUE(machine.files.write(path, good, {.mode = 0666}));
    EXPECT_TRUE(EndpointCache(ports(), path).read().empty());
    EXPECT_EQ(warnings, 1);
    ASSERT_TRUE(machine.files.write(path, good.substr(0, 20), {.mode = 0600}));
    EXPECT_TRUE(EndpointCache(ports(), path).read().empty());
    EXPECT_EQ(warnings, 2);
    ASSERT_TRUE(machine.files.write(path, good, {.mode = 0600}));
    EXPECT_EQ(EndpointCache(ports(), path).read().size(), 1u);
}

TEST_F(EndpointSources, a_disk_that_takes_nothing_is_told_once) {
    EndpointCache cache(ports(), "/nowhere/endpoints.json");
    cache.keep({member("a")});
    EXPECT_TRUE(loop.run_until_idle(Seconds{1}));
    cache.keep({member("b")});
    EXPECT_TRUE(loop.run_until_idle(Seconds{1}));
    EXPECT_EQ(warnings, 1);
}

struct FakeNames final : Names {
    explicit FakeNames(Result<std::vector<ServiceRecord>> known) : answer(std::move(known)) {}
    Result<std::vector<ServiceRecord>> services(const std::string& name) const override {
        EXPECT_EQ(name, "_hansa._tcp");
        return answer;
    }
    Result<std::vector<ServiceRecord>> answer;
};

TEST_F(EndpointSources, the_dns_is_asked_on_a_worker) {
    std::optional<std::vector<std::string>> found;
    const auto ask = [&](Result<std::vector<ServiceRecord>> answer) {
        found.reset();
        look_up_endpoints(machine.workers, std::make_shared<FakeNames>(std::move(answer)), 1,
                          [&found](std::vector<std::string> urls) { found = std::move(urls); });
        EXPECT_FALSE(found);
        EXPECT_TRUE(loop.run_until_idle(Seconds{1}));
    };
    ask(std::vector<ServiceRecord>{{2, 0, 2379, "b"}, {1, 0, 2379, "a"}});
    EXPECT_EQ(found, (std::vector<std::string>{"https://a:2379", "https://b:2379"}));
    ask(Error{Code::unavailable, "nobody answers"});
    EXPECT_EQ(found, std::vector<std::string>{});
}

}  // namespace
}  // namespace hansa
