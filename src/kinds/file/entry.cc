#include "kinds/file/entry.h"

#include <algorithm>

#include "base/text.h"
#include "kinds/paths.h"

namespace hansa::kinds {

Result<WantedAttributes> look_up(const FileParams& params, const Accounts& accounts) {
    WantedAttributes wanted;
    if (!params.mode.empty()) {
        auto mode = Mode::parse(params.mode);
        if (!mode) return std::move(mode).error();
        wanted.mode = std::move(*mode);
    }
    if (!params.owner.empty()) {
        auto owner = accounts.user(params.owner);
        if (!owner) return std::move(owner).error().during("owner \"" + params.owner + "\"");
        wanted.owner = *owner;
    }
    if (!params.group.empty()) {
        auto group = accounts.group(params.group);
        if (!group) return std::move(group).error().during("group \"" + params.group + "\"");
        wanted.group = *group;
    }
    return wanted;
}

void compare_attributes(const WantedAttributes& wanted, const FileStatus& found,
                        const Accounts& accounts, Difference& difference) {
    if (wanted.mode && found.type != FileType::symlink) {
        const FileMode mode = wanted.mode->apply_to(found.mode, found.type);
        if (mode != found.mode)
            difference.push_back({.field = "mode", .from = octal(found.mode), .to = octal(mode)});
    }
    if (wanted.owner && *wanted.owner != found.owner)
        difference.push_back({.field = "owner",
                              .from = accounts.user_name(found.owner),
                              .to = accounts.user_name(*wanted.owner)});
    if (wanted.group && *wanted.group != found.group)
        difference.push_back({.field = "group",
                              .from = accounts.group_name(found.group),
                              .to = accounts.group_name(*wanted.group)});
}

FileAttributes attributes_for(const WantedAttributes& wanted, FileType type,
                              const std::optional<FileStatus>& found) {
    FileAttributes attributes{.mode = {}, .owner = wanted.owner, .group = wanted.group};
    const FileMode fresh = type == FileType::directory ? 0755 : 0644;
    if (!wanted.mode || type == FileType::symlink) return attributes;
    const bool kept = found && found->type == type;
    FileMode before = kept ? found->mode : fresh;
    const bool moves = kept && (wanted.owner.value_or(found->owner) != found->owner ||
                                wanted.group.value_or(found->group) != found->group);
    // As the port does where no mode is asked for: what was meant for one owner is not another's.
    if (moves && type == FileType::regular) before &= ~set_id_bits;
    attributes.mode = wanted.mode->apply_to(before, type);
    return attributes;
}

Result<std::optional<FileStatus>> look_at(const Files& files, const std::string& path) {
    auto found = files.status(path);
    if (found) return std::optional<FileStatus>(*found);
    if (found.error().code == Code::missing) return std::optional<FileStatus>();
    return std::move(found).error();
}

std::string_view name_of_type(FileType type) {
    switch (type) {
        case FileType::regular: return "a file";
        case FileType::directory: return "a directory";
        case FileType::symlink: return "a symbolic link";
        case FileType::other: break;
    }
    return "neither file, directory nor link";
}

Error in_the_way(const std::string& path, FileType found, FileType wanted) {
    return {Code::conflict, printable(path) + " is " + std::string(name_of_type(found)) +
                                " where " + std::string(name_of_type(wanted)) +
                                " should be; remove it, or set force: true"};
}

Error not_as_written(const std::string& path, FileType found, FileType wanted) {
    if (found != FileType::directory || wanted != FileType::regular)
        return in_the_way(path, found, wanted);
    return {Code::conflict, printable(path) +
                                " is a directory where a file should be; write path with a "
                                "trailing slash if the directory is meant"};
}

Result<void> make_way(Files& files, const std::string& path, FileType wanted) {
    auto found = look_at(files, path);
    if (!found) return std::move(found).error();
    if (!*found || (*found)->type == wanted) return {};
    if ((*found)->type == FileType::directory) return files.remove_tree(path);
    if (wanted == FileType::directory || (*found)->type == FileType::other)
        return files.remove(path);
    return {};
}

Error explain_missing_parent(Error error, const Files& files, const std::string& path) {
    if (error.code != Code::missing) return error;
    const std::string parent = parent_of(path);
    auto found = look_at(files, parent);
    if (!found || *found) return error;
    return {Code::missing, printable(path) + ": parent directory " + printable(parent) +
                               " does not exist; declare it as a file resource or create it"};
}

std::string summary(std::string_view bytes) {
    constexpr std::size_t shown_max = 60;
    const std::string_view line = bytes.substr(0, bytes.find_last_not_of('\n') + 1);
    const bool short_text =
        bytes.size() <= shown_max && valid_utf8(bytes) && line.find('\n') == std::string_view::npos;
    if (short_text) return "\"" + printable(line) + "\"";
    return counted(bytes.size(), "byte");
}

bool concerns(const Difference& difference, std::string_view field) {
    return std::any_of(difference.begin(), difference.end(),
                       [field](const Change& change) { return change.field == field; });
}

}  // namespace hansa::kinds
