#!/usr/bin/env python3
"""Rows of the fault matrix in which machines do not reach each other, or badly."""
import sys
import time

from absences import absences, lone
from drill import DOMAINS, EVICT, SEATS, row
from fleet import main


def said_away(drill, hosts, marks, at, limit):
    for host in hosts:
        host.agent.wait_without_store(since=marks[host], deadline=60)
    drill.bound("the cut-off side says so", time.monotonic() - at, limit)


def marks_of(drill):
    return {host: host.agent.mark() for host in drill.fleet.hosts}


@row("8", "the leader's machine is cut off, both ways", needs=SEATS)
def leader_isolated(drill):
    drill.grow()
    leader = drill.observer.leader()
    marks, at = marks_of(drill), time.monotonic()
    old = drill.observer.last().leader
    drill.fleet.network.isolate(leader.number)
    drill.bound("another leader", drill.observer.until_leader(60, but=old), 3)
    said_away(drill, [leader], marks, at, 10)
    drill.pass_time(5)
    others = [host for host in drill.views.collectors if host is not leader]
    drill.writes_go_on(at, 3)
    drill.views_go_on(at, 6, others)
    drill.fleet.network.heal()
    healed = time.monotonic()
    leader.agent.wait_for("store_changed", since=marks[leader], state="connected")
    drill.bound("back after the healing", time.monotonic() - healed, 30)
    drill.observer.until_voters(3, 60)


@row("8b", "the only voter's machine is cut off, both ways")
def only_voter_isolated(drill):
    drill.single()
    voter = drill.fleet.hosts[0]
    others = [host for host in drill.fleet.hosts if host is not voter]
    marks, at = marks_of(drill), time.monotonic()
    drill.fleet.network.isolate(voter.number)
    said_away(drill, others, marks, at, 10)
    drill.pass_time(5)
    drill.fleet.network.heal()
    healed = time.monotonic()
    drill.writes_go_on(at, healed - at + 5)
    drill.views_go_on(at, healed - at + 30, [host for host in others
                                            if host in drill.views.collectors])


@row("9", "the leader is heard by nobody, but hears", needs=SEATS)
def one_way(drill):
    drill.grow()
    leader, at = drill.observer.leader(), time.monotonic()
    for host in drill.observer.followers():
        drill.fleet.network.cut(leader.number, host.number)
    drill.pass_time(30)
    drill.writes_go_on(at, 30)
    drill.fleet.network.heal()
    healed = time.monotonic()
    drill.news_again(healed, 30)
    drill.observer.until_voters(3, 60)


@row("10", "five voters, each of which reaches its two neighbours only", needs=SEATS)
def ring(drill):
    drill.grow(5, ["dc=a", "dc=b", "dc=c", "dc=a", "dc=b", "dc=c"], deadline=90)
    voters = sorted(drill.observer.voters(), key=lambda host: host.number)
    at = time.monotonic()
    for place in range(5):  # each pair that does not stand side by side
        one, other = voters[place], voters[(place + 2) % 5]
        drill.fleet.network.cut_both(one.number, other.number)
    drill.pass_time(20)
    drill.note("write gap in the ring", drill.writer.gap(at))
    drill.fleet.network.heal()
    healed = time.monotonic()
    drill.writes_go_on(at, healed - at + 10)
    drill.observer.until_voters(5, 120)


@row("13", "one follower's line: 200 ms late, 50 ms more or less, 5 % lost", needs=SEATS)
def slow_line(drill):
    drill.grow(domains=["dc=a", "dc=b", "dc=c", "dc=a", "dc=c"], slow=(2,))  # dc=b is that host
    assert drill.fleet.hosts[1] in drill.observer.voters(), "the slow line is no voter's"
    at = time.monotonic()
    drill.fleet.lines[2].set(delay=0.2, jitter=0.05, loss=0.05)
    drill.pass_time(EVICT + 40)  # who is heard by nobody that long is taken for dead
    drill.fleet.lines[2].set()
    drill.bound("role changes", drill.observer.changes_since(at), 0, "")
    drill.writes_go_on(at, 3)


@row("13b", "one collector's line: 200 ms late, 50 ms more or less, 5 % lost, 5 % doubled, once cut",
     needs=SEATS)
def slow_collector(drill):
    drill.grow(1, DOMAINS[:3], slow=(2,))  # a seat for that host would be row 13
    host, other, at = drill.fleet.hosts[1], drill.fleet.hosts[2], time.monotonic()
    drill.fleet.lines[2].set(delay=0.2, jitter=0.05, loss=0.05, double=0.05)
    drill.pass_time(20)
    drill.views_go_on(at, 8, [host])
    # A packet that is lost three times in a row is 4 s late and looks like a frozen member, which is
    # left after 3.2 s: of some 400 packets with words of either side, one in 8,000 for each. So one
    # row in ten has one such absence, one in 200 a second, one in 6,000 a third.
    away = [span for span in absences(host.agent.events) if span.begin > at]
    drill.bound("times it alone was away", len(lone(away, absences(other.agent.events))), 2, "")
    # A connection that begins on such a line takes it four times, 1.6 s.
    mark = host.agent.mark()
    drill.fleet.network.isolate(2)
    host.agent.wait_without_store(since=mark, deadline=30)
    drill.fleet.network.heal()
    drill.news_again(time.monotonic(), 15, [host])
    drill.writes_go_on(at, 1)


if __name__ == "__main__":
    sys.exit(main())
