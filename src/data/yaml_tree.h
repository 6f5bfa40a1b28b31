// Builds a Value tree from parse events, and expands aliases while doing so.
//
// Knows nothing of the parser. An anchored list or map is remembered by its path in the half-built
// tree and copied only where an alias asks for it, so anchors cost nothing and aliases are counted
// before they cost.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/yaml.h"

namespace hansa {

// Thread: one. Every call may fail; after a failure the tree is of no use.
class YamlTree {
 public:
    YamlTree(std::string_view file, const YamlLimits& limits) : file_(file), limits_(limits) {}

    // `anchor` is empty where there is none.
    Result<void> scalar(Value::Scalar scalar, Mark mark, std::string anchor);
    Result<void> alias(const std::string& anchor, Mark mark);
    Result<void> begin_list(Mark mark, std::string anchor);
    Result<void> begin_map(Mark mark, std::string anchor);
    Result<void> end();  // of the innermost list or map

    // REQUIRES: every begin has its end.
    Value take() { return std::move(root_); }

    // "file:line:column: what".
    Error wrong(Mark mark, const std::string& what) const;

 private:
    // A list or map that is not complete yet. The last entry of a map whose `has_key` is set
    // still waits for its value.
    struct Frame {
        bool is_map = false;
        bool has_key = false;
        Mark mark;
        Value::List list;
        Value::Map map;

        std::size_t open_index() const;
        const Value& child(std::size_t index) const;
    };

    // Where the anchored node stands, as child indexes from the root; a scalar is kept itself.
    struct Anchor {
        std::vector<std::size_t> path;
        std::optional<Value> scalar;
    };

    struct Size {
        std::size_t nodes = 0;
        std::size_t bytes = 0;
        std::size_t depth = 0;
    };

    bool wants_key() const;
    Result<void> begin(bool is_map, Mark mark, std::string anchor);
    Result<void> add_key(const Value::Scalar& scalar, Mark mark);
    Result<void> place(Value value);
    Result<void> remember(std::string name, Anchor anchor, Mark mark);
    Result<void> count_node(Mark mark);
    Result<void> count_expansion(const Value& value, Mark mark);
    bool measure(const Value& value, std::size_t depth, Size& size) const;
    Result<void> refuse_duplicates(const Value::Map& map) const;
    const Value* locate(const std::vector<std::size_t>& path) const;

    std::string_view file_;
    YamlLimits limits_;
    Value root_;
    std::vector<Frame> open_;
    std::unordered_map<std::string, Anchor> anchors_;
    std::size_t nodes_ = 0;
    std::size_t expanded_nodes_ = 0;
    std::size_t expanded_bytes_ = 0;
};

}  // namespace hansa
