#include "kinds/noop/noop.h"

#include "kinds/table_kind.h"

namespace hansa::kinds {
namespace {

struct NoopParams {
    std::string comment;
};

const Schema<NoopParams>& noop_schema() {
    static const Schema<NoopParams> schema = {
        field("comment", &NoopParams::comment, "text for people"),
    };
    return schema;
}

class Noop final : public Resource {
 public:
    explicit Noop(NoopParams params) : params_(std::move(params)) {}

    Result<Difference> check(const Context&) const override { return Difference{}; }
    Result<void> apply(const Context&, const Difference&) const override { return {}; }
    Value encode() const override { return noop_schema().write(params_); }
    bool same_as(const Resource& other) const override {
        return noop_schema().equal(params_, static_cast<const Noop&>(other).params_);
    }

 private:
    const NoopParams params_;
};

}  // namespace

std::unique_ptr<const Kind> noop() {
    return from_parts<NoopParams>(
        {.name = "noop",
         .help = "nothing, at its place in the order; a joint for edges",
         .schema = noop_schema(),
         .build = [](const ResourceId&, NoopParams params) -> ResourcePtr {
             return std::make_shared<const Noop>(std::move(params));
         }});
}

}  // namespace hansa::kinds
