#include "observe.h"

#include <utility>

#include "base/check.h"
#include "base/text.h"

namespace hansa {
namespace {

// Watched paths carry whose watch it is, so that a wake-up can be told from another's at the same
// path: "/@file%5Bx%5D/etc/motd".
std::string marked(const ResourceId& id, const std::string& path) {
    return "/@" + percent_encode(id.kind) + "@" + percent_encode(id.name) + path;
}

}  // namespace

class Observation::SeenWorkers final : public Workers {
 public:
    SeenWorkers(Witness& witness, Workers& inner) : witness_(witness), inner_(inner) {}

    std::shared_ptr<Cancel> run(Work work, Action done) override {
        const Ticket ticket = ++tickets_;
        witness_.handed_over(ticket);
        return inner_.run(
            [this, ticket, work = std::move(work)](Task& task) {
                by_task_[&task] = ticket;
                work(task);
                by_task_.erase(&task);
                witness_.work_ended(ticket);
            },
            [this, ticket, done = std::move(done)] {
                witness_.work_told(ticket);
                done();
            });
    }

    Ticket ticket_of(const Task& task) const {
        const auto found = by_task_.find(&task);
        check(found != by_task_.end(), "resources are looked at by workers only");
        return found->second;
    }

 private:
    Witness& witness_;
    Workers& inner_;
    Ticket tickets_ = 0;
    std::map<const Task*, Ticket> by_task_;
};

class Observation::SeenWatcher final : public PathWatcher {
 public:
    SeenWatcher(Witness& witness, PathWatcher& inner) : witness_(witness), inner_(inner) {}

    Result<Held> watch(const std::string& path, WatchDepth depth, Action changed) override {
        const std::size_t kind_end = path.find('@', 2);
        const std::size_t name_end = path.find('/', 2);
        check(path.starts_with("/@") && kind_end < name_end, "only resources watch paths");
        ResourceId id{*percent_decode(path.substr(2, kind_end - 2)),
                      *percent_decode(path.substr(kind_end + 1, name_end - kind_end - 1))};
        return inner_.watch(path.substr(name_end), depth,
                            [this, id = std::move(id), changed = std::move(changed)] {
                                witness_.woken(id);
                                changed();
                            });
    }

 private:
    Witness& witness_;
    PathWatcher& inner_;
};

class Observation::SeenResource final : public Resource {
 public:
    SeenResource(Observation& owner, ResourceId id, ResourcePtr inner)
        : owner_(owner), id_(std::move(id)), inner_(std::move(inner)) {}

    Result<Difference> check(const Context& context) const override {
        const Ticket ticket = owner_.workers_->ticket_of(context.task);
        owner_.witness_.check_began(id_, ticket);
        auto difference = inner_->check(context);
        owner_.witness_.check_ended(id_, ticket, bool(difference));
        return difference;
    }

    Result<void> apply(const Context& context, const Difference& difference) const override {
        const Ticket ticket = owner_.workers_->ticket_of(context.task);
        owner_.witness_.apply_began(id_, ticket);
        auto applied = inner_->apply(context, difference);
        owner_.witness_.apply_ended(id_, ticket, bool(applied));
        return applied;
    }

    std::vector<Watch> watches() const override {
        std::vector<Watch> watches = inner_->watches();
        for (Watch& watch : watches)
            if (auto* path = std::get_if<WatchPath>(&watch)) path->path = marked(id_, path->path);
        return watches;
    }

    bool acts_on_refresh() const override { return inner_->acts_on_refresh(); }
    bool always_notifies() const override { return inner_->always_notifies(); }
    std::vector<Thing> provides() const override { return inner_->provides(); }
    std::vector<Thing> wants() const override { return inner_->wants(); }
    std::optional<Thing> owns() const override { return inner_->owns(); }
    std::optional<Thing> clears() const override { return inner_->clears(); }
    Value encode() const override { return inner_->encode(); }
    bool same_as(const Resource& other) const override {
        return inner_->same_as(*static_cast<const SeenResource&>(other).inner_);
    }

 private:
    Observation& owner_;
    ResourceId id_;
    ResourcePtr inner_;
};

class Observation::SeenKind final : public Kind {
 public:
    SeenKind(Observation& owner, const Kind& inner) : owner_(owner), inner_(inner) {}

    const std::string& name() const override { return inner_.name(); }
    const std::string& help() const override { return inner_.help(); }
    std::span<const FieldInfo> fields() const override { return inner_.fields(); }
    Support support() const override { return inner_.support(); }
    std::string hint() const override { return inner_.hint(); }
    Result<ResourcePtr> make(const Declaration& declaration,
                             std::vector<std::string>& warnings) const override {
        auto made = inner_.make(declaration, warnings);
        if (!made) return made;
        return ResourcePtr{
            std::make_shared<SeenResource>(owner_, declaration.id, std::move(*made))};
    }
    Result<Declaration> relocate(Declaration declaration,
                                 const std::string& pattern) const override {
        return inner_.relocate(std::move(declaration), pattern);
    }
    Result<Declaration> prepare_export(Declaration declaration, const Files& files) const override {
        return inner_.prepare_export(std::move(declaration), files);
    }

 private:
    Observation& owner_;
    const Kind& inner_;
};

Observation::Observation(Witness& witness, const Catalog& kinds, Workers& workers,
                         PathWatcher& watcher)
    : witness_(witness),
      workers_(std::make_unique<SeenWorkers>(witness, workers)),
      watcher_(std::make_unique<SeenWatcher>(witness, watcher)) {
    for (const std::string& name : kinds.names())
        kinds_.add(std::make_unique<SeenKind>(*this, *kinds.find(name)));
}

Observation::~Observation() = default;

Workers& Observation::workers() {
    return *workers_;
}

PathWatcher& Observation::watcher() {
    return *watcher_;
}

}  // namespace hansa
