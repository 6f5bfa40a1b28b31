#include "kinds/timer/timer.h"

#include "kinds/table_kind.h"

namespace hansa::kinds {
namespace {

struct TimerParams {
    std::uint32_t interval = 0;  // seconds
};

const Schema<TimerParams>& timer_schema() {
    static const Schema<TimerParams> schema = {
        field("interval", &TimerParams::interval, "seconds between ticks, at least 1"),
    };
    return schema;
}

class Timer final : public Resource {
 public:
    explicit Timer(TimerParams params) : params_(params) {}

    Result<Difference> check(const Context&) const override { return Difference{}; }
    Result<void> apply(const Context&, const Difference&) const override { return {}; }
    bool always_notifies() const override { return true; }
    std::vector<Watch> watches() const override { return {WatchTicks{Seconds(params_.interval)}}; }
    Value encode() const override { return timer_schema().write(params_); }
    bool same_as(const Resource& other) const override {
        return timer_schema().equal(params_, static_cast<const Timer&>(other).params_);
    }

 private:
    const TimerParams params_;
};

void complete(TimerParams& params, Findings& findings) {
    if (params.interval == 0)
        findings.wrong("interval", "is missing or 0; write the seconds between two ticks");
}

}  // namespace

std::unique_ptr<const Kind> timer() {
    return from_parts<TimerParams>(
        {.name = "timer",
         .help = "refreshes its successors every so often",
         .schema = timer_schema(),
         .build = [](const ResourceId&, TimerParams params) -> ResourcePtr {
             return std::make_shared<const Timer>(params);
         },
         .complete = complete});
}

}  // namespace hansa::kinds
