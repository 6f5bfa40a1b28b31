#!/usr/bin/env python3
"""Copies of the store, and what becomes of a cluster whose store was lost."""
import hashlib
import json
import os
import signal
import sys

from outage_cases import etcd_of, peer_graph
from rig import case, children_of, equal, etcdctl, main, store


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


if __name__ == "__main__":
    sys.exit(main())
