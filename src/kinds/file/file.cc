#include "kinds/file/file.h"

#include <utility>

#include "base/text.h"
#include "kinds/file/entry.h"
#include "kinds/file/exchange.h"
#include "kinds/file/params.h"
#include "kinds/file/tree.h"
#include "kinds/paths.h"
#include "kinds/table_kind.h"

namespace hansa::kinds {
namespace {

class File final : public Resource {
 public:
    explicit File(FileParams params)
        : params_(std::move(params)), aim_(params_.aim()), entry_(as_entry(params_.path)) {}

    Result<Difference> check(const Context& context) const override {
        return held(context, [this](const Context& inner) { return look(inner); });
    }
    Result<void> apply(const Context& context, const Difference& difference) const override {
        return held(context, [&](const Context& inner) { return make_so(inner, difference); });
    }

    std::vector<Watch> watches() const override;
    std::vector<Thing> provides() const override;
    std::vector<Thing> wants() const override;
    std::optional<Thing> owns() const override { return Thing{"path", entry_}; }
    std::optional<Thing> clears() const override { return params_.purge ? owns() : std::nullopt; }

    Value encode() const override { return file_schema().write(params_); }
    bool same_as(const Resource& other) const override {
        const FileParams& theirs = static_cast<const File&>(other).params_;
        return file_schema().equal(params_, theirs) && params_.beneath == theirs.beneath;
    }

 private:
    // What is there already, and what about it shall be otherwise.
    struct Look {
        const Context& context;
        const WantedAttributes& wanted;
        const std::optional<FileStatus>& found;
    };

    template <class Work>
    auto held(const Context& context, Work work) const -> decltype(work(context));
    Result<Difference> look(const Context& context) const;
    Result<void> make_so(const Context& context, const Difference& difference) const;

    bool copies_tree() const { return aim_ == FileAim::directory && !params_.source.empty(); }
    FileType type() const;
    TreeWish tree_wish(const Context& context, WantedAttributes attributes) const;

    Result<Difference> check_absent(const Context& context,
                                    const std::optional<FileStatus>& found) const;
    Result<void> compare(const Look& look, Difference& difference) const;
    Result<void> compare_content(const Look& look, Difference& difference) const;
    Result<void> compare_link(const Look& look, Difference& difference) const;
    Result<std::string> source_bytes(const Files& files) const;

    Result<void> remove(Files& files) const;
    Result<void> make(Files& files, const FileAttributes& attributes) const;

    const FileParams params_;
    const FileAim aim_;
    const std::string entry_;  // the path as ports take it
};

FileType File::type() const {
    if (aim_ == FileAim::symlink) return FileType::symlink;
    return params_.is_directory() ? FileType::directory : FileType::regular;
}

TreeWish File::tree_wish(const Context& context, WantedAttributes attributes) const {
    return {.source = as_entry(params_.source),
            .target = entry_,
            .attributes = std::move(attributes),
            .force = params_.force,
            .purge = params_.purge,
            .claimed = context.claimed,
            .now = context.machine.clock.wall()};
}

// What came from another host sees no file but those below the directory that it was let into.
template <class Work>
auto File::held(const Context& context, Work work) const -> decltype(work(context)) {
    if (params_.beneath.empty()) return work(context);
    const Machine& all = context.machine;
    auto view = all.files.within(params_.beneath);
    if (!view) return std::move(view).error();
    return work(Context{{all.clock, **view, all.processes, all.accounts, all.notices},
                        context.task,
                        context.deadline,
                        context.refresh,
                        context.store,
                        context.speaker,
                        context.claimed});
}

Result<Difference> File::look(const Context& context) const {
    const Machine& machine = context.machine;
    auto found = look_at(machine.files, entry_);
    if (!found) return std::move(found).error();
    if (aim_ == FileAim::absent) return check_absent(context, *found);
    if (aim_ == FileAim::attributes && !*found) return Difference{};

    auto wanted = look_up(params_, machine.accounts);
    if (!wanted) return std::move(wanted).error();
    Difference difference;
    if (!*found) {
        difference.push_back({.field = "state", .from = "absent", .to = "exists"});
    } else if ((*found)->type != type()) {
        // A resource that only sets attributes replaces nothing, whatever it may.
        if (!params_.force || aim_ == FileAim::attributes)
            return not_as_written(entry_, (*found)->type, type());
        difference.push_back({.field = "type",
                              .from = std::string(name_of_type((*found)->type)),
                              .to = std::string(name_of_type(type()))});
    }
    if (auto compared = compare({context, *wanted, *found}, difference); !compared)
        return std::move(compared).error();
    return difference;
}

Result<Difference> File::check_absent(const Context& context,
                                      const std::optional<FileStatus>& found) const {
    if (!found) return Difference{};
    const bool is_directory = found->type == FileType::directory;
    // Removing a link takes away the link alone, so a link may stand where a file should go.
    const bool expected = is_directory == params_.is_directory();
    if (!expected && !params_.force)
        return not_as_written(entry_, found->type,
                              params_.is_directory() ? FileType::directory : FileType::regular);
    if (is_directory && !params_.force) {
        auto entries = context.machine.files.list(entry_);
        if (!entries) return std::move(entries).error();
        if (!entries->empty())
            return Error{Code::conflict,
                         printable(entry_) + " is not empty (" + std::to_string(entries->size()) +
                             (entries->size() == 1 ? " entry" : " entries") +
                             "); set force: true to remove it with everything in it"};
    }
    return Difference{{.field = "state", .from = "exists", .to = "absent"}};
}

Result<void> File::compare(const Look& look, Difference& difference) const {
    const bool usable = look.found && look.found->type == type();
    if (usable)
        compare_attributes(look.wanted, *look.found, look.context.machine.accounts, difference);
    if (aim_ == FileAim::regular) return compare_content(look, difference);
    if (aim_ == FileAim::symlink) return compare_link(look, difference);
    if (!copies_tree()) return {};
    auto steps = plan_tree(tree_wish(look.context, look.wanted), look.context.machine.files,
                           look.context.task);
    if (!steps) return std::move(steps).error();
    describe(*steps, difference);
    return {};
}

Result<void> File::compare_content(const Look& look, Difference& difference) const {
    if (!params_.content && params_.source.empty()) return {};
    const Files& files = look.context.machine.files;
    std::string copied;
    if (!params_.content) {
        auto bytes = source_bytes(files);
        if (!bytes) return std::move(bytes).error();
        copied = std::move(*bytes);
    }
    const std::string& bytes = params_.content ? *params_.content : copied;
    std::string from;
    if (look.found && look.found->type == FileType::regular) {
        // Sizes are compared first: most edited files need not be read to be known as edited.
        if (look.found->size == bytes.size()) {
            auto equal = files.holds(entry_, bytes);
            if (!equal) return std::move(equal).error();
            if (*equal) return {};
        }
        constexpr std::uint64_t quoted_max = 256;
        from = counted(look.found->size, "byte");
        if (look.found->size <= quoted_max)
            if (auto old = files.read(entry_, quoted_max)) from = summary(*old);
    }
    difference.push_back({.field = "content", .from = std::move(from), .to = summary(bytes)});
    return {};
}

Result<void> File::compare_link(const Look& look, Difference& difference) const {
    std::string from;
    if (look.found && look.found->type == FileType::symlink) {
        auto says = look.context.machine.files.read_symlink(entry_);
        if (!says) return std::move(says).error();
        if (*says == *params_.symlink) return {};
        from = printable(*says);
    }
    difference.push_back(
        {.field = "symlink", .from = std::move(from), .to = printable(*params_.symlink)});
    return {};
}

Result<std::string> File::source_bytes(const Files& files) const {
    auto bytes = files.read(params_.source, source_bytes_max);
    if (!bytes) return std::move(bytes).error().during("source");
    return bytes;
}

Result<void> File::make_so(const Context& context, const Difference& difference) const {
    if (difference.empty()) return {};
    Files& files = context.machine.files;
    if (aim_ == FileAim::absent) return remove(files);

    auto wanted = look_up(params_, context.machine.accounts);
    if (!wanted) return std::move(wanted).error();
    auto found = look_at(files, entry_);
    if (!found) return std::move(found).error();
    // A symbolic mode keeps bits; those that would hand on somebody's rights are not kept for
    // others.
    const bool sheds = !params_.beneath.empty() && *found && type() == FileType::regular;
    if (sheds) (*found)->mode &= plain_bits;
    const FileAttributes attributes = attributes_for(*wanted, type(), *found);

    const bool anew = concerns(difference, "state") || concerns(difference, "type") ||
                      concerns(difference, "content") || concerns(difference, "symlink");
    if (concerns(difference, "type"))
        if (auto way = make_way(files, entry_, type()); !way) return way;
    const bool touches_attributes = concerns(difference, "mode") || concerns(difference, "owner") ||
                                    concerns(difference, "group");
    if (anew) {
        if (auto made = make(files, attributes); !made)
            return explain_missing_parent(std::move(made).error(), files, entry_);
    } else if (touches_attributes) {
        if (auto set = files.set_attributes(entry_, attributes); !set) return set;
    }
    if (!copies_tree()) return {};
    const TreeWish wish = tree_wish(context, *wanted);
    auto steps = plan_tree(wish, files, context.task);
    if (!steps) return std::move(steps).error();
    return carry_out(wish, *steps, files, context.task);
}

Result<void> File::make(Files& files, const FileAttributes& attributes) const {
    switch (type()) {
        case FileType::directory: return files.make_directory(entry_, attributes);
        case FileType::symlink: {
            if (auto made = files.make_symlink(entry_, *params_.symlink); !made) return made;
            if (!attributes.owner && !attributes.group) return {};
            return files.set_attributes(entry_, attributes);
        }
        default: break;
    }
    if (params_.content) return files.write(entry_, *params_.content, attributes);
    if (params_.source.empty()) return files.write(entry_, "", attributes);
    auto bytes = source_bytes(files);
    if (!bytes) return std::move(bytes).error();
    return files.write(entry_, *bytes, attributes);
}

Result<void> File::remove(Files& files) const {
    auto removed = params_.force ? files.remove_tree(entry_) : files.remove(entry_);
    if (!removed && removed.error().code == Code::missing) return {};
    return removed;
}

std::vector<Watch> File::watches() const {
    const WatchDepth depth = copies_tree() ? WatchDepth::tree : WatchDepth::entry;
    std::vector<Watch> watches = {WatchPath{entry_, depth}};
    if (aim_ != FileAim::absent && !params_.source.empty())
        watches.push_back(WatchPath{as_entry(params_.source), depth});
    return watches;
}

std::vector<Thing> File::provides() const {
    if (aim_ == FileAim::absent) return {};
    return {{"path", entry_}};
}

std::vector<Thing> File::wants() const {
    if (aim_ == FileAim::absent) return {};
    std::vector<Thing> wants;
    if (entry_ != "/") wants.push_back({"path", parent_of(entry_)});
    if (!params_.source.empty()) wants.push_back({"path", as_entry(params_.source)});
    if (!params_.owner.empty()) wants.push_back({"user", params_.owner});
    if (!params_.group.empty()) wants.push_back({"group", params_.group});
    return wants;
}

}  // namespace

std::unique_ptr<const Kind> file() {
    return from_parts<FileParams>(
        {.name = "file",
         .help = "a file, directory or symbolic link at one path",
         .schema = file_schema(),
         .build = [](const ResourceId&, FileParams params) -> ResourcePtr {
             return std::make_shared<const File>(std::move(params));
         },
         .complete = complete_file,
         .relocate = relocate_file,
         .prepare_export = prepare_file_export,
         .reach = [](const ResourceId&,
                     const FileParams& params) { return reach_of_file(params); }});
}

}  // namespace hansa::kinds
