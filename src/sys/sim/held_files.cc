#include "sys/sim/held_files.h"

#include <algorithm>

#include "base/text.h"
#include "sys/held_path.h"

namespace hansa {

namespace {

constexpr UserId process_user = 0;  // as SimFiles says

}  // namespace

Result<std::unique_ptr<Files>> SimHeldFiles::make(SimFiles& files, const std::string& directory) {
    auto top = held_directory(directory);
    if (!top) return std::move(top).error();
    return std::unique_ptr<Files>(new SimHeldFiles(files, *std::move(top)));
}

Result<std::unique_ptr<Files>> SimHeldFiles::within(const std::string& directory) {
    auto top = held_directory(directory);
    if (!top) return std::move(top).error();
    if (auto below = steps_below(directory_, *top); !below) return std::move(below).error();
    return make(files_, *top);
}

// The path as SimFiles takes it, once no symbolic link stands on the way to its last step.
Result<std::string> SimHeldFiles::admitted(const std::string& path, Use use) const {
    auto below = steps_below(directory_, path);
    if (!below) return std::move(below).error();
    if (below->empty() && use == Use::change) return is_the_limit(directory_);
    if (below->empty()) {
        // The directory itself may be a link, which the parent of anything in it is not.
        const std::string inside = files_.real_path(directory_ + "/x");
        return inside.substr(0, std::max<std::size_t>(inside.rfind('/'), 1));
    }
    const std::vector<std::string> steps = split(*below, '/');
    std::string here = directory_ == "/" ? "" : directory_;
    for (std::size_t at = 0; at + 1 < steps.size(); ++at) {
        here += "/" + steps[at];
        auto found = files_.status(here);
        if (found && found->type == FileType::symlink) return link_below(directory_, path);
    }
    return here + "/" + steps.back();
}

Result<void> SimHeldFiles::ours(const std::string& path, const FileAttributes& wanted) const {
    auto found = files_.status(path);
    if (!found || found->owner == process_user || wanted.owner == found->owner) return {};
    return foreign_owner(path, std::to_string(found->owner));
}

Result<FileStatus> SimHeldFiles::status(const std::string& path) const {
    auto place = admitted(path, Use::look);
    if (!place) return std::move(place).error();
    return files_.status(*place);
}

Result<std::string> SimHeldFiles::read(const std::string& path, std::uint64_t limit) const {
    auto place = admitted(path, Use::look);
    if (!place) return std::move(place).error();
    return files_.read(*place, limit);
}

Result<bool> SimHeldFiles::holds(const std::string& path, std::string_view bytes) const {
    auto place = admitted(path, Use::look);
    if (!place) return std::move(place).error();
    return files_.holds(*place, bytes);
}

Result<void> SimHeldFiles::write(const std::string& path, std::string_view bytes,
                                 const FileAttributes& attributes) {
    auto place = admitted(path, Use::change);
    if (!place) return std::move(place).error();
    if (auto may = ours(*place, attributes); !may) return may;
    FileAttributes wanted = attributes;
    auto old = files_.status(*place);
    if (old && old->type == FileType::regular && !wanted.mode) wanted.mode = old->mode & plain_bits;
    return files_.write(*place, bytes, wanted);
}

Result<void> SimHeldFiles::make_directory(const std::string& path,
                                          const FileAttributes& attributes) {
    auto place = admitted(path, Use::change);
    if (!place) return std::move(place).error();
    return files_.make_directory(*place, attributes);
}

Result<void> SimHeldFiles::make_symlink(const std::string& path, const std::string& target) {
    auto place = admitted(path, Use::change);
    if (!place) return std::move(place).error();
    if (auto may = ours(*place, {}); !may) return may;
    return files_.make_symlink(*place, target);
}

Result<std::string> SimHeldFiles::read_symlink(const std::string& path) const {
    auto place = admitted(path, Use::look);
    if (!place) return std::move(place).error();
    return files_.read_symlink(*place);
}

// Names are one a node here: there are no hard links to look for.
Result<void> SimHeldFiles::set_attributes(const std::string& path,
                                          const FileAttributes& attributes) {
    auto place = admitted(path, Use::change);
    if (!place) return std::move(place).error();
    if (auto may = ours(*place, attributes); !may) return may;
    return files_.set_attributes(*place, attributes);
}

Result<std::vector<DirectoryEntry>> SimHeldFiles::list(const std::string& path) const {
    auto place = admitted(path, Use::look);
    if (!place) return std::move(place).error();
    return files_.list(*place);
}

Result<void> SimHeldFiles::remove(const std::string& path) {
    auto place = admitted(path, Use::change);
    if (!place) return std::move(place).error();
    return files_.remove(*place);
}

Result<void> SimHeldFiles::remove_tree(const std::string& path) {
    auto place = admitted(path, Use::change);
    if (!place) return std::move(place).error();
    return files_.remove_tree(*place);
}

Result<void> SimHeldFiles::rename(const std::string& from, const std::string& to) {
    auto source = admitted(from, Use::change);
    if (!source) return std::move(source).error();
    auto target = admitted(to, Use::change);
    if (!target) return std::move(target).error();
    if (auto may = ours(*target, {}); !may) return may;
    return files_.rename(*source, *target);
}

}  // namespace hansa
