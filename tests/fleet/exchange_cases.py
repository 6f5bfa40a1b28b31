#!/usr/bin/env python3
"""Hosts with networks of their own: they join by token over the bridge and exchange files."""
import os
import sys

from fleet import Fleet, main
from rig import case, equal


@case("five-hosts", "five machines of two domains join by token and exchange files; each is cut off")
def five_hosts(t):
    fleet = Fleet(t, ["dc=a", "dc=a", "dc=a", "dc=b", "dc=b"]).start()
    fleet.wait_exchanged()
    for host in fleet.hosts:
        host.agent.wait_at_rest()
    away = fleet.hosts[3]
    mark = away.agent.mark()
    fleet.network.isolate(away.number)
    away.agent.wait_for("store_changed", since=mark, state="away")
    for host in (away, fleet.hosts[1]):  # both sides stay as declared
        os.unlink(host.path("kept"))
        t.until_content(host.path("kept"), "kept\n", deadline=10)
    fleet.hosts[1].write_graph("second")
    t.until_content(fleet.hosts[2].path("from-n2"), "second")
    equal(t.read("n4", "from-n2"), "first", "it cannot have come over a cut line")
    fleet.network.heal()
    t.until_content(away.path("from-n2"), "second")
    equal([host.agent.stop() for host in reversed(fleet.hosts)], [0] * 5, "exit codes")


if __name__ == "__main__":
    sys.exit(main())
