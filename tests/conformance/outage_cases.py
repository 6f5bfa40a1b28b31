#!/usr/bin/env python3
"""The store as it fails: away at start, killed, stopped, foreign, full of garbage; and the exits."""
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

from rig import (case, children_of, credentials, equal, etcdctl, free_port, home_of_nobody, main, need_root,
                 open_to_all, small_disk, store, try_etcdctl)


@contextlib.contextmanager
def bare_etcd(t, port=None):
    """A store that no agent of ours runs; its client URL."""
    port = port or free_port()
    url, peer = f"https://127.0.0.1:{port}", f"https://127.0.0.1:{free_port()}"
    certificate, key = t.certified().issue("store", ["IP:127.0.0.1"])
    tls = [f"--{side}{flag}" for side in ("", "peer-")
           for flag in (f"cert-file={certificate}", f"key-file={key}", "client-cert-auth",
                        f"trusted-ca-file={t.certified().roots}")]
    t.bare.add(url)
    with open(t.at("etcd.log"), "ab") as log:
        server = subprocess.Popen(
            ["etcd", "--name", "bare", "--data-dir", t.at("bare"), "--listen-client-urls", url,
             "--advertise-client-urls", url, "--listen-peer-urls", peer,
             "--initial-advertise-peer-urls", peer, "--initial-cluster", f"bare={peer}", *tls],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield url
    finally:
        t.bare.discard(url)
        server.send_signal(signal.SIGCONT)
        server.kill()
        server.wait()


def peer_graph(t, host, content="first"):
    """Keeps T/HOST/own, exports T/HOST/HOST, collects everything into T/HOST/."""
    os.makedirs(t.at(host), exist_ok=True)
    return t.graph(f"{host}.yaml", f"""
graph: peer
resources:
  file:
  - {{name: own, path: T/{host}/own, content: own}}
  - {{name: "@@{host}", path: T/x/from-{host}, content: "{content}"}}
collect:
- {{kind: file, pattern: T/{host}/}}
""")


def enforced(t, hosts, what):
    """Each host still restores its own file and what it collects from the others."""
    for host in hosts:
        for name in ("own", f"from-{hosts[-1]}"):
            before = t.read(host, name)
            os.unlink(t.at(host, name))
            t.until(lambda h=host, n=name, b=before: t.read(h, n) == b,
                    what=f"{what}: {host}/{name} restored")


def three_peers(t):
    """a, which serves the store, with b and c; every file of each is there."""
    agents = {}
    for host in "abc":
        agents[host] = t.run(peer_graph(t, host), "--hostname", host)
        store(t, agents[host])
    for host in "abc":
        for other in "abc":
            t.until_content(f"{host}/from-{other}", "first")
    return agents


def etcd_of(agent):
    return next((pid for pid, name in children_of(agent.process.pid).items() if name == "etcd"),
                None)


def takes(thief, port):
    try:
        thief.bind(("127.0.0.1", port))
    except OSError:
        return False
    thief.listen()
    return True


def ends_promptly(agent, number=signal.SIGTERM):
    started = time.monotonic()
    agent.signal(number)
    equal(agent.wait(), 0, "exit code")
    took = time.monotonic() - started
    assert took < 1.5, f"the exit took {took:.2f} s\n{agent.tell()}"


@case("store-away-at-start", "no store yet: local files at once, said so, ^C works; later it joins")
def store_away_at_start(t):
    port = free_port()
    flags = ["--hostname", "a", "--seeds", f"127.0.0.1:{port}", "--found"]
    agent = t.run(peer_graph(t, "a"), *flags)
    t.until_content("a/own", "own", deadline=10)
    agent.wait_for("store_changed", state="away")
    agent.wait_for("at_rest", resting=False, waiting_for="the store")
    equal(agent.seen("store_changed", state="connected"), [], "nothing answers there")
    ends_promptly(agent, signal.SIGINT)
    limited = t.run(t.at("a.yaml"), *flags, "--max-runtime", "1", "-t", "0")
    equal(limited.wait(10), 5, "exit code")

    agent = t.run(peer_graph(t, "a"), *flags)
    agent.wait_for("store_changed", state="away")
    with bare_etcd(t, port) as url:
        t.until_content("a/from-a", "first")
        agent.wait_at_rest()
        assert etcdctl(t, url, "get", "/hansa/v1/cluster", "--keys-only").strip(), "a cluster"
        equal(etcd_of(agent), None, "no etcd of its own")
        equal(agent.stop(), 0, "exit code")


@case("store-killed", "etcd is killed: said, files stay enforced, it is restarted, changes arrive")
def store_killed(t):
    agents = three_peers(t)
    before = etcd_of(agents["a"])
    marks = {h: a.mark() for h, a in agents.items()}
    os.kill(before, signal.SIGKILL)
    peer_graph(t, "b", "second")
    enforced(t, "abc"[::2], "while the store is away")
    for host in "abc":
        t.until_content(f"{host}/from-b", "second")
        agents[host].wait_for("store_changed", since=marks[host], state="away")
    told = agents["a"].wait_for("warned", since=marks["a"])
    assert "etcd ended" in told["text"] and "signal" in told["text"], told
    assert etcd_of(agents["a"]) not in (None, before), "a new etcd"
    equal([a.stop() for a in agents.values()], [0, 0, 0], "exit codes")


@case("stolen-address", "another cluster's store at the old address is not taken for one's own")
def stolen_address(t):
    with bare_etcd(t) as url:  # its data, served again below, make it another cluster
        stranger = t.run(peer_graph(t, "c"), "--hostname", "c", "--prefix", t.at("other"),
                         "--seeds", url, "--found", "-t", "0",
                         *t.certified().flags("c"))
        equal(stranger.wait(), 0, "exit code")
    port = free_port()
    agents = {"a": t.run(peer_graph(t, "a"), "--hostname", "a", "--client-urls",
                         f"https://127.0.0.1:{port}")}
    store(t, agents["a"])
    agents["b"] = t.run(peer_graph(t, "b"), "--hostname", "b")
    for host in "ab":
        for other in "ab":
            t.until_content(f"{host}/from-{other}", "first")
    marks = {h: a.mark() for h, a in agents.items()}
    with socket.socket() as thief:
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        os.kill(etcd_of(agents["a"]), signal.SIGKILL)
        t.until(lambda: takes(thief, port), what="the port is taken")
        agents["a"].wait_for("warned", since=marks["a"], count=4)  # its pauses have grown
    with bare_etcd(t, port):
        for host, agent in agents.items():
            agent.wait_for("store_changed", since=marks[host], state="away")
        agents["a"].wait_for("warned", since=marks["a"], count=6)
        for host, agent in agents.items():
            assert not agent.ended(), agent.tell()
            equal(agent.seen("store_changed", marks[host], state="connected"), [], "a stranger")
            equal(t.read(host, "from-c"), None, "nothing of the stranger's is applied")
        enforced(t, "ab", "a stranger serves")
        peer_graph(t, "b", "second")
    t.until_content("a/from-b", "second")
    equal([a.stop() for a in agents.values()], [0, 0], "exit codes")


@case("store-frozen", "etcd hangs: said, files stay enforced, exits are prompt, changes arrive")
def store_frozen(t):
    agents = three_peers(t)
    server = etcd_of(agents["a"])
    marks = {h: a.mark() for h, a in agents.items()}
    os.kill(server, signal.SIGSTOP)
    try:
        peer_graph(t, "b", "second")
        enforced(t, "abc", "while the store hangs")
        for host in "abc":
            agents[host].wait_for("store_changed", since=marks[host], state="away")
        equal(t.read("a", "from-b"), "first", "it cannot have come through a frozen store")
        status = t.command("status", "--hostname", "c", "--json")
        equal(json.loads(status.stdout)["store"]["state"], "away", "status")
        ends_promptly(agents["c"])
    finally:
        os.kill(server, signal.SIGCONT)
    for host in "ab":
        t.until_content(f"{host}/from-b", "second")
        agents[host].wait_for("store_changed", since=marks[host], state="connected")
    os.kill(server, signal.SIGSTOP)
    started = time.monotonic()
    agents["a"].signal()
    equal(agents["a"].wait(), 0, "the one that serves, its etcd frozen")
    assert time.monotonic() - started < 2, "promptly"
    t.until(lambda: not os.path.exists(f"/proc/{server}"), what="no etcd outlives its agent")
    equal(agents["b"].stop(), 0, "exit code")


def record(host, name, fields, **other):
    return json.dumps({"v": 1, "kind": "file", "name": name, "fields": fields, "from": host,
                       "incarnation": 1, "seq": 1, **other})


def put_garbage(t, url):
    """Everything wrong that fits a store; returns the keys below exports/ that are none."""
    exports = "/hansa/v1/exports"
    good = {"path": t.at("evil"), "content": "evil"}
    wrong = {
        f"{exports}/evil/file/json": "{not json",
        f"{exports}/evil/file/list": "[1, 2]",
        f"{exports}/evil/file/empty": "",
        f"{exports}/evil/file/version": record("evil", "version", good, v=99),
        f"{exports}/evil/file/thief": record("a", "thief", good),
        f"{exports}/evil/file/other": record("evil", "another name", good),
        f"{exports}/evil/file/fields": record("evil", "fields", [1]),
        f"{exports}/evil/file/field": record("evil", "field", {**good, "colour": "red"}),
        f"{exports}/evil/file/escape": record("evil", "escape", {**good, "path": "../../evil"}),
        f"{exports}/evil/file/dots": record("evil", "dots", {**good, "path": "/x/.."}),
        f"{exports}/evil/file/root": record("evil", "root", {**good, "path": "/"}),
        f"{exports}/evil/file/line": record("evil", "line", {**good, "path": "/x/a\nb"}),
        f"{exports}/evil/file/huge": "x" * 1_400_000,
        f"{exports}/evil/file/deep": "[" * 5000 + "]" * 5000,
        f"{exports}/evil/file/%0A": record("evil", "\n\x1b[31m", good),
        f"{exports}/evil/@manifest": "gibberish",
        f"{exports}/": "x",
        f"{exports}/no-kind": "x",
        f"{exports}/a b/file/x": "x",
        f"{exports}/evil/file/a/b/c": "x",
        f"{exports}/evil/file/%zz": "x",
        f"{exports}//file/x": "x",
    }
    for key, value in {**wrong, "/hansa/v1/peers/x/y": "x", "/hansa/v1/peers/evil": "{",
                       "/hansa/v1/names/evil": "{", "/hansa/v1/kv/%": "x",
                       "/hansa/v1/nonsense": "x", "/hansa/v2/later": "x"}.items():
        if value:
            etcdctl(t, url, "put", "--", key, data=value)
        else:
            etcdctl(t, url, "put", "--", key, "")
    return [key for key in wrong if "/evil/file/" not in key or key.endswith(("/b/c", "%zz"))]


@case("garbage", "garbage in the store: counted, told once, nothing of it applied; the rest works")
def garbage(t):
    with bare_etcd(t) as url:
        flags = ["--seeds", url, "--found"]
        a = t.run(peer_graph(t, "a"), "--hostname", "a", *flags)
        t.until_content("a/from-a", "first")
        a.wait_at_rest()
        wrong = put_garbage(t, url)
        etcdctl(t, url, "put", "--", "/hansa/v1/exports/other/file/unsigned",
                data=record("other", "unsigned", {"path": "/x/unsigned", "content": "evil"}))
        b = t.run(peer_graph(t, "b"), "--hostname", "b", *flags)  # finds it there at its start
        for host in "ab":
            for name, text in {"from-a": "first", "from-b": "first"}.items():
                t.until_content(f"{host}/{name}", text)
        for agent in (a, b):
            agent.wait_at_rest()
            told = [e["text"] for e in agent.seen("refused")]
            keys = [e["text"] for e in agent.seen("refused", cause="bad_record")]
            equal(len(keys), len(set(keys)), f"each is told once: {keys}")
            for what in [*wrong, "exports of evil: no manifest", "exports of other: no manifest"]:
                assert any(what in text for text in told), f"{what} is not told: {told}"
            for text in told:
                assert "\x1b" not in text and "\n" not in text and len(text) < 2000, repr(text)
        counted = json.loads(t.command("status", "--hostname", "a", "--json").stdout)["refusals"]
        assert sum(counted.values()) >= len(wrong) + 2, counted
        mark = a.mark()
        etcdctl(t, url, "put", "--", "/hansa/v1/exports/evil/@manifest", data="{still not")
        t.until(lambda: len(a.seen("refused", mark)) > 0, what="a new version is told again")
        peer_graph(t, "b", "second")
        t.until_content("a/from-b", "second")
        assert not os.path.exists(t.at("evil")), "nothing of it is applied"
        evil = [e["id"] for e in a.seen("resource_ran") if "from evil" in e["id"]]
        equal(evil, [], "resources of it")
        equal(sorted(os.listdir(t.at("a"))), ["from-a", "from-b", "own"], "files of a")
        equal([a.stop(), b.stop()], [0, 0], "exit codes")


@case("forged", "who has the store in hand changes nothing on a host, and is noticed")
def forged(t):
    with bare_etcd(t) as url:
        a, b = (t.run(peer_graph(t, host), "--hostname", host, "--seeds", url, "--found")
                for host in "ab")
        t.until_content("a/from-b", "first")
        a.wait_at_rest()
        b.wait_at_rest()
        mark, seen = a.mark(), b.mark()
        key = "/hansa/v1/exports/b/file/b"
        signed = etcdctl(t, url, "get", "--print-value-only", key).strip()
        evil = signed.replace("first", "evil")
        assert evil != signed, signed
        etcdctl(t, url, "put", "--", key, data=evil)
        a.wait_for("refused", mark, cause="digest")
        b.wait_for("refused", seen, cause="foreign_write")
        t.until(lambda: "first" in etcdctl(t, url, "get", "--print-value-only", key),
                what="b puts its own record back")
        etcdctl(t, url, "del", "/hansa/v1/exports/b/", "--prefix")
        b.wait_for("refused", seen, count=2, cause="foreign_write")
        t.until(lambda: etcdctl(t, url, "get", "--print-value-only", key), what="b publishes again")
        b.kill()
        etcdctl(t, url, "put", "--", key, data=evil)
        a.wait_for("refused", mark, count=2, cause="digest")
        equal(a.seen("resource_ran", mark, id="file[b] from b", outcome="changed"), [], "changes")
        equal(t.read("a", "from-b"), "first", "what b signed")
        equal(a.stop(), 0, "exit code")


@case("another-cluster", "a store with another cluster's id is refused, and left as it is")
def another_cluster(t):
    with bare_etcd(t) as url:
        flags = ["--hostname", "a", "--seeds", url, "--found"]
        first = t.run(peer_graph(t, "a"), *flags, "-t", "0")
        equal(first.wait(), 0, "exit code")
        mine = json.loads(t.read("state", "a", "identity.json"))["cluster"]
        etcdctl(t, url, "del", "/hansa", "--prefix")
        emptied = t.run(t.at("a.yaml"), *flags)
        equal(emptied.wait(), 3, "an empty store is not its own")
        assert mine in " ".join(emptied.lines), emptied.tell()
        etcdctl(t, url, "put", "--", "/hansa/v1/cluster",
                data=json.dumps({"v": 1, "id": "other", "created": "2026-01-01T00:00:00Z"}))
        foreign = t.run(t.at("a.yaml"), *flags)
        equal(foreign.wait(), 3, "a foreign store")
        told = " ".join(foreign.lines)
        assert mine in told and "other" in told, foreign.tell()
        etcdctl(t, url, "put", "--", "/hansa/v1/cluster", data="rubbish")
        damaged = t.run(t.at("a.yaml"), *flags)
        equal(damaged.wait(), 3, "a store whose cluster record cannot be read")
        equal(etcdctl(t, url, "get", "/hansa", "--prefix", "--keys-only").split(),
              ["/hansa/v1/cluster"], "nothing is written there")


@case("unfounded", "seeds without a cluster: exit 3 naming --found; --found founds, once")
def unfounded(t):
    with bare_etcd(t) as url:
        graph = peer_graph(t, "a")
        refused = t.run(graph, "--hostname", "a", "--seeds", url)
        equal(refused.wait(), 3, "exit code")
        assert any("--found" in line for line in refused.lines), refused.tell()
        equal(etcdctl(t, url, "get", "", "--prefix", "--keys-only").strip(), "", "nothing is written")
        a = t.run(graph, "--hostname", "a", "--seeds", url, "--found")
        t.until_content("a/from-a", "first")
        b = t.run(peer_graph(t, "b"), "--hostname", "b", "--seeds", url)
        c = t.run(peer_graph(t, "c"), "--hostname", "c", "--seeds", url, "--found")
        for host in "abc":
            t.until_content(f"{host}/from-c", "first")
            t.until_content(f"{host}/from-b", "first")
        equal([x.stop() for x in (a, b, c)], [0, 0, 0], "exit codes")
        equal(len({json.loads(t.read("state", h, "identity.json"))["cluster"] for h in "abc"}), 1,
              "clusters")


@case("no-server", "--no-server waits for an agent that serves, says so, and joins it")
def no_server(t):
    waiting = t.run(peer_graph(t, "a"), "--hostname", "a", "--no-server")
    t.until_content("a/own", "own", deadline=10)
    told = waiting.wait_for("store_changed", state="starting")
    t.until(lambda: any("waiting for an agent" in e["detail"]
                        for e in waiting.seen("store_changed")), what="it says what it waits for")
    waiting.wait_for("at_rest", resting=False, waiting_for="the store")
    equal(etcd_of(waiting), None, f"no etcd: {told}")
    founder = t.run(peer_graph(t, "b"), "--hostname", "b")
    t.until_content("a/from-b", "first")
    t.until_content("b/from-a", "first")
    equal(etcd_of(waiting), None, "no etcd of its own")
    mark = waiting.mark()
    equal(founder.stop(), 0, "exit code")
    waiting.wait_for("store_changed", since=mark, state="away")
    enforced(t, "a", "nobody serves")
    equal(etcd_of(waiting), None, "still none")
    ends_promptly(waiting)


@case("standalone", "--standalone says so, exports and collects nothing, and runs no etcd")
def standalone(t):
    agent = t.alone(peer_graph(t, "a"))
    agent.wait_at_rest()
    equal([e["state"] for e in agent.seen("store_changed")], ["standalone"], "the store")
    equal(children_of(agent.process.pid), {}, "children")
    equal(sorted(os.listdir(t.at("a"))), ["own"], "files")
    assert not os.path.exists(t.at("state", "cluster")), "no store's directory"
    equal(agent.stop(), 0, "exit code")
    text = t.command("run", "--standalone", "--hostname", "alone", "-t", "0", t.at("a.yaml"))
    assert "standalone: nothing is exported or collected" in text.stderr, text.stderr


@case("noop-exports", "--noop exports nothing and withdraws nothing")
def noop_exports(t):
    with bare_etcd(t) as url:
        flags = ["--hostname", "a", "--seeds", url, "--found"]
        first = t.run(peer_graph(t, "a"), *flags, "-t", "0")
        equal(first.wait(), 0, "exit code")

        def exported():
            return etcdctl(t, url, "get", "/hansa/v1/exports/", "--prefix")
        before = exported()
        assert "first" in before, before
        dry = t.run(t.graph("a.yaml", """
graph: other
resources:
  file:
  - {name: own, path: T/a/own, content: changed}
  - {name: "@@b", path: T/x/from-b, content: never}
collect:
- {kind: file, pattern: T/a/}
"""), *flags, "--noop", "-t", "0")
        equal(dry.wait(), 0, "exit code")
        assert dry.runs("file[own]", "would_change"), dry.tell()
        equal(t.read("a", "own"), "own", "the disk")
        equal(exported(), before, "the exports")


@case("killed-agent", "kill -9 of the agent alone: its etcd ends too, and a new start works")
def killed_agent(t):
    agent = t.run(peer_graph(t, "a"), "--hostname", "a")
    t.until_content("a/from-a", "first")
    server = etcd_of(agent)
    agent.signal(signal.SIGKILL)
    agent.process.wait()
    t.until(lambda: not os.path.exists(f"/proc/{server}"), deadline=10,
            what="no etcd outlives its agent")
    again = t.run(peer_graph(t, "a", "second"), "--hostname", "a")
    t.until_content("a/from-a", "second")
    again.wait_at_rest()
    equal(again.stop(), 0, "exit code")


@case("killed-holders", "kill -9 of whoever serves at a fixed address, ten times: the other serves there")
def killed_holders(t):
    url, peers = f"https://127.0.0.1:{free_port()}", f"https://127.0.0.1:{free_port()}"
    flags = ["--client-urls", url, "--server-urls", peers]
    agents = {h: t.run(peer_graph(t, h), "--hostname", h, *flags) for h in "ab"}
    for turn in range(10):
        for host in "ab":
            store(t, agents[host])
        t.until(lambda: any(etcd_of(agent) for agent in agents.values()), what="one serves")
        holder, other = sorted("ab", key=lambda h: etcd_of(agents[h]) is None)
        agents[holder].kill()
        if turn % 2:  # the same host is back before its etcd has ended
            agents[holder] = t.run(t.at(f"{holder}.yaml"), "--hostname", holder, *flags)
        else:
            t.until(lambda o=other: etcd_of(agents[o]), what="the other serves")
            agents[holder] = t.run(t.at(f"{holder}.yaml"), "--hostname", holder, *flags)
        for host in "ab":
            peer_graph(t, host, f"turn {turn}")
        for host in "ab":
            for exporter in "ab":
                t.until_content(f"{host}/from-{exporter}", f"turn {turn}")
        assert not agents[other].ended(), agents[other].tell()
        etcdctl(t, url, "get", "/hansa/v1/cluster")
    equal([agent.stop() for agent in agents.values()], [0, 0], "exit codes")


@case("store-disk-full", "no room for the store: said with the cause, files enforced; later it serves")
def store_disk_full(t):
    with small_disk(t.at("disk"), "1m") as disk:
        agent = t.run(peer_graph(t, "a"), "--hostname", "a", "--prefix", disk)
        t.until_content("a/own", "own", deadline=10)
        told = agent.wait_for("warned")
        assert "etcd ended" in told["text"] and "space" in told["text"], agent.tell()
        os.unlink(t.at("a/own"))
        t.until_content("a/own", "own")
        subprocess.run(["mount", "-o", "remount,size=512m", disk], check=True)
        t.until_content("a/from-a", "first")
        agent.wait_at_rest()
        equal(agent.stop(), 0, "exit code")


@case("damaged-store", "a damaged notice and a damaged data directory: said, files stay enforced")
def damaged_store(t):
    os.makedirs(t.at("state", "cluster"), 0o700)
    os.chmod(t.at("state"), 0o755)
    t.write("state/cluster/store.json", "{rubbish")
    agent = t.run(peer_graph(t, "a"), "--hostname", "a")
    t.until_content("a/from-a", "first")
    agent.wait_at_rest()
    equal(agent.stop(), 0, "exit code")
    for folder, _, files in os.walk(t.at("state", "cluster", "etcd")):
        for name in files:
            with open(os.path.join(folder, name), "r+b") as file:
                file.write(b"\xff" * 4096)
    broken = t.run(peer_graph(t, "a", "second"), "--hostname", "a")
    t.until_content("a/own", "own", deadline=10)
    told = broken.wait_for("warned", count=2)
    assert "etcd ended" in told["text"] and "again in" in told["text"], broken.tell()
    os.unlink(t.at("a/own"))
    t.until_content("a/own", "own")
    ends_promptly(broken)


@case("busy-exit", "SIGTERM while the store is away and an apply runs: it ends, then the agent")
def busy_exit(t):
    agent = t.run(t.graph("g.yaml", """
graph: g
resources:
  exec:
  - {name: long, cmd: "echo begun >> T/log; sleep 1; echo done >> T/log", shell: /bin/sh}
  file:
  - {name: "@@f", path: T/f, content: x}
"""), "--hostname", "a", "--seeds", f"127.0.0.1:{free_port()}")
    t.until_content("log", "begun\n")
    agent.signal()
    equal(agent.wait(), 0, "exit code")
    ended = time.monotonic()
    equal(t.read("log"), "begun\ndone\n", "what ran was let finish")
    last = agent.runs("exec[long]")[-1]["at"]
    assert ended - last < 1.5, f"{ended - last:.2f} s after the last apply"


@case("quota", "more exports than a host may have: refused at the exporter, the old ones stay")
def quota(t):
    agent = t.run(peer_graph(t, "a"), "--hostname", "a")
    t.until_content("a/from-a", "first")
    agent.wait_at_rest()
    mark = agent.mark()
    many = "\n".join(f'  - {{name: "@@n{i}", path: T/x/n{i}, content: x}}' for i in range(5001))
    t.graph("a.yaml", "graph: many\nresources:\n  file:\n" + many +
            "\n  - {name: own, path: T/a/own, content: still}\n"
            "collect:\n- {kind: file, pattern: T/a/}\n")
    refused = agent.wait_for("refused", since=mark)
    assert "5000" in refused["text"] or "5,000" in refused["text"], refused
    t.until_content("a/own", "still")
    exported = etcdctl(t, store(t, agent), "get", "/hansa/v1/exports/a/file", "--prefix",
                       "--keys-only").split()
    equal(exported, ["/hansa/v1/exports/a/file/a"], "exports")
    mark = agent.mark()
    peer_graph(t, "a", "second")
    t.until_content("a/from-a", "second")
    agent.wait_at_rest(mark)
    equal(agent.stop(), 0, "exit code")


@case("full-store", "a store that only this machine reaches is full: it is cleared, and writes go on")
def full_store(t):
    script = t.write("bin/etcd", f"#!/bin/sh\nexec {shutil.which('etcd')} \"$@\" "
                     "--quota-backend-bytes=16777216\n")
    os.chmod(script, 0o755)
    env = {**t.env, "PATH": f"{t.at('bin')}:{t.env['PATH']}"}
    agent = t.run(peer_graph(t, "a"), "--hostname", "a", env=env)
    t.until_content("a/from-a", "first")
    url = store(t, agent)

    def put():
        return try_etcdctl(url, *credentials(t, url), "put", "ballast", data="x" * 1_000_000)
    for _ in range(64):
        told = put()
        if told.returncode:
            break
    assert "space exceeded" in told.stderr, told.stderr
    agent.wait_for("warned")
    t.until(lambda: put().returncode == 0, what="writes are taken again", agent=agent)
    equal(etcdctl(t, url, "alarm", "list"), "", "alarms")
    assert any("is full" in e["text"] for e in agent.seen("warned")), agent.tell()
    peer_graph(t, "a", "second")
    t.until_content("a/from-a", "second")
    equal(agent.stop(), 0, "exit code")


@case("export-fails", "what cannot be exported is told; the agent rests, and its exit says so")
def export_fails(t):
    graph = t.graph("a.yaml", """
graph: g
resources:
  file:
  - {name: "@@f", path: T/f, source: T/none}
  - {name: own, path: T/own, content: mine}
""")
    agent = t.run(graph, "--hostname", "a", "-t", "0")
    equal(agent.wait(), 4, "exit code")
    assert agent.seen("refused", cause="export"), agent.tell()
    equal(t.read("own"), "mine")


@case("last-export", "the last export of a host is withdrawn before it converges")
def last_export(t):
    equal(t.run(peer_graph(t, "a"), "--hostname", "a", "-t", "0").wait(), 0, "exit code")
    graph = t.graph("a.yaml", "graph: g\nresources:\n  file: [{name: own, path: T/own}]\n")
    agent = t.run(graph, "--hostname", "a", "-t", "0")
    equal(agent.wait(), 0, "exit code")
    assert agent.seen("published", exports=0, removed=1), agent.tell()


@case("plain-user", "a plain user's agent keeps its state below its home, and serves a store")
def plain_user(t):
    need_root()
    open_to_all(t)
    home = home_of_nobody(t)
    env = {k: v for k, v in t.env.items() if k not in ("HANSA_PREFIX", "XDG_STATE_HOME")}
    env["HOME"] = home
    agent = t.run(t.graph("g.yaml", """
graph: g
resources:
  file:
  - {name: "@@f", path: T/nobody/in/f, content: mine}
  - {name: in, path: T/nobody/in/}
collect:
- {kind: file, pattern: T/nobody/in/}
"""), "--hostname", "n", "-t", "0", env=env, user="nobody")
    equal(agent.wait(), 0, agent.tell())
    equal(t.read("nobody/in/f"), "mine", "collected from itself")
    state = os.path.join(home, ".local/state/hansa")
    equal(sorted(os.listdir(state)), ["ca", "cluster", "n"], "state")
    for folder in ("ca", "cluster", "n"):
        equal(os.stat(os.path.join(state, folder)).st_mode & 0o777, 0o700, f"mode of {folder}")


@case("other-user", "the store and the status of another user's agent are refused")
def other_user(t):
    need_root()
    agent = t.run(peer_graph(t, "a"), "--hostname", "a")
    t.until_content("a/from-a", "first")
    open_to_all(t)
    done = t.command("status", "--hostname", "a", user="nobody")
    assert done.returncode != 0 and done.stdout == "", done
    assert done.stderr.startswith("hansa: "), done.stderr
    equal(os.stat(t.at("state", "a", "control.sock")).st_mode & 0o777, 0o600, "mode of the socket")
    equal(agent.stop(), 0, "exit code")


if __name__ == "__main__":
    sys.exit(main())
