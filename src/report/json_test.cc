#include "report/json.h"

#include <gtest/gtest.h>

#include "data/json.h"

namespace hansa {
namespace {

TEST(ReportJson, bytes_that_are_no_text_are_shown_and_never_end_the_agent) {
    happened::AgentStarted started;
    started.graph_file = "/tmp/\xff.yaml";
    for (const Event& event : {Event{happened::Spoke{"a\xff\nb"}}, Event{started},
                               Event{happened::Conflict{"x", "y", "path:/\xc3"}}})
        EXPECT_NE(to_json(to_value(event, WallTime{})).find("\\\\x"), std::string::npos);

    Snapshot snapshot;
    fold(snapshot, started, WallTime{});
    EXPECT_NE(to_json(to_value(snapshot)).find("/tmp/\\\\xFF.yaml"), std::string::npos);
}

TEST(ReportJson, text_stays_as_it_is) {
    const auto value = to_value(Event{happened::GraphRefused{"one\n\ttwo \xc3\xbc"}}, WallTime{});
    ASSERT_NE(value.find("errors"), nullptr);
    EXPECT_EQ(value.find("errors")->scalar().text, "one\n\ttwo \xc3\xbc");
}

}  // namespace
}  // namespace hansa
