// Sees what the engine does to resources, without believing what it says about it.
//
// Every kind, the workers and the path watcher are wrapped; a Witness is told when work is handed
// over, when checks and applies begin and end, and when a watch calls. Loop thread and fibers.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "resource/kind.h"
#include "sys/task.h"
#include "sys/watch.h"

namespace hansa {

using Ticket = std::uint64_t;  // of one task handed to the workers, in order

class Witness {
 public:
    virtual ~Witness() = default;
    virtual void handed_over(Ticket ticket) = 0;
    virtual void check_began(const ResourceId& id, Ticket ticket) = 0;
    virtual void check_ended(const ResourceId& id, Ticket ticket, bool ok) = 0;
    virtual void apply_began(const ResourceId& id, Ticket ticket) = 0;
    virtual void apply_ended(const ResourceId& id, Ticket ticket, bool ok) = 0;
    virtual void work_ended(Ticket ticket) = 0;    // in the worker
    virtual void work_told(Ticket ticket) = 0;     // just before the engine hears of it
    virtual void woken(const ResourceId& id) = 0;  // just before the engine hears of it
};

// The three wrappers together. Whatever is wrapped must outlive it, and it the engine.
class Observation {
 public:
    Observation(Witness& witness, const Catalog& kinds, Workers& workers, PathWatcher& watcher);
    ~Observation();

    const Catalog& kinds() const { return kinds_; }
    Workers& workers();
    PathWatcher& watcher();

 private:
    class SeenWorkers;
    class SeenWatcher;
    class SeenKind;
    class SeenResource;

    Witness& witness_;
    std::unique_ptr<SeenWorkers> workers_;
    std::unique_ptr<SeenWatcher> watcher_;
    Catalog kinds_;
};

}  // namespace hansa
