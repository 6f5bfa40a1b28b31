#!/usr/bin/env python3
"""Copies of the store, and what becomes of a cluster whose store was lost."""
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../fleet"))

import damage
from attack_cases import Stage
from outage_cases import peer_graph
from rig import DEADLINE, case, children_of, equal, etcdctl, main, own_files, store, try_etcdctl
from seats import join


def snapshot(t, *flags, code=0):
    """Takes one; its note, or what was said against it."""
    run = t.command("cluster", "snapshot", *flags, t.at("copy.db"))
    equal(run.returncode, code, run.stderr)
    if code:
        return run.stderr
    with open(t.at("copy.db.json"), encoding="utf-8") as file:
        return json.load(file) | {"out": run.stdout, "err": run.stderr}


@case("snapshot", "a copy of the store is whole, says what it is, and is written over nothing")
def take_snapshot(t):
    agent = t.run(peer_graph(t, "a"), "--hostname", "a")
    url = store(t, agent)
    t.until_content("a/from-a", "first")
    note = snapshot(t)
    with open(t.at("copy.db"), "rb") as file:
        data = file.read()
    equal(hashlib.sha256(data).hexdigest(), note["sha256"], "as sha256sum says")
    equal(hashlib.sha256(data[:-32]).digest(), data[-32:], "as etcd seals it")
    for name in ("copy.db", "copy.db.json"):
        equal(os.stat(t.at(name)).st_mode & 0o777, 0o600, name)
    with open(t.at("state/a/identity.json"), encoding="utf-8") as file:
        equal(note["cluster"], json.load(file)["cluster"])
    equal(note["had_quorum"], True)
    for shown in (note["sha256"], str(note["revision"]), "machine https://127.0.0.1"):
        assert shown in note["out"], note["out"]
    status = json.loads(etcdctl(t, url, "snapshot", "status", t.at("copy.db"), "-w", "json"))
    assert status["revision"] >= note["revision"] > 0, (status, note)

    told = snapshot(t, code=3)
    assert "is there already" in told and "--force" in told, told
    etcdctl(t, url, "put", "/hansa/v1/kv/more", "x")
    assert snapshot(t, "--force")["revision"] > note["revision"]

    equal(agent.stop(), 0)
    before = os.stat(t.at("copy.db")).st_mtime_ns
    told = snapshot(t, "--force", code=1)
    assert "no member of the store answers" in told, told
    equal(os.stat(t.at("copy.db")).st_mtime_ns, before, "what was there stays")
    equal(sorted(name for name in os.listdir(t.path) if name.startswith(".hansa")), [], "left over")


def identity(t, prefix, host):
    with open(t.at(prefix, host, "identity.json"), encoding="utf-8") as file:
        return json.load(file)


def asked(t, stage, *arguments):
    """What etcdctl answers about the store of the stage."""
    run = try_etcdctl(stage.seat.store, *own_files(t, "seat", stage.seat.prefix), *arguments)
    equal(run.returncode, 0, run.stderr)
    return run.stdout


def warned(agent, mark, *words):
    """Waits until it has warned in these words."""
    agent.scratch.until(
        lambda: any(all(word in e["text"] for word in words) for e in agent.seen("warned", mark)),
        what=f"a warning with {words}", agent=agent)


@case("restore", "a restored store is taken up by hosts that remember a later one, and heals")
def restore(t):
    stage = Stage(t, "vc")
    seat, v, c = stage.seat, stage.agents["v"], stage.agents["c"]
    made = t.command("cluster", "snapshot", t.at("copy.db"), env=seat.env)
    equal(made.returncode, 0, made.stderr)

    # What the snapshot does not have: a later state of v, and d.
    stage.page("second")
    t.until_content("c/page", "second")
    d = join(t, "d", stage.token)
    d.wait_for("store_changed", state="connected")
    t.until(lambda: identity(t, "state-d", "d").get("cluster") == "c1", what="d is in", agent=d)
    marks = {agent: agent.mark() for agent in (v, c, d)}
    restoring = ("cluster", "restore", t.at("copy.db"))
    told = t.command(*restoring, "--yes", "c1", env=seat.env)
    equal(told.returncode, 3, told.stdout)
    assert "an agent runs here" in told.stderr and "stop it" in told.stderr, told.stderr

    equal(seat.agent.stop(), 0)
    shutil.rmtree(t.at("state-seat/cluster/etcd"))
    for flags, said in (((), "nothing was changed"), (("--yes", "c2"), 'that is not "c1"')):
        told = t.command(*restoring, *flags, env=seat.env)
        assert told.returncode != 0 and said in told.stderr, told.stderr
    with open(t.at("copy.db"), "rb") as file:
        whole = file.read()
    with open(t.at("damaged.db"), "wb") as file:
        file.write(whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
    told = t.command("cluster", "restore", t.at("damaged.db"), "--yes", "c1", env=seat.env)
    equal(told.returncode, 2, told.stderr)
    assert "changed or damaged" in told.stderr, told.stderr
    assert not os.path.exists(t.at("state-seat/cluster/etcd")), "nothing was made of it"

    done = t.command(*restoring, "--yes", "c1", env=seat.env)
    equal(done.returncode, 0, done.stderr)
    assert "epoch     1" in done.stdout, done.stdout
    equal([name for name in os.listdir(t.at("state-seat/cluster")) if name.startswith("new-")], [],
          "the workbench is gone")
    equal(identity(t, "state-seat", "seat")["epoch"], 1)

    seat.start()
    for agent in (v, c, d):
        warned(agent, marks[agent], "c1 was recovered", "epoch 1", "after 0")
    t.until(lambda: identity(t, "state-c", "c").get("epoch") == 1, what="c remembers the epoch")
    # Whoever is missing in the snapshot is a peer again; the one who exports says it once more.
    for key in ("names/d", "peers/d", "names/v", "peers/v"):
        t.until(lambda k=key: asked(t, stage, "get", f"/hansa/v1/{k}"), what=f"{key} is there")
    equal(json.loads(asked(t, stage, "get", "--print-value-only", "/hansa/v1/cluster"))["epoch"], 1)
    equal(t.read("c/page"), "second", "what was believed last stays")
    stage.page("third")
    t.until_content("c/page", "third")

    def written():
        return [e for e in c.runs("file[page] from v", "changed", marks[c])]
    t.until(written, what="c tells of it", agent=c)
    equal(len(written()), 1, "once, and never back")


@case("restored-times", "a restored store goes by its cluster's times, whoever restores it")
def restored_times(t):
    stage = Stage(t, "c")
    seat, env = stage.seat, {**t.env, "HANSA_PREFIX": t.at("state-c")}
    asked_for = t.command("cluster", "timing", "fast", env=seat.env)
    equal(asked_for.returncode, 0, asked_for.stderr)
    equal(t.command("cluster", "snapshot", t.at("copy.db"), env=seat.env).returncode, 0)
    for agent in (stage.agents["c"], seat.agent):
        equal(agent.stop(), 0)

    # Where the store was founded, before anybody asked for these times.
    shutil.rmtree(t.at("state-seat/cluster/etcd"))
    os.unlink(t.at("state-seat/cluster/store.json"))
    done = t.command("cluster", "restore", t.at("copy.db"), "--yes", "c1", env=seat.env)
    equal(done.returncode, 0, done.stderr)
    seat.start()
    with open(t.at("state-seat/cluster/store.json"), encoding="utf-8") as file:
        equal(json.load(file)["timing"], "fast")
    equal(etcd_flag(seat.agent, "--heartbeat-interval"), "20")
    equal(seat.agent.stop(), 0)

    # By a host that never had a seat; where it is to listen is written down, and no more.
    done = t.command("cluster", "restore", t.at("copy.db"), "--yes", "c1", "--listen", "127.3.2.1",
                     env=env)
    equal(done.returncode, 0, done.stderr)
    with open(t.at("state-c/c/store/member.json"), encoding="utf-8") as file:
        marker = json.load(file)
    equal((marker["timing"], marker["epoch"]), ("fast", 1))


def etcd_flag(agent, name):
    """What the agent's etcd was started with."""
    pid = next(pid for pid, what in children_of(agent.process.pid).items() if what == "etcd")
    with open(f"/proc/{pid}/cmdline", encoding="utf-8") as file:
        words = file.read().split("\0")
    return next(word.partition("=")[2] for word in words if word.startswith(name + "="))


def leave_a_copy(t):
    """An agent that was alone has stopped, and a copy of its store is there."""
    agent = t.run(peer_graph(t, "a"), "--hostname", "a")
    t.until_content("a/from-a", "first")
    equal(snapshot(t)["had_quorum"], True)
    equal(agent.stop(), 0)


@case("damaged-alone", "the only store is damaged: said with the way out, nothing is thrown away")
def damaged_alone(t):
    leave_a_copy(t)
    data = t.at("state/cluster/etcd")
    damage.zero_database(data)
    before = everything_in(data)

    broken = t.run(peer_graph(t, "a", "second"), "--hostname", "a")
    warned(broken, 0, "damaged", "hansa cluster restore", "docs/manual/recovery.md")
    t.until_content("a/own", "own")
    os.unlink(t.at("a/own"))
    t.until_content("a/own", "own")
    shown = t.command("status")
    assert "damaged" in shown.stdout, shown.stdout
    equal(children_of(broken.process.pid), {}, "it is not started again and again")
    equal(broken.stop(), 0)
    equal(everything_in(data), before, "what is left of the data is there")

    cluster = identity(t, "state", "a")["cluster"]
    done = t.command("cluster", "restore", t.at("copy.db"), "--yes", cluster)
    equal(done.returncode, 0, done.stderr)
    t.run(peer_graph(t, "a", "third"), "--hostname", "a")
    t.until_content("a/from-a", "third")


def everything_in(directory):
    """The database and the newest log, which etcd may allocate again."""
    found = []
    for path in (damage.database_of(directory), damage.log_of(directory)):
        with open(path, "rb") as file:
            found.append(file.read().rstrip(b"\0"))
    return found


@case("restore-interrupted", "a restoration that is interrupted or killed leaves nothing behind")
def restore_interrupted(t):
    leave_a_copy(t)
    for name in ("etcdctl", "etcdutl"):  # one that takes its time
        t.write(f"bin/{name}", "#!/bin/sh\nexec sleep 600\n")
        os.chmod(t.at("bin", name), 0o755)
    cluster = identity(t, "state", "a")["cluster"]
    env = {**t.env, "PATH": f"{t.at('bin')}:{t.env['PATH']}"}

    def benches():
        return [name for name in os.listdir(t.at("state/cluster")) if name.startswith("new-")]

    def begin():
        command = subprocess.Popen(
            [t.binary, "cluster", "restore", t.at("copy.db"), "--yes", cluster], env=env,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        t.until(lambda: "sleep" in children_of(command.pid).values(), what="it works")
        equal(len(benches()), 1, "where it works")
        return command

    for number in (signal.SIGINT, signal.SIGTERM):
        command = begin()
        command.send_signal(number)
        said = command.communicate(timeout=DEADLINE)[0]
        assert command.returncode > 0 and "interrupted: nothing was changed" in said, said
        equal(benches(), [], "nothing is left")

    # Whoever has the right to serve there clears away what was killed: the agent, or another try.
    for clear in (lambda: t.command("cluster", "restore", t.at("copy.db")),
                  lambda: t.run(peer_graph(t, "a", "second"), "--hostname", "a")):
        command = begin()
        left = benches()
        refused = t.command("cluster", "restore", t.at("copy.db"))
        equal((refused.returncode, benches()), (3, left), "one that is in use is left alone")
        command.kill()
        command.communicate(timeout=DEADLINE)
        equal(benches(), left, "a killed one could not")
        clear()
        t.until(lambda: not benches(), what="it is cleared away")
    t.until_content("a/from-a", "second")


@case("old-epoch", "a store of an epoch that is over serves nobody, and its data is kept aside")
def old_epoch(t):
    stage = Stage(t, "vc")
    seat, c = stage.seat, stage.agents["c"]
    equal(t.command("cluster", "snapshot", t.at("copy.db"), env=seat.env).returncode, 0)
    equal(seat.agent.stop(), 0)
    old = t.at("old")
    shutil.copytree(t.at("state-seat/cluster/etcd"), old)
    done = t.command("cluster", "restore", t.at("copy.db"), "--yes", "c1", env=seat.env)
    equal(done.returncode, 0, done.stderr)
    seat.start()
    t.until(lambda: identity(t, "state-c", "c").get("epoch") == 1, what="c has heard of it")
    equal(seat.agent.stop(), 0)

    # Somebody puts the former data back, and does not know better: the host remembers.
    shutil.rmtree(t.at("state-seat/cluster/etcd"))
    os.unlink(t.at("state-seat/cluster/epoch.json"))
    shutil.copytree(old, t.at("state-seat/cluster/etcd"))
    again = t.run(t.at("seat.yaml"), "--hostname", "seat", "--client-urls", seat.store,
                  env=seat.env)
    equal(again.wait(), 3, again.tell())
    told = "\n".join(again.lines)
    assert "older epoch" in told and "is at epoch 1" in told and "--seeds" in told, told
    aside = [name for name in os.listdir(t.at("state-seat/cluster")) if "aside" in name]
    equal(len(aside), 2, f"by the restoration, and now: {aside}")
    assert os.path.isdir(t.at("state-seat/cluster", aside[0], "member")), aside

    # Nor do others take it for theirs where this host has forgotten it too.
    path = t.at("state-seat/seat/identity.json")
    with open(path, encoding="utf-8") as file:
        kept = json.load(file)
    del kept["epoch"]
    t.write("state-seat/seat/identity.json", json.dumps(kept))
    os.chmod(path, 0o600)
    shutil.copytree(old, t.at("state-seat/cluster/etcd"))
    mark = c.mark()
    seat.start()
    c.scratch.until(lambda: any("epoch 0 of cluster c1" in e["text"] and "is at epoch 1" in e["text"]
                                for e in c.seen("refused", mark)), what="c refuses it", agent=c)
    c.scratch.until(lambda: any("older epoch" in e["detail"] for e in
                                c.seen("store_changed", mark, state="away")),
                    what="c does without that store", agent=c)


if __name__ == "__main__":
    sys.exit(main())
