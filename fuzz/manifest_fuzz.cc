// Any bytes may stand in a graph file. What must hold: no crash and no report of a sanitizer; a
// refusal has a place; what is accepted has names and kinds; a resource that its kind makes is made
// again from its own encoding, and is the same.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "kinds/standard.h"
#include "manifest/parse.h"

namespace {

void encode_and_make_again(const hansa::Kind& kind, const hansa::Declaration& declaration) {
    std::vector<std::string> warnings;
    auto made = kind.make(declaration, warnings);
    if (!made) {
        hansa::check(!made.error().text.empty(), "a refusal of a kind says why");
        return;
    }
    hansa::Declaration again;
    again.id = declaration.id;
    again.meta = declaration.meta;
    again.fields = (*made)->encode();
    auto remade = kind.make(again, warnings);
    hansa::check(bool(remade), "a kind accepts what it encoded");
    hansa::check((*remade)->same_as(**made), "a resource survives its encoding");
}

void look_at(const hansa::Manifest& manifest, const hansa::Catalog& catalog) {
    hansa::check(!manifest.name.empty(), "a graph has a name");
    for (const hansa::Declaration& declaration : manifest.resources) {
        const hansa::Kind* kind = catalog.find(declaration.id.kind);
        hansa::check(kind && kind->name() == declaration.id.kind, "a kind has its canonical name");
        hansa::check(!declaration.id.name.empty(), "a resource has a name");
        hansa::check(declaration.origin.mark.line > 0, "a declaration has a place");
        encode_and_make_again(*kind, declaration);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    static const hansa::Catalog catalog = hansa::standard_kinds();
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    auto manifest = hansa::parse_manifest(text, "fuzz.yaml", catalog);
    if (manifest)
        look_at(*manifest, catalog);
    else
        hansa::check(manifest.error().text.starts_with("fuzz.yaml:"), "a refusal has a place");
    return 0;
}
