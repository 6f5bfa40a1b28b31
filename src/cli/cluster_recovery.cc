#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/log.h"
#include "cli/prefix.h"
#include "daemon/recovery_commands.h"

namespace hansa {

namespace {

constexpr std::size_t path_shown_max = 4096;

struct Options {
    std::string prefix, host, file, listen, advertise, yes;
    bool dry_run = false;

    HostChoice choice() const { return {chosen_prefix(prefix), host}; }
    StoreAddress address() const { return {listen, advertise}; }
};

// The one thing that nobody types by mistake.
bool is_confirmed(const Options& options, const std::string& cluster) {
    std::string typed = options.yes;
    if (typed.empty()) {
        std::fprintf(stderr, "type the cluster's name to go on (%s): ", cluster.c_str());
        if (!std::getline(std::cin, typed)) typed.clear();
    }
    if (trim(typed) == cluster) return true;
    std::fprintf(stderr, "hansa: that is not \"%s\": nothing was changed\n", cluster.c_str());
    return false;
}

void show(const StoreRenewed& made, const std::string& host) {
    std::printf("epoch     %llu\nrevision  %lld\nmember    %s\nstore     %s\n",
                static_cast<unsigned long long>(made.epoch), static_cast<long long>(made.revision),
                printable(made.peer_url).c_str(),
                printable(made.directory, path_shown_max).c_str());
    if (!made.aside.empty())
        std::printf("before    %s\n", printable(made.aside, path_shown_max).c_str());
    std::fprintf(stderr,
                 "next: start the agent of %s as before; others find it if they know its address, "
                 "else restart them with --seeds; the store grows by itself\n",
                 host.c_str());
}

void show(const Restoration::Plan& plan) {
    std::fprintf(stderr, "snapshot  %s\n", printable(plan.file, path_shown_max).c_str());
    if (plan.time.empty())
        std::fputs("          it has no note: nobody knows from when it is\n", stderr);
    else
        std::fprintf(stderr, "          of %s, revision %lld, epoch %llu%s\n", plan.time.c_str(),
                     static_cast<long long>(plan.revision),
                     static_cast<unsigned long long>(plan.epoch),
                     plan.had_quorum ? "" : ", taken without a majority");
    std::fprintf(stderr,
                 "store     of cluster %s, by %s in %s%s\n"
                 "what was written since the snapshot is lost; what runs now exports anew\n",
                 plan.cluster.c_str(), plan.host.c_str(),
                 printable(plan.directory, path_shown_max).c_str(),
                 plan.has_data ? ", where data is, which is moved aside: does \"hansa cluster "
                                 "recover\" not know more of it?"
                               : "");
}

int restore(const Options& options) {
    auto restoration = Restoration::prepare(options.choice(), options.file, options.address());
    if (!restoration) return refuse(restoration.error());
    show(restoration->plan());
    if (!is_confirmed(options, restoration->plan().cluster))
        return refuse(Error{Code::cancelled, "not confirmed"});
    auto made = restoration->carry_out();
    if (!made) return refuse(made.error());
    show(*made, restoration->plan().host);
    return 0;
}

std::string row(const Survivor& survivor, std::int64_t highest) {
    const std::int64_t behind = highest - survivor.revision;
    std::string text = survivor.name;
    text += std::string(std::max<std::size_t>(text.size() + 2, 22) - text.size(), ' ');
    text += "term " + std::to_string(survivor.term) + "  index " + std::to_string(survivor.index) +
            "  revision " + std::to_string(survivor.revision);
    if (behind > 0) text += " (" + std::to_string(behind) + " behind)";
    text += "  epoch " + std::to_string(survivor.epoch) + "  ";
    text += survivor.since.empty() ? "runs" : "written " + survivor.since;
    return text;
}

void show(const Recovery::Plan& plan) {
    std::printf("cluster   %s, %s listed last\n", plan.cluster.c_str(),
                counted(plan.voters, "voter").c_str());
    std::int64_t highest = 0;
    for (const Survivor& survivor : plan.survivors) highest = std::max(highest, survivor.revision);
    for (const Survivor& survivor : plan.survivors)
        std::printf("survivor  %s\n", printable(row(survivor, highest), 400).c_str());
    for (const std::string& missing : plan.missing)
        std::printf("missing   %s\n", printable(missing, 400).c_str());
    if (!plan.survivors.empty())
        std::printf("highest   revision %lld known; what only the missing ones had is lost\n",
                    static_cast<long long>(highest));
    std::fflush(stdout);
}

void propose(const Recovery::Plan& plan) {
    for (const Survivor& survivor : plan.survivors)
        std::fprintf(stderr, "copied    %s\n",
                     printable(survivor.snapshot, path_shown_max).c_str());
    std::fprintf(
        stderr,
        "proposed  a new store in %s, of what %s has\n"
        "is any of the missing ones only away, with its data? start it instead: a majority loses\n"
        "nothing. Whoever of them comes back later gives its data up.\n",
        printable(plan.directory, path_shown_max).c_str(), plan.survivors.front().name.c_str());
}

int recover(const Options& options) {
    auto recovery =
        Recovery::prepare(options.choice(), options.address(),
                          options.dry_run ? Recovery::Look::only : Recovery::Look::and_copy);
    if (!recovery) return refuse(recovery.error());
    const Recovery::Plan& plan = recovery->plan();
    show(plan);
    if (!plan.refusal.empty()) return refuse(Error{Code::conflict, plan.refusal});
    if (options.dry_run) return 0;
    propose(plan);
    if (!is_confirmed(options, plan.cluster))
        return refuse(Error{Code::cancelled, "not confirmed"});
    auto made = recovery->carry_out();
    if (!made) return refuse(made.error());
    show(*made, plan.host);
    return 0;
}

CLI::App* add(CLI::App& group, const char* name, const char* what, Options& options) {
    CLI::App* command = group.add_subcommand(name, what);
    command->add_option("--yes", options.yes, "the cluster's name, in place of typing it")
        ->type_name("NAME");
    command->add_option("--listen", options.listen, "as this host is started, if it never served")
        ->type_name("ADDRESS");
    command->add_option("--advertise", options.advertise, "likewise")->type_name("ADDRESS");
    command->add_option("--hostname", options.host, "the host's name, if there are several")
        ->type_name("NAME");
    add_prefix(*command, options.prefix);
    return command;
}

}  // namespace

void add_cluster_restore(CLI::App& group, Chosen& chosen) {
    auto options = std::make_shared<Options>();  // shared: CLI11 copies the callback
    CLI::App* command =
        add(group, "restore", "all voters are lost: make a store of a snapshot, here", *options);
    command
        ->add_option(
            "file", options->file,
            "as \"hansa cluster snapshot\" writes it, or the newest PREFIX/HOST/copies/*.db: "
            "hosts keep these by themselves")
        ->type_name("FILE")
        ->required();
    command->callback([options, &chosen] { chosen.exit_code = restore(*options); });
}

void add_cluster_recover(CLI::App& group, Chosen& chosen) {
    auto options = std::make_shared<Options>();  // shared: CLI11 copies the callback
    CLI::App* command = add(
        group, "recover", "most voters are lost for good: begin anew from what survived", *options);
    command->add_flag("--dry-run", options->dry_run, "show what there is, and change nothing");
    command->callback([options, &chosen] { chosen.exit_code = recover(*options); });
}

}  // namespace hansa
