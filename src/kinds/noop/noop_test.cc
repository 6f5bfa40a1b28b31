#include "kinds/noop/noop.h"

#include "kinds/testing/bench.h"

namespace hansa::kinds {
namespace {

TEST(Noop, is_always_as_it_shall_be) {
    SimBench bench;
    const auto resource = made(declare("noop", "n", "{comment: here all roads meet}"));
    EXPECT_EQ(run(bench, resource), "ok");
    EXPECT_EQ(run(bench, resource, {.refresh = true}), "ok");
    EXPECT_FALSE(resource->acts_on_refresh());
    EXPECT_TRUE(resource->watches().empty());
    EXPECT_EQ(resource->encode().find("comment")->scalar().text, "here all roads meet");
}

TEST(Noop, refuses_fields_of_other_kinds) {
    EXPECT_NE(refusal(declare("noop", "n", "{coment: x}")).find("did you mean \"comment\"?"),
              std::string::npos);
}

}  // namespace
}  // namespace hansa::kinds
