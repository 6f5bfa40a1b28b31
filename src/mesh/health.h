// Who is well, from the beats that voters' agents ask of others (seats.md 3, "Health signals").
// Beats are never written to the store.
//
// A peer is unhealthy after some missed beats in a row, seen by two observers, or by one where
// only one is looking; healthy after a while in which no two (or the one) missed any. One observer
// that is cut off by itself therefore speaks ill of nobody. Pure; one per agent, on its loop.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "mesh/seat_timing.h"

namespace hansa {

enum class Beat { heard, missed };

// What is known of one peer at an instant.
struct Condition {
    bool observed = false;  // somebody looks; else nothing below means anything
    bool healthy = false;
    Instant since{};          // healthy, or unhealthy, since then
    Instant silent_since{};   // the last contact on which observers agree; the first look, if none
    std::uint32_t flaps = 0;  // times it became unhealthy lately

    bool is_dead(Duration evict, Instant now) const {
        return observed && !healthy && now - silent_since >= evict;
    }
};

class HealthBook {
 public:
    explicit HealthBook(SeatTiming timing) : timing_(std::move(timing)) {}

    // What `observer` saw of `subject`: once a beat each, its own and those it was told.
    void report(const std::string& observer, const std::string& subject, Beat beat, Instant now);

    Condition condition(const std::string& subject, Instant now) const;

    // Forgets everybody else: who is observed no longer begins anew when it is observed again.
    void keep_only(const std::set<std::string>& subjects);

 private:
    struct View {
        Instant first_report;
        Instant last_report;
        Instant last_heard;
        std::uint32_t missed_in_row = 0;
    };
    struct Subject {
        std::map<std::string, View> views;  // by observer
        bool healthy = false;
        Instant since;
        Instant last_miss;
        std::deque<Instant> falls;  // when it became unhealthy
    };

    bool is_fresh(const View& view, Instant now) const;
    // As many observers as must agree have missed that many beats in a row.
    bool agreed(const Subject& subject, std::uint32_t missed_in_row, Instant now) const;
    void judge(Subject& subject, Instant now) const;

    SeatTiming timing_;
    std::map<std::string, Subject> subjects_;
};

}  // namespace hansa
