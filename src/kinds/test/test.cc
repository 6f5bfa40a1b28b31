#include "kinds/test/test.h"

#include <algorithm>
#include <atomic>

#include "base/text.h"
#include "kinds/table_kind.h"

namespace hansa::kinds {
namespace {

struct TestParams {
    std::string outcome = "ok";
    std::uint32_t duration = 0;  // milliseconds
    std::uint32_t fail_first = 0;
};

const Schema<TestParams>& test_schema() {
    static const Schema<TestParams> schema = {
        field("outcome", &TestParams::outcome,
              "ok: nothing to do; changed: always something to do; fail: every attempt fails")
            .one_of({"ok", "changed", "fail"}),
        field("duration", &TestParams::duration, "milliseconds that a run takes"),
        field("fail_first", &TestParams::fail_first, "so many attempts fail, the next ones do not"),
    };
    return schema;
}

class Test final : public Resource {
 public:
    explicit Test(TestParams params) : params_(std::move(params)) {}

    Result<Difference> check(const Context& context) const override {
        if (params_.outcome != "ok")
            return Difference{{.field = "outcome", .from = "", .to = params_.outcome}};
        auto run = attempt(context);
        if (!run) return std::move(run).error();
        return Difference{};
    }

    Result<void> apply(const Context& context, const Difference& difference) const override {
        if (difference.empty()) return {};
        return attempt(context);
    }

    Value encode() const override { return test_schema().write(params_); }
    bool same_as(const Resource& other) const override {
        return test_schema().equal(params_, static_cast<const Test&>(other).params_);
    }

 private:
    Result<void> attempt(const Context& context) const {
        const Instant started = context.task.now();
        Duration wanted = Milliseconds(params_.duration);
        const bool too_slow = context.deadline && started + wanted > *context.deadline;
        if (too_slow) wanted = std::max(Duration::zero(), *context.deadline - started);
        if (wanted > Duration::zero()) context.task.sleep(wanted);
        if (context.task.cancelled()) return Error{Code::cancelled, "cancelled"};
        if (too_slow) return Error{Code::unavailable, "timed out after " + readable(wanted)};

        const std::uint32_t number = attempts_.fetch_add(1) + 1;
        if (number <= params_.fail_first)
            return Error{Code::unavailable, "attempt " + std::to_string(number) +
                                                " fails as asked (fail_first " +
                                                std::to_string(params_.fail_first) + ")"};
        if (params_.outcome == "fail")
            return Error{Code::unavailable, "fails as asked (outcome fail)"};
        return {};
    }

    const TestParams params_;

    // The one thing here that changes: how often this object was tried. Retries must be told from
    // the first attempt, and a resource has no other memory; atomic because attempts come from
    // different workers.
    mutable std::atomic<std::uint32_t> attempts_{0};
};

}  // namespace

std::unique_ptr<const Kind> test() {
    return from_parts<TestParams>(
        {.name = "test",
         .help = "does nothing, as slowly and as badly as it is told; for trying graphs",
         .schema = test_schema(),
         .build = [](const ResourceId&, TestParams params) -> ResourcePtr {
             return std::make_shared<const Test>(std::move(params));
         }});
}

}  // namespace hansa::kinds
