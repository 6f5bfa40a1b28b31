// Who the exporters are, by the key sets that they show, and whether what a manifest vouches for
// may be taken from them (trust.md 2).
//
// Owned by Collector. Pure but for the keeper: nothing is asked of a clock or a store. A key set
// is verified when it comes in, and again as long as it is no good; such a one does not take the
// place of a good one.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "mesh/records.h"
#include "mesh/seal.h"
#include "mesh/trust_memory.h"
#include "trust/key_set.h"

namespace hansa {

struct TrustTerms {
    std::string cluster;  // that signatures are for
    std::vector<Certificate> roots;
    Revoked revoked;
    // An exporter that was away may not have renewed its certificate for so long.
    Duration lapse = Seconds{24 * 3600};
};

// A refusal's cause is a word that is counted: "unsigned", "bad_signature", "expired", "rollback",
// "digest", "denied", "withheld".
struct Verdict {
    enum class What {
        accept,
        keep,    // it is being repaired: what was accepted stays, and nobody need worry
        refuse,  // what was accepted stays
    } what = What::accept;
    std::string cause = {};
    std::string why = {};
    bool may_be_late = false;  // the missing part may only be on its way
};

// No manifest is good for longer, whatever it says.
inline constexpr Milliseconds manifest_life_max = Seconds{24 * 3600};

// Judges what hosts say about their exports. Sides: Exporters; tests have one that believes all.
class ExportJudge {
 public:
    virtual ~ExportJudge() = default;

    // Null: nobody is known by that name.
    virtual const VerifiedPeer* find(const std::string& host) const = 0;

    // Of the manifest that stands there; null: none does. `digest` tells what stands there; it is
    // asked last, for it costs. What was seen is remembered.
    virtual Verdict judge(const std::string& host, const ExportManifest* manifest,
                          const std::function<std::string()>& digest, WallTime now) = 0;

    // Of one version below a manifest that was accepted.
    virtual Verdict judge(const std::string& host, const ResourceId& id,
                          const ExportVersion& version, WallTime now) const = 0;
};

class Exporters final : public ExportJudge {
 public:
    // `keeper` must outlive it.
    explicit Exporters(TrustKeeper& keeper) : keeper_(keeper) {}

    // Replaces the terms; every key set is verified anew by them.
    void use(TrustTerms terms, WallTime now);

    // The key set that stands in the store now; empty: none does. True when somebody else, or
    // another key, speaks for the host from now on.
    bool show(const std::string& host, std::string text, WallTime now);

    // Verifies those again that were no good: a certificate may have begun meanwhile. Returns the
    // hosts of which one is good now.
    std::set<std::string> look_again(WallTime now);

    const VerifiedPeer* find(const std::string& host) const override;
    // Somebody was known by that name, but has been taken back, or its authority has.
    bool is_cut_off(const std::string& host) const;

    Verdict judge(const std::string& host, const ExportManifest* manifest,
                  const std::function<std::string()>& digest, WallTime now) override;
    Verdict judge(const std::string& host, const ResourceId& id, const ExportVersion& version,
                  WallTime now) const override;

 private:
    struct Known {
        std::string shown;                 // the text that stands in the store
        std::string good;                  // the last one that was verified, maybe an earlier one
        std::optional<VerifiedPeer> peer;  // of that
        std::string why_not;               // what is wrong with the one that is shown
    };
    bool verify(const std::string& host, Known& known, WallTime now);
    Result<VerifiedPeer> verified(const std::string& host, const std::string& text,
                                  WallTime now) const;
    Verdict unknown(const std::string& host) const;
    Verdict without_manifest(const std::string& host) const;
    Verdict judge_there(const std::string& host, const ExportManifest& manifest,
                        const std::function<std::string()>& digest, WallTime now);
    const RememberedExporter* remembered(const std::string& host) const;
    SealScope scope_of(const std::string& host, const VerifiedPeer& peer) const;

    TrustKeeper& keeper_;
    TrustTerms terms_;
    std::map<std::string, Known> known_;
};

}  // namespace hansa
