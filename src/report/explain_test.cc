#include "report/explain.h"

#include <gtest/gtest.h>

#include "data/json.h"

namespace hansa {
namespace {

using happened::Judged;

Snapshot picture() {
    Snapshot snapshot;
    const WallTime time{Seconds{1'475'323'200}};
    for (const char* id : {"file[a]", "file[a] from b", "file[ab]"})
        fold(snapshot, happened::ResourcePhase{id, Phase::settled, {}}, time);
    fold(snapshot,
         Judged{Judged::Verdict::allowed, "file[a] from b", "/x/", "b", "u-b", "k1", "rule 1", ""},
         time);
    fold(snapshot,
         Judged{Judged::Verdict::refused, "file[a] from c", "/x/", "c", "", "", "", "unsigned"},
         time);
    return snapshot;
}

std::string ids(const Value& answer) {
    std::string all;
    for (const Value& each : answer.find("resources")->list())
        all += (all.empty() ? "" : ", ") + each.find("id")->scalar().text;
    return all;
}

TEST(Explain, a_name_means_those_of_every_exporter_and_nothing_else) {
    const Snapshot snapshot = picture();
    EXPECT_EQ(ids(explain(snapshot, "file[a]")), "file[a], file[a] from b, file[a] from c");
    EXPECT_EQ(ids(explain(snapshot, "file[a] from b")), "file[a] from b");
    EXPECT_EQ(ids(explain(snapshot, "file[ab]")), "file[ab]");
    EXPECT_EQ(ids(explain(snapshot, "")), "file[a] from b, file[a] from c")
        << "everything that others export";
}

TEST(Explain, what_is_not_let_in_has_a_reason_and_no_phase) {
    const Value answer = explain(picture(), "file[a] from c");
    const Value& found = answer.find("resources")->list().at(0);
    EXPECT_FALSE(found.find("phase"));
    const Value& judged = found.find("judged")->list().at(0);
    EXPECT_EQ(judged.find("verdict")->scalar().text, "refused");
    EXPECT_EQ(judged.find("why")->scalar().text, "unsigned");
}

TEST(Explain, what_is_gone_is_not_told_and_what_is_unknown_is_an_error) {
    Snapshot snapshot = picture();
    fold(snapshot, Judged{Judged::Verdict::gone, "file[a] from c", "/x/", "c", "", "", "", ""}, {});
    const Value answer = explain(snapshot, "file[a] from c");
    EXPECT_TRUE(answer.find("resources")->list().empty());
    EXPECT_NE(answer.find("error")->scalar().text.find("file[a] from c"), std::string::npos);
    EXPECT_FALSE(explain(Snapshot{}, "").find("error")) << "nothing is collected";
}

}  // namespace
}  // namespace hansa
