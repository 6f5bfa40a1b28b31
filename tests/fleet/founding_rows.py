#!/usr/bin/env python3
"""Rows about how a fleet begins, and what it looks like at rest."""
import os
import shutil
import sys
import time

from drill import SEATS, row
from fleet import JOIN, Fleet, main
from observer import Observer
from rig import equal

EXPECT = ("--expect", *SEATS)


def found_together(fleet):
    """Starts all hosts at the same instant; the authority of the first one certifies them."""
    first, seeds = fleet.hosts[0], ",".join(host.url for host in fleet.hosts)
    count = str(len(fleet.hosts))
    first.command("ca", "init")
    joins = {host: first.command("token", "create", "--name", host.name, "--domain", host.domain,
                                 "--address", f"{first.address}:{JOIN}").strip()
             for host in fleet.hosts[1:]}
    for host in fleet.hosts:
        own = fleet.serving_flags(host) if host is first else fleet.joining_flags(host)
        host.run(*own, "--seeds", seeds, "--expect", count, "--ideal-cluster-size", count,
                 join=joins.get(host))
    for host in fleet.hosts:
        host.agent.wait_for("store_changed", state="connected", deadline=60)


@row("24", "three hosts found at the same instant", needs=EXPECT)
def found_at_once(drill):
    """As often as HANSA_DRILL_TIMES says, each time from nothing."""
    times = int(os.environ.get("HANSA_DRILL_TIMES", "3"))
    fleet = Fleet(drill.t, ["dc=a", "dc=b", "dc=c"])
    slowest = 0.0
    for _ in range(times):
        began = time.monotonic()
        found_together(fleet)
        fleet.wait_exchanged()
        slowest = max(slowest, time.monotonic() - began)
        drill.t.until(lambda: all(host.cluster() for host in fleet.hosts), what="each has one")
        equal(len({host.cluster() for host in fleet.hosts}), 1, "clusters")
        founders = [host.name for host in fleet.hosts
                    if any("founds the store" in e["text"] for e in host.agent.seen("noted"))]
        equal(len(founders), 1, f"founders {founders}")
        for host in fleet.hosts:
            equal(host.agent.stop(), 0, f"exit code of {host.name}")
            shutil.rmtree(host.prefix)
            for other in fleet.hosts:
                os.unlink(host.path(f"from-{other.name}"))
    drill.note("times", times, "")
    drill.bound("slowest, until all have what all export", slowest, 30)


@row("24b", "of three that found together one is late", needs=EXPECT)
def one_is_late(drill):
    """Nobody founds without it; afterwards all three grow to three voters."""
    fleet = drill.fleet = Fleet(drill.t, ["dc=a", "dc=b", "dc=c"])
    first, second, late = fleet.hosts
    seeds = ",".join(host.url for host in fleet.hosts)
    together = ("--seeds", seeds, "--expect", "3", "--ideal-cluster-size", "3")
    first.command("ca", "init")
    first.run(*fleet.serving_flags(first), *together)
    tokens = {host: first.command("token", "create", "--name", host.name, "--address",
                                  f"{first.address}:{JOIN}").strip() for host in (second, late)}
    second.run(*fleet.joining_flags(second), *together, join=tokens[second])
    for host in (first, second):
        drill.t.until(lambda: any("2 of 3 hosts are here" in e["text"]
                                  for e in host.agent.seen("noted")), 30, "who is missing is said")
    drill.pass_time(10)
    for host in (first, second):
        equal(host.cluster(), None, f"{host.name} has founded")
    at = time.monotonic()
    late.run(*fleet.joining_flags(late), *together, join=tokens[late])
    fleet.wait_exchanged()
    drill.bound("all have what all export", time.monotonic() - at, 15)
    drill.observer = Observer(fleet)
    drill.observer.until_voters(3, 60)
    drill.bound("three voters", time.monotonic() - at, 60)
    for host in fleet.hosts:
        equal(host.agent.stop(), 0, f"exit code of {host.name}")
    for host in fleet.hosts:
        host.run()
    for host in fleet.hosts:
        host.agent.wait_for("store_changed", state="connected")


@row("0c", "at rest every host has a connection to one voter", needs=SEATS)
def few_connections(drill):
    """As many agents as HANSA_DRILL_HOSTS says, five voters from eleven on; read from the kernel."""
    count = int(os.environ.get("HANSA_DRILL_HOSTS", "16"))
    seats = 5 if count > 10 else 3
    fleet = drill.fleet = Fleet(drill.t, [f"dc={'abcde'[i % 5]}" for i in range(count)],
                                "--ideal-cluster-size", str(seats))
    fleet.found()
    for first in range(1, count, 16):
        fleet.join(*fleet.hosts[first:first + 16])
    drill.observer = Observer(fleet)
    drill.observer.until_voters(seats, 120)
    voters = {voter.address for voter in drill.observer.voters()}

    def spread():
        """Of each voter, how many other hosts lean on it; and all pairs that are connected."""
        pairs = connected_pairs(fleet)
        leaning = {voter: sum(1 for pair in pairs if voter in pair and len(pair & voters) == 1)
                   for voter in voters}
        return leaning, pairs

    # A client moves to the voter that it prefers within a minute of learning of it.
    mean, bound = (count - seats) / seats, (count - seats) + seats * (seats - 1) // 2
    limit = 1.5 if count >= 64 else 3

    def settled():
        leaning, pairs = spread()
        return len(pairs) <= bound and max(leaning.values()) <= limit * mean

    drill.goes_on(settled, 150)
    leaning, pairs = spread()
    drill.note("agents", count, "")
    drill.bound("pairs of hosts with a connection", len(pairs), bound, "")
    drill.note("of a full mesh", count * (count - 1) // 2, "")
    drill.bound("clients of the fullest voter, times the mean", max(leaning.values()) / mean,
                limit, "")
    for host in fleet.hosts:
        drill.t.until_content(host.path(f"from-{fleet.hosts[-1].name}"), "first", deadline=120)
    began = time.monotonic()
    fleet.hosts[-1].write_graph("news")
    for host in fleet.hosts:
        drill.t.until_content(host.path(f"from-{fleet.hosts[-1].name}"), "news")
    drill.note("news of one at all", time.monotonic() - began)


def connected_pairs(fleet):
    """{frozenset of two addresses} between which the kernel has an established connection."""
    known = {host.address for host in fleet.hosts}
    pairs = set()
    for host in fleet.hosts:
        with open(f"/proc/{host.agent.process.pid}/net/tcp", encoding="ascii") as file:
            rows = [line.split() for line in file.readlines()[1:]]
        for row_of in rows:
            pair = frozenset(address_in(text) for text in (row_of[1], row_of[2]))
            if row_of[3] == "01" and len(pair) == 2 and pair <= known:
                pairs.add(pair)
    return pairs


def address_in(text):
    """Of /proc/net/tcp: the address in hexadecimal, in the order of the machine (proc(5))."""
    return ".".join(str(byte) for byte in reversed(bytes.fromhex(text.split(":")[0])))


if __name__ == "__main__":
    sys.exit(main())
