#include "kinds/manual.h"

namespace hansa {
namespace {

// A bar would end the table's cell.
std::string cell(const std::string& text) {
    std::string safe;
    for (const char byte : text) {
        if (byte == '|') safe += '\\';
        safe += byte;
    }
    return safe;
}

std::string section(const Kind& kind) {
    std::string page = "## " + kind.name() + "\n\n" + kind.help() + "\n\n";
    if (kind.support() == Support::schema_only)
        page += "Graphs with it load, are checked and drawn; this version cannot apply it.\n\n";
    page += "| field | type | meaning |\n| --- | --- | --- |\n";
    for (const FieldInfo& field : kind.fields())
        page += "| `" + field.name + "` | " + field.type + " | " + cell(field.help) + " |\n";
    return page + "\n";
}

}  // namespace

std::string kinds_manual(const Catalog& catalog) {
    std::string page =
        "# Kinds of resources\n\n"
        "This page is rendered from the tables in `src/kinds`; edit those.\n"
        "Every resource also has `name` and may have `meta`.\n\n";
    std::string refused = "## Not supported\n\n| kind | instead |\n| --- | --- |\n";
    for (const std::string& name : catalog.names()) {
        const Kind& kind = *catalog.find(name);
        if (kind.support() == Support::refused)
            refused += "| `" + name + "` | " + cell(kind.hint()) + " |\n";
        else
            page += section(kind);
    }
    return page + refused;
}

}  // namespace hansa
