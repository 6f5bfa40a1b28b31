"""What goes on while something fails: writes, a watch, changing exports, tampering.

Each is a thread that begins when it is made and ends with stop(), and each measures the longest
time for which what it does did not work. Times are monotonic seconds.
"""
import os
import threading
import time

from bounds import allowed
from etcd_client import Client, Refused, Unavailable, decode, encode, one, text, after

PREFIX = "/drill/"


class Work:
    """A thread that calls turn() until it is told to stop."""

    def __init__(self):
        self.done = threading.Event()
        self.problems = []
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.done.is_set():
            self.turn()

    def stop(self):
        self.done.set()
        self.thread.join(30)
        return self


def longest_gap(times, since=0.0, until=None):
    """The longest pause between successes that lay, in part, after `since`; the end counts too."""
    kept = [at for at in times if at >= since]
    before = [at for at in times if at < since][-1:]
    marks = before + kept + ([until] if until else [])
    return max((b - a for a, b in zip(marks, marks[1:])), default=float("inf"))


class Writer(Work):
    """Writes keys one after the other, each once, and remembers what was acknowledged."""

    def __init__(self, urls, tls, pause=0.02, timeout=0.5):
        self.client = Client(urls, tls, allowed(timeout))
        self.prefix = f"{PREFIX}writes/"
        self.pause, self.count = pause, 0
        self.acknowledged, self.times, self.failed = [], [], 0
        super().__init__()

    def turn(self):
        self.count += 1
        key, value = f"{self.prefix}{self.count:08d}", f"value {self.count}".encode()
        try:
            revision = self.client.put(key, value)
        except (Unavailable, Refused):  # unknown, or not written: no key is tried twice
            self.failed += 1
        else:
            self.acknowledged.append((key, value, revision))
            self.times.append(time.monotonic())
        self.done.wait(self.pause)

    def gap(self, since=0.0):
        return longest_gap(self.times, since, time.monotonic())


class Watcher(Work):
    """Watches the writer's keys; resumes at the revision after the last one that it saw."""

    def __init__(self, urls, tls, prefix=f"{PREFIX}writes/", patience=3.0):
        self.client = Client(urls, tls, timeout=1.0)
        self.prefix, self.patience = prefix, patience
        self.first = self.next = 0
        self.seen, self.times = [], []
        super().__init__()

    def turn(self):
        wanted = {1: self.prefix, 2: after(self.prefix)} | ({3: self.next} if self.next else {})
        try:
            connection = self.client.connected(1.0)
            connection.open("Watch/Watch", encode({1: encode(wanted)}), last=False)
            while not self.done.is_set():
                self.take(decode(connection.receive(self.patience)))
        except (Unavailable, Refused):
            self.client.move_on()
            self.done.wait(0.02)

    def take(self, answer):
        if one(answer, 4):  # canceled
            self.problems.append(f"the watch was ended: {text(answer, 6)}, compacted at "
                                 f"{one(answer, 5)}")
            raise Refused("canceled")
        if one(answer, 3) and not self.first:  # created: everything later is seen
            self.first = self.next = one(decode(one(answer, 1)), 3) + 1
        for event in (decode(one_event) for one_event in answer.get(11, [])):
            pair = decode(one(event, 2))
            revision = one(pair, 3)
            self.seen.append((revision, text(pair, 1), one(pair, 5, b"")))
            self.times.append(time.monotonic())
            self.next = revision + 1

    def gap(self, since=0.0):
        return longest_gap(self.times, since, time.monotonic())


class Views(Work):
    """One host exports a new content twice a second; when did each of the others have one?"""

    def __init__(self, exporter, collectors, period=0.5):
        self.exporter, self.collectors, self.period = exporter, collectors, period
        self.count, self.due = 0, 0.0
        self.held = {host.name: "" for host in collectors}
        self.times = {host.name: [] for host in collectors}
        super().__init__()

    def turn(self):
        now = time.monotonic()
        if now >= self.due:
            self.count += 1
            self.exporter.write_graph(f"turn {self.count}")
            self.due = now + self.period
        for host in self.collectors:
            content = host.fleet.t.read(host.name, f"from-{self.exporter.name}")
            if content and content.startswith("turn") and content != self.held[host.name]:
                self.held[host.name] = content
                self.times[host.name].append(now)
        self.done.wait(0.02)

    def gap(self, since=0.0, hosts=None):
        """The longest time in which some collector got nothing new."""
        now = time.monotonic()
        return max(longest_gap(self.times[host.name], since, now)
                   for host in hosts or self.collectors)

    def until_flowing(self):
        """Until every collector has had something."""
        test = self.exporter.fleet.t
        test.until(lambda: all(self.times.values()), what="the first change at every host")
        return self


class Tampering(Work):
    """Deletes each host's kept file again and again; how long until it is back?

    `excused` hosts, such as paused ones, are left alone.
    """

    def __init__(self, hosts, pause=0.2):
        self.hosts, self.pause, self.excused = hosts, pause, set()
        self.longest = {host.name: 0.0 for host in hosts}
        self.counts = {host.name: 0 for host in hosts}
        super().__init__()

    def turn(self):
        began, waiting = {}, {}
        for host in self.hosts:
            if host.is_up() and host.name not in self.excused and remove(host.path("kept")):
                began[host.name], waiting[host.name] = time.monotonic(), host
        while waiting and not self.done.wait(0.005):
            for name, host in list(waiting.items()):
                if not host.is_up() or name in self.excused:
                    del waiting[name]
                elif host.fleet.t.read(name, "kept") == "kept\n":
                    took = time.monotonic() - began[name]
                    self.longest[name] = max(self.longest[name], took)
                    self.counts[name] += 1
                    del waiting[name]
                elif time.monotonic() - began[name] > 10:
                    self.longest[name] = float("inf")
                    self.problems.append(f"{name} has not restored its file within 10 s")
                    del waiting[name]
        self.done.wait(self.pause)

    def worst(self):
        """The longest repair of all (seconds). REQUIRES: each host was tampered with."""
        idle = [name for name, count in self.counts.items() if not count]
        assert not idle, f"nothing was tampered with at {idle}; {self.problems}"
        return max(self.longest.values())


def remove(path):
    """Whether there was a file to remove."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    return True
