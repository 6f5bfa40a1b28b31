#include "kinds/line/line.h"

#include "kinds/unapplied.h"

namespace hansa::kinds {
namespace {

struct LineParams {
    std::string file;
    std::string state;
    std::string content;
    bool trim = false;
};

const Schema<LineParams>& line_schema() {
    static const Schema<LineParams> schema = {
        field("file", &LineParams::file, "absolute path of the text file"),
        field("state", &LineParams::state, "exists or absent").one_of({"exists", "absent"}),
        field("content", &LineParams::content, "the line, without its end"),
        field("trim", &LineParams::trim, "blanks around lines do not count in comparisons"),
    };
    return schema;
}

void complete(LineParams& params, Findings& findings) {
    if (params.state.empty()) findings.wrong("state", "is missing; write exists or absent");
    if (params.file.empty()) findings.wrong("file", "is missing; write the path of the text file");
    findings.path("file", params.file);
    if (params.file.ends_with('/'))
        findings.wrong("file", "names a directory; write it without the trailing slash");
    if (params.content.find('\n') != std::string::npos)
        findings.wrong("content", "holds a line end; write one resource for each line");
    if (params.content.empty()) findings.wrong("content", "is empty; write the line");
}

Ties ties(const ResourceId&, const LineParams& params) {
    return {.provides = {}, .wants = {{"path", params.file}}, .owns = std::nullopt};
}

Reach reach(const ResourceId&, const LineParams& params) {
    return {.path = params.file,
            .bytes = params.content.size() + 1,
            .removes = params.state == "absent"};
}

}  // namespace

std::unique_ptr<const Kind> line() {
    return unapplied<LineParams>("line", "one line of a text file", line_schema(), complete, ties,
                                 reach);
}

}  // namespace hansa::kinds
