// What is remembered of exporters, in a file of this host's own (exporters.json, mode 0600).
//
// Owned by the daemon; outlives the mesh. Loop thread only; writes go through workers, at most one
// a second, and only for what matters after a restart: an exporter that merely renewed what it
// said before is written along with the next thing, or at stop.
// A file that cannot be understood is never overwritten: it is moved aside, and told, because from
// then on an older state of the store can be passed off as new until its signatures end.
#pragma once

#include <memory>
#include <string>

#include "mesh/lifeline.h"
#include "mesh/trust_memory.h"
#include "report/report.h"
#include "sys/files.h"
#include "sys/loop.h"
#include "sys/task.h"

namespace hansa {

class TrustFile final : public TrustKeeper {
 public:
    struct Ports {
        Loop& loop;
        Workers& workers;
        Files& files;
        Report& report;
    };

    // Blocking: at start. Everything given must outlive it. Code::denied for a file that others
    // may write; what else is wrong with it is told to the report.
    static Result<std::unique_ptr<TrustFile>> open(Ports ports, std::string path);

    const TrustMemory& kept() const override { return kept_; }
    void keep(const std::string& host, const RememberedExporter& exporter) override;
    void keep_revocations(std::uint64_t epoch, const std::string& text) override;

    // Writes what is not written yet, then calls `done`: at stop.
    void finish(Action done);

 private:
    TrustFile(Ports ports, std::string path, TrustMemory kept)
        : ports_(ports), path_(std::move(path)), kept_(std::move(kept)) {}
    void write_soon();
    void write();
    void written(bool good, const std::string& trouble);

    const Ports ports_;
    const std::string path_;
    TrustMemory kept_;
    bool unwritten_ = false;
    bool wanted_ = false;   // a write, since the last one began
    bool writing_ = false;  // by a worker
    bool told_ = false;     // that it cannot be written
    Action finished_;       // whoever waits for the end; may be empty
    Held pause_;
    Lifeline lifeline_;
};

}  // namespace hansa
