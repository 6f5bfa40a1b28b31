#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/log.h"
#include "cli/prefix.h"
#include "daemon/recovery_commands.h"

namespace hansa {

namespace {

struct Options {
    std::string prefix, host, file;
    bool force = false;
};

int snapshot(const Options& options) {
    auto shown = snapshot_store({chosen_prefix(options.prefix), options.host}, options.file,
                                options.force ? Overwrite::yes : Overwrite::no);
    if (!shown) return refuse(shown.error());
    std::printf("cluster   %s, epoch %llu\nrevision  %lld\nsize      %llu\nsha256    %s\n",
                shown->cluster.c_str(), static_cast<unsigned long long>(shown->epoch),
                static_cast<long long>(shown->revision),
                static_cast<unsigned long long>(shown->bytes), shown->sha256.c_str());
    for (const std::string& member : shown->members)
        std::printf("member    %s\n", printable(member).c_str());
    std::fprintf(stderr, "the store is copied from %s to %s\n", shown->from.c_str(),
                 printable(shown->path, 4096).c_str());
    if (!shown->had_quorum)
        std::fputs(
            "no majority of the members answers: another one may know more than this copy has\n",
            stderr);
    return 0;
}

}  // namespace

void add_cluster_snapshot(CLI::App& group, Chosen& chosen) {
    auto options = std::make_shared<Options>();  // shared: CLI11 copies the callback
    CLI::App* command = group.add_subcommand("snapshot", "copy the whole store into a file");
    command->add_option("file", options->file, "where to; FILE.json says what is in it")
        ->type_name("FILE")
        ->required();
    command->add_flag("--force", options->force, "replace a file that is there");
    command->add_option("--hostname", options->host, "the host's name, if there are several")
        ->type_name("NAME");
    add_prefix(*command, options->prefix);
    command->callback([options, &chosen] { chosen.exit_code = snapshot(*options); });
}

}  // namespace hansa
