#include "graph/exports.h"

#include "base/text.h"
#include "graph/candidate.h"

namespace hansa {
namespace {

Result<Export> export_of(const Declaration& declaration, const Catalog& catalog,
                         const Files& files) {
    std::vector<std::string> warnings;  // told when the graph was declared
    Declaration prepared = declaration;
    if (const Kind* kind = catalog.find(declaration.id.kind)) {
        auto made = kind->prepare_export(std::move(prepared), files);
        if (!made) return std::move(made).error();
        prepared = std::move(*made);
    }
    auto wanted = make_wanted(prepared, catalog, Purpose::look, warnings);
    if (!wanted) return std::move(wanted).error();
    return Export{std::move(wanted->id), wanted->resource->encode(), std::move(wanted->meta),
                  std::move(wanted->origin)};
}

}  // namespace

Result<std::vector<Export>> exports_of(std::span<const Declaration> declarations,
                                       const Catalog& catalog, const Files& files) {
    std::vector<Export> exports;
    std::vector<std::string> errors;
    for (const Declaration& declaration : declarations) {
        if (!declaration.meta.exported) continue;
        auto made = export_of(declaration, catalog, files);
        if (made)
            exports.push_back(std::move(*made));
        else
            errors.push_back(std::move(made).error().text);
    }
    if (!errors.empty()) return Error{Code::invalid, join(errors, "\n")};
    return exports;
}

}  // namespace hansa
