#!/usr/bin/env python3
"""What commands say about a fleet and change in it, by asking an agent of it."""
import json
import sys

from fleet import Fleet, main
from observer import Observer
from rig import case, equal


def status_of(host):
    """What `hansa cluster status` says there, with its exit code."""
    done = host.try_command("cluster", "status", "--json")
    assert done.stdout, done.stderr
    return {**json.loads(done.stdout), "code": done.returncode}


def seats_in(status):
    return {member["host"]: member["seat"] for member in status["members"]}


def until_healthy(t, host):
    t.until(lambda: status_of(host)["health"] == "healthy", what=f"{host.name} finds it healthy")
    return status_of(host)


def grown(t, voters, hosts=4):
    """A fleet with so many voters, and who watches it."""
    fleet = Fleet(t, ["dc=a", "dc=b", "dc=c", "dc=a", "dc=b"][:hosts], "--ideal-cluster-size",
                  str(voters)).start()
    observer = Observer(fleet)
    observer.until_voters(voters, 60)
    return fleet, observer


@case("cluster-status", "any host tells how the store is, with a quorum and without")
def cluster_status(t):
    fleet, observer = grown(t, 3)
    try:
        spare = next(host for host in fleet.hosts if host not in observer.voters())
        status = until_healthy(t, spare)
        equal((status["code"], status["can_lose"]), (0, 1), "exit code, can lose")
        equal(seats_in(status), {host.name: "voter" for host in observer.voters()}, "members")
        leader = observer.leader().name
        equal([m["host"] for m in status["members"] if m["leads"]], [leader], "leader")
        assert status["steward"]["host"] == leader and status["steward"]["says"], status
        peers = {peer["name"]: peer for peer in json.loads(spare.command("peers", "--json"))["peers"]}
        equal(sorted(peers), [host.name for host in fleet.hosts], "peers")
        for host in fleet.hosts:
            peer = peers[host.name]
            equal((peer["address"], peer["domain"], peer["alive"], peer["leads"]),
                  (host.address, host.domain, True, host.name == leader), host.name)
            equal(peer["seat"], "-" if host is spare else "voter", host.name)
            equal("lag" in peer, host is not spare, "only members lag")

        lost = observer.followers()
        for host in lost:
            host.crash()
        spare.agent.wait_for("store_changed", state="read-only")
        stale = status_of(spare)
        equal((stale["code"], stale["health"], stale["stale"]), (4, "read-only", True), "without")
        equal(stale["reasons"], ["quorum lost: 1 of 3 members answer"], "reasons")
        assert stale["read_only_since"] > status["time"], stale
        equal(seats_in(stale), seats_in(status), "what was known is still shown")
        refused = spare.try_command("cluster", "size", "5")
        equal(refused.returncode, 1, refused.stdout)
        assert "nothing is changed" in refused.stderr, refused.stderr
        for host in lost:
            host.run()
        until_healthy(t, spare)
    finally:
        observer.close()
    equal([host.agent.stop() for host in reversed(fleet.hosts)], [0] * 4, "exit codes")


@case("leave-seat", "a voter that leaves gives its seat away first, and may come again")
def leave_seat(t):
    fleet, observer = grown(t, 3)
    try:
        leader = observer.leader()
        others = [host for host in fleet.hosts if host is not leader]
        until_healthy(t, leader)
        gone = leader.try_command("leave")
        equal(gone.returncode, 0, gone.stderr)
        assert "seat is to be given away" in gone.stderr, gone.stderr
        equal(leader.agent.wait(), 0, "exit code")
        t.until(lambda: seats_in(status_of(others[0])) == {h.name: "voter" for h in others},
                what="the others have the seats")
        until_healthy(t, others[0])
        peers = json.loads(others[0].command("peers", "--json"))["peers"]
        equal([peer["name"] for peer in peers], [host.name for host in others], "peers")
        for host in others:
            host.agent.wait_for("collected", withdrawn=1)
        equal(t.read(leader.name, "kept"), "kept\n", "what it has applied stays")
        leader.run()
        leader.agent.wait_for("store_changed", state="connected")
        t.until_content(others[0].path(f"from-{leader.name}"), "first")
    finally:
        observer.close()
    equal([host.agent.stop() for host in reversed(fleet.hosts)], [0] * 4, "exit codes")


@case("remove-dead", "a dead host's seat is freed by the steward, then its name; it may come again")
def remove_dead(t):
    fleet, observer = grown(t, 3, hosts=3)
    try:
        dead = observer.followers()[0]
        stays = [host for host in fleet.hosts if host is not dead]
        asked = stays[0]
        refused = asked.try_command("peers", "remove", dead.name)
        equal((refused.returncode, "hansa leave" in refused.stderr), (1, True), refused.stderr)
        dead.crash()
        t.until(lambda: "is alive" not in asked.try_command("peers", "remove", dead.name,
                                                            "--dry-run").stderr,
                what="its lease has ended")
        plan = json.loads(asked.command("peers", "remove", dead.name, "--dry-run", "--json"))
        equal(plan["seat"], "voter", "nobody else can take its seat")
        done = asked.try_command("peers", "remove", dead.name)
        equal(done.returncode, 0, done.stderr)
        assert "is to be given away" in done.stderr, done.stderr
        assert dead.name not in seats_in(status_of(asked)), status_of(asked)
        observer.until_voters(1, 60)
        peers = json.loads(asked.command("peers", "--json"))["peers"]
        equal([peer["name"] for peer in peers], [host.name for host in stays], "peers")
        dead.run()
        told = dead.agent.wait_for("warned")["text"]
        assert "did not know this host any more" in told, told
        dead.agent.wait_at_rest()
        # Whoever has just had and lost a seat is given none for ten minutes, so it is a client.
        equal(seats_in(status_of(asked)), {host.name: "voter" for host in observer.voters()}, "seats")
        peers = json.loads(asked.command("peers", "--json"))["peers"]
        equal([(peer["name"], peer["alive"]) for peer in peers],
              [(host.name, True) for host in fleet.hosts], "peers")
    finally:
        observer.close()
    equal([host.agent.stop() for host in reversed(fleet.hosts)], [0] * 3, "exit codes")


if __name__ == "__main__":
    sys.exit(main())
