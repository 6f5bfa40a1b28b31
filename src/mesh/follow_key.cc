#include "mesh/follow_key.h"

#include <memory>
#include <utility>

namespace hansa {
namespace {

struct Watched {
    std::string key;
    KeyNews news;
    std::optional<Record> shown;

    std::optional<Record> in(const Reading& reading) const {
        for (const Record& record : reading.records)
            if (record.key == key) return record;
        return std::nullopt;
    }

    void show(std::optional<Record> record) {
        shown = std::move(record);
        news.on_record(shown);
    }

    void take(const EventBatch& batch) {
        for (const StoreEvent& event : batch.events) {
            if (event.record.key != key) continue;
            const bool is_put = event.type == StoreEvent::Type::put;
            if (is_put && news.on_written) news.on_written(event.record);
            show(is_put ? std::optional(event.record) : std::nullopt);
        }
    }

    bool agrees(const Reading& reading, const std::set<std::string>& touched) const {
        if (touched.contains(key)) return true;
        const auto there = in(reading);
        const bool same = there.has_value() == shown.has_value() &&
                          (!there || there->modified == shown->modified);
        if (!same && news.on_difference) news.on_difference();
        return same;
    }
};

}  // namespace

FollowerEvents follow_key(std::string key, KeyNews news) {
    auto watched = std::make_shared<Watched>(Watched{std::move(key), std::move(news), {}});
    FollowerEvents events;
    events.on_all = [watched](const Reading& reading) { watched->show(watched->in(reading)); };
    events.on_events = [watched](const EventBatch& batch) { watched->take(batch); };
    events.on_check = [watched](const Reading& reading, const std::set<std::string>& touched) {
        return watched->agrees(reading, touched);
    };
    events.on_error = [watched](const Error& error) { watched->news.on_error(error); };
    return events;
}

}  // namespace hansa
