#include "kinds/print/print.h"

#include "kinds/table_kind.h"

namespace hansa::kinds {
namespace {

struct PrintParams {
    std::string msg;
    bool refresh_only = false;
};

const Schema<PrintParams>& print_schema() {
    static const Schema<PrintParams> schema = {
        field("msg", &PrintParams::msg, "what is said; default: the resource's name"),
        field("refresh_only", &PrintParams::refresh_only,
              "says it only when a predecessor with a notify edge changed"),
    };
    return schema;
}

// A graph swap leaves an equal resource clean, so it is not looked at and says nothing twice.
class Print final : public Resource {
 public:
    explicit Print(PrintParams params) : params_(std::move(params)) {}

    Result<Difference> check(const Context& context) const override {
        if (params_.refresh_only && !context.refresh) return Difference{};
        return Difference{{.field = "msg", .from = "", .to = params_.msg}};
    }

    Result<void> apply(const Context& context, const Difference& difference) const override {
        if (!difference.empty() && context.speaker != nullptr) context.speaker->say(params_.msg);
        return {};
    }

    Value encode() const override { return print_schema().write(params_); }
    bool same_as(const Resource& other) const override {
        return print_schema().equal(params_, static_cast<const Print&>(other).params_);
    }

 private:
    const PrintParams params_;
};

void complete(PrintParams& params, Findings& findings) {
    if (params.msg.empty()) params.msg = findings.name();
}

}  // namespace

std::unique_ptr<const Kind> print() {
    return from_parts<PrintParams>(
        {.name = "print",
         .help = "says a line at start and whenever it is refreshed",
         .schema = print_schema(),
         .build = [](const ResourceId&, PrintParams params) -> ResourcePtr {
             return std::make_shared<const Print>(std::move(params));
         },
         .complete = complete});
}

}  // namespace hansa::kinds
