#!/usr/bin/env python3
"""Rows of the fault matrix in which the data of a store is damaged, lost, old or too much."""
import json
import os
import shutil
import signal
import sys
import time

import damage
import etcd_client
from drill import EVICT, SCALE, SEATS, TIMING, row
from etcd_client import Client, Refused, Unavailable
from fleet import main
from workload import PREFIX

MIB = 1024 * 1024
QUOTA = 16 * MIB
DISK = 640 * MIB  # of each host, where disks fill up; an etcd takes 130 MiB of it
HEALED = 2 * EVICT + 60  # until a spoilt member has left and another one has its seat


def member_id(drill, host):
    """The id under which the host is in the member list, learner or voter."""
    return next((m.id for m in drill.observer.last().members if m.host == host.address), None)


def spoil(drill, host, how):
    """Kills the host's machine, does that to its data, starts it; its store's directory."""
    directory = host.store_directory()
    host.crash()
    how(directory)
    host.run()
    return directory


def replaced(drill, host, old, at):
    """Until three voters are there and none is the old member; the agent has said why."""
    drill.observer.until(
        lambda seen: len(seen.voters()) == 3 and not seen.learners()
        and old not in {member.id for member in seen.members},
        f"member {old:x} of {host.name} is replaced", HEALED)
    drill.bound("replaced", time.monotonic() - at, HEALED)
    drill.writes_go_on(at, 3)
    assert host.agent.seen("warned"), f"{host.name} said nothing\n{host.agent.tell()}"
    drill.bound("different hashes", len(set(drill.observer.hashes().values())), 1, "")


def spoilt_follower(drill, how):
    drill.grow()
    host = drill.observer.followers()[0]
    old, at = member_id(drill, host), time.monotonic()
    spoil(drill, host, how)
    replaced(drill, host, old, at)


def fill_disk(host, left):
    """All but so many bytes of the host's disk."""
    found = os.statvfs(host.prefix)
    with open(os.path.join(host.prefix, "junk"), "ab") as junk:
        os.posix_fallocate(junk.fileno(), junk.tell(),
                           found.f_bavail * found.f_frsize - left)


@row("17", "a voter's disk fills up", needs=SEATS)
def disk_full(drill):
    """It gives its seat up before etcd is out of room; a spare with as full a disk is given none."""
    drill.grow(disk=DISK)
    host = drill.observer.followers()[0]
    spare = next(h for h in drill.fleet.hosts if h not in drill.observer.voters())
    etcd = host.etcd()
    drill.t.until(lambda: os.path.exists(host.ballast()), 20, "there is ballast")
    assert os.stat(host.ballast()).st_blocks * 512 >= DISK // 50, "there is no ballast"
    fill_disk(spare, DISK // 10 - MIB)
    spare.agent.wait_for("warned", deadline=90)
    drill.pass_time(3)
    at, mark = time.monotonic(), host.agent.mark()
    fill_disk(host, DISK // 10 - MIB)
    drill.observer.until(
        lambda seen: len(seen.voters()) == 3 and not seen.learners()
        and host not in drill.observer.voters(), f"{host.name} gives its seat up", 90)
    drill.bound("seat given up", time.monotonic() - at, 90)
    assert spare not in drill.observer.voters(), "a full disk was given a seat"
    ended = [e["text"] for e in host.agent.seen("warned", mark)
             if "no space" in e["text"]]
    drill.bound("ends of its etcd for want of room", len(ended), 0, "")
    drill.writes_go_on(at, 3)
    drill.t.until(lambda: host.etcd() != etcd, 20, f"the etcd of {host.name} has ended")


@row("17b", "all disks are nearly full, one of them altogether", needs=SEATS)
def disks_full(drill):
    """Nobody else can take the seat: it is kept, and the ballast gives the store some more time."""
    drill.grow(disk=DISK)
    host = drill.observer.followers()[0]
    at = time.monotonic()
    drill.t.until(lambda: os.path.exists(host.ballast()), 20, "there is ballast")
    before = drill.observer.last().members
    voters = drill.observer.voters()
    for some in ([h for h in drill.fleet.hosts if h not in voters], voters):
        for other in some:
            fill_disk(other, DISK // 10 - MIB)
        for other in some:
            other.agent.wait_for("warned", deadline=90)
    mark = host.agent.mark()
    fill_disk(host, MIB)
    host.agent.wait_for("warned", since=mark, deadline=20)
    assert not os.path.exists(host.ballast()), "the ballast is thrown away"
    drill.pass_time(20)
    drill.writes_go_on(at, 3)
    drill.bound("role changes", drill.observer.last().members != before, 0, "")
    os.unlink(os.path.join(host.prefix, "junk"))
    drill.t.until(lambda: os.path.exists(host.ballast()), 20, "there is ballast again")


@row("18", "the store's quota is exceeded", needs=SEATS)
def quota(drill):
    drill.grow(quota=QUOTA)
    fill(drill)
    at = time.monotonic()
    drill.writes_go_on(at, 60, deadline=120)
    drill.t.until(lambda: not alarms(drill), 60, "no store raises an alarm")
    drill.bound("alarms cleared", time.monotonic() - at, 60)
    drill.pass_time(5)
    drill.bound("space alarms", len(alarms(drill)), 0, "")
    drill.bound("hosts that were taken for dead", len([
        e for host in drill.fleet.hosts for e in host.agent.seen("peer_turned", state="stale")
        if e["at"] > at]), 0, "")


def alarms(drill):
    return [error for answer in drill.observer.answers().values() if answer
            for error in answer["errors"]]


def fill(drill):
    """Overwrites one key until the store refuses."""
    client = drill.observer.client()
    for _ in range(2 * QUOTA // 50_000):
        try:
            client.put(f"{PREFIX}ballast", os.urandom(50_000))
        except Refused:
            client.close()
            return
        except Unavailable:
            pass  # its etcd is busy
    raise AssertionError("the quota was not reached")


@row("19", "one bit of a follower's log is flipped", needs=SEATS)
def log_flipped(drill):
    spoilt_follower(drill, damage.flip_log)


@row("19b", "a follower's log ends in the middle of a record", needs=SEATS)
def log_cut(drill):
    """etcd may mend this by itself, from the others, or refuse and be replaced: both are good."""
    drill.grow()
    host = drill.observer.followers()[0]
    old, at = member_id(drill, host), time.monotonic()
    spoil(drill, host, damage.cut_log)
    drill.t.until(lambda: drill.observer.answers().get(host.address)
                  or member_id(drill, host) != old, HEALED,
                  f"the store of {host.name} serves again, or another one has its seat")
    drill.observer.until_voters(3, HEALED)
    drill.bound("three voters again", time.monotonic() - at, HEALED)
    drill.writes_go_on(at, 3)
    drill.bound("different hashes", len(set(drill.observer.hashes().values())), 1, "")


@row("19c", "a follower's database is all zeroes", needs=SEATS)
def database_zeroed(drill):
    spoilt_follower(drill, damage.zero_database)


@row("19d", "one bit of the founder's log is flipped", needs=SEATS)
def founders_log_flipped(drill):
    """Its store is the machine's own, which founded the cluster: it is replaced like any other."""
    drill.grow()
    founder = drill.fleet.hosts[0]
    old, at = member_id(drill, founder), time.monotonic()
    directory = spoil(drill, founder, damage.flip_log)
    replaced(drill, founder, old, at)
    kept = [name for name in os.listdir(os.path.dirname(directory)) if ".aside-" in name]
    drill.bound("damaged data that is not kept", 1 - len(kept), 0, "")


@row("20", "a value in a follower's database is changed", needs=SEATS)
def value_changed(drill):
    drill.grow()
    host = drill.observer.followers()[0]
    exported = drill.fleet.hosts[0]
    good, evil = b"exported-9Kq2", b"mischief-9Kq2"
    exported.write_graph(good.decode())
    for other in drill.fleet.hosts:
        drill.t.until_content(other.path(f"from-{exported.name}"), good.decode())
    drill.pass_time(1)  # etcd writes its database ten times a second
    old, at = member_id(drill, host), time.monotonic()
    found = []
    spoil(drill, host, lambda directory: found.append(
        damage.change_value(directory, good, evil)))
    assert found[0], "the value was not in the database"
    replaced(drill, host, old, at)
    wrong = [other.name for other in drill.fleet.hosts
             if drill.t.read(other.name, f"from-{exported.name}") != good.decode()]
    drill.bound("hosts with a wrong file", len(wrong), 0, "")


@row("20b", "a value in a follower's database is changed while it runs", needs=SEATS)
def value_changed_in_use(drill):
    """etcd has the file mapped and serves what stands there; nobody but the comparison sees it."""
    drill.grow()
    host = drill.observer.followers()[0]
    exported = drill.fleet.hosts[0]
    good, evil = b"exported-7Tz4", b"mischief-7Tz4"
    exported.write_graph(good.decode())
    for other in drill.fleet.hosts:
        drill.t.until_content(other.path(f"from-{exported.name}"), good.decode())
    drill.pass_time(1)
    old, at, mark = member_id(drill, host), time.monotonic(), host.agent.mark()
    assert damage.change_value(host.store_directory(), good, evil), "the value was not there"
    host.agent.wait_for("warned", since=mark, deadline=90)
    drill.bound("found", time.monotonic() - at, 60)
    replaced(drill, host, old, at)
    wrong = [other.name for other in drill.fleet.hosts
             if drill.t.read(other.name, f"from-{exported.name}") != good.decode()]
    drill.bound("hosts with a wrong file", len(wrong), 0, "")


@row("21", "a follower's data directory is gone", needs=SEATS)
def data_wiped(drill):
    spoilt_follower(drill, damage.wipe)


@row("21b", "a follower's data directory is an old copy of itself", needs=SEATS)
def data_restored(drill):
    drill.grow()
    host = drill.observer.followers()[0]
    directory, copy = host.store_directory(), drill.t.at("copy")
    host.crash()
    shutil.copytree(directory, copy)
    host.run()
    host.agent.wait_for("store_changed", state="connected")
    drill.observer.until_voters(3, 60)
    drill.pass_time(5)  # writes that the copy does not have
    old, at = member_id(drill, host), time.monotonic()
    spoil(drill, host, lambda place: damage.put_back(copy, place))
    replaced(drill, host, old, at)


@row("21c", "one follower's data is gone, another one lags, then the leader is killed", needs=SEATS)
def wiped_lagging_dead(drill):
    """An empty and a lagging member must not form a majority without the writes of the dead.

    As often as HANSA_DRILL_TIMES says.
    """
    times = int(os.environ.get("HANSA_DRILL_TIMES", "1"))
    drill.grow()
    for client in (drill.writer.client, drill.watcher.client):
        client.urls = [host.url for host in drill.fleet.hosts]  # in the end all may be others
    began = time.monotonic()
    for turn in range(times):
        empty = lose_wisdom(drill)
        drill.observer.until(lambda seen: len(seen.voters()) == 3 and not seen.learners() and
                             empty not in [member.id for member in seen.members],
                             f"turn {turn}: three voters, all with data", HEALED)
        now = time.monotonic()
        drill.t.until(lambda: drill.writer.times[-1] > now, HEALED, f"turn {turn}: a write")
    if times > 1:
        drill.excused = [12]  # whose machine fails again and again loses its seat again and again
    drill.note("times", times, "")
    drill.writes_go_on(began, 15 + HEALED)


def lose_wisdom(drill):
    """One follower stands still, the other loses its data, the leader dies and is back later.

    The id of the member without data.
    """
    leader = drill.observer.leader()
    wiped, lagging = drill.observer.followers()
    drill.pause(lagging)
    drill.pass_time(1)
    drill.t.until(lambda: drill.writer.times[-1] > time.monotonic() - 0.5,
                  what="writes that the lagging one does not have")
    empty, directory = member_id(drill, wiped), wiped.store_directory()
    wiped.crash()
    damage.wipe(directory)
    leader.crash()
    drill.resume(lagging)
    wiped.run()
    drill.pass_time(max(15 * SCALE, 5))
    leader.run()
    leader.agent.wait_for("store_changed", state="connected")
    return empty


@row("21d", "the only voter's data directory is gone")
def only_data_wiped(drill):
    """Its cluster is lost. An empty store in its place is nobody's: said, and nothing is put in."""
    drill.single()
    voter, *others = drill.fleet.hosts
    before = {host.name: host.cluster() for host in drill.fleet.hosts}
    for work in (drill.views, drill.writer, drill.watcher):
        work.stop()
    marks = {host: host.agent.mark() for host in others}
    spoil(drill, voter, damage.wipe)
    drill.bound("exit code but 3", abs(voter.agent.wait() - 3), 0, "")
    told = " ".join(voter.agent.lines)
    assert "the store is empty" in told and "restore" in told, told
    drill.pass_time(5)
    drill.bound("hosts that put something into an empty store",
                sum(bool(host.agent.seen("published", marks[host])) for host in others), 0, "")
    withdrawn = [host.name for host in others for e in host.agent.seen("collected", marks[host])
                 if e["withdrawn"]]
    drill.bound("withdrawals", len(withdrawn), 0, "")
    assert {host.name: host.cluster() for host in drill.fleet.hosts} == before, "clusters"
    drill.excused = [1, 14]  # two stores were seen; the writes are gone with the only copy


def lose_for_good(drill, survivor):
    """Kills every voter but that one and takes its data; the hosts that have none left."""
    lost = [host for host in drill.observer.voters() if host is not survivor]
    for work in (drill.views, drill.writer, drill.watcher):
        work.stop()
    for host in lost:
        directory = host.store_directory()
        host.crash()
        damage.wipe(directory)
    return lost


def refused(drill, host, *arguments):
    """What a command of ours says against being carried out."""
    run = drill.t.command(*arguments, env=host.env,
                          through=drill.fleet.network.inside(host.namespace))
    assert run.returncode == 3, f"{arguments}: {run.returncode} {run.stdout} {run.stderr}"
    return run.stderr


def come_back(drill, survivor, at):
    """Starts whoever lost its data; until there are three voters of the new epoch."""
    for host in drill.fleet.hosts:
        if host.is_up():
            continue
        host.run()
    drill.t.until(lambda: voters_at(drill, survivor) == 3, HEALED, "three voters again")
    drill.bound("three voters", time.monotonic() - at, HEALED)
    for host in drill.fleet.hosts:
        drill.t.until(lambda h=host: h.epoch() == 1, 60, f"{host.name} knows the epoch")


def recover(drill, survivor):
    """The runbook of docs/manual/recovery.md, as an operator follows it."""
    at = time.monotonic()
    lose_for_good(drill, survivor)
    told = refused(drill, survivor, "cluster", "recover", "--yes", survivor.cluster())
    assert "an agent runs here" in told, told
    survivor.agent.stop()
    shown = survivor.command("cluster", "recover", "--dry-run")
    assert all(word in shown for word in ("term", "index", "revision", "written", "missing")), shown
    done = survivor.command("cluster", "recover", "--yes", survivor.cluster())
    assert "epoch     1" in done, done
    drill.note("agreed to", time.monotonic() - at)
    survivor.run()
    survivor.agent.wait_for("store_changed", state="connected")
    drill.observer.begin_anew()
    drill.bound("one voter serves again", time.monotonic() - at, 60)
    come_back(drill, survivor, at)
    kept = Client([survivor.url], drill.observer.tls).get(drill.writer.prefix)
    drill.bound("acknowledged writes that are lost",
                len([key for key, _, _ in drill.writer.acknowledged if key not in kept]), 0, "")
    silent = [host.name for host in drill.fleet.hosts if host is not survivor
              and not any("was recovered" in e["text"] for e in host.agent.seen("warned"))]
    assert not silent, f"said nothing of it: {silent}"
    drill.fleet.hosts[-1].write_graph("after")
    for host in drill.fleet.hosts:
        drill.t.until_content(host.path(f"from-{drill.fleet.hosts[-1].name}"), "after")
    drill.excused = [1, 4, 7, 8, 13]  # of one store: this is another one, whose ids begin anew


@row("23", "the data of two voters of three is gone for good", needs=("cluster recover", *SEATS))
def quorum_gone(drill):
    """The founder survives, and serves from where it was founded."""
    drill.grow()
    recover(drill, drill.fleet.hosts[0])


@row("23b", "the same, and the founder is one of the two", needs=("cluster recover", *SEATS))
def quorum_gone_with_founder(drill):
    drill.grow()
    recover(drill, next(host for host in drill.observer.voters()
                        if host is not drill.fleet.hosts[0]))


@row("35", "history is compacted while a collector is away")
def compacted_meanwhile(drill):
    """It cannot resume, so it reads everything: what was withdrawn meanwhile must not be missed."""
    drill.single()
    giver, away, _ = drill.fleet.hosts
    giver.write_graph("before", more=["goes", "stays"])
    for name in ("goes", "stays", f"from-{giver.name}"):
        drill.t.until_content(away.path(name), "before")
    known = drill.observer.last_revision()
    at, mark = time.monotonic(), away.agent.mark()
    drill.tampering.excused.add(away.name)
    drill.fleet.network.isolate(away.number)
    away.agent.wait_without_store(since=mark, deadline=30)
    giver.write_graph("after", more=["stays", "comes"])
    drill.t.until_content(giver.path("comes"), "after")
    client = drill.observer.client()
    revision = client.put(f"{PREFIX}last", b"before the compaction")
    etcd_client.compact(client, revision)
    client.close()
    assert revision > known, "there is no history to lose"
    drill.fleet.network.heal()
    healed = time.monotonic()
    for name in ("stays", "comes", f"from-{giver.name}"):
        drill.t.until_content(away.path(name), "after", deadline=60)
    drill.bound("everything is there", time.monotonic() - healed, 30)
    os.unlink(away.path("goes"))
    drill.pass_time(3)
    drill.bound("withdrawn files that are still enforced", os.path.exists(away.path("goes")), 0, "")
    drill.tampering.excused.discard(away.name)
    drill.writes_go_on(at, 3)


@row("23c", "the data of all voters is gone, and a spare has a copy",
     needs=("cluster restore", *SEATS))
def all_gone(drill):
    """A host that never had a seat makes the store anew; nobody knows of it but by --seeds."""
    drill.grow()
    voters = drill.observer.voters()
    spare = next(host for host in drill.fleet.hosts if host not in voters)
    copy = drill.t.at("copy.db")
    spare.command("cluster", "snapshot", copy)
    restore(drill, spare, copy)


@row("23d", "the data of all voters is gone, and nobody made a copy but the hosts themselves",
     needs=("cluster restore", *SEATS))
def all_gone_without_care(drill):
    """Times are tenths: else a copy is made a minute to five after the voters have changed."""
    drill.grow(flags=[] if TIMING == "fast" else ["--seat-timing", "fast"])
    voters = drill.observer.voters()
    spares = [host for host in drill.fleet.hosts if host not in voters]
    at = time.monotonic()
    for spare in spares:
        drill.t.until(lambda s=spare: len(kept_copy(s)[1].get("members", [])) == 3, 60,
                      f"{spare.name} has a copy of the store with three members")
    drill.bound("two copies", time.monotonic() - at, 60)
    shown = voters[0].command("cluster", "status")
    line = next(line for line in shown.splitlines() if line.startswith("copies"))
    assert all(f"old at {spare.name}" in line for spare in spares), line
    spare = max(spares, key=lambda s: kept_copy(s)[1]["revision"])
    restore(drill, spare, kept_copy(spare)[0], 40)


def kept_copy(host):
    """The newest copy that a host keeps by itself and its note, or None and nothing."""
    try:
        names = sorted(name for name in os.listdir(host.own("copies")) if name.endswith(".json"))
    except FileNotFoundError:
        names = []
    if not names:
        return None, {}
    with open(host.own("copies", names[-1]), encoding="utf-8") as file:
        return host.own("copies", names[-1].removesuffix(".json")), json.load(file)


def restore(drill, spare, copy, bound=HEALED):
    """Loses the data of all voters; that spare makes the store of the copy, as the runbook says."""
    with open(copy + ".json", encoding="utf-8") as file:
        revision = json.load(file)["revision"]
    drill.pass_time(2)  # writes that the copy does not have
    at = time.monotonic()
    lose_for_good(drill, None)
    spare.agent.stop()
    told = refused(drill, spare, "cluster", "recover", "--listen", spare.address)
    assert "restore" in told, told
    done = spare.command("cluster", "restore", copy, "--listen", spare.address, "--yes",
                         spare.cluster())
    assert "epoch     1" in done, done
    spare.run()
    spare.agent.wait_for("store_changed", state="connected")
    drill.observer.begin(spare.url)
    drill.observer.begin_anew()
    drill.bound("one voter serves again", time.monotonic() - at, 60)
    for host in drill.fleet.hosts:
        if host is spare:
            continue
        if host.is_up():
            host.agent.stop()
        host.run(*host.flags, "--seeds", spare.url)
    drill.t.until(lambda: voters_at(drill, spare) == 3, HEALED, "three voters again")
    drill.bound("three voters", time.monotonic() - at, bound)
    for host in drill.fleet.hosts:
        drill.t.until(lambda h=host: h.epoch() == 1, 60, f"{host.name} knows the epoch")
    kept = Client([spare.url], drill.observer.tls).get(drill.writer.prefix)
    early = [key for key, _, written in drill.writer.acknowledged if written <= revision]
    drill.bound("writes before the copy that are lost",
                len([key for key in early if key not in kept]), 0, "")
    drill.note("writes since the copy, which are lost",
               len(drill.writer.acknowledged) - len(kept), "")
    drill.fleet.hosts[0].write_graph("after")
    for host in drill.fleet.hosts:
        drill.t.until_content(host.path(f"from-{drill.fleet.hosts[0].name}"), "after")
    drill.excused = [1, 4, 7, 8, 13, 14]  # another store, of an older state


def voters_at(drill, host):
    answer = drill.observer.answers().get(host.address)
    return answer and sum(not member["learner"] for member in answer["members"])


if __name__ == "__main__":
    sys.exit(main())
