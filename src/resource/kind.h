// A Kind makes resources of one sort from declarations; the Catalog lists the kinds there are.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "resource/declaration.h"
#include "resource/reach.h"
#include "resource/resource.h"

namespace hansa {

// One row of a kind's schema table, for errors, manual and `did you mean`.
struct FieldInfo {
    std::string name;
    std::string type;  // "text", "bool", "int", "list of text", …
    std::string help;
};

enum class Support {
    full,         // graphs with it can be run
    schema_only,  // loads, is checked and drawn; running is refused before anything changes
    refused,      // not planned; refused by name with a hint
};

// Immutable after construction; any thread.
class Kind {
 public:
    virtual ~Kind() = default;

    virtual const std::string& name() const = 0;
    virtual const std::string& help() const = 0;
    virtual std::span<const FieldInfo> fields() const = 0;
    virtual Support support() const { return Support::full; }
    virtual std::string hint() const { return {}; }  // for refused kinds: what to use instead

    // All errors of a declaration at once, one a line, each with its place. Warnings (accepted,
    // but not what it looks like) are appended to `warnings`.
    virtual Result<ResourcePtr> make(const Declaration& declaration,
                                     std::vector<std::string>& warnings) const = 0;

    // For collected declarations: puts `pattern` in place of the exporter's directory. Kinds
    // without directories leave the declaration as it is.
    virtual Result<Declaration> relocate(Declaration declaration, const std::string& pattern) const;

    // For exported declarations: what the record carries. A file with `source` reads and inlines
    // it here (blocking, at load).
    virtual Result<Declaration> prepare_export(Declaration declaration, const Files& files) const;

    // What the declaration could do here; of collected ones after relocate(). Code::invalid for one
    // that make() would refuse.
    virtual Result<Reach> reach(const Declaration& declaration) const;
};

class Catalog {
 public:
    // REQUIRES: no kind of that name or alias yet.
    void add(std::unique_ptr<const Kind> kind);
    void alias(std::string old_name, std::string name);  // service -> svc

    // By name or alias; null when there is none.
    const Kind* find(const std::string& name) const;
    std::vector<std::string> names() const;  // sorted, without aliases

 private:
    std::map<std::string, std::unique_ptr<const Kind>> kinds_;
    std::map<std::string, std::string> aliases_;
};

}  // namespace hansa
