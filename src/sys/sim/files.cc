#include "sys/sim/files.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "base/text.h"
#include "sys/sim/held_files.h"

namespace hansa {

struct SimFiles::Node {
    FileType type = FileType::regular;
    FileMode mode = 0;
    UserId owner = 0;
    GroupId group = 0;
    std::uint64_t inode = 0;
    WallTime modified;
    std::string bytes;  // or a symbolic link's target
    std::map<std::string, std::unique_ptr<Node>> entries;
    Node* parent = nullptr;
};

// Where a path leads: a directory and a name in it. "/" has no parent and no name.
struct SimFiles::Place {
    Node* parent = nullptr;
    std::string name;
    Node* node = nullptr;  // null: nothing there
    std::string real;      // for listeners and error texts
};

namespace {

constexpr int links_max = 40;  // as Linux
constexpr std::size_t name_max = 255;
constexpr FileMode file_mode = 0644;
constexpr FileMode directory_mode = 0755;

Error failed(const std::string& path, Code code, const char* why) {
    return Error{code, printable(path, 4096) + ": " + why};
}

Error missing(const std::string& path) {
    return failed(path, Code::missing, "no such file or directory");
}

std::deque<std::string> steps_of(const std::string& path) {
    std::deque<std::string> steps;
    for (std::string& step : split(path, '/'))
        if (!step.empty() && step != ".") steps.push_back(std::move(step));
    return steps;
}

bool is_at_or_below(const std::string& path, const std::string& top) {
    if (top == "/") return true;
    return path.starts_with(top) && (path.size() == top.size() || path[top.size()] == '/');
}

std::string joined(const std::string& directory, const std::string& name) {
    return directory == "/" ? "/" + name : directory + "/" + name;
}

template <class N>
void apply_attributes(N& node, const FileAttributes& attributes) {
    const bool moves = attributes.owner.value_or(node.owner) != node.owner ||
                       attributes.group.value_or(node.group) != node.group;
    if (moves && node.type == FileType::regular) node.mode &= ~set_id_bits;
    if (attributes.mode) node.mode = *attributes.mode & 07777;
    if (attributes.owner) node.owner = *attributes.owner;
    if (attributes.group) node.group = *attributes.group;
}

template <class N>
void list_below(const N& node, const std::string& path, std::vector<std::string>& out) {
    for (const auto& [name, child] : node.entries) {
        const std::string full = joined(path, name);
        switch (child->type) {
            case FileType::regular: out.push_back(full + '\t' + child->bytes); break;
            case FileType::directory: out.push_back(full + "/"); break;
            case FileType::symlink: out.push_back(full + " -> " + child->bytes); break;
            case FileType::other: out.push_back(full + "|"); break;
        }
        list_below(*child, full, out);
    }
}

}  // namespace

SimFiles::SimFiles(const Clock& clock) : clock_(clock), root_(make_node(FileType::directory)) {
    root_->entries["tmp"] = make_node(FileType::directory);
    root_->entries["tmp"]->parent = root_.get();
    root_->entries["tmp"]->mode = 01777;
}

SimFiles::~SimFiles() = default;

std::unique_ptr<SimFiles::Node> SimFiles::make_node(FileType type) {
    auto node = std::make_unique<Node>();
    node->type = type;
    node->mode = file_mode;
    if (type == FileType::directory) node->mode = directory_mode;
    if (type == FileType::symlink) node->mode = 0777;
    node->inode = ++inodes_made_;
    node->modified = clock_.wall();
    return node;
}

// Fails only for what no directory could hold; a place whose node is null may still be filled.
Result<SimFiles::Place> SimFiles::locate(const std::string& path, Last last) const {
    if (path.empty() || path[0] != '/' || path.find('\0') != std::string::npos)
        return failed(path, Code::invalid, "not an absolute path; begin it with /");
    std::deque<std::string> steps = steps_of(path);
    Place place{nullptr, {}, root_.get(), "/"};
    int links = 0;
    while (!steps.empty()) {
        const std::string step = std::move(steps.front());
        steps.pop_front();
        if (place.node == nullptr || place.node->type != FileType::directory) return missing(path);
        if (step.size() > name_max) return failed(path, Code::invalid, "file name too long");
        Node* here = place.node;
        if (step == "..") {
            place.node = here->parent != nullptr ? here->parent : here;
            place.parent = place.node->parent;
            place.real = place.real.substr(0, std::max<std::size_t>(place.real.rfind('/'), 1));
            continue;
        }
        const auto entry = here->entries.find(step);
        Node* next = entry == here->entries.end() ? nullptr : entry->second.get();
        const bool follow = !steps.empty() || last == Last::follow;
        if (next != nullptr && next->type == FileType::symlink && follow) {
            if (++links > links_max)
                return failed(path, Code::invalid, "too many levels of symbolic links");
            std::deque<std::string> target = steps_of(next->bytes);
            steps.insert(steps.begin(), target.begin(), target.end());
            if (next->bytes.starts_with("/")) place = {nullptr, {}, root_.get(), "/"};
            continue;
        }
        place = {here, step, next, joined(place.real, step)};
    }
    return place;
}

Result<void> SimFiles::allowed(const std::string& path, Need need) const {
    for (const auto& [top, fault] : faults_) {
        if (!is_at_or_below(path, top)) continue;
        if (fault == FileFault::io) return failed(path, Code::unavailable, "input/output error");
        if (fault == FileFault::denied && need != Need::look)
            return failed(path, Code::denied, "permission denied");
        if (fault == FileFault::no_space && need == Need::space)
            return failed(path, Code::unavailable, "no space left on device");
    }
    return {};
}

Result<SimFiles::Place> SimFiles::existing(const std::string& path, Need need) const {
    auto place = locate(path);
    if (!place) return std::move(place).error();
    if (auto may = allowed(place->real, need); !may) return std::move(may).error();
    if (place->node == nullptr) return missing(path);
    return place;
}

// Where something may be made or replaced.
Result<SimFiles::Place> SimFiles::spot(const std::string& path, Need need) const {
    auto place = locate(path);
    if (!place) return std::move(place).error();
    if (auto may = allowed(place->real, need); !may) return std::move(may).error();
    return place;
}

void SimFiles::changed(const Place& place) {
    ++writes_;
    for (std::size_t i = 0; i < listeners_.size(); ++i) listeners_[i](place.real);
}

void SimFiles::put(const Place& place, std::unique_ptr<Node> node) {
    node->parent = place.parent;
    place.parent->entries[place.name] = std::move(node);
    place.parent->modified = clock_.wall();
}

std::unique_ptr<SimFiles::Node> SimFiles::take(const Place& place) {
    auto entry = place.parent->entries.extract(place.name);
    place.parent->modified = clock_.wall();
    return std::move(entry.mapped());
}

Result<FileStatus> SimFiles::status(const std::string& path) const {
    auto place = existing(path, Need::look);
    if (!place) return std::move(place).error();
    const Node& node = *place->node;
    const std::uint64_t size = node.type == FileType::directory ? 4096 : node.bytes.size();
    return FileStatus{node.type, node.mode,  node.owner, node.group,
                      size,      node.inode, 1,          node.modified};
}

Result<const SimFiles::Node*> SimFiles::regular(const std::string& path) const {
    auto place = existing(path, Need::read);
    if (!place) return std::move(place).error();
    if (place->node->type != FileType::regular)
        return failed(path, Code::invalid, "not a regular file");
    return place->node;
}

Result<std::string> SimFiles::read(const std::string& path, std::uint64_t limit) const {
    auto node = regular(path);
    if (!node) return std::move(node).error();
    if ((*node)->bytes.size() > limit) return failed(path, Code::invalid, "larger than the limit");
    return (*node)->bytes;
}

Result<bool> SimFiles::holds(const std::string& path, std::string_view bytes) const {
    auto node = regular(path);
    if (!node) return std::move(node).error();
    return (*node)->bytes == bytes;
}

Result<void> SimFiles::write(const std::string& path, std::string_view bytes,
                             const FileAttributes& attributes) {
    auto place = spot(path, Need::space);
    if (!place) return std::move(place).error();
    const bool replaces = place->node != nullptr;
    if (replaces && place->node->type == FileType::directory)
        return failed(path, Code::invalid, "is a directory");
    if (replaces && place->node->type == FileType::other)
        return failed(path, Code::invalid, "is no regular file");
    auto node = make_node(FileType::regular);
    node->bytes = bytes;
    if (const Node* old = place->node; old != nullptr && old->type == FileType::regular) {
        node->mode = old->mode;
        node->owner = old->owner;
        node->group = old->group;
    }
    apply_attributes(*node, attributes);
    put(*place, std::move(node));
    changed(*place);
    return {};
}

Result<void> SimFiles::make_directory(const std::string& path, const FileAttributes& attributes) {
    auto place = spot(path, Need::space);
    if (!place) return std::move(place).error();
    if (place->node != nullptr) return failed(path, Code::conflict, "file exists");
    auto node = make_node(FileType::directory);
    apply_attributes(*node, attributes);
    put(*place, std::move(node));
    changed(*place);
    return {};
}

Result<void> SimFiles::make_symlink(const std::string& path, const std::string& target) {
    if (target.empty() || target.find('\0') != std::string::npos)
        return failed(path, Code::invalid, "a link needs a target without NUL");
    auto place = spot(path, Need::space);
    if (!place) return std::move(place).error();
    if (place->node != nullptr && place->node->type == FileType::directory)
        return failed(path, Code::invalid, "is a directory");
    auto node = make_node(FileType::symlink);
    node->bytes = target;
    put(*place, std::move(node));
    changed(*place);
    return {};
}

Result<std::string> SimFiles::read_symlink(const std::string& path) const {
    auto place = existing(path, Need::look);
    if (!place) return std::move(place).error();
    if (place->node->type != FileType::symlink)
        return failed(path, Code::invalid, "not a symbolic link");
    return place->node->bytes;
}

Result<void> SimFiles::set_attributes(const std::string& path, const FileAttributes& attributes) {
    auto place = existing(path, Need::change);
    if (!place) return std::move(place).error();
    if (place->node->type == FileType::symlink && attributes.mode)
        return failed(path, Code::invalid, "a symbolic link has no mode");
    apply_attributes(*place->node, attributes);
    changed(*place);
    return {};
}

Result<std::vector<DirectoryEntry>> SimFiles::list(const std::string& path) const {
    auto place = existing(path, Need::read);
    if (!place) return std::move(place).error();
    if (place->node->type != FileType::directory)
        return failed(path, Code::invalid, "not a directory");
    std::vector<DirectoryEntry> entries;
    for (const auto& [name, node] : place->node->entries) entries.push_back({name, node->type});
    return entries;
}

Result<void> SimFiles::remove(const std::string& path) {
    auto place = existing(path, Need::change);
    if (!place) return std::move(place).error();
    if (place->parent == nullptr || !place->node->entries.empty())
        return failed(path, Code::conflict, "directory not empty");
    take(*place);
    changed(*place);
    return {};
}

Result<void> SimFiles::remove_tree(const std::string& path) {
    auto place = existing(path, Need::change);
    if (!place) return std::move(place).error();
    if (place->parent == nullptr) return failed(path, Code::conflict, "is a mount point");
    take(*place);
    changed(*place);
    return {};
}

Result<void> SimFiles::rename(const std::string& from, const std::string& to) {
    auto target = spot(to, Need::space);
    if (!target) return std::move(target).error();
    auto source = existing(from, Need::change);
    if (!source) return std::move(source).error();
    if (source->parent == nullptr || target->parent == nullptr)
        return failed(from, Code::conflict, "device or resource busy");
    if (source->node == target->node) return {};
    const bool moves_directory = source->node->type == FileType::directory;
    if (moves_directory && is_at_or_below(target->real, source->real))
        return failed(from, Code::invalid, "cannot move a directory into itself");
    if (const Node* old = target->node; old != nullptr) {
        const bool over_directory = old->type == FileType::directory;
        if (moves_directory && !over_directory) return failed(to, Code::missing, "not a directory");
        if (!moves_directory && over_directory) return failed(to, Code::invalid, "is a directory");
        if (!old->entries.empty()) return failed(to, Code::conflict, "directory not empty");
    }
    put(*target, take(*source));
    changed(*source);
    changed(*target);
    return {};
}

Result<std::unique_ptr<Files>> SimFiles::within(const std::string& directory) {
    return SimHeldFiles::make(*this, directory);
}

Result<void> SimFiles::overwrite(const std::string& path, std::string_view bytes) {
    auto place = existing(path, Need::space);
    if (!place) return std::move(place).error();
    if (place->node->type != FileType::regular)
        return failed(path, Code::invalid, "not a regular file");
    place->node->bytes = bytes;
    place->node->modified = clock_.wall();
    changed(*place);
    return {};
}

Result<void> SimFiles::make_pipe(const std::string& path) {
    auto place = spot(path, Need::space);
    if (!place) return std::move(place).error();
    if (place->node != nullptr) return failed(path, Code::conflict, "file exists");
    put(*place, make_node(FileType::other));
    changed(*place);
    return {};
}

Result<void> SimFiles::make_directories(const std::string& path) {
    std::string so_far;
    for (const std::string& step : steps_of(path)) {
        so_far += "/" + step;
        auto made = make_directory(so_far, {});
        if (!made && made.error().code != Code::conflict) return made;
    }
    return {};
}

std::string SimFiles::real_path(const std::string& path) const {
    // The longest part that leads somewhere is resolved; what is missing stays as written.
    std::string rest;
    std::string head;
    for (const std::string& step : steps_of(path)) head += "/" + step;
    while (head.size() > 1) {
        if (auto place = locate(head)) return place->real + rest;
        const std::size_t cut = head.rfind('/');
        rest = head.substr(cut) + rest;
        head.resize(cut);
    }
    return rest.empty() ? "/" : rest;
}

std::vector<std::string> SimFiles::tree(const std::string& path) const {
    std::vector<std::string> out;
    auto place = locate(path, Last::follow);
    if (place && place->node != nullptr) list_below(*place->node, place->real, out);
    return out;
}

}  // namespace hansa
