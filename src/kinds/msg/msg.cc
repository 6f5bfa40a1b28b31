#include "kinds/msg/msg.h"

#include <array>
#include <utility>

#include "kinds/table_kind.h"

namespace hansa::kinds {
namespace {

struct MsgParams {
    std::string body;
    std::string priority;
    std::map<std::string, std::string> fields;
    bool journal = false;
    bool syslog = false;
};

// The graph's names for the eight priorities of syslog (RFC 5424 table 2).
constexpr std::array<std::pair<const char*, Priority>, 8> priorities = {{
    {"Emerg", Priority::emergency},
    {"Alert", Priority::alert},
    {"Crit", Priority::critical},
    {"Err", Priority::error},
    {"Warning", Priority::warning},
    {"Notice", Priority::notice},
    {"Info", Priority::info},
    {"Debug", Priority::debug},
}};

const Schema<MsgParams>& msg_schema() {
    static const Schema<MsgParams> schema = {
        field("body", &MsgParams::body, "what is said; default: the resource's name"),
        field("priority", &MsgParams::priority, "of syslog; Info when absent")
            .one_of({"Emerg", "Alert", "Crit", "Err", "Warning", "Notice", "Info", "Debug"}),
        field("fields", &MsgParams::fields,
              "names and texts beside the body; fields of the journal"),
        field("journal", &MsgParams::journal, "goes to the system's journal too"),
        field("syslog", &MsgParams::syslog, "goes to syslog too"),
    };
    return schema;
}

class Msg final : public Resource {
 public:
    explicit Msg(MsgParams params) : params_(std::move(params)) {}

    Result<Difference> check(const Context&) const override {
        return Difference{{.field = "body", .from = "", .to = text()}};
    }

    Result<void> apply(const Context& context, const Difference& difference) const override {
        if (difference.empty()) return {};
        Notices& notices = context.machine.notices;
        if (params_.journal)
            if (auto sent = notices.to_journal(notice()); !sent) return sent;
        if (params_.syslog)
            if (auto sent = notices.to_syslog(notice()); !sent) return sent;
        if (context.speaker != nullptr) context.speaker->say(text());
        return {};
    }

    Value encode() const override { return msg_schema().write(params_); }
    bool same_as(const Resource& other) const override {
        return msg_schema().equal(params_, static_cast<const Msg&>(other).params_);
    }

 private:
    std::string text() const {
        std::string text = params_.body;
        for (const auto& [name, value] : params_.fields) text += " " + name + "=" + value;
        return text;
    }

    Notice notice() const { return {params_.body, priority(), params_.fields}; }

    Priority priority() const {
        for (const auto& [name, priority] : priorities)
            if (params_.priority == name) return priority;
        return Priority::info;
    }

    const MsgParams params_;
};

void complete(MsgParams& params, Findings& findings) {
    if (params.body.empty()) params.body = findings.name();
}

}  // namespace

std::unique_ptr<const Kind> msg() {
    return from_parts<MsgParams>(
        {.name = "msg",
         .help = "a message for people, at start and whenever it is refreshed",
         .schema = msg_schema(),
         .build = [](const ResourceId&, MsgParams params) -> ResourcePtr {
             return std::make_shared<const Msg>(std::move(params));
         },
         .complete = complete});
}

}  // namespace hansa::kinds
