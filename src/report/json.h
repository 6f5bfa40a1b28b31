// Events and snapshots as values, for `--log-format json`, `status --json` and the control socket.
//
// Keys are stable: scripts read them. Times are ISO 8601 UTC, durations milliseconds.
#pragma once

#include <string>

#include "data/value.h"
#include "report/report.h"

namespace hansa {

// {"time": …, "event": "resource_ran", …}
Value to_value(const Event& event, WallTime time);

// {"agent": {…}, "graph": {…}, "store": {…}, "counts": {…}, "resources": [{…}], …}
Value to_value(const Snapshot& snapshot);

// A map made entry by entry, in order.
class MapBuilder {
 public:
    MapBuilder& add(std::string key, Value value) {
        map_.push_back({std::move(key), {}, std::move(value)});
        return *this;
    }
    // Bytes that no JSON text may hold (a file's name is any bytes) appear as \xNN.
    MapBuilder& text(std::string key, std::string value);
    MapBuilder& number(std::string key, std::uint64_t value) {
        return add(std::move(key), Value::of_int(static_cast<std::int64_t>(value)));
    }
    MapBuilder& truth(std::string key, bool value) {
        return add(std::move(key), Value::of_bool(value));
    }
    MapBuilder& milliseconds(std::string key, Duration value);
    Value build() { return Value::of_map(std::move(map_)); }

 private:
    Value::Map map_;
};

}  // namespace hansa
