#include "graph/things.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/random.h"

namespace hansa {
namespace {

using List = std::vector<Thing>;

Thing path(const std::string& name) {
    return {"path", name};
}

std::vector<Slot> providers(Things& things, Slot wanting) {
    std::vector<Slot> found;
    for (Things::Node node : things.claimed(wanting, Role::wants))
        for (Slot slot : things.providers(node)) found.push_back(slot);
    std::sort(found.begin(), found.end());
    return found;
}

TEST(Things, find_the_nearest_directory_and_nothing_beside_it) {
    Things things;
    things.claim(1, Role::provides, List{path("/")});
    things.claim(2, Role::provides, List{path("/etc")});
    things.claim(3, Role::provides, List{path("/etcetera")});
    things.claim(9, Role::wants, List{path("/etc/ssh/keys")});
    EXPECT_EQ(providers(things, 9), std::vector<Slot>{2});
    things.claim(2, Role::provides, {});
    EXPECT_EQ(providers(things, 9), std::vector<Slot>{1});
    things.claim(1, Role::provides, {});
    EXPECT_TRUE(providers(things, 9).empty());
}

TEST(Things, of_other_types_match_as_a_whole) {
    Things things;
    things.claim(1, Role::provides, List{{"user", "a"}});
    things.claim(2, Role::wants, List{{"user", "a/b"}});
    things.claim(3, Role::wants, List{{"group", "a"}});
    things.claim(4, Role::wants, List{{"user", "a"}});
    EXPECT_TRUE(providers(things, 2).empty());
    EXPECT_TRUE(providers(things, 3).empty());
    EXPECT_EQ(providers(things, 4), std::vector<Slot>{1});
}

TEST(Things, know_their_names_again) {
    Things things;
    for (const Thing& thing : {path("/"), path("/etc"), path("/etc/ssh/keys"), Thing{"user", "a/b"},
                               Thing{"port", "80"}}) {
        const auto nodes = things.claim(1, Role::owns, List{thing});
        EXPECT_EQ(things.thing(nodes.back()), thing) << thing.name;
    }
}

TEST(Things, claimed_again_as_before_tell_of_no_change) {
    Things things;
    EXPECT_EQ(things.claim(1, Role::provides, List{path("/a"), path("/a")}).size(), 1u);
    EXPECT_TRUE(things.claim(1, Role::provides, List{path("/a")}).empty());
    EXPECT_EQ(things.claim(1, Role::provides, List{path("/b")}).size(), 2u);
}

TEST(Things, nobody_claims_any_longer_use_no_room) {
    Things things;
    things.claim(1, Role::provides, List{path("/first")});
    const auto highest = [&things](const std::string& name) {
        const auto nodes = things.claim(2, Role::wants, List{path(name)});
        return *std::max_element(nodes.begin(), nodes.end());
    };
    Things::Node most = 0;
    for (int i = 0; i < 1000; ++i) {
        most = std::max(most, highest("/srv/data/" + std::to_string(i) + "/x"));
        things.sweep();
    }
    EXPECT_LT(most, 20u) << "nodes are used again";
}

TEST(Things, below_a_path_are_those_of_its_tree_only) {
    Things things;
    things.claim(0, Role::owns, List{path("/t")});
    things.claim(1, Role::owns, List{path("/t/z")});
    things.claim(2, Role::owns, List{path("/t/a/b/c")});
    things.claim(3, Role::owns, List{path("/t/a/b/c")});
    things.claim(4, Role::owns, List{path("/tt")});
    things.claim(5, Role::owns, List{{"user", "/t/u"}});
    things.claim(6, Role::wants, List{path("/t/wanted")});
    using Names = std::vector<std::string>;
    const auto below = [&things](const std::string& name) {
        return things.names_below(path(name), Role::owns);
    };
    EXPECT_EQ(below("/t"), (Names{"/t/a/b/c", "/t/z"})) << "once, however many hold it";
    EXPECT_EQ(below("/"), (Names{"/t", "/t/a/b/c", "/t/z", "/tt"}));
    EXPECT_TRUE(below("/t/z").empty());
    EXPECT_TRUE(below("/nowhere").empty());
    things.claim(1, Role::owns, {});
    EXPECT_EQ(below("/t"), Names{"/t/a/b/c"});
    things.sweep();
    EXPECT_EQ(below("/t"), Names{"/t/a/b/c"});
}

// Against a plain model: for each wish the longest provided prefix, for each path those that would
// be touched if its providers changed.
TEST(Things, agree_with_a_plain_model) {
    SeededRandom random(5);
    Things things;
    std::map<Slot, std::string> provided;
    std::map<Slot, std::string> wanted;
    const auto any_path = [&random] {
        std::string name;
        for (std::uint64_t depth = 1 + random.below(4); depth > 0; --depth)
            name += "/" + std::to_string(random.below(3));
        return name;
    };
    const auto nearest = [&provided](std::string name) {
        std::vector<Slot> found;
        while (!name.empty() && found.empty()) {
            for (const auto& [slot, its] : provided)
                if (its == name) found.push_back(slot);
            name.resize(name.rfind('/'));
        }
        return found;
    };
    for (int step = 0; step < 3000; ++step) {
        const auto slot = static_cast<Slot>(random.below(12));
        const bool provides = random.chance(0.5);
        auto& model = provides ? provided : wanted;
        const Role role = provides ? Role::provides : Role::wants;
        List claims;
        model.erase(slot);
        if (random.chance(0.7)) {
            model[slot] = any_path();
            claims.push_back(path(model[slot]));
        }
        for (Things::Node node : things.claim(slot, role, claims)) {
            std::set<Slot> visited;
            things.visit_dependents(node, [&visited](Slot one) { visited.insert(one); });
            const std::string here = things.thing(node).name;
            for (const auto& [one, name] : wanted) {
                const bool below = name == here || name.starts_with(here + "/");
                const std::vector<Slot> found = nearest(name);
                const bool nearer = !found.empty() && provided[found[0]].size() > here.size();
                ASSERT_EQ(visited.contains(one), below && !nearer) << "step " << step;
            }
        }
        things.sweep();
        for (const auto& [one, name] : wanted)
            ASSERT_EQ(providers(things, one), nearest(name)) << "step " << step;
    }
}

}  // namespace
}  // namespace hansa
