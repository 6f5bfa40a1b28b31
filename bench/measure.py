"""What every row measures with: interleaved runs, medians, /proc, and the verdict.

A claim is a ratio of medians taken in turns within one run, never one absolute timing: absolute
figures of one machine drift by a quarter and more from minute to minute.
"""
import dataclasses
import os
import statistics
import subprocess
import time


@dataclasses.dataclass
class Figure:
    """One line of the table. `met` is None for a line that only informs."""
    what: str
    bar: str
    measured: str
    floor: str = "–"
    ratio: str = "–"
    met: bool | None = None
    miss: str = ""  # by how much, when it is missed

    @property
    def verdict(self):
        if self.met is None:
            return "for information"
        return "holds" if self.met else f"MISSED{': ' + self.miss if self.miss else ''}"


def seconds(value):
    """A duration for people; three digits."""
    if value < 1e-3:
        return f"{value * 1e6:.0f} µs"
    if value < 1:
        return f"{value * 1e3:.3g} ms"
    return f"{value:.3g} s"


def interleaved(rounds, *runs):
    """Calls each of `runs` in turn, `rounds` times after one that does not count; the lists of
    what they returned."""
    lists = [[] for _ in runs]
    for number in range(rounds + 1):
        for run, results in zip(runs, lists):
            result = run()
            if number > 0:
                results.append(result)
    return lists


def against(what, ours, floors, most, name):
    """A figure whose bar is `most` times the median of `floors` (durations in seconds)."""
    measured, floor = statistics.median(ours), statistics.median(floors)
    ratio = measured / floor
    return Figure(what, f"≤ {most:g} × {name}", seconds(measured), seconds(floor),
                  f"{ratio:.2f}", ratio <= most, f"{ratio:.2f} instead of {most:g}")


def at_most(what, ours, limit, floors=None):
    """A figure whose bar is a duration; the floor of the same run stands beside it."""
    measured = statistics.median(ours)
    figure = Figure(what, f"≤ {seconds(limit)}", seconds(measured), met=measured <= limit,
                    miss=f"{seconds(measured - limit)} more")
    if floors:
        floor = statistics.median(floors)
        figure.floor, figure.ratio = seconds(floor), f"{measured / floor:.2f}"
    return figure


class Tools:
    """Paths of what is measured and of the floor programs."""

    def __init__(self, build):
        self.build = os.path.realpath(build)
        self.hansa = os.path.join(self.build, "hansa")

    def program(self, name):
        return os.path.join(self.build, "bench", name)

    def timed(self, *command, env=None):
        """Seconds from before its spawn to the end of one run of `command`."""
        return self.stopwatch("exit", "1", *command, env=env)[0]

    def stopwatch(self, *arguments, env=None):
        run = subprocess.run([self.program("stopwatch"), *arguments], capture_output=True,
                             text=True, env=env, check=False, timeout=600)
        if run.returncode != 0:
            raise RuntimeError(f"stopwatch {' '.join(arguments)[:300]}: {run.stderr.strip()}")
        return [int(line) / 1e6 for line in run.stdout.split()]

    def output(self, name, *arguments):
        """What a program of ours prints, as numbers."""
        run = subprocess.run([self.program(name), *arguments], capture_output=True, text=True,
                             check=False, timeout=600)
        if run.returncode != 0:
            raise RuntimeError(f"{name} {' '.join(arguments)[:300]}: {run.stderr.strip()}")
        return [int(word) for word in run.stdout.split()]


def resident_mb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    raise RuntimeError(f"process {pid} has no memory: it has ended")


def inotify_instances(pid):
    """How many inotify instances the process has open."""
    found = 0
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            found += os.readlink(f"/proc/{pid}/fd/{name}") == "anon_inode:inotify"
        except FileNotFoundError:
            continue
    return found


def _of_threads(pid, name, read):
    found = {}
    for thread in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{thread}/{name}", encoding="ascii") as file:
                found[thread] = read(file.read())
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def _switches(text):
    for line in text.splitlines():
        if line.startswith("voluntary_ctxt_switches:"):
            return int(line.split()[1])
    return 0


class Idle:
    """Wake-ups and processor time of a process between now and finish()."""

    def __init__(self, pid):
        self.pid = pid
        self.begun = time.monotonic()
        self.switches, self.cpu = self._take()

    def _take(self):
        return (_of_threads(self.pid, "status", _switches),
                _of_threads(self.pid, "schedstat", lambda text: int(text.split()[0]) / 1e9))

    def finish(self):
        """Wake-ups per second, and the part of one processor that was used."""
        passed = time.monotonic() - self.begun
        switches, cpu = self._take()
        woken = sum(count - self.switches.get(t, 0) for t, count in switches.items())
        used = sum(value - self.cpu.get(t, 0) for t, value in cpu.items())
        return woken / passed, used / passed
