#include "daemon/exporting.h"

#include <optional>

namespace hansa {

Exporting::Exporting(Ports ports, Deliver deliver, Action moved)
    : ports_(ports), deliver_(std::move(deliver)), moved_(std::move(moved)) {}

Exporting::~Exporting() {
    *alive_ = false;
}

void Exporting::adopt(std::vector<Declaration> exported) {
    exported_ = std::make_shared<const std::vector<Declaration>>(std::move(exported));
    watch_sources();
    make();
}

void Exporting::make() {
    if (busy_) {
        again_ = true;
        return;
    }
    busy_ = true;
    auto made = std::make_shared<std::optional<Result<std::vector<Export>>>>();
    ports_.workers.run(
        [made, exported = exported_, &catalog = ports_.catalog, &files = ports_.files](Task&) {
            made->emplace(exports_of(*exported, catalog, files));
        },
        [this, made, alive = alive_] {
            if (!*alive) return;
            busy_ = false;
            if (again_) {
                again_ = false;
                make();
                return;
            }
            if (made->has_value()) take(std::move(**made));  // empty: cancelled before it began
            moved_();
        });
}

void Exporting::take(Result<std::vector<Export>> exports) {
    failed_ = !exports;
    if (exports) return deliver_(std::move(*exports));
    ports_.report.publish(happened::Refused{"export", exports.error().text});
}

void Exporting::watch_sources() {
    watches_.clear();
    for (const Declaration& declaration : *exported_) {
        const Value* source = declaration.fields.find("source");
        if (!source || !source->is_scalar() || source->is_null()) continue;
        auto watch =
            ports_.watcher.watch(source->scalar().text, WatchDepth::entry, [this] { make(); });
        if (watch) {
            watches_.push_back(std::move(*watch));
        } else {
            ports_.report.publish(happened::Warned{
                declaration.id.text() + ": its source is not watched: " + watch.error().text});
        }
    }
}

std::vector<Declaration> exported_of(std::vector<Declaration> declarations) {
    std::erase_if(declarations, [](const Declaration& each) { return !each.meta.exported; });
    declarations.shrink_to_fit();
    return declarations;
}

}  // namespace hansa
