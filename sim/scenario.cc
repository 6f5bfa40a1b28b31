#include "scenario.h"

#include <algorithm>

#include "base/text.h"

namespace hansa {
namespace {

constexpr std::uint64_t size_max = 14;

std::string number(std::uint64_t value) {
    return std::to_string(value);
}

void print_fields(const YamlFields& fields, const char* indent, std::string& out) {
    for (const auto& [key, value] : fields) out += indent + key + ": " + value + "\n";
}

void print_kind(const std::vector<Planned>& plan, const std::string& kind, std::string& out) {
    bool any = false;
    for (const Planned& planned : plan) {
        if (planned.id.kind != kind) continue;
        if (!any) out += "  " + kind + ":\n";
        any = true;
        out += "  - name: " + planned.id.name + "\n";
        print_fields(planned.fields, "    ", out);
        if (!planned.meta.empty()) out += "    meta:\n";
        print_fields(planned.meta, "      ", out);
    }
}

std::string trigger_of(const std::string& name) {
    return "/trigger/" + name;
}

// Nothing but directories on the way to `path`, itself included.
void clear_the_way(SimFiles& files, const std::string& path) {
    std::string so_far;
    for (const std::string& step : split(path.substr(1), '/')) {
        so_far += "/" + step;
        const auto found = files.status(so_far);
        if (found && found->type != FileType::directory) (void)files.remove(so_far);
    }
    (void)files.make_directories(path);
}

std::string parent_of(std::string path) {
    if (path.ends_with('/')) path.pop_back();
    return path.substr(0, path.rfind('/'));
}

}  // namespace

Scenario::Scenario(std::uint64_t seed) : random_(seed) {
    const std::uint64_t size = 1 + below(size_max);
    for (std::uint64_t i = 0; i < size; ++i) {
        plan_.push_back(make_resource());
        link_some(plan_.size() - 1);
    }
}

Planned Scenario::make_resource() {
    const std::string name = "r" + number(++names_made_);
    const std::uint64_t dice = below(10);
    Planned planned;
    if (dice < 4) {
        planned = make_file(name);
    } else if (dice < 7) {
        planned = make_exec(name);
    } else if (dice < 9) {
        planned.id = {"test", name};
        const std::uint64_t fate = below(10);
        planned.broken = fate == 0;
        planned.fields.push_back(
            {"outcome", planned.broken ? "fail" : (fate < 5 ? "ok" : "changed")});
        if (chance(0.5)) planned.fields.push_back({"duration", number(below(2000))});
        if (chance(0.2)) planned.fields.push_back({"fail_first", number(1 + below(2))});
    } else {
        planned.id = {"noop", name};
    }
    make_meta(planned);
    return planned;
}

Planned Scenario::make_file(const std::string& name) {
    Planned planned;
    planned.id = {"file", name};
    std::string directory = "/data/";
    const Planned* parent = some("file");
    if (parent && parent->path.ends_with('/') && !parent->absent && chance(0.7))
        directory = parent->path;
    planned.path = directory + name;
    const std::uint64_t dice = below(10);
    if (dice < 2) {
        planned.path += "/";
        planned.fields.push_back({"state", "exists"});
    } else if (dice < 3) {
        planned.absent = true;
        planned.fields.push_back({"state", "absent"});
    } else {
        planned.content = "content " + number(++contents_made_);
        planned.fields.push_back({"content", *planned.content});
    }
    planned.fields.push_back({"path", planned.path});
    if (!planned.absent && chance(0.3)) {
        planned.mode = planned.path.ends_with('/') ? 0750 : 0640;
        planned.fields.push_back({"mode", planned.mode == 0750 ? "0750" : "0640"});
    }
    return planned;
}

Planned Scenario::make_exec(const std::string& name) {
    Planned planned;
    planned.id = {"exec", name};
    planned.fields.push_back({"cmd", "job " + name});
    planned.fields.push_back({"watchfiles", "[" + trigger_of(name) + "]"});
    if (chance(0.2)) planned.fields.push_back({"ifcmd", "test -e " + trigger_of(name)});
    takes_[name] = Milliseconds{chance(0.3) ? 0 : below(3000)};
    if (chance(0.2)) failing_.insert(name);
    return planned;
}

void Scenario::make_meta(Planned& planned) {
    planned.noop = chance(0.1);
    if (planned.noop) planned.meta.push_back({"noop", "true"});
    if (chance(0.3)) {
        static const char* const uses[] = {"[one]", "[two:2]", "[one, two:2]", "[three:3]"};
        planned.meta.push_back({"sema", uses[below(4)]});
    }
    add_meta_of_time(planned);
}

void Scenario::add_meta_of_time(Planned& planned) {
    if (chance(0.4)) {
        planned.meta.push_back({"retry", chance(0.2) ? "-1" : number(1 + below(3))});
        planned.meta.push_back({"delay", number(below(1500))});
    }
    if (chance(0.15)) planned.meta.push_back({"timeout", number(500 + below(5000))});
    if (chance(0.15)) planned.meta.push_back({"poll", number(1 + below(5))});
    if (chance(0.15)) {
        planned.meta.push_back({"limit", number(1 + below(4))});
        planned.meta.push_back({"burst", number(1 + below(3))});
    }
}

// Edges go from earlier to later resources, so there is never a cycle among them; those that
// automatic edges would turn around are left out.
void Scenario::link_some(std::size_t to) {
    const std::uint64_t wanted = below(3);
    for (std::uint64_t i = 0; i < wanted && to > 0; ++i) {
        const std::size_t from = below(to);
        const bool known = std::any_of(edges_.begin(), edges_.end(), [&](const PlannedEdge& edge) {
            return edge.from == from && edge.to == to;
        });
        if (!known) edges_.push_back({from, to, chance(0.35)});
    }
}

const Planned* Scenario::some(const std::string& kind) {
    std::vector<const Planned*> candidates;
    for (const Planned& planned : plan_)
        if (planned.id.kind == kind) candidates.push_back(&planned);
    return candidates.empty() ? nullptr : candidates[below(candidates.size())];
}

std::string Scenario::manifest_of(const std::vector<PlannedEdge>& edges) const {
    std::string out = "graph: sim\n";
    if (!plan_.empty()) out += "resources:\n";
    for (const char* kind : {"file", "exec", "test", "noop"}) print_kind(plan_, kind, out);
    if (!edges.empty()) out += "edges:\n";
    for (std::size_t i = 0; i < edges.size(); ++i) {
        const ResourceId& from = plan_[edges[i].from].id;
        const ResourceId& to = plan_[edges[i].to].id;
        out += "- name: e" + number(i) + "\n";
        out += "  from: {kind: " + from.kind + ", name: " + from.name + "}\n";
        out += "  to: {kind: " + to.kind + ", name: " + to.name + "}\n";
        if (edges[i].notify) out += "  notify: true\n";
    }
    return out;
}

std::string Scenario::yaml() const {
    return manifest_of(edges_);
}

std::string Scenario::broken_yaml() {
    const std::uint64_t dice = below(4);
    diary_.push_back("a broken manifest");
    if (dice == 0) return yaml() + "\n  - : [\n";
    if (dice == 1) return yaml() + "unknown_key: 1\n";
    if (dice == 2) return "graph: sim\nresources:\n  scv:\n  - name: x\n";
    return "graph: sim\nresources:\n  noop:\n  - name: a\n  - name: b\nedges:\n"
           "- {name: x, from: {kind: noop, name: a}, to: {kind: noop, name: b}}\n"
           "- {name: y, from: {kind: noop, name: b}, to: {kind: noop, name: a}}\n";
}

void Scenario::drop(std::size_t index) {
    diary_.push_back("drop " + plan_[index].id.text());
    dropped_ = plan_[index];
    plan_.erase(plan_.begin() + static_cast<std::ptrdiff_t>(index));
    std::erase_if(edges_,
                  [&](const PlannedEdge& edge) { return edge.from == index || edge.to == index; });
    for (PlannedEdge& edge : edges_) {
        if (edge.from > index) --edge.from;
        if (edge.to > index) --edge.to;
    }
}

void Scenario::drop_something() {
    if (!plan_.empty()) drop(below(plan_.size()));
}

// Not a directory: resources below it may have edges to others by now, and those come first.
bool Scenario::revive() {
    if (!dropped_ || dropped_->path.ends_with('/')) return false;
    diary_.push_back("revive " + dropped_->id.text());
    plan_.push_back(std::move(*dropped_));
    dropped_.reset();
    link_some(plan_.size() - 1);
    return true;
}

void Scenario::pester(SimMachine& machine) {
    for (const Planned& planned : plan_) {
        const bool is_limited =
            std::any_of(planned.meta.begin(), planned.meta.end(),
                        [](const auto& field) { return field.first == "limit"; });
        if (!is_limited) continue;
        if (planned.id.kind == "exec")
            (void)machine.files.write(trigger_of(planned.id.name), "", {});
        if (planned.content) (void)machine.files.overwrite(planned.path, "spoiled");
    }
}

std::string Scenario::spoil_a_notifier(SimMachine& machine) {
    for (const PlannedEdge& edge : edges_) {
        const Planned& from = plan_[edge.from];
        if (!edge.notify || !from.content || !chance(0.7)) continue;
        diary_.push_back("spoil the notifier " + from.id.text());
        (void)machine.files.overwrite(from.path, "spoiled");
        return from.id.name;
    }
    return {};
}

void Scenario::redefine_meta(const std::string& file) {
    for (Planned& planned : plan_) {
        if (planned.id != ResourceId{"file", file}) continue;
        diary_.push_back("redefine the meta of " + planned.id.text());
        planned.meta.clear();
        make_meta(planned);
    }
}

void Scenario::redefine(std::size_t index) {
    Planned& planned = plan_[index];
    diary_.push_back("redefine " + planned.id.text());
    if (planned.content && chance(0.7)) {
        planned.content = "content " + number(++contents_made_);
        for (auto& [key, value] : planned.fields)
            if (key == "content") value = *planned.content;
        return;
    }
    planned.meta.clear();
    make_meta(planned);
}

void Scenario::revise() {
    const std::uint64_t changes = 1 + below(3);
    for (std::uint64_t i = 0; i < changes; ++i) {
        const std::uint64_t dice = below(6);
        if (plan_.empty() || (dice < 2 && plan_.size() < size_max)) {
            plan_.push_back(make_resource());
            diary_.push_back("add " + plan_.back().id.text());
            link_some(plan_.size() - 1);
        } else if (dice == 2) {
            drop(below(plan_.size()));
        } else if (dice == 3 && !edges_.empty()) {
            diary_.push_back("drop an edge");
            edges_.erase(edges_.begin() + static_cast<std::ptrdiff_t>(below(edges_.size())));
        } else if (dice == 4) {
            diary_.push_back("add edges");
            link_some(below(plan_.size()));
        } else {
            redefine(below(plan_.size()));
        }
    }
}

void Scenario::install(SimMachine& machine) {
    (void)machine.files.make_directories("/data");
    (void)machine.files.make_directories("/trigger");
    for (const Planned& planned : plan_) {
        if (planned.absent) (void)machine.files.write(planned.path, "shall go", {});
        if (planned.id.kind == "exec")
            (void)machine.files.write(trigger_of(planned.id.name), "", {});
    }
    machine.processes.script("job", [this](const Command& command) {
        const std::string& name = command.arguments.at(1);
        return Script{.status = failing_.contains(name) ? 1 : 0, .takes = takes_[name]};
    });
}

void Scenario::harm_file(SimMachine& machine, const Planned& planned) {
    SimFiles& files = machine.files;
    std::string path = planned.path;
    if (path.ends_with('/')) path.pop_back();
    const std::uint64_t dice = below(9);
    static const char* const deeds[] = {"overwrite", "remove",      "replace",
                                        "chmod",     "move",        "put a directory at",
                                        "fault at",  "no space at", "heal"};
    diary_.push_back(std::string(deeds[dice]) + " " + path);
    switch (dice) {
        case 0: (void)files.overwrite(path, "spoiled"); break;
        case 1: (void)files.remove_tree(path); break;
        case 2: (void)files.write(path, "replaced", {}); break;
        case 3: (void)files.set_attributes(path, {.mode = 0600}); break;
        case 4: (void)files.rename(path, "/tmp/moved-" + planned.id.name); break;
        case 5:
            (void)files.remove_tree(path);
            (void)files.make_directory(path, {});
            break;
        case 6: files.set_fault(path, FileFault::denied); break;
        case 7: files.set_fault(path, FileFault::no_space); break;
        default:
            files.heal(path);
            (void)files.write("/tmp/unrelated", "x", {});
            break;
    }
}

void Scenario::disturb(SimMachine& machine) {
    const Planned* file = some("file");
    const Planned* exec = some("exec");
    const std::uint64_t dice = below(10);
    if (dice < 6 && file) return harm_file(machine, *file);
    if (dice < 9 && exec) {
        const std::string& name = exec->id.name;
        const bool fails = chance(0.3);
        diary_.push_back("trigger " + name + (fails ? ", failing" : ""));
        if (fails)
            failing_.insert(name);
        else
            failing_.erase(name);
        (void)machine.files.write(trigger_of(name), "", {});
        return;
    }
    diary_.push_back("overflow");
    machine.watcher.overflow();
}

void Scenario::heal(SimMachine& machine) {
    diary_.push_back("heal everything");
    failing_.clear();
    machine.files.heal_all();
    for (Planned& planned : plan_) {
        if (planned.broken) planned.fields.front().second = "ok";
        planned.broken = false;
        std::erase_if(planned.fields,
                      [](const auto& field) { return field.first == "fail_first"; });
        // What takes longer than the pause between its polls never comes to rest.
        const bool is_file = planned.id.kind == "file";
        std::erase_if(planned.meta, [&](const auto& field) {
            return field.first == "timeout" || (field.first == "poll" && !is_file);
        });
        if (planned.path.empty()) continue;
        clear_the_way(machine.files, parent_of(planned.path));
        std::string path = planned.path;
        if (path.ends_with('/')) path.pop_back();
        const auto found = machine.files.status(path);
        if (!found) continue;
        const bool is_directory = found->type == FileType::directory;
        if (is_directory != planned.path.ends_with('/')) (void)machine.files.remove_tree(path);
    }
    for (const Planned& planned : plan_)
        if (planned.id.kind == "exec")
            (void)machine.files.write(trigger_of(planned.id.name), "", {});
}

std::string Scenario::difference(const SimMachine& machine) const {
    std::string out;
    for (const Planned& planned : plan_) {
        if (planned.path.empty() || planned.noop) continue;
        const auto found = machine.files.status(planned.path);
        if (planned.absent) {
            if (found) out += planned.path + " is still there\n";
        } else if (!found) {
            out += planned.path + " is not there\n";
        } else if (planned.mode && found->mode != *planned.mode) {
            out += planned.path + " has another mode\n";
        } else if (planned.content && !machine.files.holds(planned.path, *planned.content)) {
            out += planned.path + " cannot be read\n";
        } else if (planned.content && !*machine.files.holds(planned.path, *planned.content)) {
            out += planned.path + " has other content\n";
        }
    }
    return out;
}

}  // namespace hansa
