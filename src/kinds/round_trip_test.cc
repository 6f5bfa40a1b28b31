// What a resource encodes makes an equal resource again, whatever its fields: exports, swaps and
// the comparison of graphs stand on it.
#include "base/random.h"
#include "data/json.h"
#include "kinds/testing/declarations.h"

namespace hansa::kinds {
namespace {

class FieldMaker {
 public:
    explicit FieldMaker(std::uint64_t seed) : random_(seed) {}

    std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }

    std::string text() {
        static const char* const texts[] = {
            "exists", "absent", "running", "stopped",    "enabled", "installed", "7",
            "0644",   "u=rw",   "/a",      "/a//b/./c/", "/a/b",    "x y",       "",
            "yes",    "null",   "a=b",     "\xff\x01",   "é\n",     "changed",   "string",
            "daily",  "sh",     "/srv/d/", "OnCalendar", "Err",     "fail",      "/etc/s/"};
        return texts[random_.below(std::size(texts))];
    }

    Value scalar() {
        switch (random_.below(4)) {
            case 0: return Value::of_int(static_cast<std::int64_t>(random_.below(4)));
            case 1: return Value::of_bool(random_.chance(0.7));
            default: return Value::of_text(text());
        }
    }

    // Mostly what the field wants, so that many declarations are accepted.
    Value value_for(const FieldInfo& field) {
        const std::string& type = field.type;
        if (random_.chance(0.05)) return scalar();
        if (field.name == "state" && random_.chance(0.6)) return Value::of_text("exists");
        if (field.name == "file" && random_.chance(0.6)) return Value::of_text("/etc/hosts");
        if (field.name == "trigger" && random_.chance(0.6)) return Value::of_text("OnCalendar");
        if (field.name == "passno" && random_.chance(0.6)) return Value::of_int(1);
        if (type == "bool") return Value::of_bool(random_.chance(0.7));
        if (type == "int") return Value::of_int(static_cast<std::int64_t>(random_.below(100)));
        if (type == "list of text") return Value::of_list({scalar(), scalar()});
        if (type == "map of text") return Value::of_map({{"A", {}, scalar()}, {"B", {}, scalar()}});
        return Value::of_text(text());
    }

    Declaration declaration(const Kind& kind) {
        Declaration declaration;
        declaration.id = {kind.name(), random_.chance(0.5) ? "/a/name" : "name"};
        Value::Map fields;
        const double share = random_.chance(0.5) ? 0.2 : 0.7;
        for (const FieldInfo& field : kind.fields())
            if (random_.chance(share)) fields.push_back({field.name, {}, value_for(field)});
        declaration.fields = Value::of_map(std::move(fields));
        return declaration;
    }

 private:
    SeededRandom random_;
};

class RoundTrip : public testing::TestWithParam<std::string> {};

TEST_P(RoundTrip, makes_an_equal_resource_and_survives_json) {
    const Catalog catalog = standard_kinds();
    const Kind& kind = *catalog.find(GetParam());
    int accepted = 0;
    for (std::uint64_t seed = 0; seed < 3000; ++seed) {
        FieldMaker maker(seed);
        const Declaration declaration = maker.declaration(kind);
        std::vector<std::string> warnings;
        auto first = kind.make(declaration, warnings);
        if (!first) {
            EXPECT_EQ(first.error().code, Code::invalid) << "seed " << seed;
            continue;
        }
        ++accepted;
        const Value encoded = (*first)->encode();
        auto record = parse_json(to_json(encoded));
        ASSERT_TRUE(record) << "seed " << seed << ": " << record.error().text;
        Declaration again = declaration;
        again.fields = *record;
        auto second = kind.make(again, warnings);
        ASSERT_TRUE(second) << "seed " << seed << ": " << second.error().text;
        EXPECT_TRUE((*first)->same_as(**second)) << "seed " << seed;
        EXPECT_EQ((*second)->encode(), encoded) << "seed " << seed;
    }
    EXPECT_GT(accepted, 20) << "the generator hardly ever hits";
}

std::vector<std::string> planned_kinds() {
    std::vector<std::string> names;
    const Catalog catalog = standard_kinds();
    for (const std::string& name : catalog.names())
        if (catalog.find(name)->support() != Support::refused) names.push_back(name);
    return names;
}

INSTANTIATE_TEST_SUITE_P(Kinds, RoundTrip, testing::ValuesIn(planned_kinds()),
                         [](const auto& its) { return its.param; });

}  // namespace
}  // namespace hansa::kinds
