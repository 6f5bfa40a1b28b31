// Starts a program without copying our address space.
//
// The child shares our memory until it executes the program (CLONE_VM and CLONE_VFORK, as
// posix_spawn does), because fork() of a large process costs tens of milliseconds. posix_spawn
// itself can neither change the user nor set the parent-death signal, so the few steps between
// are ours: raw system calls only, no allocation, no libc state.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "sys/linux/fd.h"
#include "sys/processes.h"

namespace hansa {

struct Spawned {
    int pid = -1;
    Fd pidfd;  // readable when the program has ended; non-blocking waits only
};

struct SpawnTerms {
    Lifetime lifetime = Lifetime::own;
    std::optional<std::uint64_t> descriptors;  // soft limit of open ones; empty: ours
};

// Stdin is /dev/null, stdout and stderr are `output`, every other descriptor is closed; a process
// group of its own; default signal handling. The caller reaps it with reap().
//
// Lifetime::tied_to_us: the kernel sends the child SIGKILL when the *thread* that called this
// ends, so it may be called only on a thread that lives as long as the process: the main thread.
Result<Spawned> spawn(const Command& command, const SpawnTerms& terms, int output);

// How it ended, of a child that has (its pidfd is readable). After this its pid is free.
Exit reap(const Spawned& child);

}  // namespace hansa
