#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/config.h"
#include "cli/join_token.h"
#include "cli/log.h"
#include "daemon/inspect.h"
#include "daemon/node.h"
#include "daemon/seat_settings.h"
#include "daemon/settings.h"

namespace hansa {

namespace {

// As the options spell it; turned into Settings once everything has been read.
struct RunOptions {
    std::string file, host, prefix, control_group, policy, graphviz, metrics, log_format = "text";
    std::string tls_cert, tls_key, tls_ca;
    std::string join, join_listen;
    std::int64_t certificate_life = 24 * 3600;
    std::vector<std::string> seeds, client_urls, server_urls;
    std::int64_t converged_timeout = -1;
    std::int64_t max_runtime = 0;
    std::uint32_t sema = 0;
    std::uint32_t workers = 512;
    SeatOptions seat;
    bool found = false, replace = false, tmp_prefix = false, standalone = false, noop = false;
    bool no_watch = false, verbose = false, quiet = false;
};

void declare_seat_options(CLI::App& app, SeatOptions& o) {
    app.add_option("--listen", o.listen,
                   "address of both ports of our etcd, in place of the URLs (default: loopback)")
        ->type_name("ADDRESS");
    app.add_option("--advertise", o.advertise,
                   "the address that others are told (default: where it listens)")
        ->type_name("ADDRESS");
    app.add_option("--seat", o.seat, "whether this host may hold a seat: yes, no or prefer")
        ->type_name("WISH");
    app.add_flag("--no-server", o.no_server, "never run an etcd here: --seat no");
    app.add_option("--domain", o.domain, "where it stands, as dc=lon,rack=r1; see --seat")
        ->type_name("DOMAIN");
    app.add_option("--expect", o.expect,
                   "with --seeds of N hosts, ours among them: they found a cluster together")
        ->type_name("N");
    app.add_option("--ideal-cluster-size", o.ideal_cluster_size,
                   "how many seats there should be: odd, up to 9")
        ->type_name("K");
    // For tests and drills, so not in the help: docs/manual/seats.md.
    app.add_option("--seat-timing", o.timing)->group("");
}

void declare_options(CLI::App& app, RunOptions& o) {
    app.add_option("-f,--file,file", o.file, "the graph (YAML)")->type_name("FILE");
    app.add_option("--hostname", o.host, "this peer's name (default: the machine's)")
        ->type_name("NAME");
    app.add_option("-t,--converged-timeout", o.converged_timeout,
                   "exit after so many seconds at rest; 0: at the first rest; -1: never")
        ->type_name("SECONDS")
        ->check(CLI::Range(std::int64_t{-1}, std::int64_t{86'400 * 365}));
    app.add_option("--seeds", o.seeds, "client URLs of peers that run the store: join them")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->type_name("URL,…");
    app.add_flag("--found", o.found, "with --seeds: found a cluster in a store that has none");
    app.add_flag("--replace", o.replace,
                 "be a dead host on this machine: its name, which another machine has claimed");
    app.add_option("--join", o.join, "join token, or @FILE that holds one; better in HANSA_JOIN")
        ->type_name("TOKEN");
    app.add_option("--join-listen", o.join_listen,
                   "where an authority under this prefix answers joins (default: loopback)")
        ->type_name("HOST:PORT");
    // For tests of renewals, so not in the help: docs/manual/joining.md.
    app.add_option("--certificate-life", o.certificate_life)
        ->group("")
        ->check(CLI::Range(std::int64_t{2}, std::int64_t{24 * 3600}));
    app.add_option("--client-urls", o.client_urls, "where our etcd serves clients")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->type_name("URL,…");
    app.add_option("--server-urls", o.server_urls, "where our etcd serves its peers")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->type_name("URL,…");
    declare_seat_options(app, o.seat);
    app.add_option("--tls-cert", o.tls_cert, "certificate from elsewhere, with its chain (PEM)")
        ->type_name("FILE");
    app.add_option("--tls-key", o.tls_key, "its private key; only its owner may read it")
        ->type_name("FILE");
    app.add_option("--tls-ca", o.tls_ca, "whose certificates are believed")->type_name("FILE");
    app.add_option("--prefix", o.prefix, "directory for all state")->type_name("DIR");
    app.add_flag("--tmp-prefix", o.tmp_prefix, "fresh state, removed on exit");
    app.add_option("--control-group", o.control_group,
                   "whose members may ask this agent (hansa status) besides its user and root")
        ->type_name("GROUP");
    app.add_flag("--standalone", o.standalone, "no store: nothing is exported or collected");
    app.add_flag("--noop", o.noop, "say what would change, change nothing, export nothing");
    app.add_option("--sema", o.sema, "at most N resources at once; 0: no limit")->type_name("N");
    app.add_option("--workers", o.workers, "at most N threads for blocking work")
        ->type_name("N")
        ->check(CLI::Range(1u, 4096u));
    app.add_option("--max-runtime", o.max_runtime, "exit with code 5 after so many seconds")
        ->type_name("SECONDS")
        ->check(CLI::Range(std::int64_t{0}, std::int64_t{86'400 * 365}));
    app.add_flag("--no-watch", o.no_watch, "do not watch resources or the graph file");
    app.add_option("--graphviz", o.graphviz, "draw each new graph into FILE (DOT)")
        ->type_name("FILE");
    app.add_option("--metrics", o.metrics,
                   "show figures at http://HOST:PORT/metrics (Prometheus text)")
        ->type_name("HOST:PORT");
    app.add_option("--policy", o.policy,
                   "what other hosts may say about this one; default: policy.yaml beside the "
                   "config file, if there")
        ->type_name("FILE");
    app.add_option("--log-format", o.log_format, "text or json")
        ->check(CLI::IsMember({"text", "json"}));
    app.add_flag("-v,--verbose", o.verbose, "also say what is already as declared");
    app.add_flag("-q,--quiet", o.quiet, "only say what is wrong");
    declare_sources(app);
}

Result<std::vector<std::string>> parse_urls(const char* flag,
                                            const std::vector<std::string>& texts) {
    std::vector<std::string> urls;
    for (const std::string& text : texts) {
        auto url = parse_url(text);
        if (!url) return std::move(url).error().during(flag);
        urls.push_back(std::move(*url));
    }
    return urls;
}

Result<std::optional<TlsPaths>> tls_of(const RunOptions& o) {
    const bool all = !o.tls_cert.empty() && !o.tls_key.empty() && !o.tls_ca.empty();
    const bool none = o.tls_cert.empty() && o.tls_key.empty() && o.tls_ca.empty();
    if (none) return std::optional<TlsPaths>{};
    if (!all)
        return Error{Code::invalid,
                     "--tls-cert, --tls-key and --tls-ca belong together; give all three"};
    return std::optional<TlsPaths>{{o.tls_cert, o.tls_key, o.tls_ca}};
}

Result<void> add_joining(const RunOptions& o, Settings& settings) {
    auto token = token_of(o.join);
    if (!token) return std::move(token).error();
    if (*token && (o.standalone || o.tmp_prefix))
        return Error{Code::invalid, o.standalone ? "--standalone and --join: choose one"
                                                 : "--tmp-prefix and --join: choose one; what a "
                                                   "host joins with is to be kept"};
    settings.join = std::move(*token);
    settings.certificate_life = Seconds{o.certificate_life};
    if (o.join_listen.empty()) return {};
    auto at = HostPort::parse(o.join_listen);
    if (!at) return std::move(at).error().during("--join-listen");
    settings.join_listen = std::move(*at);
    return check_join_listen(settings);
}

Result<Settings> settings_of(const RunOptions& o) {
    if (o.file.empty())
        return Error{Code::invalid, "no graph given; write \"hansa run --file FILE\""};
    if (o.verbose && o.quiet) return Error{Code::invalid, "--verbose and --quiet: choose one"};
    if (o.standalone && !o.seeds.empty())
        return Error{Code::invalid, "--standalone and --seeds: choose one"};
    if (o.tmp_prefix && !o.prefix.empty())
        return Error{Code::invalid, "--tmp-prefix and --prefix: choose one"};
    if (o.found && o.seeds.empty())
        return Error{Code::invalid,
                     "--found needs --seeds; without them the machine's own store "
                     "is founded by itself"};
    const Surroundings here = surroundings();
    auto host = HostName::parse(o.host.empty() ? here.host_name : o.host);
    if (!host) return std::move(host).error().during("--hostname");
    auto seeds = parse_urls("--seeds", o.seeds);
    if (!seeds) return std::move(seeds).error();
    auto client_urls = parse_urls("--client-urls", o.client_urls);
    if (!client_urls) return std::move(client_urls).error();
    auto server_urls = parse_urls("--server-urls", o.server_urls);
    if (!server_urls) return std::move(server_urls).error();
    auto tls = tls_of(o);
    if (!tls) return std::move(tls).error();

    Settings settings(o.file, std::move(*host));
    settings.prefix = !o.prefix.empty() ? o.prefix
                                        : default_prefix(here.root, std::getenv("XDG_STATE_HOME"),
                                                         std::getenv("HOME"));
    settings.control_group = o.control_group;
    settings.tmp_prefix = o.tmp_prefix;
    settings.found = o.found;
    settings.replace = o.replace;
    settings.standalone = o.standalone;
    settings.noop = o.noop;
    settings.watch = !o.no_watch;
    settings.seeds = std::move(*seeds);
    settings.tls = std::move(*tls);
    settings.client_urls = std::move(*client_urls);
    settings.server_urls = std::move(*server_urls);
    if (auto added = add_seat_options(o.seat, settings); !added) return std::move(added).error();
    if (auto added = add_joining(o, settings); !added) return std::move(added).error();
    if (!o.metrics.empty()) {
        auto at = HostPort::parse(o.metrics);
        if (!at) return std::move(at).error().during("--metrics");
        settings.metrics = std::move(*at);
    }
    if (o.converged_timeout >= 0) settings.converged_timeout = Seconds{o.converged_timeout};
    if (o.max_runtime > 0) settings.max_runtime = Seconds{o.max_runtime};
    settings.sema = o.sema;
    settings.workers = o.workers;
    settings.graphviz = o.graphviz;
    settings.log_format = o.log_format == "json" ? LogFormat::json : LogFormat::text;
    settings.verbosity = o.verbose ? Verbosity::verbose
                         : o.quiet ? Verbosity::quiet
                                   : Verbosity::normal;
    return settings;
}

int run(CLI::App& app, const RunOptions& options) {
    if (auto read = read_sources(app, UnknownKeys::refused); !read) return refuse(read.error());
    forget_variable("HANSA_JOIN");  // it has been read; children shall not see it
    auto settings = settings_of(options);
    if (!settings) return refuse(settings.error());
    settings->config_file = config_path(app);
    settings->policy = policy_source(options.policy, settings->config_file);
    Log log(settings->log_format, settings->verbosity);
    Node node(std::move(*settings));
    log.attach(node.report());
    auto code = node.run();
    if (code) return static_cast<int>(*code);
    return log.refuse(node.report(), code.error());
}

}  // namespace

void add_run(CLI::App& app, Chosen& chosen) {
    CLI::App* command = app.add_subcommand("run", "keep this machine as a graph describes it");
    command->footer(
        "An edited graph file is read again by itself. SIGINT, SIGTERM and SIGHUP (a closed\n"
        "terminal; nohup keeps it away) end the agent: what runs may finish; a second signal\n"
        "cuts it, a third ends at once.");
    auto options = std::make_shared<RunOptions>();  // shared: CLI11 copies the callback
    declare_options(*command, *options);
    command->callback([command, options, &chosen] { chosen.exit_code = run(*command, *options); });
}

}  // namespace hansa
