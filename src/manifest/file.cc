#include "manifest/file.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "base/check.h"
#include "base/text.h"

namespace hansa {
namespace {

constexpr std::size_t links_max = 40;  // as Linux itself follows

// The bytes of a file, and every path that was looked at on the way.
struct Text {
    std::vector<std::string> paths;
    Result<std::string> bytes = Error{};
};

Error refused(Code code, const ManifestPath& path, const std::string& what) {
    return Error{code, path.shown + ": " + what};
}

// The way to a file as the kernel goes it: a link is followed where it stands, so that ".." leads
// up from where the directory really is.
struct Way {
    std::vector<std::string> paths;  // every link on it, then its end
    Result<FileStatus> end = Error{};
};

void put_first(std::deque<std::string>& steps, const std::string& path) {
    const std::vector<std::string> first = split(path, '/');
    steps.insert(steps.begin(), first.begin(), first.end());
}

std::string up_from(const std::string& directory) {
    return directory.substr(0, directory.empty() ? 0 : directory.rfind('/'));
}

Way walk(const Files& files, const std::string& path) {
    Way way;
    std::deque<std::string> steps;
    put_first(steps, path);
    std::string at;  // empty: the root
    while (!steps.empty()) {
        const std::string step = std::exchange(steps.front(), {});
        steps.pop_front();
        if (step.empty() || step == ".") continue;
        if (step == "..") {
            at = up_from(at);
            continue;
        }
        at += "/" + step;
        way.end = files.status(at);
        if (!way.end) break;
        if (way.end->type != FileType::symlink) continue;
        way.paths.push_back(at);
        if (way.paths.size() > links_max) return way;
        auto target = files.read_symlink(at);
        if (!target) {
            way.end = std::move(target).error();
            return way;
        }
        at = target->starts_with('/') ? std::string{} : up_from(at);
        put_first(steps, *target);
    }
    // What is not there yet is to be watched for as a whole.
    for (const std::string& step : steps) at += "/" + step;
    way.paths.push_back(at);
    if (way.end) way.end = files.status(at.empty() ? "/" : at);
    return way;
}

Result<std::string> read_regular(const Files& files, const ManifestPath& path,
                                 const std::string& real, std::uint64_t size,
                                 const ManifestLimits& limits) {
    const std::size_t limit = limits.yaml.bytes_max;
    if (size > limit)
        return refused(Code::invalid, path,
                       "the file has " + counted(size, "byte") + "; at most " +
                           std::to_string(limit) + " are read, split the graph");
    auto bytes = files.read(real, limit);
    if (bytes) return bytes;
    Error error = std::move(bytes).error();
    if (error.code == Code::denied)
        return refused(Code::denied, path, "the file may not be read; give this user the right to");
    return std::move(error).during("reading " + path.shown);
}

Result<std::string> read_end(const Files& files, const ManifestPath& path, const Way& way,
                             const ManifestLimits& limits) {
    if (!way.end) {
        if (way.end.error().code == Code::missing)
            return refused(Code::missing, path, "there is no such file; check the path");
        return Error(way.end.error()).during("reading " + path.shown);
    }
    switch (way.end->type) {
        case FileType::regular:
            return read_regular(files, path, way.paths.back(), way.end->size, limits);
        case FileType::directory:
            return refused(Code::invalid, path, "this is a directory; name a file in it");
        case FileType::other:
            return refused(Code::invalid, path,
                           "this is not a regular file; save the graph into one");
        case FileType::symlink: break;
    }
    return refused(Code::invalid, path, "the symbolic links lead in a circle; repair them");
}

Text read_text(const Files& files, const ManifestPath& path, const ManifestLimits& limits) {
    Way way = walk(files, path.path);
    auto bytes = read_end(files, path, way, limits);
    return {std::move(way.paths), std::move(bytes)};
}

std::uint64_t fingerprint(const Result<std::string>& bytes) {
    const std::hash<std::string_view> hash;
    return bytes ? hash(*bytes) : ~hash(bytes.error().text);
}

Result<Manifest> parse(const Result<std::string>& bytes, const ManifestPath& path,
                       const Catalog& catalog, const ManifestLimits& limits) {
    if (!bytes) return bytes.error();
    return parse_manifest(*bytes, path.shown, catalog, limits);
}

}  // namespace

Result<Manifest> load_manifest(const Files& files, const ManifestPath& path, const Catalog& catalog,
                               const ManifestLimits& limits) {
    return parse(read_text(files, path, limits).bytes, path, catalog, limits);
}

// What a worker brings back; shared, since the loop may drop its interest first.
struct ManifestFile::Reading {
    std::vector<std::string> paths;
    std::uint64_t fingerprint = 0;
    std::optional<Result<Manifest>> manifest;  // empty: the same bytes as before
};

ManifestFile::ManifestFile(ManifestPath path, const Catalog& catalog, Ports ports,
                           ManifestLimits limits)
    : path_(std::move(path)),
      catalog_(catalog),
      ports_(ports),
      limits_(limits),
      alive_(std::make_shared<const char>('\0')) {}

ManifestFile::~ManifestFile() {
    if (cancel_) cancel_->cancel();
}

Result<Manifest> ManifestFile::load() {
    const Text text = read_text(ports_.files, path_, limits_);
    told_ = fingerprint(text.bytes);
    return parse(text.bytes, path_, catalog_, limits_);
}

Result<void> ManifestFile::watch(Changed changed) {
    check(!changed_, "a manifest file is watched once");
    changed_ = std::move(changed);
    if (auto held = hold({path_.path}); !held) return held;
    begin_reading();
    return {};
}

Result<void> ManifestFile::hold(std::vector<std::string> paths) {
    if (paths == watched_) return {};
    std::vector<Held> held;
    for (const std::string& path : paths) {
        auto watch = ports_.watcher.watch(path, WatchDepth::entry, [this] { wake(); });
        if (!watch) return std::move(watch).error().during("watching " + path_.shown);
        held.push_back(*std::move(watch));
    }
    held_ = std::move(held);
    watched_ = std::move(paths);
    return {};
}

void ManifestFile::wake() {
    if (reading_) {
        again_ = true;
        return;
    }
    const Instant now = ports_.loop.clock().now();
    if (!burst_began_) burst_began_ = now;
    const Duration left = std::max<Duration>(*burst_began_ + settle_max - now, Duration{0});
    timer_ = ports_.loop.after(std::min<Duration>(settle_quiet, left), [this] { begin_reading(); });
}

void ManifestFile::begin_reading() {
    burst_began_.reset();
    reading_ = true;
    auto reading = std::make_shared<Reading>();
    cancel_ = ports_.workers.run(
        [reading, &files = ports_.files, &catalog = catalog_, path = path_, limits = limits_,
         told = told_](Task& task) {
            const Text text = read_text(files, path, limits);
            reading->paths = text.paths;
            reading->fingerprint = fingerprint(text.bytes);
            if (reading->fingerprint != told && !task.cancelled())
                reading->manifest = parse(text.bytes, path, catalog, limits);
        },
        [this, reading, alive = std::weak_ptr<const char>(alive_)] {
            if (!alive.expired()) finish_reading(*reading);
        });
}

void ManifestFile::finish_reading(Reading& reading) {
    reading_ = false;
    cancel_.reset();
    // The way to the file may have changed; a look at the new one closes the gap until it was held.
    const bool new_way = reading.paths != watched_;
    auto held = hold(std::move(reading.paths));
    if (again_ || (new_way && held)) {
        again_ = false;
        wake();
    }
    const std::weak_ptr<const char> alive = alive_;
    const Changed changed = changed_;  // may end us
    if (reading.manifest) {
        told_ = reading.fingerprint;
        changed(*std::move(reading.manifest));
    }
    if (!held && !alive.expired()) changed(std::move(held).error());
}

}  // namespace hansa
