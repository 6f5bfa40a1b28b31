#!/usr/bin/env python3
"""Copies of the store, and what becomes of a cluster whose store was lost."""
import hashlib
import json
import os
import shutil
import sys

from attack_cases import Stage
from outage_cases import peer_graph
from rig import case, equal, etcdctl, main, own_files, store, try_etcdctl
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
