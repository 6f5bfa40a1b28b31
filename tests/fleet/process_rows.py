#!/usr/bin/env python3
"""Rows of the fault matrix in which processes are killed, stopped and started."""
import json
import os
import re
import signal
import sys
import time

from drill import CALM, DOMAINS, EVICT, SCALE, SEATS, WINDOW, row
from etcd_client import Client, Refused, Unavailable, tls_of
from fleet import Fleet, main
from observer import Observer
from rig import equal
from workload import Writer


@row("0", "growth from 3 to 5 voters, on demand", needs=SEATS)
def growth(drill):
    drill.grow(3, ["dc=a", "dc=b", "dc=c", "dc=a", "dc=b", "dc=c"])
    failed = drill.writer.failed
    began = time.monotonic()
    drill.need("cluster size")
    drill.fleet.hosts[0].command("cluster", "size", "5")
    drill.observer.until_voters(5, 60)
    drill.bound("3 to 5 voters", time.monotonic() - began, 45)
    drill.bound("failed writes", drill.writer.failed - failed, 0, "")
    drill.writes_go_on(began, 1)


@row("0d", "growth from 1 to 5 voters in one go, unattended", needs=SEATS)
def growth_from_one(drill):
    """The clock starts when the others begin to join; the founder has been written to before."""
    fleet = drill.fleet = Fleet(drill.t, [*DOMAINS, "dc=c"], "--ideal-cluster-size", "5")
    fleet.found()
    drill.observer = Observer(fleet)
    drill.writer = Writer([fleet.hosts[0].url], drill.observer.tls)
    drill.t.until(lambda: len(drill.writer.times) >= CALM, what=f"{CALM} writes")
    began = time.monotonic()
    fleet.join(*fleet.hosts[1:])
    drill.observer.until_voters(5, 120)
    drill.bound("1 to 5 voters", time.monotonic() - began, 25 if SCALE < 1 else 45)
    drill.bound("failed writes", drill.writer.failed, 0, "")
    drill.writes_go_on(began, 1)
    drill.begin_work()


@row("0b", "5 to 3 voters, on demand", needs=(*SEATS, "cluster size"))
def shrinkage(drill):
    drill.grow(5, ["dc=a", "dc=b", "dc=c", "dc=a", "dc=b", "dc=c"], deadline=90)
    # Not at a voter that goes: what is on its way there is broken off, as at any planned stop. The
    # leader stays, since each domain that has two voters keeps one, and rather the leader.
    drill.writer.client.wish = drill.observer.leader().url
    drill.writes_go_on(time.monotonic(), 1)
    failed = drill.writer.failed
    began = time.monotonic()
    said = drill.fleet.hosts[0].command("cluster", "size", "3")
    assert "5 to 3 voters: the steward removes 2" in said, said
    drill.observer.until_voters(3, 60)
    drill.bound("5 to 3 voters", time.monotonic() - began, 45)
    drill.bound("failed writes", drill.writer.failed - failed, 0, "")
    drill.writes_go_on(began, 1)


@row("1", "kill -9 of a follower's machine", needs=SEATS)
def kill_follower(drill):
    drill.grow()
    follower = drill.observer.followers()[0]
    at = time.monotonic()
    follower.crash()
    drill.pass_time(10)
    drill.writes_go_on(at, 1)
    drill.views_go_on(at, 6)
    drill.pass_time(0.9 * EVICT - (time.monotonic() - at))
    drill.bound("role changes", drill.observer.changes_since(at), 0, "")
    follower.run()
    drill.observer.until_voters(3, 60)
    follower.agent.wait_for("store_changed", state="connected")


@row("1c", "one voter's machine after the other is killed, replaced and back", needs=SEATS)
def crash_after_crash(drill):
    """As often as HANSA_DRILL_TIMES says; it is the leader's turn every third time.

    Of five hosts two are spare, and a peer that was seated and unseated of late is given no seat:
    when it goes on and on a seat stays open until the window has moved on.
    """
    times = int(os.environ.get("HANSA_DRILL_TIMES", "2"))
    limit = EVICT + 40 + (WINDOW if times > 3 else 0)
    drill.grow()
    for client in (drill.writer.client, drill.watcher.client):
        client.urls = [host.url for host in drill.fleet.hosts]  # in the end all may be others
    began, slowest = time.monotonic(), 0.0
    exporter = drill.views.exporter
    for turn in range(times):
        leader = drill.observer.leader()
        others = [host for host in drill.observer.voters() if host not in (leader, exporter)]
        victim = leader if turn % 3 == 0 and leader is not exporter else others[0]
        at = time.monotonic()
        victim.crash()
        drill.observer.until(lambda seen: victim.name not in seats_of(drill, seen) and
                             len(seen.voters()) == 3 and not seen.learners(),
                             f"turn {turn}: another voter for {victim.name}", limit + 60)
        slowest = max(slowest, time.monotonic() - at)
        back = time.monotonic()
        victim.run()
        victim.agent.wait_for("store_changed", state="connected")
        if victim is not exporter:  # it has had time to learn whom to ask when this one goes, too
            drill.goes_on(lambda: drill.views.times[victim.name][-1] > back, 30)
    drill.excused = [12]  # whose machine dies again and again loses its seat again and again
    drill.note("times", times, "")
    drill.bound("slowest replacement", slowest, limit)
    drill.writes_go_on(began, 3)
    drill.news_again(time.monotonic(), 6)


@row("2", "kill -9 of the leader's machine", needs=SEATS)
def kill_leader(drill):
    drill.grow()
    leader = drill.observer.leader()
    at = time.monotonic()
    leader.crash()
    drill.pass_time(10)
    drill.writes_go_on(at, 3)
    drill.views_go_on(at, 6)
    leader.run()
    leader.agent.wait_for("store_changed", state="connected")


@row("3", "planned stop of the leader", needs=SEATS)
def stop_leader(drill):
    drill.grow()
    leader = drill.observer.leader()
    at = time.monotonic()
    code = leader.agent.stop()
    drill.bound("exit", time.monotonic() - at, 1)
    drill.bound("exit code", code, 0, "")
    drill.pass_time(5)
    drill.writes_go_on(at, 0.2)
    drill.views_go_on(at, 6)
    drill.bound("role changes", drill.observer.changes_since(at), 0, "")
    leader.run()
    leader.agent.wait_for("store_changed", state="connected")


def pause_leader(drill, seconds):
    drill.grow()
    leader = drill.observer.leader()
    at = time.monotonic()
    drill.pause(leader)
    drill.pass_time(seconds)
    others = [host for host in drill.views.collectors if host is not leader]
    drill.writes_go_on(at, 3)
    drill.views_go_on(at, 6, others)
    mark = time.monotonic()
    drill.resume(leader)
    drill.views_go_on(mark, seconds + 12, [leader] if leader in drill.views.collectors else None)
    drill.pass_time(10)  # a stale action would come now
    drill.observer.until_voters(3, 120)


@row("3b", "all hosts are stopped, in order, and in reverse", needs=SEATS)
def stop_all(drill):
    """Each ends with 0 within a second, also the one that takes the majority, and the last one."""
    drill.grow()
    for work in drill.works():
        work.stop()
    slowest = 0.0
    for order in (1, -1):
        for host in drill.fleet.hosts[::order]:
            at = time.monotonic()
            equal(host.agent.stop(), 0, f"exit code of {host.name}")
            slowest = max(slowest, time.monotonic() - at)
        for host in drill.fleet.hosts:
            host.run()
        for host in drill.fleet.hosts:
            host.agent.wait_for("store_changed", state="connected", deadline=60)
    drill.bound("slowest exit", slowest, 1)
    drill.bound("role changes", drill.observer.changes_since(0) - 4, 0, "")  # 4: the growth


@row("4", "SIGSTOP of the leader's machine for 6 s", needs=SEATS)
def pause_leader_shortly(drill):
    pause_leader(drill, 6)
    drill.bound("role changes", drill.observer.changes_since(0) - 4, 0, "")  # 4: the growth


@row("4b", "SIGSTOP of the leader's machine for 60 s", needs=SEATS)
def pause_leader_for_long(drill):
    pause_leader(drill, 60)


@row("5", "SIGSTOP of the agent that is steward, not of its etcd", needs=SEATS)
def pause_steward(drill):
    drill.grow()
    steward = drill.observer.leader()
    before = drill.observer.last().steward
    drill.tampering.excused.add(steward.name)
    at = time.monotonic()
    os.kill(steward.agent.process.pid, signal.SIGSTOP)
    took = drill.observer.until(lambda seen: seen.steward not in ("", before), "another steward",
                                60)
    drill.bound("another steward", took, 30)
    drill.writes_go_on(at, 3)
    os.kill(steward.agent.process.pid, signal.SIGCONT)
    drill.tampering.excused.discard(steward.name)
    drill.pass_time(10)  # a stale action would come now
    drill.views_go_on(time.monotonic(), 6)


def write_elsewhere(drill, victim):
    """The writer speaks with other voters only: nobody knows what becomes of a write that was in
    the hands of a member that ends, since etcd breaks calls off where it speaks TLS."""
    client = drill.writer.client
    client.urls = [host.url for host in drill.observer.voters() if host is not victim]
    client.move_on()
    drill.t.until(lambda: client.connection is not None, what="another voter")


@row("6", "restart storm of one voter, 20 times", needs=SEATS)
def storm_of_one(drill):
    drill.grow()
    victim = drill.observer.followers()[0]
    write_elsewhere(drill, victim)
    failed, at = drill.writer.failed, time.monotonic()
    killed = None
    for _ in range(20):
        # What was killed is listed for moments longer.
        drill.t.until(lambda: victim.etcd() not in (None, killed), 60, "etcd is started again")
        killed = victim.signal_etcd(signal.SIGKILL)
    drill.t.until(lambda: victim.etcd() not in (None, killed), 60, "etcd is started again")
    drill.note("20 restarts", time.monotonic() - at)
    drill.writes_go_on(at, 1)
    drill.bound("failed writes", drill.writer.failed - failed, 0, "")
    drill.observer.until_voters(3, 120)


FEW = 16  # agents that two cores can begin at once, with the store beside them


@row("7", "restart storm of all agents but the one beside the store")
def storm_of_all(drill):
    """As many agents as HANSA_DRILL_HOSTS says; the store goes on, so each must be let in again.

    A hundred agents verify a hundred exporters each when they begin: 10 s of work, which is a
    second's where each has a machine. Here it is that of the voter and of the writer too.
    """
    agents = int(os.environ.get("HANSA_DRILL_HOSTS", str(FEW)))
    drill.single(agents)
    crowd = drill.fleet.hosts[1:]
    drill.views.stop()  # its exporter dies too
    for host in crowd:
        host.crash()
    at = time.monotonic()
    for host in crowd:
        host.run()
    for host in crowd:
        host.agent.wait_for("store_changed", state="connected")
    drill.bound("all connected", time.monotonic() - at, 60)
    crowd[0].write_graph("after the storm")
    for host in drill.fleet.hosts:
        drill.t.until_content(host.path(f"from-{crowd[0].name}"), "after the storm")
    drill.bound("all have the news", time.monotonic() - at, 60)
    drill.note("agents", agents, "")
    if agents > FEW:
        drill.note("write gap", drill.writer.gap(at))
        drill.beside = True
    else:
        drill.writes_go_on(at, 3)


@row("11", "a domain of three is lost", needs=SEATS)
def domain_lost(drill):
    lose_domain(drill)


def lose_domain(drill):
    """Of six hosts in three domains, two at once; the seat there is filled elsewhere."""
    drill.grow(3, ["dc=a", "dc=b", "dc=c"] * 2)
    seats = {host.name for host in drill.observer.voters()}
    domain = next(host.domain for host in drill.observer.voters()
                  if host is not drill.fleet.hosts[0])
    lost = drill.fleet.of_domain(domain)
    at = time.monotonic()
    for host in lost:
        host.crash()
    gone = {host.address for host in lost}
    drill.observer.until(
        lambda seen: len(seen.voters()) == 3 and not seen.learners()
        and not any(member.host in gone for member in seen.voters()),
        "three voters outside of the domain", EVICT + 90)
    drill.bound("seats refilled", time.monotonic() - at, EVICT + 30)
    # One removal and one addition with its promotion: three lists that differ.
    drill.bound("changes of the list", drill.observer.changes_since(at),
                3 * sum(host.name in seats for host in lost), "")
    drill.writes_go_on(at, 3)
    return lost


@row("12", "a lost domain is back", needs=SEATS)
def domain_back(drill):
    lost = lose_domain(drill)
    at = time.monotonic()
    for host in lost:
        host.run()

    def spread(seen):
        domains = {drill.observer.host_of(member.host).domain for member in seen.voters()}
        return len(domains) == 3 and len(seen.voters()) == 3 and not seen.learners()
    took = drill.observer.until(spread, "three voters in three domains", 2 * EVICT + 90)
    drill.bound("spread again", took, EVICT + 60)
    drill.bound("changes of the list", drill.observer.changes_since(at), 3, "")
    drill.writes_go_on(at, 1)


@row("12b", "the founder is back after its seat was given away", needs=SEATS)
def founder_back(drill):
    """It is a client then, and takes a seat like any other when one is free in its domain."""
    drill.grow()
    founder, deputy = drill.fleet.hosts[0], drill.fleet.hosts[3]  # both in dc=a
    founder.crash()
    drill.observer.until(lambda seen: "n4" in seats_of(drill, seen) and len(seen.voters()) == 3,
                         "the founder's seat is given away", EVICT + 60)
    at = time.monotonic()
    founder.run()
    founder.agent.wait_for("store_changed", state="connected")
    drill.news_again(at, 10, [founder])
    deputy.crash()
    at = time.monotonic()
    took = drill.observer.until(lambda seen: "n1" in seats_of(drill, seen) and not seen.learners(),
                                "the founder has a seat again", EVICT + 60)
    drill.bound("a seat again", took, EVICT + 30)
    drill.writes_go_on(at, 3)
    deputy.run()
    deputy.agent.wait_for("store_changed", state="connected")


@row("31", "a host is revoked while it has a session with every voter", needs=SEATS)
def revoked(drill):
    drill.grow()
    voters = drill.observer.voters()
    victim = next(host for host in drill.fleet.hosts
                  if host not in voters and host is not drill.views.exporter)
    sessions = [Client([voter.url], tls_of(victim)) for voter in voters]
    assert all(lets_in(session) for session in sessions), "the victim is let in before"
    at = time.monotonic()
    drill.fleet.hosts[0].command("peers", "revoke", victim.name)
    drill.tampering.excused.add(victim.name)  # repairs as ever, but is no peer any more
    drill.goes_on(lambda: not any(lets_in(session) for session in sessions), 90)
    drill.bound("cut off everywhere", time.monotonic() - at, 60)
    drill.pass_time(5)
    assert not any(lets_in(session) for session in sessions), "the victim is let in again"
    drill.writes_go_on(at, 3)
    drill.views_go_on(at, 6, [host for host in drill.views.collectors if host is not victim])
    drill.bound("role changes", drill.observer.changes_since(at), 0, "")


def lets_in(session):
    """Whether the voter answers over this session, or over a new one of the same host."""
    for _ in range(2):
        try:
            session.get("/hansa/v1/cluster", timeout=1.0, linearizable=False)
            return True
        except (Unavailable, Refused):
            pass
    return False


@row("38", "the DNS and every seed are gone, and a host starts", needs=SEATS)
def seeds_gone(drill):
    """It goes on with the members that it knew of in an earlier run."""
    drill.grow()
    seats = [host.name for host in drill.observer.voters()]
    host = next(one for one in drill.fleet.hosts
                if one.name not in seats and one is not drill.views.exporter)
    drill.t.until(lambda: len(cached_members(host)) >= 3, 60, "the members are kept")
    drill.tampering.excused.add(host.name)
    host.agent.stop()
    drill.fleet.hosts[0].crash()  # the only address in its token; there is no DNS in the fleet
    drill.pass_time(5)
    at = time.monotonic()
    host.run()
    host.agent.wait_for("store_changed", state="connected", deadline=60)
    drill.bound("connected", time.monotonic() - at, 10)
    drill.news_again(at, 15, [host])
    drill.fleet.hosts[0].run()
    drill.fleet.hosts[0].agent.wait_for("store_changed", state="connected")


def cached_members(host):
    try:
        with open(host.own("endpoints.json"), encoding="utf-8") as file:
            return json.load(file)["members"]
    except FileNotFoundError:
        return []


def seats_of(drill, seen):
    return {drill.observer.host_of(member.host).name for member in seen.voters()}


@row("15", "one voter's clock is 5 s ahead, and is put right", needs=SEATS)
def wrong_clock(drill):
    """The steward tells its time once a minute with the usual times; two tellings are needed."""
    drill.grow()
    host = drill.observer.followers()[0]
    asked = next(one for one in drill.fleet.hosts if one is not host)
    write_elsewhere(drill, host)
    failed, began = drill.writer.failed, time.monotonic()
    told = lambda offset: clock_told(asked, host, offset)  # noqa: E731
    drill.t.until(lambda: told(0), 240 * SCALE + 30, "all is right, and told so")
    for offset, what in ((5000, "told that it is ahead"), (0, "told that it is right")):
        at = time.monotonic()
        equal(host.agent.stop(), 0, "exit code")
        host.env["HANSA_TEST_CLOCK_OFFSET"] = str(offset)
        host.run()
        host.agent.wait_for("store_changed", state="connected")
        drill.t.until(lambda: told(offset), 240 * SCALE + 30, what)
        drill.bound(what, time.monotonic() - at, 150 * SCALE + 20)
        found = re.findall(rf"the clock of {host.name} is ([0-9.]+) s ahead of",
                           asked.try_command("doctor").stdout)
        equal([abs(float(each) - 5) <= 0.25 for each in found], [True] * (offset == 5000),
              "what the doctor finds")
    drill.bound("failed writes", drill.writer.failed - failed, 0, "")
    drill.bound("role changes", drill.observer.changes_since(began), 0, "")


def clock_told(asked, host, offset):
    """Whether the host has told that offset in milliseconds, but for what the ways add to it."""
    peers = json.loads(asked.command("peers", "--json"))["peers"]
    told = next((peer.get("clock_offset_ms") for peer in peers if peer["name"] == host.name), None)
    return told is not None and abs(told - offset) <= 250


@row("22", "two voters of three are killed and come back", needs=SEATS)
def quorum_lost(drill):
    drill.grow()
    lose_quorum(drill, drill.observer.followers())


@row("22b", "the only voter is killed and comes back")
def only_voter_lost(drill):
    drill.single()
    lose_quorum(drill, drill.fleet.hosts[:1])


def lose_quorum(drill, victims):
    others = [host for host in drill.fleet.hosts if host not in victims]
    marks = {host: host.agent.mark() for host in others}
    at = time.monotonic()
    for host in victims:
        host.crash()
    for host in others:
        host.agent.wait_without_store(since=marks[host], deadline=30)
    drill.bound("everyone has said so", time.monotonic() - at, 10)
    drill.pass_time(5)
    for host in victims:
        host.run()
        host.agent.wait_for("store_changed", state="connected")
    back = time.monotonic()
    drill.writes_go_on(at, back - at + 10)
    drill.views_go_on(at, back - at + 12, [host for host in others
                                           if host in drill.views.collectors])


if __name__ == "__main__":
    sys.exit(main())
