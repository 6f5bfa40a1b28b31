// A simulated store for the tests of this room: one cluster, one client of it, a clock that jumps.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "mesh/memory/store.h"
#include "mesh/testing.h"
#include "report/report.h"
#include "sys/sim/loop.h"

namespace hansa::testing {

// What was published to a report, by type.
class Feed {
 public:
    explicit Feed(Report& report) {
        report.listen([this](const Event& event, WallTime) { events_.push_back(event); });
    }

    template <class T>
    std::vector<T> all() const {
        std::vector<T> found;
        for (const Event& event : events_)
            if (const T* one = std::get_if<T>(&event)) found.push_back(*one);
        return found;
    }

    std::size_t refused(const std::string& cause) const {
        std::size_t count = 0;
        for (const auto& each : all<happened::Refused>()) count += each.cause == cause ? 1 : 0;
        return count;
    }

 private:
    std::vector<Event> events_;
};

class StoreTest : public ::testing::Test {
 protected:
    explicit StoreTest(MemoryStoreOptions options = {}) : store{cluster, loop, 1, options} {}

    // Writes behind everybody's back.
    void write(const std::string& key, const std::string& value) {
        ASSERT_TRUE(cluster.commit({{}, {Operation::put(key, value)}}));
    }
    void erase(const std::string& key) {
        ASSERT_TRUE(cluster.commit({{}, {Operation::remove(key)}}));
    }
    std::optional<std::string> stored(const std::string& key) const {
        const Reading reading = cluster.read(ReadScope::key, key);
        if (reading.records.empty()) return std::nullopt;
        return reading.records.front().value;
    }
    std::size_t stored_below(const std::string& prefix) const {
        return cluster.read(ReadScope::prefix, prefix).records.size();
    }

    bool reaches(const std::function<bool()>& done, Duration limit = Seconds{60}) {
        return loop.run_until(done, limit);
    }

    SimLoop loop;
    MemoryCluster cluster{loop};
    MemoryStore store;
    SeededRandom random{3};
    Report report{loop.clock()};
    Feed feed{report};
};

}  // namespace hansa::testing
