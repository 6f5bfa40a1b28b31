#!/usr/bin/env python3
"""Rows about hosts that found a cluster together (--expect)."""
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


if __name__ == "__main__":
    sys.exit(main())
