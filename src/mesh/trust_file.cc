#include "mesh/trust_file.h"

#include <optional>
#include <utility>

namespace hansa {
namespace {

constexpr Seconds write_every{1};
constexpr FileMode own_mode = 0600;
constexpr FileMode writable_by_others = 0022;

// Moves what is wrong out of the way. The name tells when, so that no earlier one is lost.
Result<void> move_aside(Files& files, const std::string& path, WallTime now) {
    const auto seconds = duration_cast<Seconds>(now.time_since_epoch()).count();
    return files.rename(path, path + ".broken-" + std::to_string(seconds));
}

}  // namespace

Result<std::unique_ptr<TrustFile>> TrustFile::open(Ports ports, std::string path) {
    const auto made = [&](TrustMemory kept) {
        return std::unique_ptr<TrustFile>(new TrustFile(ports, path, std::move(kept)));
    };
    const auto status = ports.files.status(path);
    if (!status && status.error().code == Code::missing) return made({});
    if (!status) return status.error();
    if (status->mode & writable_by_others)
        return Error{Code::denied, path +
                                       ": others may write it, so it proves nothing; remove it, "
                                       "or make it 0600"};
    auto text = ports.files.read(path, trust_memory_bytes_max);
    if (!text && text.error().code != Code::invalid) return text.error();
    auto memory = text ? decode_trust_memory(*text) : Result<TrustMemory>(text.error());
    if (memory) return made(std::move(*memory));

    if (auto moved = move_aside(ports.files, path, ports.loop.clock().wall()); !moved)
        return std::move(moved).error().during("moving a broken file aside");
    ports.report.publish(happened::Warned{
        path + ": what was remembered of exporters cannot be read (" + memory.error().text +
        "); it was moved aside, and until every exporter has been seen again an old state of the "
        "store may pass for a new one"});
    return made({});
}

void TrustFile::keep(const std::string& host, const RememberedExporter& exporter) {
    RememberedExporter& known = kept_.exporters[host];
    if (known == exporter) return;
    RememberedExporter renewed = known;
    renewed.seq = exporter.seq;
    renewed.time = exporter.time;
    const bool only_renewed = renewed == exporter;
    known = exporter;
    unwritten_ = true;
    if (!only_renewed) write_soon();
}

void TrustFile::keep_revocations(std::uint64_t epoch, const std::string& text) {
    kept_.revocation_epoch = epoch;
    kept_.revocations = text;
    unwritten_ = true;
    write_soon();
}

void TrustFile::write_soon() {
    wanted_ = true;
    if (writing_ || pause_) return;
    pause_ = ports_.loop.after(write_every, [this] {
        const Held ended = std::move(pause_);
        write();
    });
}

void TrustFile::write() {
    wanted_ = unwritten_ = false;
    writing_ = true;
    auto outcome = std::make_shared<std::optional<Result<void>>>();  // shared with the worker
    ports_.workers.run(
        [outcome, &files = ports_.files, path = path_, text = encode(kept_)](Task&) {
            outcome->emplace(files.write(path, text, {.mode = own_mode}));
        },
        lifeline_.guard([this, outcome] {
            const bool good = outcome->has_value() && **outcome;
            written(good, outcome->has_value() && !good ? (*outcome)->error().text : "");
        }));
}

// No trouble although it is not good: the task was cancelled.
void TrustFile::written(bool good, const std::string& trouble) {
    writing_ = false;
    if (!good) unwritten_ = wanted_ = true;
    if (!trouble.empty() && !told_)
        ports_.report.publish(
            happened::Warned{"what is remembered of exporters cannot be kept: " + trouble});
    told_ = !good;
    if (const Action finished = std::exchange(finished_, nullptr)) return finish(finished);
    if (wanted_) write_soon();
}

// Not beside a worker's write: the older text might land last.
void TrustFile::finish(Action done) {
    pause_.reset();
    if (writing_) {
        finished_ = std::move(done);
        return;
    }
    if (unwritten_) {
        auto flushed = ports_.files.write(path_, encode(kept_), {.mode = own_mode});
        unwritten_ = false;
        if (!flushed)
            ports_.report.publish(happened::Warned{
                "what is remembered of exporters cannot be kept: " + flushed.error().text});
    }
    done();
}

}  // namespace hansa
