#include "data/yaml_tree.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"

namespace hansa {
namespace {

std::string quoted(std::string_view text) {
    return "\"" + printable(text, 60) + "\"";
}

std::string line_column(Mark mark) {
    return std::to_string(mark.line) + ":" + std::to_string(mark.column);
}

}  // namespace

std::size_t YamlTree::Frame::open_index() const {
    return is_map ? map.size() - (has_key ? 1 : 0) : list.size();
}

const Value& YamlTree::Frame::child(std::size_t index) const {
    return is_map ? map[index].value : list[index];
}

Error YamlTree::wrong(Mark mark, const std::string& what) const {
    return Error{Code::invalid, std::string(file_) + ":" + line_column(mark) + ": " + what};
}

bool YamlTree::wants_key() const {
    return !open_.empty() && open_.back().is_map && !open_.back().has_key;
}

Result<void> YamlTree::count_node(Mark mark) {
    if (++nodes_ <= limits_.nodes_max) return {};
    return wrong(mark, "more than " + counted(limits_.nodes_max, "value") +
                           "; split the text into smaller ones");
}

Result<void> YamlTree::scalar(Value::Scalar scalar, Mark mark, std::string anchor) {
    if (auto counted_in = count_node(mark); !counted_in) return counted_in;
    if (!anchor.empty()) {
        Anchor remembered{{}, Value::of_scalar(scalar, mark)};
        if (auto kept = remember(std::move(anchor), std::move(remembered), mark); !kept)
            return kept;
    }
    if (wants_key()) return add_key(scalar, mark);
    return place(Value::of_scalar(std::move(scalar), mark));
}

Result<void> YamlTree::add_key(const Value::Scalar& scalar, Mark mark) {
    if (scalar.plain && scalar.text == "<<")
        return wrong(mark, "merge keys (<<) are not part of YAML 1.2; write the keys out");
    Frame& frame = open_.back();
    frame.map.push_back({scalar.text, mark, Value{}});
    frame.has_key = true;
    return {};
}

Result<void> YamlTree::place(Value value) {
    if (open_.empty()) {
        root_ = std::move(value);
        return {};
    }
    Frame& frame = open_.back();
    if (!frame.is_map) {
        frame.list.push_back(std::move(value));
        return {};
    }
    frame.map.back().value = std::move(value);
    frame.has_key = false;
    return {};
}

Result<void> YamlTree::begin_list(Mark mark, std::string anchor) {
    return begin(false, mark, std::move(anchor));
}

Result<void> YamlTree::begin_map(Mark mark, std::string anchor) {
    return begin(true, mark, std::move(anchor));
}

Result<void> YamlTree::begin(bool is_map, Mark mark, std::string anchor) {
    if (auto counted_in = count_node(mark); !counted_in) return counted_in;
    if (wants_key())
        return wrong(mark, std::string("this key is a ") + (is_map ? "map" : "list") +
                               "; write text as key");
    if (open_.size() >= limits_.depth_max)
        return wrong(mark, "lists and maps are nested deeper than " +
                               std::to_string(limits_.depth_max) + "; write it flatter");
    if (!anchor.empty()) {
        Anchor remembered;
        for (const Frame& frame : open_) remembered.path.push_back(frame.open_index());
        if (auto kept = remember(std::move(anchor), std::move(remembered), mark); !kept)
            return kept;
    }
    Frame frame;
    frame.is_map = is_map;
    frame.mark = mark;
    open_.push_back(std::move(frame));
    return {};
}

Result<void> YamlTree::end() {
    check(!open_.empty(), "a list or map ends that has begun");
    Frame frame = std::move(open_.back());
    open_.pop_back();
    if (!frame.is_map) {
        frame.list.shrink_to_fit();
        return place(Value::of_list(std::move(frame.list), frame.mark));
    }
    if (auto unique = refuse_duplicates(frame.map); !unique) return unique;
    frame.map.shrink_to_fit();
    return place(Value::of_map(std::move(frame.map), frame.mark));
}

Result<void> YamlTree::refuse_duplicates(const Value::Map& map) const {
    if (map.size() < 2) return {};
    std::vector<const Value::Entry*> entries;
    entries.reserve(map.size());
    for (const Value::Entry& entry : map) entries.push_back(&entry);
    // By key, then in the order of the text, since all lie in one array.
    std::sort(entries.begin(), entries.end(), [](const auto* a, const auto* b) {
        const int order = a->key.compare(b->key);
        return order != 0 ? order < 0 : a < b;
    });
    const Value::Entry* first = nullptr;
    const Value::Entry* again = nullptr;
    for (std::size_t i = 1; i < entries.size(); ++i) {
        if (entries[i]->key != entries[i - 1]->key || (again && again < entries[i])) continue;
        first = entries[i - 1];
        again = entries[i];
    }
    if (!again) return {};
    return wrong(again->mark, "key " + quoted(again->key) + " is already written at " +
                                  line_column(first->mark) + "; keep one of the two");
}

Result<void> YamlTree::remember(std::string name, Anchor anchor, Mark mark) {
    anchors_.insert_or_assign(std::move(name), std::move(anchor));
    if (anchors_.size() <= limits_.alias_nodes_max) return {};
    return wrong(mark, "more than " + counted(limits_.alias_nodes_max, "anchor") +
                           "; write values where they are used");
}

// The finished node at `path`, or null while it is still being built.
const Value* YamlTree::locate(const std::vector<std::size_t>& path) const {
    const Value* at = nullptr;
    for (std::size_t depth = 0; depth < path.size(); ++depth) {
        const std::size_t index = path[depth];
        if (at)
            at = at->is_map() ? &at->map()[index].value : &at->list()[index];
        else if (depth == open_.size())
            return nullptr;
        else if (index < open_[depth].open_index())
            at = &open_[depth].child(index);
    }
    return at;
}

Result<void> YamlTree::alias(const std::string& anchor, Mark mark) {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
        return wrong(mark, "alias *" + printable(anchor, 60) + " has no anchor above it; write &" +
                               printable(anchor, 60) + " before the value that is meant");
    const std::optional<Value>& scalar = found->second.scalar;
    const Value* meant = scalar ? &*scalar : locate(found->second.path);
    if (!meant)
        return wrong(mark, "alias *" + printable(anchor, 60) +
                               " stands inside the value that it means; write the value out");
    if (auto within = count_expansion(*meant, mark); !within) return within;
    if (!wants_key()) return place(*meant);
    if (!meant->is_scalar())
        return wrong(mark, "this key is " + std::string(meant->shape()) + "; write text as key");
    return add_key(meant->scalar(), mark);
}

Result<void> YamlTree::count_expansion(const Value& value, Mark mark) {
    Size size;
    if (!measure(value, open_.size(), size))
        return wrong(mark, "aliases expand to more than " +
                               counted(limits_.alias_nodes_max, "value") + ", " +
                               counted(limits_.bytes_max, "byte") + " or depth " +
                               std::to_string(limits_.depth_max) + "; write less of them");
    expanded_nodes_ += size.nodes;
    expanded_bytes_ += size.bytes;
    nodes_ += size.nodes;
    return {};
}

// False as soon as `value`, placed at `depth`, would exceed a limit.
bool YamlTree::measure(const Value& value, std::size_t depth, Size& size) const {
    ++size.nodes;
    if (value.is_scalar()) {
        size.bytes += value.scalar().text.size();
    } else {
        if (depth >= limits_.depth_max) return false;
        if (value.is_list()) {
            for (const Value& item : value.list())
                if (!measure(item, depth + 1, size)) return false;
        } else {
            for (const Value::Entry& entry : value.map()) {
                ++size.nodes;
                size.bytes += entry.key.size();
                if (!measure(entry.value, depth + 1, size)) return false;
            }
        }
    }
    return expanded_nodes_ + size.nodes <= limits_.alias_nodes_max &&
           nodes_ + size.nodes <= limits_.nodes_max &&
           expanded_bytes_ + size.bytes <= limits_.bytes_max;
}

}  // namespace hansa
