// For the tests of this room: a runner on a simulated machine, and resources that do what the test
// says and keep a log of it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/runner.h"
#include "graph/testing.h"
#include "sys/sim/machine.h"

namespace hansa::testing {

// What one resource of the lab does, by name.
struct Subject {
    bool wrong = true;      // the machine differs from what is declared; apply makes it right
    bool stubborn = false;  // apply does not make it right (an exec without guards)
    int failing_checks = 0;
    int failing_applies = 0;
    Duration takes{0};  // of apply
    Duration check_takes{0};

    int checks = 0;
    int applies = 0;
    int refreshes = 0;  // applies or checks with the refresh flag
    int inside = 0;
    int most_inside = 0;
    std::vector<std::string> claimed;  // at the last check
    std::function<void()> during_check;
    std::function<void()> during_apply;
};

struct Lab {
    std::map<std::string, Subject> subjects;
    std::vector<std::string> log;  // "a checked", "a applied", "a failed"
    int inside = 0;
    int most_inside = 0;
};

struct ProbeParams {
    std::string value;
    std::string secret;
    bool acts = false;
    bool notifies = false;
    std::int64_t tick = 0;  // ms
    std::string watch;
    std::string lines;
    std::string key;
    std::optional<std::string> owns;
    std::optional<std::string> clears;
};

inline const Schema<ProbeParams>& probe_schema() {
    static const Schema<ProbeParams> schema = {
        field("value", &ProbeParams::value, "anything"),
        field("secret", &ProbeParams::secret, "never shown"),
        field("acts", &ProbeParams::acts, "applies on refresh"),
        field("notifies", &ProbeParams::notifies, "every edge from here notifies"),
        field("tick", &ProbeParams::tick, "milliseconds between ticks"),
        field("watch", &ProbeParams::watch, "a path"),
        field("lines", &ProbeParams::lines, "a command"),
        field("key", &ProbeParams::key, "of the store"),
        field("owns", &ProbeParams::owns, "a thing"),
        field("clears", &ProbeParams::clears, "a thing"),
    };
    return schema;
}

class Probe final : public Resource {
 public:
    Probe(Lab& lab, std::string name, ProbeParams params)
        : lab_(lab), name_(std::move(name)), params_(std::move(params)) {}

    Result<Difference> check(const Context& context) const override {
        Subject& subject = enter();
        ++subject.checks;
        if (context.refresh) ++subject.refreshes;
        subject.claimed.assign(context.claimed.begin(), context.claimed.end());
        lab_.log.push_back(name_ + " checked");
        if (subject.during_check) subject.during_check();
        if (subject.check_takes > Duration{0}) context.task.sleep(subject.check_takes);
        const bool fails = subject.failing_checks > 0;
        if (fails) --subject.failing_checks;
        leave();
        if (fails) return Error{Code::unavailable, "the check of " + name_ + " failed"};
        Difference difference;
        if (subject.wrong) difference.push_back({"value", "old\n", params_.value, false});
        if (subject.wrong && !params_.secret.empty())
            difference.push_back({"secret", "", params_.secret, true});
        return difference;
    }

    Result<void> apply(const Context& context, const Difference&) const override {
        Subject& subject = enter();
        ++subject.applies;
        if (subject.during_apply) subject.during_apply();
        if (subject.takes > Duration{0}) context.task.sleep(subject.takes);
        const bool fails = subject.failing_applies > 0;
        if (fails) --subject.failing_applies;
        leave();
        if (context.task.cancelled()) return Error{Code::cancelled, "cut off"};
        lab_.log.push_back(name_ + (fails ? " failed" : " applied"));
        if (fails) return Error{Code::unavailable, "the apply of " + name_ + " failed"};
        if (!subject.stubborn) subject.wrong = false;
        return {};
    }

    bool acts_on_refresh() const override { return params_.acts; }
    bool always_notifies() const override { return params_.notifies; }

    std::vector<Watch> watches() const override {
        std::vector<Watch> watches;
        if (!params_.watch.empty()) watches.push_back(WatchPath{params_.watch, WatchDepth::entry});
        if (!params_.lines.empty()) {
            Command command;
            command.arguments = {params_.lines};
            watches.push_back(WatchLines{std::move(command)});
        }
        if (!params_.key.empty()) watches.push_back(WatchKey{params_.key});
        if (params_.tick > 0) watches.push_back(WatchTicks{Milliseconds{params_.tick}});
        return watches;
    }
    std::optional<Thing> owns() const override {
        if (!params_.owns) return std::nullopt;
        return thing_of(*params_.owns);
    }
    std::optional<Thing> clears() const override {
        if (!params_.clears) return std::nullopt;
        return thing_of(*params_.clears);
    }
    Value encode() const override { return probe_schema().write(params_); }
    bool same_as(const Resource& other) const override {
        return probe_schema().equal(params_, static_cast<const Probe&>(other).params_);
    }

 private:
    Subject& enter() const {
        Subject& subject = lab_.subjects[name_];
        subject.most_inside = std::max(subject.most_inside, ++subject.inside);
        lab_.most_inside = std::max(lab_.most_inside, ++lab_.inside);
        return subject;
    }
    void leave() const {
        --lab_.subjects[name_].inside;
        --lab_.inside;
    }

    Lab& lab_;
    std::string name_;
    ProbeParams params_;
};

// Called "part", so that the manifests of graph/testing.h serve here too.
class ProbeKind final : public Kind {
 public:
    explicit ProbeKind(Lab& lab) : lab_(lab) {}
    const std::string& name() const override { return name_; }
    const std::string& help() const override { return name_; }
    std::span<const FieldInfo> fields() const override { return probe_schema().fields(); }
    Result<ResourcePtr> make(const Declaration& declaration,
                             std::vector<std::string>&) const override {
        auto params = probe_schema().read(declaration);
        if (!params) return std::move(params).error();
        return ResourcePtr{std::make_shared<Probe>(lab_, declaration.id.name, std::move(*params))};
    }

 private:
    Lab& lab_;
    std::string name_ = "part";
};

inline Catalog probe_catalog(Lab& lab) {
    Catalog catalog;
    catalog.add(std::make_unique<ProbeKind>(lab));
    return catalog;
}

// Watches of keys that the test fires by hand.
class SimKeys final : public KeyWatcher {
 public:
    Held watch_key(const std::string& key, Action changed) override {
        watched[key] = std::move(changed);
        return std::make_unique<Watch>(*this, key);
    }
    std::map<std::string, Action> watched;

 private:
    struct Watch final : Subscription {
        Watch(SimKeys& all, std::string its) : keys(all), key(std::move(its)) {}
        ~Watch() override { keys.watched.erase(key); }
        SimKeys& keys;
        std::string key;
    };
};

class RunnerTest : public ::testing::Test {
 protected:
    explicit RunnerTest(RunnerOptions options = {}, SimMachineOptions machine = {})
        : machine_(loop_, 7, machine) {
        report_.listen([this](const Event& event, WallTime) { hear(event); });
        make_runner(options);
    }

    void make_runner(RunnerOptions options) {
        runner_.reset();
        runner_ = std::make_unique<Runner>(graph_,
                                           RunnerPorts{loop_, machine_.workers, machine_.watcher,
                                                       machine_.ports(), report_, nullptr, &keys_},
                                           options, [this] { ++moved_; });
    }

    void want(const Manifest& manifest) {
        auto delta = graph_.declare(manifest);
        ASSERT_TRUE(delta) << delta.error().text;
        runner_->adopt(*delta);
    }
    void amend(std::vector<Declaration> upserts, std::vector<InstanceId> removals = {}) {
        runner_->adopt(graph_.amend({std::move(upserts), std::move(removals)}));
    }

    // Lets everything happen that happens within so much time.
    void pass(Duration duration) { loop_.run_for(duration); }
    void settle() {
        const auto at_rest = [this] { return runner_->standing().at_rest(); };
        ASSERT_TRUE(loop_.run_until(at_rest, Seconds{3600}));
        pass(Milliseconds{1});
    }

    Subject& subject(const std::string& name) { return lab_.subjects[name]; }
    // Wakes a resource that watches /name; nothing has changed.
    void nudge(const std::string& name) {
        ASSERT_TRUE(machine_.files.write("/" + name, std::to_string(++disturbances_), {}));
    }
    // The machine changes under a resource that watches /name.
    void disturb(const std::string& name) {
        subject(name).wrong = true;
        nudge(name);
    }
    std::vector<std::string> take_log() { return std::exchange(lab_.log, {}); }

    Phase phase(const std::string& id) const {
        const auto found = report_.snapshot().resources.find(id);
        EXPECT_NE(found, report_.snapshot().resources.end()) << id << " is not reported";
        return found == report_.snapshot().resources.end() ? Phase::missing : found->second.phase;
    }
    std::string detail(const std::string& id) const {
        return report_.snapshot().resources.at(id).detail;
    }

    void hear(const Event& event) {
        if (const auto* ran = std::get_if<happened::ResourceRan>(&event)) runs_.push_back(*ran);
        if (const auto* warned = std::get_if<happened::Warned>(&event))
            warnings_.push_back(warned->text);
    }

    using Names = std::vector<std::string>;

    Lab lab_;  // outlives the machine, whose end runs what is under way
    SimLoop loop_;
    SimMachine machine_;
    SimKeys keys_;
    Report report_{loop_.clock()};
    Catalog catalog_ = probe_catalog(lab_);
    Graph graph_{catalog_};
    std::unique_ptr<Runner> runner_;
    std::vector<happened::ResourceRan> runs_;
    Names warnings_;
    int moved_ = 0;
    int disturbances_ = 0;
};

// A resource that watches the path /name.
inline Declaration watched(const std::string& name, Fields fields = {}) {
    fields.emplace_back("watch", "/" + name);
    return part(name, fields);
}

}  // namespace hansa::testing
