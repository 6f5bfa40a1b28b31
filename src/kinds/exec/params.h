// What a graph says about a command, and the commands that come of it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "kinds/findings.h"
#include "resource/resource.h"
#include "resource/schema.h"

namespace hansa::kinds {

// NAME and value; in a graph a map, or a list of NAME=value.
struct Environment {
    std::map<std::string, std::string> values;
    friend bool operator==(const Environment&, const Environment&) = default;
};

struct ExecParams {
    std::string cmd;
    std::vector<std::string> args;
    std::string shell;
    std::string cwd;
    Environment env;
    std::string user;
    std::string group;
    std::uint32_t timeout = 0;  // seconds; 0: none
    std::string ifcmd;
    std::string ifshell;
    std::string nifcmd;
    std::string nifshell;
    std::string creates;
    std::string watchcmd;
    std::string watchshell;
    std::vector<std::string> watchfiles;
    std::string donecmd;
    std::string doneshell;
    std::uint32_t pollint = 0;  // seconds; 0: none
    std::string state;
};

const Schema<ExecParams>& exec_schema();

void complete_exec(ExecParams& params, Findings& findings);

// `text` given to `shell` after "-c", or split at blanks where there is no shell.
std::vector<std::string> command_line(const std::string& text, const std::string& shell);

// The absolute paths that a command line names, normal and without repeats.
std::vector<std::string> paths_in(const std::string& text);

}  // namespace hansa::kinds

namespace hansa {

template <>
struct Codec<kinds::Environment> {
    static const char* type_name() { return "map of text"; }
    static Result<kinds::Environment> read(const Value& value);
    static std::optional<Value> write(const kinds::Environment& member);
};

}  // namespace hansa
