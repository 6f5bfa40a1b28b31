#include "kinds/kv/kv.h"

#include "base/text.h"
#include "kinds/table_kind.h"

namespace hansa::kinds {
namespace {

struct KvParams {
    std::string key;
    std::optional<std::string> value;
    bool mapped = false;
    bool skip_less_than = false;
    std::string skip_cmp_style;
};

const Schema<KvParams>& kv_schema() {
    static const Schema<KvParams> schema = {
        field("key", &KvParams::key, "the key; default: the resource's name"),
        field("value", &KvParams::value, "what the key shall hold; the key is deleted when absent"),
        field("mapped", &KvParams::mapped, "each host has a value of its own under this key"),
        field("skiplessthan", &KvParams::skip_less_than,
              "a value above this one is left alone, so that the key only grows"),
        field("skipcmpstyle", &KvParams::skip_cmp_style,
              "how skiplessthan compares: int (0), the default, or string (1)")
            .one_of({"int", "string", "0", "1"}),
    };
    return schema;
}

// Somebody else wrote between our look and our write this many times: give up until the next
// wake-up instead of spinning.
constexpr int contention_max = 100;

class Kv final : public Resource {
 public:
    explicit Kv(KvParams params) : params_(std::move(params)) {}

    Result<Difference> check(const Context& context) const override {
        auto seen = look(context);
        if (!seen) return std::move(seen).error();
        auto wanted = wants_write(*seen);
        if (!wanted) return std::move(wanted).error();
        if (!*wanted) return Difference{};
        return Difference{{.field = "value", .from = shown(*seen), .to = shown(params_.value)}};
    }

    Result<void> apply(const Context& context, const Difference& difference) const override {
        if (difference.empty()) return {};
        for (int turn = 0; turn < contention_max && !context.task.cancelled(); ++turn) {
            auto seen = look(context);
            if (!seen) return std::move(seen).error();
            auto wanted = wants_write(*seen);
            if (!wanted) return std::move(wanted).error();
            if (!*wanted) return {};
            auto written = context.store->put(store_key(), params_.value, *seen, context.task);
            if (!written) return std::move(written).error();
            if (*written) return {};
        }
        if (context.task.cancelled()) return Error{Code::cancelled, "writing key was cancelled"};
        return Error{Code::unavailable, "key \"" + printable(params_.key) +
                                            "\" was changed by others at each of " +
                                            counted(contention_max, "attempt")};
    }

    std::vector<Watch> watches() const override { return {WatchKey{store_key()}}; }
    std::optional<Thing> owns() const override { return Thing{"kv", store_key()}; }
    std::vector<Thing> provides() const override { return {{"kv", store_key()}}; }
    Value encode() const override { return kv_schema().write(params_); }
    bool same_as(const Resource& other) const override {
        return kv_schema().equal(params_, static_cast<const Kv&>(other).params_);
    }

 private:
    // By the contract of KeyValue a trailing slash names this host's own entry.
    std::string store_key() const { return params_.mapped ? params_.key + "/" : params_.key; }

    Result<std::optional<std::string>> look(const Context& context) const {
        if (context.store == nullptr)
            return Error{Code::unavailable,
                         "there is no store in standalone mode; run without --standalone"};
        return context.store->get(store_key(), context.task);
    }

    Result<bool> wants_write(const std::optional<std::string>& seen) const {
        if (seen == params_.value) return false;
        if (!params_.skip_less_than || !seen || !params_.value) return true;
        if (params_.skip_cmp_style == "string") return *seen < *params_.value;
        const auto held = to_int(*seen);
        if (!held)
            return Error{Code::invalid, "key \"" + printable(params_.key) + "\" holds \"" +
                                            printable(*seen, 60) +
                                            "\", which is no number; set skipcmpstyle: string or "
                                            "delete the key"};
        return *held < *to_int(*params_.value);
    }

    static std::string shown(const std::optional<std::string>& value) {
        return value ? "\"" + printable(*value, 60) + "\"" : "";
    }

    const KvParams params_;
};

void complete(KvParams& params, Findings& findings) {
    if (params.key.empty()) params.key = findings.name();
    if (params.key.ends_with('/')) findings.wrong("key", "ends with \"/\"; write it without");
    if (params.skip_cmp_style == "0" || params.skip_cmp_style == "int") params.skip_cmp_style = "";
    if (params.skip_cmp_style == "1") params.skip_cmp_style = "string";
    if (params.skip_less_than && !params.value)
        findings.wrong("skiplessthan", "needs a value to compare with; write value");
    const bool as_number = params.skip_less_than && params.skip_cmp_style.empty();
    if (as_number && params.value && !to_int(*params.value))
        findings.wrong("value", "\"" + printable(*params.value, 60) +
                                    "\" is not a whole number; set skipcmpstyle: string");
}

Reach reach_of(const ResourceId&, const KvParams& params) {
    return {.bytes = params.value ? params.value->size() : 0, .removes = !params.value};
}

}  // namespace

std::unique_ptr<const Kind> kv() {
    return from_parts<KvParams>({.name = "kv",
                                 .help = "a key and its value in the store that all peers share",
                                 .schema = kv_schema(),
                                 .build = [](const ResourceId&, KvParams params) -> ResourcePtr {
                                     return std::make_shared<const Kv>(std::move(params));
                                 },
                                 .complete = complete,
                                 .reach = reach_of});
}

}  // namespace hansa::kinds
