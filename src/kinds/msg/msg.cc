#include "kinds/msg/msg.h"

#include <array>
#include <utility>

#include "base/text.h"
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

// The graph's names for the eight priorities of syslog (RFC 5424 table 2), and logger's.
constexpr std::array<std::pair<const char*, const char*>, 8> priorities = {{
    {"Emerg", "emerg"},
    {"Alert", "alert"},
    {"Crit", "crit"},
    {"Err", "err"},
    {"Warning", "warning"},
    {"Notice", "notice"},
    {"Info", "info"},
    {"Debug", "debug"},
}};

const Schema<MsgParams>& msg_schema() {
    static const Schema<MsgParams> schema = {
        field("body", &MsgParams::body, "what is said; default: the resource's name"),
        field("priority", &MsgParams::priority, "of syslog; Info when absent")
            .one_of({"Emerg", "Alert", "Crit", "Err", "Warning", "Notice", "Info", "Debug"}),
        field("fields", &MsgParams::fields, "names and texts that follow the body"),
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
        // The journal listens on syslog's socket, so one message serves both.
        if (params_.journal || params_.syslog)
            if (auto logged = log(context); !logged) return logged;
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

    const char* level() const {
        for (const auto& [name, level] : priorities)
            if (params_.priority == name) return level;
        return "info";
    }

    Result<void> log(const Context& context) const {
        const Command command{.arguments = {"logger", "--tag", "hansa", "--priority",
                                            std::string("user.") + level(), "--", text()},
                              .environment = {},
                              .directory = {},
                              .user = {},
                              .group = {}};
        auto exit = context.machine.processes.run(command, context.task, context.deadline);
        if (!exit) return std::move(exit).error().during("sending to syslog");
        if (exit->cancelled) return Error{Code::cancelled, "sending to syslog was cancelled"};
        if (!exit->ok())
            return Error{Code::unavailable, "sending to syslog: logger: " + exit->describe() +
                                                ": " + printable(trim(exit->output))};
        return {};
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
