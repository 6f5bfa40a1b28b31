// What a collector remembers of exporters, so that nobody can show it an older state than it has
// seen: over restarts too.
//
// Values, and the port that keeps them: sides are TrustFile (real) and MemoryKeeper (simulated).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace hansa {

struct RememberedExporter {
    std::string uuid;
    std::uint64_t incarnation = 0;  // of the newest manifest that was seen; grows
    std::uint64_t seq = 0;          // likewise, within an incarnation
    Milliseconds issued{0};         // since 1970; its certificate
    std::string digest;             // of what was accepted last
    Milliseconds time{0};           // since 1970; of that manifest, by the exporter's clock
    friend bool operator==(const RememberedExporter&, const RememberedExporter&) = default;
};

struct TrustMemory {
    std::map<std::string, RememberedExporter> exporters;  // by host name
    std::uint64_t revocation_epoch = 0;                   // of the newest list that was seen,
    std::string revocations;                              // and its text
    friend bool operator==(const TrustMemory&, const TrustMemory&) = default;
};

// JSON; at most trust_memory_bytes_max.
inline constexpr std::size_t trust_memory_bytes_max = std::size_t{64} << 20;
std::string encode(const TrustMemory& memory);
Result<TrustMemory> decode_trust_memory(std::string_view text);

class TrustKeeper {
 public:
    virtual ~TrustKeeper() = default;

    virtual const TrustMemory& kept() const = 0;
    virtual void keep(const std::string& host, const RememberedExporter& exporter) = 0;
    virtual void keep_revocations(std::uint64_t epoch, const std::string& text) = 0;
};

// Keeps it as long as it lives itself.
class MemoryKeeper final : public TrustKeeper {
 public:
    const TrustMemory& kept() const override { return kept_; }
    void keep(const std::string& host, const RememberedExporter& exporter) override {
        kept_.exporters[host] = exporter;
    }
    void keep_revocations(std::uint64_t epoch, const std::string& text) override {
        kept_.revocation_epoch = epoch;
        kept_.revocations = text;
    }

 private:
    TrustMemory kept_;
};

}  // namespace hansa
