// What a view of Files::within() must do beyond being Files, which the other suite holds it to.
#pragma once

#include "sys/contract/files_suite.h"

namespace hansa::contract {

// "held" is the directory that is not left; beside it lies "out", with a file in it.
class HeldFilesContract : public FilesContract {
 protected:
    void SetUp() override {
        make_directory("held");
        make_directory("held/d");
        make_directory("out");
        put("out/f", "precious");
        auto view = files().within(path("held"));
        ASSERT_TRUE(view) << view.error().text;
        view_ = std::move(*view);
    }

    // The code of everything that can be done to one path, in one word: all must be the same.
    std::string every_change(const std::string& target) {
        std::string first = code_name(view_->write(target, "x", {}));
        for (const std::string& other :
             {code_name(view_->set_attributes(target, {.mode = 0700})),
              code_name(view_->make_directory(target, {})),
              code_name(view_->make_symlink(target, "t")), code_name(view_->remove(target)),
              code_name(view_->remove_tree(target)), code_name(view_->rename(target, inner("g"))),
              code_name(view_->rename(inner("d"), target))})
            if (other != first) return first + " but " + other;
        return first;
    }
    std::string every_look(const std::string& target) {
        std::string first = code_name(view_->status(target));
        for (const std::string& other :
             {code_name(view_->read(target, 100)), code_name(view_->holds(target, "precious")),
              code_name(view_->list(target)), code_name(view_->read_symlink(target))})
            if (other != first) return first + " but " + other;
        return first;
    }
    std::string inner(const std::string& name) { return path("held/" + name); }
    void expect_nothing_outside_changed() {
        EXPECT_EQ(content("out/f"), "precious");
        EXPECT_EQ(files().list(path("out"))->size(), 1u);
        EXPECT_EQ(names(), "held out");
    }

    std::unique_ptr<Files> view_;
};

TEST_P(HeldFilesContract, works_below_its_directory) {
    ASSERT_TRUE(view_->write(inner("d/f"), "one", {}));
    EXPECT_EQ(*view_->read(inner("d/f"), 10), "one");
    EXPECT_EQ(content("held/d/f"), "one");
    EXPECT_EQ(view_->list(path("held"))->size(), 1u);
    EXPECT_EQ(view_->status(path("held"))->type, FileType::directory);
    EXPECT_EQ(view_->status(path("held/"))->type, FileType::directory);
    ASSERT_TRUE(view_->rename(inner("d/f"), inner("g")));
    ASSERT_TRUE(view_->remove_tree(inner("d")));
    EXPECT_EQ(view_->list(path("held"))->size(), 1u);
}

TEST_P(HeldFilesContract, knows_nothing_beside_its_directory) {
    for (const std::string& elsewhere :
         {path("out/f"), path("out"), path("held2"), std::string("/"), bench_->root(),
          inner("../out/f"), inner("d/../../out/f"), inner("./f"), inner("d//f")}) {
        EXPECT_EQ(every_change(elsewhere), "denied") << elsewhere;
        EXPECT_EQ(every_look(elsewhere), "denied") << elsewhere;
    }
    expect_nothing_outside_changed();
}

TEST_P(HeldFilesContract, leaves_its_own_directory_as_it_is) {
    EXPECT_EQ(every_change(path("held")), "denied");
    EXPECT_EQ(every_change(path("held/")), "denied");
    expect_nothing_outside_changed();
}

TEST_P(HeldFilesContract, follows_no_link_below_wherever_it_leads) {
    for (const std::string& target : {path("out"), std::string("../out"), inner("d"),
                                      std::string("d"), std::string("/"), std::string("nowhere")}) {
        ASSERT_TRUE(files().make_symlink(inner("l"), target));
        EXPECT_EQ(every_change(inner("l/f")), "denied") << target;
        EXPECT_EQ(every_look(inner("l/f")), "denied") << target;
        EXPECT_EQ(every_change(inner("l/e/f")), "denied") << target;
    }
    auto refused = view_->write(inner("l/f"), "x", {});
    EXPECT_NE(refused.error().text.find("symbolic link"), std::string::npos);
    expect_nothing_outside_changed();
}

TEST_P(HeldFilesContract, a_link_at_the_end_is_a_link) {
    ASSERT_TRUE(files().make_symlink(inner("l"), path("out/f")));
    EXPECT_EQ(view_->status(inner("l"))->type, FileType::symlink);
    EXPECT_EQ(code_name(view_->read(inner("l"), 100)), "invalid");
    EXPECT_EQ(code_name(view_->holds(inner("l"), "precious")), "invalid");
    EXPECT_EQ(code_name(view_->set_attributes(inner("l"), {.mode = 0600})), "invalid");
    ASSERT_TRUE(view_->write(inner("l"), "own", {}));
    EXPECT_EQ(view_->status(inner("l"))->type, FileType::regular);
    ASSERT_TRUE(files().make_symlink(inner("m"), path("out")));
    EXPECT_EQ(code_name(view_->list(inner("m"))), "invalid");
    ASSERT_TRUE(view_->remove_tree(inner("m")));
    expect_nothing_outside_changed();
}

TEST_P(HeldFilesContract, its_directory_may_be_reached_through_links) {
    ASSERT_TRUE(files().make_symlink(path("way"), path("held")));
    auto view = files().within(path("way") + "/");
    ASSERT_TRUE(view) << view.error().text;
    ASSERT_TRUE((*view)->write(path("way/d/f"), "x", {}));
    EXPECT_EQ(content("held/d/f"), "x");
    EXPECT_EQ((*view)->list(path("way"))->size(), 1u);
    EXPECT_EQ((*view)->status(path("way"))->type, FileType::directory);
    ASSERT_TRUE(files().remove(path("way")));
    EXPECT_EQ(code_name((*view)->write(path("way/f"), "x", {})), "missing");
}

TEST_P(HeldFilesContract, gives_on_no_set_id_and_sticky_bits_unless_they_are_asked_for) {
    for (const FileMode mode : {04755U, 02755U, 01755U}) {
        ASSERT_TRUE(files().write(inner("f"), "old", {.mode = mode}));
        ASSERT_TRUE(view_->write(inner("f"), "new", {}));
        EXPECT_EQ(view_->status(inner("f"))->mode, 0755u);
    }
    ASSERT_TRUE(view_->write(inner("f"), "newer", {.mode = 04755}));
    EXPECT_EQ(view_->status(inner("f"))->mode, 04755u);
}

TEST_P(HeldFilesContract, gives_views_that_are_no_wider) {
    auto narrower = view_->within(inner("d"));
    ASSERT_TRUE(narrower);
    EXPECT_TRUE((*narrower)->write(inner("d/f"), "x", {}));
    EXPECT_EQ(code_name((*narrower)->write(inner("f"), "x", {})), "denied");
    EXPECT_EQ(code_name(view_->within(path("out"))), "denied");
    EXPECT_EQ(code_name(view_->within("/")), "denied");
    EXPECT_EQ(code_name(files().within("relative")), "invalid");
    EXPECT_EQ(code_name(files().within("")), "invalid");
}

// Benches whose process may give files away: root's, and the simulated one.
TEST_P(HeldFilesContract, changes_nothing_that_belongs_to_another_user_unless_asked_to) {
    constexpr UserId other = 4711;
    auto given = files().write(inner("f"), "theirs", {.mode = 0644, .owner = other});
    if (!given) GTEST_SKIP() << given.error().text;
    EXPECT_EQ(code_name(view_->write(inner("f"), "x", {})), "denied");
    EXPECT_EQ(code_name(view_->write(inner("f"), "x", {.owner = 0})), "denied");
    EXPECT_EQ(code_name(view_->set_attributes(inner("f"), {.mode = 0666})), "denied");
    EXPECT_EQ(code_name(view_->make_symlink(inner("f"), "x")), "denied");
    put("held/mine", "x");
    EXPECT_EQ(code_name(view_->rename(inner("mine"), inner("f"))), "denied");
    EXPECT_EQ(content("held/f"), "theirs");
    EXPECT_EQ(files().status(inner("f"))->mode, 0644u);

    EXPECT_TRUE(view_->write(inner("f"), "new", {.owner = other}));
    EXPECT_EQ(files().status(inner("f"))->owner, other);
    EXPECT_TRUE(view_->set_attributes(inner("f"), {.mode = 0600, .owner = other}));
    EXPECT_TRUE(view_->set_attributes(inner("mine"), {.mode = {}, .owner = other}));
    EXPECT_TRUE(view_->remove(inner("f")));
}

TEST_P(HeldFilesContract, a_change_of_hands_sheds_set_id_bits) {
    put("held/f", "x");
    ASSERT_TRUE(files().set_attributes(inner("f"), {.mode = 06755}));
    auto given = view_->set_attributes(inner("f"), {.mode = {}, .owner = 4711});
    if (!given) GTEST_SKIP() << given.error().text;
    EXPECT_EQ(files().status(inner("f"))->mode, 0755u);
}

}  // namespace hansa::contract
