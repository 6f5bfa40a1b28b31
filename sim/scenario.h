// Random graphs and random misfortunes, from a seed.
//
// A Scenario holds what is declared as a model of its own, so that the outcome can be foretold
// without the code under test, and prints it as a manifest. Paths: everything declared is below
// /data, /trigger/NAME wakes the exec NAME.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "resource/id.h"
#include "sys/sim/machine.h"

namespace hansa {

using YamlFields = std::vector<std::pair<std::string, std::string>>;  // scalars as written

struct Planned {
    ResourceId id;
    YamlFields fields;
    YamlFields meta;

    // Of a file: what must be on disk when all is well. Directories have neither.
    std::string path;
    std::optional<std::string> content;
    std::optional<FileMode> mode;
    bool absent = false;

    bool noop = false;    // meta.noop: the disk is left alone
    bool broken = false;  // a `test` that always fails
};

struct PlannedEdge {
    std::size_t from = 0;  // index of the resource; always below `to`
    std::size_t to = 0;
    bool notify = false;
};

class Scenario {
 public:
    explicit Scenario(std::uint64_t seed);

    // The manifest of the present plan.
    std::string yaml() const;

    // A text that no parser or graph may accept: bad syntax, a cycle, an unknown kind, …
    std::string broken_yaml();

    // Changes the plan: adds, drops, redefines, relinks. At least one thing.
    void revise();

    void drop_something();

    // Takes back what was dropped last. False when there is nothing, or it cannot come back.
    bool revive();

    // Gives everything that has meta.limit a reason to run.
    void pester(SimMachine& machine);

    // Makes a file that notifies somebody wrong; its name, or empty where there is none.
    std::string spoil_a_notifier(SimMachine& machine);

    // Gives the resource other meta parameters, and leaves the rest of it alone.
    void redefine_meta(const std::string& file);

    // Does one thing to the machine behind the agent's back.
    void disturb(SimMachine& machine);

    // Ends every misfortune: faults, failing commands, things in the way. Afterwards the plan
    // holds nothing that fails for ever.
    void heal(SimMachine& machine);

    // Commands of the plan, as the machine runs them.
    void install(SimMachine& machine);

    // What is on disk otherwise than planned; empty when all is well.
    std::string difference(const SimMachine& machine) const;

    const std::vector<Planned>& plan() const { return plan_; }
    const std::vector<PlannedEdge>& edges() const { return edges_; }

    // What was done, one line each, for people.
    const std::vector<std::string>& diary() const { return diary_; }

 private:
    Planned make_resource();
    Planned make_file(const std::string& name);
    Planned make_exec(const std::string& name);
    void make_meta(Planned& planned);
    void add_meta_of_time(Planned& planned);
    void link_some(std::size_t to);
    void drop(std::size_t index);
    void redefine(std::size_t index);
    void harm_file(SimMachine& machine, const Planned& planned);
    std::string manifest_of(const std::vector<PlannedEdge>& edges) const;
    std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }
    bool chance(double probability) { return random_.chance(probability); }
    const Planned* some(const std::string& kind);

    SeededRandom random_;
    std::vector<Planned> plan_;
    std::vector<PlannedEdge> edges_;
    std::optional<Planned> dropped_;  // last
    std::uint64_t names_made_ = 0;
    std::uint64_t contents_made_ = 0;
    std::set<std::string> failing_;  // execs whose command fails just now
    std::map<std::string, Milliseconds> takes_;
    std::vector<std::string> diary_;
};

}  // namespace hansa
