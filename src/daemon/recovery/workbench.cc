#include "daemon/recovery/workbench.h"

#include <charconv>
#include <csignal>
#include <filesystem>

#include "base/text.h"
#include "daemon/authority_files.h"
#include "daemon/secret_files.h"
#include "daemon/store_certificate.h"
#include "data/json.h"
#include "sys/linux/surroundings.h"
#include "trust/authority.h"

namespace hansa {

namespace {

constexpr Duration start_limit = Seconds{120};  // a large log is read first
constexpr std::size_t told_max = 400;

// The number behind `word` in etcd's own notation.
std::optional<std::uint64_t> number_behind(std::string_view text, std::string_view word) {
    const auto at = text.find(word);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view rest = text.substr(at + word.size());
    std::uint64_t number = 0;
    const auto read = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (read.ec != std::errc{}) return std::nullopt;
    return number;
}

// etcd 3.5 has the command in a program of its own; 3.4 knows the other one only.
constexpr const char* restorers[] = {"etcdutl", "etcdctl"};

}  // namespace

std::optional<RaftStand> read_raft_stand(const std::string& line) {
    const auto parsed = parse_json(line);
    const Value* message = parsed && parsed->is_map() ? parsed->find("msg") : nullptr;
    if (!message || !message->is_scalar()) return std::nullopt;
    const std::string& text = message->scalar().text;
    if (!text.starts_with("newRaft ")) return std::nullopt;
    const auto term = number_behind(text, "lastterm: ");
    const auto commit = number_behind(text, "commit: ");
    if (!term || !commit) return std::nullopt;
    return RaftStand{*term, *commit};
}

Result<std::unique_ptr<Workbench>> Workbench::open(StoreDesk& desk, const std::string& directory) {
    FileAttributes attributes;
    attributes.mode = 0700;
    if (auto made = desk.files.make_directory(directory, attributes); !made)
        return std::move(made).error();
    std::unique_ptr<Workbench> bench(new Workbench(desk, directory));
    auto authority = AuthorityFiles({desk.files, desk.accounts}, directory + "/ca")
                         .share(desk.random, desk.loop.clock().wall());
    if (!authority) return std::move(authority).error();
    return bench;
}

Workbench::Workbench(StoreDesk& desk, std::string directory)
    : desk_(desk), directory_(std::move(directory)) {
    watch_for_ends();
}

void Workbench::watch_for_ends() {
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        if (is_ignored(number)) continue;
        signals_.push_back(desk_.loop.on_signal(number, [this] {
            interrupted_ = true;
            for (Held& watch : signals_) watch.reset();
        }));
    }
}

Result<void> Workbench::go_on() const {
    if (!interrupted_) return {};
    return Error{Code::cancelled, "interrupted: nothing was changed"};
}

Workbench::~Workbench() {
    stop();
    (void)desk_.files.remove_tree(directory_);
}

Result<void> Workbench::copy(const std::string& data) {
    std::error_code failed;
    std::filesystem::copy(data, this->data(), std::filesystem::copy_options::recursive, failed);
    if (failed)
        return Error{Code::unavailable, "copying " + printable(data) + ": " + failed.message()};
    return {};
}

Result<void> Workbench::restore(const std::string& snapshot, const std::string& name,
                                const std::string& peer_url) {
    for (const char* program : restorers) {
        Command command;
        command.arguments = {program,
                             "snapshot",
                             "restore",
                             snapshot,
                             "--name=" + name,
                             "--data-dir=" + data(),
                             "--initial-cluster=" + name + "=" + peer_url,
                             "--initial-advertise-peer-urls=" + peer_url,
                             "--initial-cluster-token=" + make_uuid(desk_.random)};
        command.environment = {"ETCDCTL_API=3"};
        std::optional<Exit> exit;
        ChildEvents events;
        events.on_exit = [&exit](Exit ended) { exit = std::move(ended); };
        auto child = desk_.processes.start(command, Lifetime::tied_to_us, std::move(events));
        if (!child && child.error().code == Code::missing) continue;
        if (!child) return std::move(child).error();
        while (!exit) {
            desk_.loop.step(Seconds{1});
            if (interrupted_) (*child)->signal(SIGKILL);
        }
        if (auto may = go_on(); !may) return may;
        if (exit->ok()) return {};
        return Error{Code::invalid, std::string(program) + " does not restore " +
                                        printable(snapshot) + ": " +
                                        printable(exit->output, told_max)};
    }
    return Error{Code::missing,
                 "neither etcdutl nor etcdctl is installed; install the package etcd-client"};
}

Result<EtcdConfig> Workbench::plan(const std::string& name) {
    EtcdConfig config;
    config.name = name;
    config.data_directory = data();
    for (auto* urls : {&config.client_urls, &config.peer_urls}) {
        auto port = desk_.sockets.free_port();
        if (!port) return std::move(port).error();
        *urls = {"https://127.0.0.1:" + std::to_string(*port)};
    }
    config.token = "workbench";
    config.member_name = member_common_name;
    config.quota_bytes = std::uint64_t{8} << 30;
    // There is nobody to compare with.
    config.more_flags = {"--experimental-initial-corrupt-check=false"};
    const StoreCertifier certifier({desk_.files, desk_.accounts, desk_.random}, desk_.loop.clock(),
                                   {directory_ + "/tls", directory_ + "/ca", std::nullopt},
                                   {desk_.identity().uuid, desk_.identity().host});
    auto certificate = certifier.certify(config.client_urls);
    if (!certificate) return std::move(certificate).error();
    config.client_tls = certificate->client_tls;
    config.peer_tls = certificate->peer_tls;
    return config;
}

Result<void> Workbench::speak(const EtcdTls& tls) {
    StoreIdentity shown;
    shown.server_name = store_server_name;
    const std::pair<const std::string*, std::string*> parts[] = {
        {&tls.key_file, &shown.key_pem},
        {&tls.certificate_file, &shown.chain_pem},
        {&tls.roots_file, &shown.roots_pem}};
    for (const auto& [path, text] : parts) {
        auto read = desk_.files.read(*path, pem_bytes_max);
        if (!read) return std::move(read).error();
        *text = std::move(*read);
    }
    electorate_ = make_etcd_electorate(desk_.loop, shown);
    EtcdOptions options;
    options.identity = std::move(shown);
    store_ = make_etcd_store(desk_.loop, desk_.random, std::move(options));
    store_->use_endpoints({endpoint_});
    return {};
}

Result<void> Workbench::launch(EtcdConfig config) {
    ended_.reset();
    stand_.reset();
    server_ = std::make_unique<EtcdServer>(
        desk_.loop, desk_.processes, std::move(config),
        EtcdServerEvents{.on_serving = [] {},
                         .on_ended = [this](const std::string& why, Duration) { ended_ = why; },
                         .on_removed = [this] { ended_ = "etcd says that its cluster removed it"; },
                         .on_log =
                             [this](const std::string& line) {
                                 if (!stand_) stand_ = read_raft_stand(line);
                             }});
    return server_->start();
}

Result<void> Workbench::await(const std::function<bool()>& ready) {
    const Instant end = desk_.loop.clock().now() + start_limit;
    while (!ready() && !ended_ && !interrupted_ && desk_.loop.clock().now() < end)
        desk_.loop.step(Milliseconds{100});
    if (auto may = go_on(); !may) {
        stop();
        return may;
    }
    if (ready()) return {};
    const std::string why = ended_ ? *ended_ : "etcd is not ready within " + readable(start_limit);
    stop();
    return Error{Code::invalid, "the data cannot be used: " + why};
}

// Without the others it will never serve, but what it knows it says before it looks for them.
Result<RaftStand> Workbench::look(const std::string& name) {
    auto config = plan(name);
    if (!config) return std::move(config).error();
    if (auto launched = launch(std::move(*config)); !launched) return std::move(launched).error();
    if (auto told = await([this] { return stand_.has_value(); }); !told)
        return std::move(told).error();
    stop();
    return *stand_;
}

Result<void> Workbench::start(Start how, const std::string& name) {
    auto config = plan(name);
    if (!config) return std::move(config).error();
    if (how == Start::alone) config->more_flags.push_back("--force-new-cluster");
    endpoint_ = config->client_urls.front();
    if (auto spoken = speak(config->client_tls); !spoken) return spoken;
    if (auto launched = launch(std::move(*config)); !launched) return launched;
    return await([this] { return server_->serving(); });
}

void Workbench::stop() {
    store_.reset();
    electorate_.reset();
    if (!server_) return;
    bool stopped = false;
    server_->stop([&stopped] { stopped = true; });
    while (!stopped) desk_.loop.step(Milliseconds{100});
    server_.reset();
}

}  // namespace hansa
