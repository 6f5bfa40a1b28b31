#include "kinds/file/params.h"

#include "base/text.h"
#include "kinds/file/mode.h"
#include "kinds/paths.h"

namespace hansa::kinds {

const Schema<FileParams>& file_schema() {
    static const Schema<FileParams> schema = {
        field("path", &FileParams::path,
              "absolute path, with a trailing slash for a directory; default: the name"),
        field("dirname", &FileParams::dirname,
              "directory with a trailing slash, in place of the path's"),
        field("basename", &FileParams::basename, "last step, in place of the path's"),
        field("state", &FileParams::state,
              "exists or absent; when left out, a file that only has owner, group or mode is "
              "never made")
            .one_of({"exists", "absent"}),
        field("content", &FileParams::content,
              "exact bytes; a file that is there keeps its own when absent. Bytes that are not "
              "UTF-8 are written {base64: TEXT}"),
        field("source", &FileParams::source,
              "absolute path of a file or directory to copy; instead of content"),
        field("owner", &FileParams::owner, "user name or number; left alone when absent"),
        field("group", &FileParams::group, "group name or number; left alone when absent"),
        field("mode", &FileParams::mode,
              "octal or symbolic as for chmod, u=rw,go=r; left alone when absent"),
        field("recurse", &FileParams::recurse, "with a source directory: everything below it too"),
        field("force", &FileParams::force,
              "may remove what is in the way: another type, a directory that is not empty"),
        field("purge", &FileParams::purge,
              "with source and recurse: removes below path what the source has not and no other "
              "resource declares"),
        field("symlink", &FileParams::symlink, "makes a symbolic link that says this"),
    };
    return schema;
}

FileAim FileParams::aim() const {
    if (state == "absent") return FileAim::absent;
    if (symlink) return FileAim::symlink;
    const bool only_attributes = state.empty() && !content && source.empty() &&
                                 !(owner.empty() && group.empty() && mode.empty());
    if (only_attributes) return FileAim::attributes;
    return is_directory() ? FileAim::directory : FileAim::regular;
}

Result<std::string> resolved_path(const FileParams& params, const std::string& name) {
    const std::string whole = params.path.empty() ? name : params.path;
    if (!params.dirname.empty() && !params.dirname.ends_with('/'))
        return Error{Code::invalid, "dirname must end with \"/\""};
    if (params.basename.starts_with('/'))
        return Error{Code::invalid, "basename must not begin with \"/\""};

    // Of a relative path only the last step counts, and only below a dirname.
    const std::string_view trimmed = whole.ends_with('/')
                                         ? std::string_view(whole).substr(0, whole.size() - 1)
                                         : std::string_view(whole);
    const auto slash = trimmed.rfind('/');
    const std::size_t cut = slash == std::string_view::npos ? 0 : slash + 1;
    const std::string directory = params.dirname.empty() ? whole.substr(0, cut) : params.dirname;
    const std::string base = params.basename.empty() ? whole.substr(cut) : params.basename;

    auto normal = normal_path(directory + base);
    if (!normal)
        return Error{Code::invalid,
                     "path \"" + printable(directory + base, 120) + "\" " + normal.error().text};
    return normal;
}

namespace {

const char* field_of_path(const FileParams& params) {
    if (!params.path.empty()) return "path";
    return params.dirname.empty() ? "basename" : "dirname";
}

void check_place(FileParams& params, Findings& findings) {
    auto path = resolved_path(params, findings.name());
    if (!path) {
        findings.wrong(field_of_path(params), "gives no usable place: " + path.error().text);
        return;
    }
    params.path = std::move(*path);
    params.dirname.clear();
    params.basename.clear();
    if (params.path == "/" && (params.state == "absent" || params.purge))
        findings.wrong("path", "is the root directory, which is never removed or purged");
}

void check_content(FileParams& params, Findings& findings) {
    if (params.content && !params.source.empty())
        findings.wrong("source", "stands beside content; write one of the two");
    if (params.content && params.is_directory())
        findings.wrong("content",
                       "cannot be of a directory; write path without the trailing slash");
    findings.path("source", params.source);
    if (params.source.empty()) return;
    if (!findings.declaration().origin.exporter.empty())
        findings.wrong("source", "came from another host, whose files are not here");
    const bool nested =
        params.source.starts_with(params.path) || params.path.starts_with(params.source);
    if (params.is_directory() && nested)
        findings.wrong("source", "and path lie one inside the other");
    else if (params.source.ends_with('/') != params.is_directory())
        findings.wrong("source",
                       "and path must both be directories (with a trailing slash) or "
                       "both be files");
    else if (params.is_directory() && !params.recurse)
        findings.wrong("source", "is a directory; set recurse: true to copy what is below it");
}

void check_options(const FileParams& params, Findings& findings) {
    if (!params.mode.empty())
        if (auto mode = Mode::parse(params.mode); !mode) findings.wrong("mode", mode.error().text);
    // Without a source everything below would go, what other resources declare there included.
    if (params.purge && !(params.is_directory() && params.recurse && !params.source.empty()))
        findings.wrong("purge", "needs a directory, source and recurse: true");
    if (!params.symlink) return;
    if (params.symlink->empty() || params.symlink->find('\0') != std::string::npos)
        findings.wrong("symlink", "is not a link's target; write what the link shall say");
    if (params.is_directory())
        findings.wrong("symlink", "is never a directory; write path without the trailing slash");
    if (params.content || !params.source.empty())
        findings.wrong("symlink", "stands beside content or source; write one of them");
    if (!params.mode.empty()) findings.wrong("mode", "has no meaning for a symlink; leave it out");
}

void warn_of_absent(const FileParams& params, Findings& findings) {
    if (params.state != "absent") return;
    const bool says_more = params.content || !params.source.empty() || params.symlink;
    if (says_more)
        findings.warn("state", "is \"absent\" beside content, source or symlink: absent wins");
}

}  // namespace

Reach reach_of_file(const FileParams& params) {
    Reach reach{.path = as_entry(params.path),
                .symlink = params.symlink.has_value(),
                .owner = params.owner,
                .group = params.group,
                .bytes = params.content ? params.content->size() : 0,
                .removes = params.aim() == FileAim::absent || params.force || params.purge};
    if (!params.mode.empty())
        if (auto mode = Mode::parse(params.mode)) reach.mode = mode->may_give();
    return reach;
}

void complete_file(FileParams& params, Findings& findings) {
    params.beneath = findings.declaration().beneath;
    check_place(params, findings);
    check_content(params, findings);
    check_options(params, findings);
    warn_of_absent(params, findings);
}

}  // namespace hansa::kinds
