#include "kinds/kv/kv.h"

#include <map>

#include "kinds/testing/bench.h"

namespace hansa::kinds {
namespace {

// A store in memory; `meddle` runs before each put, as another host would.
class MemoryStore final : public KeyValue {
 public:
    Result<std::optional<std::string>> get(const std::string& key, Task&) override {
        if (away) return Error{Code::unavailable, "store is away"};
        const auto found = values.find(key);
        if (found == values.end()) return std::optional<std::string>();
        return std::optional<std::string>(found->second);
    }
    Result<bool> put(const std::string& key, const std::optional<std::string>& value,
                     const std::optional<std::string>& seen, Task&) override {
        if (meddle) meddle();
        const auto found = values.find(key);
        const bool as_seen =
            seen ? found != values.end() && found->second == *seen : found == values.end();
        if (!as_seen) return false;
        ++puts;
        if (value)
            values[key] = *value;
        else
            values.erase(key);
        return true;
    }

    std::map<std::string, std::string> values;
    std::function<void()> meddle;
    bool away = false;
    int puts = 0;
};

class KvKind : public testing::Test {
 protected:
    std::string converge(const std::string& fields) {
        return run(bench_, made(declare("kv", "k", fields)), {.store = &store_});
    }
    SimBench bench_;
    MemoryStore store_;
};

TEST_F(KvKind, sets_a_key_once) {
    EXPECT_EQ(converge("{value: one}"), "changed");
    EXPECT_EQ(store_.values["k"], "one");
    EXPECT_EQ(converge("{value: one}"), "ok");
    EXPECT_EQ(store_.puts, 1);
    EXPECT_EQ(converge("{key: other, value: 1}"), "changed");
    EXPECT_EQ(store_.values["other"], "1");
}

TEST_F(KvKind, deletes_a_key_that_shall_have_no_value) {
    store_.values["k"] = "one";
    EXPECT_EQ(converge("{value: null}"), "changed");
    EXPECT_TRUE(store_.values.empty());
    EXPECT_EQ(converge("{}"), "ok");
    EXPECT_EQ(converge("{value: \"\"}"), "changed");
    EXPECT_EQ(store_.values.count("k"), 1u);
}

TEST_F(KvKind, only_grows_when_it_is_told_so) {
    store_.values["k"] = "9";
    EXPECT_EQ(converge("{value: 10, skiplessthan: true}"), "changed");
    EXPECT_EQ(converge("{value: 9, skiplessthan: true}"), "ok");
    EXPECT_EQ(store_.values["k"], "10");
    EXPECT_EQ(converge("{value: 9, skiplessthan: true, skipcmpstyle: string}"), "changed");
    EXPECT_EQ(converge("{value: 10, skiplessthan: true, skipcmpstyle: 1}"), "ok");
    store_.values["k"] = "many";
    const std::string text = converge("{value: 10, skiplessthan: true}");
    EXPECT_NE(text.find("holds \"many\", which is no number"), std::string::npos) << text;
    EXPECT_EQ(store_.values["k"], "many");
}

TEST_F(KvKind, looks_again_when_somebody_else_was_faster) {
    int turns = 3;
    store_.meddle = [this, &turns] {
        if (turns-- > 0) store_.values["k"] = std::to_string(turns);
    };
    EXPECT_EQ(converge("{value: mine}"), "changed");
    EXPECT_EQ(store_.values["k"], "mine");
    EXPECT_EQ(store_.puts, 1);

    store_.values["k"] = "1";
    store_.meddle = [this] { store_.values["k"] = "100"; };
    EXPECT_EQ(converge("{value: 50, skiplessthan: true, skipcmpstyle: string}"), "changed");
}

TEST_F(KvKind, gives_up_when_others_never_rest) {
    int number = 0;
    store_.meddle = [this, &number] { store_.values["k"] = std::to_string(++number); };
    const std::string text = converge("{value: mine}");
    EXPECT_NE(text.find("was changed by others at each of 100 attempts"), std::string::npos)
        << text;
    EXPECT_EQ(number, 100);
}

TEST_F(KvKind, says_when_there_is_no_store) {
    const std::string text = run(bench_, made(declare("kv", "k", "{value: x}")));
    EXPECT_NE(text.find("run without --standalone"), std::string::npos) << text;
    store_.away = true;
    EXPECT_EQ(converge("{value: x}"), "store is away");
}

TEST_F(KvKind, keeps_a_value_for_each_host_when_mapped) {
    EXPECT_EQ(converge("{value: x, mapped: true}"), "changed");
    EXPECT_EQ(store_.values.count("k/"), 1u);
    const auto resource = made(declare("kv", "k", "{value: x, mapped: true}"));
    EXPECT_EQ(std::get<WatchKey>(resource->watches()[0]).key, "k/");
    EXPECT_EQ(resource->owns(), (Thing{"kv", "k/"}));
}

TEST_F(KvKind, refuses_what_cannot_be_meant) {
    EXPECT_NE(refusal(declare("kv", "k", "{key: a/, value: x}")).find("ends with \"/\""),
              std::string::npos);
    EXPECT_NE(refusal(declare("kv", "k", "{skiplessthan: true}")).find("needs a value"),
              std::string::npos);
    EXPECT_NE(refusal(declare("kv", "k", "{value: x, skiplessthan: true}"))
                  .find("\"x\" is not a whole number"),
              std::string::npos);
    EXPECT_NE(refusal(declare("kv", "k", "{value: x, skipcmpstyle: 2}")).find("skipcmpstyle"),
              std::string::npos);
}

}  // namespace
}  // namespace hansa::kinds
