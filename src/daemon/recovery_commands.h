// What `hansa cluster snapshot`, `restore` and `recover` do. Blocking; no agent is needed.
//
// docs/manual/recovery.md says when to use which.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace hansa {

struct HostChoice {
    std::string prefix;
    std::string host;  // empty: the only one there
};

struct SnapshotShown {
    std::string path;
    std::string cluster;
    std::uint64_t epoch = 0;
    std::int64_t revision = 0;
    std::uint64_t bytes = 0;
    std::string sha256;
    std::string from;                  // endpoint
    std::vector<std::string> members;  // "NAME URL", as that member lists them
    bool had_quorum = true;            // else others may know more
};

// Copies the whole store into `file`, from a member that a majority stands behind; where there is
// none, from the one that knows most. Code::conflict when `file` is there and `force` is not given.
enum class Overwrite { no, yes };
Result<SnapshotShown> snapshot_store(const HostChoice& choice, const std::string& file,
                                     Overwrite overwrite);

// As `hansa run` is told them on this host; empty: as before.
struct StoreAddress {
    std::string listen;
    std::string advertise;
};

struct StoreRenewed {
    std::uint64_t epoch = 0;
    std::int64_t revision = 0;
    std::string directory;
    std::string aside;     // where the former data is; empty: there was none
    std::string peer_url;  // that other members will reach it at
};

// A store made of a snapshot when every voter is lost. In two steps, between which somebody has
// agreed to it: the first one changes nothing.
class Restoration {
 public:
    // Code::conflict when an agent runs here, or a majority of the members answers; Code::invalid
    // for a file that is no whole snapshot of this host's cluster.
    static Result<Restoration> prepare(const HostChoice& choice, const std::string& file,
                                       const StoreAddress& address);
    Restoration(Restoration&&) noexcept;
    ~Restoration();

    struct Plan {
        std::string cluster;  // also what is to be typed
        std::string file;
        std::string time;           // of the snapshot; empty: it has no note
        std::int64_t revision = 0;  // likewise
        std::uint64_t epoch = 0;    // likewise
        bool had_quorum = true;
        std::string host;
        std::string directory;
        bool has_data = false;  // which is moved aside
    };
    const Plan& plan() const;
    Result<StoreRenewed> carry_out();

 private:
    struct State;
    explicit Restoration(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

// A member of the store that is still there, as far as this machine can tell.
struct Survivor {
    std::string name;   // its host, or its address
    std::string where;  // an endpoint, or the directory of its data
    bool is_own = false;
    std::uint64_t term = 0;
    std::uint64_t index = 0;  // of what is known to be agreed on
    std::int64_t revision = 0;
    std::uint64_t epoch = 0;
    std::string since;     // when its data was last written; empty: it runs
    std::string snapshot;  // its copy, on this machine; empty: none yet
};

// A cluster whose majority is lost for good, begun anew from what survived. In two steps likewise.
class Recovery {
 public:
    // Looks at every member that is known, and, where this host's agent is stopped, into its own
    // data. With `Look::only` nothing is copied and carry_out() may not be called. Code::conflict
    // when a majority is there, or would be if known members were started: says which.
    enum class Look { only, and_copy };
    static Result<Recovery> prepare(const HostChoice& choice, const StoreAddress& address,
                                    Look look);
    Recovery(Recovery&&) noexcept;
    ~Recovery();

    struct Plan {
        std::string cluster;
        std::string host;
        std::size_t voters = 0;            // that were listed last
        std::vector<Survivor> survivors;   // the best one first
        std::vector<std::string> missing;  // "NAME: why it does not answer"
        std::string refusal;               // why nothing is to be done; empty: go on
        std::string directory;
    };
    const Plan& plan() const;

    // From the best survivor. REQUIRES: copies were made, and nothing speaks against it.
    Result<StoreRenewed> carry_out();

 private:
    struct State;
    explicit Recovery(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace hansa
