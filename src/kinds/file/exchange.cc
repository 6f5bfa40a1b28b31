#include "kinds/file/exchange.h"

#include <utility>
#include <vector>

#include "base/text.h"
#include "kinds/file/file.h"
#include "kinds/file/params.h"
#include "kinds/paths.h"

namespace hansa::kinds {

Result<Declaration> relocate_file(Declaration declaration, const std::string& pattern) {
    auto directory = normal_path(pattern);
    if (!directory || !directory->ends_with('/'))
        return Error{Code::invalid, about(declaration, "pattern \"" + printable(pattern) +
                                                           "\" is not an absolute directory "
                                                           "with a trailing slash")};
    auto params = file_schema().read(declaration);
    if (!params) return std::move(params).error();
    auto path = resolved_path(*params, declaration.id.name);
    if (!path) return Error{Code::invalid, about(declaration, path.error().text)};
    const std::string base = base_of(*path);
    if (base.empty())
        return Error{Code::invalid, about(declaration, "the root directory has no other place")};
    params->path = *directory + base;
    params->dirname.clear();
    params->basename.clear();
    declaration.fields = file_schema().write(*params);
    return declaration;
}

Result<Declaration> prepare_file_export(Declaration declaration, const Files& files) {
    auto params = file_schema().read(declaration);
    if (!params) return std::move(params).error();
    std::vector<std::string> told_at_load;
    Findings findings(declaration, told_at_load);
    complete_file(*params, findings);
    if (auto verdict = findings.verdict(); !verdict) return std::move(verdict).error();

    if (params->aim() == FileAim::absent) params->source.clear();
    if (!params->source.empty()) {
        if (params->is_directory())
            return Error{Code::invalid, about(declaration,
                                              "a source directory cannot be "
                                              "exported; export its files")};
        auto bytes = files.read(params->source, export_bytes_max);
        if (!bytes)
            return Error{bytes.error().code, about(declaration, "source: " + bytes.error().text)};
        params->content = std::move(*bytes);
        params->source.clear();
    }
    if (params->content && params->content->size() > export_bytes_max)
        return Error{Code::invalid,
                     about(declaration, "content of " + counted(params->content->size(), "byte") +
                                            " is too large to export; 1 MiB is the limit")};
    declaration.fields = file_schema().write(*params);
    return declaration;
}

}  // namespace hansa::kinds
