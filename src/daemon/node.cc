#include "daemon/node.h"

#include <iterator>
#include <optional>

#include "base/text.h"
#include "daemon/answers.h"
#include "daemon/ending.h"
#include "daemon/enrolment.h"
#include "daemon/exporting.h"
#include "daemon/first_join.h"
#include "daemon/inspect.h"
#include "daemon/policy_file.h"
#include "daemon/residence.h"
#include "daemon/rest.h"
#include "daemon/store_link.h"
#include "daemon/tell.h"
#include "engine/runner.h"
#include "graph/graph.h"
#include "kinds/standard.h"
#include "manifest/file.h"
#include "sys/linux/locks.h"
#include "sys/linux/loop.h"
#include "sys/linux/machine.h"
#include "sys/linux/pages.h"
#include "sys/linux/random.h"
#include "sys/linux/secure_sockets.h"
#include "sys/linux/sockets.h"
#include "sys/linux/surroundings.h"
#include "sys/linux/watch.h"
#include "sys/linux/workers.h"

namespace hansa {

// Built from top to bottom, destroyed from bottom to top: each part uses only parts above it.
struct Node::Parts {
    explicit Parts(Settings given) : settings(std::move(given)) {}

    Settings settings;

    // This machine.
    LinuxLoop loop;
    LinuxMachine machine{loop, {.descriptors_of_children = raise_descriptor_limit()}};
    LinuxRandom random;
    std::unique_ptr<LinuxPathWatcher> watcher;  // made by prepare(): the kernel may refuse it
    LinuxSockets sockets{loop};
    LinuxLocks locks{loop};
    Catalog catalog = standard_kinds();  // above the workers, which read graphs by it
    LinuxWorkers workers{loop, {.limit = settings.workers}};
    LinuxSecureSockets secure{loop, workers};
    LinuxPages pages{loop};

    // What is wanted, what is, and what is told of both.
    Report report{loop.clock()};
    Graph graph{catalog};
    std::optional<Residence> residence;    // from prepare() on
    std::unique_ptr<PolicyFile> policy;    // likewise
    std::unique_ptr<StoreLink> store;      // null: standalone
    std::unique_ptr<Enrolment> enrolment;  // likewise
    std::unique_ptr<Runner> runner;
    std::unique_ptr<Exporting> exporting;
    std::unique_ptr<Rest> rest;
    std::unique_ptr<ManifestFile> manifest;

    // How it ends.
    Ending ending{report,
                  {.stop = [this] { stop(); },
                   .cancel = [this] { cancel(); },
                   .leave = [] { leave_at_once(static_cast<int>(ExitCode::internal)); }}};
    std::optional<Error> fatal;
    std::optional<ExitCode> early;  // asked to end before anything had begun
    std::vector<Held> held;         // signals, control socket, timers

    Result<ExitCode> run();
    Result<void> prepare();
    Result<void> enter(const Home& home);
    Result<void> enrol();
    Result<void> open_store(const PolicyState& rules);
    MeshRest mesh_rest() const;
    void make_runner();
    void follow_files();
    Result<PolicyState> load_policy();

    Result<GraphChange> declare(const Manifest& next);
    void adopt(Manifest next, const GraphChange& change);
    void collect(const Amendment& amendment);
    void redraw(const GraphChange& change);

    void moved() {
        if (rest) rest->moved();
    }
    void converged();
    void fail(Error error);
    void stop();
    void cancel();
    void stopped();
};

Node::Node(Settings settings) : parts_(std::make_unique<Parts>(std::move(settings))) {}
Node::~Node() = default;

Report& Node::report() {
    return parts_->report;
}

Result<ExitCode> Node::run() {
    return parts_->run();
}

Result<ExitCode> Node::Parts::run() {
    auto prepared = prepare();
    if (early) return *early;
    if (!prepared) return std::move(prepared).error();
    loop.run();
    if (fatal) report.publish(happened::Fatal{fatal->text});
    report.publish(happened::Stopped{static_cast<int>(ending.code())});
    return ending.code();
}

// Everything that may be refused comes before anything that changes the machine.
Result<void> Node::Parts::prepare() {
    auto watching = LinuxPathWatcher::make(loop);
    if (!watching) return std::move(watching).error();
    watcher = std::move(*watching);
    manifest = std::make_unique<ManifestFile>(
        ManifestPath{absolute_path(settings.graph_file), settings.graph_file}, catalog,
        ManifestFile::Ports{loop, workers, machine.files, *watcher});
    auto first = manifest->load();
    if (!first) return Error{Code::invalid, first.error().text};  // whatever it is: a bad graph
    auto change = declare(*first);
    if (!change) return std::move(change).error();
    auto rules = load_policy();
    if (!rules) return std::move(rules).error();
    auto opened = Residence::open({machine.files, locks, machine.accounts, random}, loop.clock(),
                                  settings, [this](const Home& home) { return enter(home); });
    if (!opened) return std::move(opened).error();
    residence.emplace(std::move(*opened));

    tell_start(report, settings);
    held = ending.listen(loop);
    if (auto store_opened = open_store(*rules); !store_opened) return store_opened;
    auto answering = serve_answers({sockets, pages, machine.accounts, report}, settings, *residence,
                                   store.get());
    if (!answering) return std::move(answering).error();
    std::move(answering->begin(), answering->end(), std::back_inserter(held));
    if (auto enrolled = enrol(); !enrolled) return enrolled;
    make_runner();
    adopt(std::move(*first), *change);
    trim_memory();  // the text of the graph and its tree are gone
    if (store) store->start();
    if (settings.watch) follow_files();
    if (settings.max_runtime)
        held.push_back(loop.after(*settings.max_runtime, [this] {
            ending.finish("the time given by --max-runtime is up", ExitCode::max_runtime);
        }));
    return {};
}

Result<void> Node::Parts::enter(const Home& home) {
    auto ended =
        join_first({loop, secure, machine.files, machine.accounts, random, report}, settings, home);
    if (!ended) return std::move(ended).error();
    early = *ended;
    return early ? Result<void>(Error{Code::cancelled, "ended while joining"}) : Result<void>{};
}

Result<void> Node::Parts::enrol() {
    if (!store) return {};
    enrolment =
        std::make_unique<Enrolment>(Enrolment::Ports{loop, workers, secure, machine.files, locks,
                                                     machine.accounts, random, report},
                                    settings, *residence->home, [this] { return store->urls(); });
    return enrolment->start(*residence->credentials);
}

void Node::Parts::follow_files() {
    auto watching = manifest->watch([this](Result<Manifest> next) {
        auto change = next ? declare(*next) : Result<GraphChange>(std::move(next).error());
        if (change) return adopt(std::move(*next), *change);
        report.publish(happened::GraphRefused{change.error().text});
    });
    if (!watching)
        report.publish(
            happened::Warned{"edits of the graph file are not seen: " + watching.error().text});
}

Result<PolicyState> Node::Parts::load_policy() {
    policy = std::make_unique<PolicyFile>(
        policy_paths(settings), catalog.names(),
        PolicyFile::Ports{loop, workers, machine.files, machine.accounts, *watcher});
    return policy->load();
}

Result<void> Node::Parts::open_store(const PolicyState& rules) {
    if (settings.standalone) return {};
    auto opened = StoreLink::open(
        StoreLink::Ports{loop, workers, machine.files, *watcher, machine.processes, locks, sockets,
                         secure, machine.accounts, random, catalog, report, *policy},
        settings, *residence->home, *residence->credentials, rules,
        StoreLink::Events{
            .on_amendment = [this](const Amendment& amendment) { collect(amendment); },
            .on_moved = [this] { moved(); },
            .on_fatal = [this](Error error) { fail(std::move(error)); },
            .on_unaccepted =
                [this] { enrolment->doubt([this](Error why) { fail(std::move(why)); }); },
            .on_left = [this](ExitCode code) { ending.finish("this host has left", code); }});
    if (!opened) return std::move(opened).error();
    store = std::move(*opened);
    if (settings.noop) return {};
    exporting = std::make_unique<Exporting>(
        Exporting::Ports{workers, *watcher, machine.files, catalog, report},
        [this](std::vector<Export> exports) { store->publish(std::move(exports)); },
        [this] { moved(); });
    return {};
}

MeshRest Node::Parts::mesh_rest() const {
    MeshRest now = store ? store->rest() : MeshRest{};
    if (exporting && exporting->busy()) now.exports_acknowledged = false;
    if (exporting && exporting->failed()) now.exports_failed = true;
    return now;
}

void Node::Parts::make_runner() {
    runner = std::make_unique<Runner>(
        graph,
        RunnerPorts{loop, workers, *watcher, machine.ports(), report,
                    store ? store->key_value() : nullptr, store ? store->key_watcher() : nullptr},
        RunnerOptions{.noop = settings.noop, .sema = settings.sema, .watch = settings.watch},
        [this] { moved(); });
    rest = std::make_unique<Rest>(
        Rest::Ports{loop, report, [this] { return runner->standing(); },
                    [this] { return runner->last_activity(); }, [this] { return mesh_rest(); }},
        settings.converged_timeout, [this] { converged(); });
}

Result<GraphChange> Node::Parts::declare(const Manifest& next) {
    if (auto unable = kinds_not_runnable(next, catalog); !unable.empty())
        return Error{Code::invalid, settings.graph_file + ": kind " + join(unable, ", ") +
                                        " is known but cannot be applied yet; nothing is changed"};
    const Instant began = loop.clock().now();
    auto delta = graph.declare(next);
    if (!delta) return std::move(delta).error();
    return GraphChange{std::move(*delta), loop.clock().now() - began};
}

void Node::Parts::adopt(Manifest next, const GraphChange& change) {
    for (const std::string& warning : next.warnings) report.publish(happened::Warned{warning});
    redraw(change);
    if (store) store->collect(std::move(next.collects));
    if (exporting) exporting->adopt(exported_of(std::move(next.resources)));
}

void Node::Parts::collect(const Amendment& amendment) {
    const Instant began = loop.clock().now();
    Delta delta = graph.amend(amendment);
    redraw({std::move(delta), loop.clock().now() - began, GraphChange::By::store});
}

void Node::Parts::redraw(const GraphChange& change) {
    tell(report, graph, change);
    runner->adopt(change.delta);
    rest->moved();
    if (!settings.graphviz.empty())
        draw(report, machine.files, absolute_path(settings.graphviz), graph);
}

void Node::Parts::converged() {
    const bool failed = runner->standing().failed > 0 || mesh_rest().exports_failed;
    ending.finish({}, failed ? ExitCode::failures : ExitCode::fine);
}

// Posted: whoever fails may be in the middle of starting, and stopping reaches into everything.
void Node::Parts::fail(Error error) {
    if (fatal) return;
    fatal = std::move(error);
    loop.post([this] { ending.finish({}, exit_code_of(fatal->code)); });
}

void Node::Parts::stop() {
    manifest.reset();  // the last word has been read
    policy.reset();
    runner->stop([this] { stopped(); });
}

void Node::Parts::cancel() {
    runner->stop([this] { stopped(); });
    runner->cancel();
}

void Node::Parts::stopped() {
    held.push_back(loop.after(farewell, [this] { loop.stop(); }));
    if (!store) return loop.stop();
    store->stop([this] { loop.stop(); });
}

}  // namespace hansa
