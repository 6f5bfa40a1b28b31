#include "kinds/file/tree.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "kinds/file/file.h"
#include "sys/temporary_name.h"

namespace hansa::kinds {
namespace {

// Older ones were left behind by an agent that was killed.
constexpr Duration temporary_age_max = std::chrono::hours{1};

Error was_cancelled() {
    return {Code::cancelled, "copying the tree was cancelled"};
}

class Planner {
 public:
    Planner(const TreeWish& wish, const Files& files, Task& task)
        : wish_(wish), files_(files), task_(task) {}

    Result<std::vector<TreeStep>> plan() {
        // Breadth first, with a list instead of recursion: depth is the input's choice.
        auto target = look_at(files_, wish_.target);
        if (!target) return std::move(target).error();
        directories_.push_back({"", *target && (*target)->type == FileType::directory});
        for (std::size_t next = 0; next < directories_.size(); ++next) {
            if (task_.cancelled()) return was_cancelled();
            const Directory directory = directories_[next];
            if (auto done = plan_directory(directory); !done) return std::move(done).error();
        }
        for (std::size_t next = 0; next < strangers_.size(); ++next) {
            if (task_.cancelled()) return was_cancelled();
            const std::string below = strangers_[next];
            if (auto done = plan_purge(below, {}); !done) return std::move(done).error();
        }
        return std::move(steps_);
    }

 private:
    struct Directory {
        std::string below;
        bool in_target;  // as a directory; else nothing below it counts, a link's target least
    };

    Result<void> plan_directory(const Directory& directory) {
        auto entries = files_.list(wish_.source + directory.below);
        if (!entries) return std::move(entries).error().during("source");
        for (const DirectoryEntry& entry : *entries)
            if (auto done = plan_entry(directory, entry.name); !done) return done;
        if (!wish_.purge || !directory.in_target) return {};
        return plan_purge(directory.below, *entries);
    }

    Result<void> plan_entry(const Directory& directory, const std::string& name) {
        const std::string below = directory.below + "/" + name;
        auto source = files_.status(wish_.source + below);
        if (!source) return std::move(source).error().during("source");
        if (source->type == FileType::other)
            return Error{Code::invalid, printable(wish_.source + below) +
                                            " is neither file, directory nor link; a source "
                                            "tree may hold no others"};
        Result<std::optional<FileStatus>> target = std::optional<FileStatus>();
        if (directory.in_target) target = look_at(files_, wish_.target + below);
        if (!target) return std::move(target).error();
        const bool same_type = *target && (*target)->type == source->type;
        if (*target && !same_type && !wish_.force)
            return in_the_way(wish_.target + below, (*target)->type, source->type);

        if (source->type == FileType::directory) directories_.push_back({below, same_type});
        const FileAttributes attributes{.mode = source->type == FileType::symlink
                                                    ? std::nullopt
                                                    : std::optional<FileMode>(source->mode),
                                        .owner = wish_.attributes.owner,
                                        .group = wish_.attributes.group};
        if (!same_type) return add(make_verb(source->type), below, attributes);
        // Sizes first: a tree is looked at for every wake-up, and need not be read for most.
        const bool same_size = source->type != FileType::regular || source->size == (*target)->size;
        if (!same_size) return add(TreeVerb::write, below, attributes);
        auto equal = equal_content(below, source->type);
        if (!equal) return std::move(equal).error();
        if (!*equal) return add(make_verb(source->type), below, attributes);
        if (differs(attributes, **target)) return add(TreeVerb::set_attributes, below, attributes);
        return {};
    }

    // What the target has and the source has not, unless it is somebody else's. A directory that
    // only leads to such paths is emptied of everything else.
    Result<void> plan_purge(const std::string& below, const std::vector<DirectoryEntry>& wanted) {
        auto found = files_.list(wish_.target + below);
        if (!found) return std::move(found).error();
        std::set<std::string_view> names;
        for (const DirectoryEntry& entry : wanted) names.insert(entry.name);
        for (const DirectoryEntry& entry : *found) {
            if (names.contains(entry.name)) continue;
            const std::string here = below + "/" + entry.name;
            if (is_temporary_name(entry.name) && is_young(here)) continue;
            switch (claim_on(wish_.target + here)) {
                case Claim::itself: break;
                case Claim::below:
                    if (entry.type == FileType::directory) strangers_.push_back(here);
                    break;
                case Claim::none:
                    if (auto added = add(TreeVerb::remove, here, {}); !added) return added;
            }
        }
        return {};
    }

    // What another resource, or another agent, is about to put in its place.
    bool is_young(const std::string& below) const {
        const auto status = files_.status(wish_.target + below);
        return !status || wish_.now - status->modified < temporary_age_max;
    }

    enum class Claim { none, below, itself };

    Claim claim_on(const std::string& path) const {
        if (std::binary_search(wish_.claimed.begin(), wish_.claimed.end(), path))
            return Claim::itself;
        const std::string inside = path + "/";
        const auto next = std::lower_bound(wish_.claimed.begin(), wish_.claimed.end(), inside);
        const bool leads = next != wish_.claimed.end() && next->starts_with(inside);
        return leads ? Claim::below : Claim::none;
    }

    Result<bool> equal_content(const std::string& below, FileType type) {
        if (type == FileType::directory) return true;
        if (type == FileType::symlink) {
            auto source = files_.read_symlink(wish_.source + below);
            if (!source) return std::move(source).error().during("source");
            auto target = files_.read_symlink(wish_.target + below);
            if (!target) return std::move(target).error();
            return *source == *target;
        }
        auto bytes = files_.read(wish_.source + below, source_bytes_max);
        if (!bytes) return std::move(bytes).error().during("source");
        return files_.holds(wish_.target + below, *bytes);
    }

    static bool differs(const FileAttributes& wanted, const FileStatus& found) {
        return (wanted.mode && *wanted.mode != found.mode) ||
               (wanted.owner && *wanted.owner != found.owner) ||
               (wanted.group && *wanted.group != found.group);
    }

    static TreeVerb make_verb(FileType type) {
        if (type == FileType::directory) return TreeVerb::make_directory;
        return type == FileType::symlink ? TreeVerb::link : TreeVerb::write;
    }

    Result<void> add(TreeVerb verb, const std::string& below, const FileAttributes& attributes) {
        steps_.push_back({verb, below, attributes});
        return {};
    }

    const TreeWish& wish_;
    const Files& files_;
    Task& task_;
    std::vector<Directory> directories_;
    std::vector<std::string> strangers_;  // directories that hold paths of others
    std::vector<TreeStep> steps_;
};

Result<void> take(const TreeWish& wish, const TreeStep& step, Files& files) {
    const std::string source = wish.source + step.below;
    const std::string target = wish.target + step.below;
    switch (step.verb) {
        case TreeVerb::make_directory: {
            if (auto way = make_way(files, target, FileType::directory); !way) return way;
            return files.make_directory(target, step.attributes);
        }
        case TreeVerb::write: {
            auto bytes = files.read(source, source_bytes_max);
            if (!bytes) return std::move(bytes).error().during("source");
            if (auto way = make_way(files, target, FileType::regular); !way) return way;
            return files.write(target, *bytes, step.attributes);
        }
        case TreeVerb::link: {
            auto says = files.read_symlink(source);
            if (!says) return std::move(says).error().during("source");
            if (auto way = make_way(files, target, FileType::symlink); !way) return way;
            if (auto made = files.make_symlink(target, *says); !made) return made;
            if (!step.attributes.owner && !step.attributes.group) return {};
            return files.set_attributes(target, step.attributes);
        }
        case TreeVerb::set_attributes: return files.set_attributes(target, step.attributes);
        case TreeVerb::remove: return files.remove_tree(target);
    }
    return {};
}

Change change_of(const TreeStep& step) {
    const std::string path = printable(step.below.substr(1));
    switch (step.verb) {
        case TreeVerb::make_directory: return {.field = "source", .from = "", .to = path + "/"};
        case TreeVerb::write:
        case TreeVerb::link: return {.field = "source", .from = "", .to = path};
        case TreeVerb::set_attributes:
            return {.field = "source", .from = "", .to = "attributes of " + path};
        case TreeVerb::remove: break;
    }
    return {.field = "purge", .from = path, .to = ""};
}

}  // namespace

Result<std::vector<TreeStep>> plan_tree(const TreeWish& wish, const Files& files, Task& task) {
    return Planner(wish, files, task).plan();
}

Result<void> carry_out(const TreeWish& wish, const std::vector<TreeStep>& steps, Files& files,
                       Task& task) {
    for (const TreeStep& step : steps) {
        if (task.cancelled()) return was_cancelled();
        if (auto taken = take(wish, step, files); !taken) return taken;
    }
    return {};
}

void describe(const std::vector<TreeStep>& steps, Difference& difference) {
    constexpr std::size_t told_max = 10;
    const std::size_t told = std::min(told_max, steps.size());
    for (std::size_t at = 0; at < told; ++at) difference.push_back(change_of(steps[at]));
    if (steps.size() > told)
        difference.push_back(
            {.field = "source", .from = "", .to = counted(steps.size() - told, "further change")});
}

}  // namespace hansa::kinds
