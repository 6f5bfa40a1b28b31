#!/usr/bin/env python3
"""Conformance cases C13-C17 and C23: real agents over a real etcd."""
import base64
import json
import os
import signal
import socket
import sys

from rig import case, children_of, equal, etcdctl, main, store

HOSTS = "abc"


def demo_graph(t, host):
    """The announcement's graph of one host, in the scratch directory."""
    upper = host.upper()
    os.makedirs(t.at(f"mgmt{upper}"), exist_ok=True)
    names = [f"f1{host}", f"f2{host}", f"@@f3{host}", f"@@f4{host}"]
    lines = [f"""  - name: "{n}"
    path: "T/mgmt{upper}/{n.lstrip('@')}"
    content: "i am {n.lstrip('@')}\\n"
    state: exists""" for n in names]
    return t.graph(f"graph3{host}.yaml", f"""
graph: mygraph
resources:
  file:
""" + "\n".join(lines) + f"""
collect:
- kind: file
  pattern: "T/mgmt{upper}/"
edges: []
""")


def tree(t):
    """Every file of the three directories, sorted."""
    found = []
    for host in HOSTS.upper():
        directory = t.at(f"mgmt{host}")
        if os.path.isdir(directory):
            found += [f"{host}/{name}" for name in sorted(os.listdir(directory))
                      if not name.startswith(".")]
    return found


def wanted_tree(hosts):
    return sorted(f"{h.upper()}/{name}" for h in hosts
                  for name in [f"f1{h}", f"f2{h}"] + [f"f{i}{o}" for i in (3, 4) for o in hosts])


@case("C13", "the announcement's demonstration: 4, 12, 24 files")
def c13(t):
    agents = []
    for index, host in enumerate(HOSTS):
        graph = demo_graph(t, host)
        last = ["--converged-timeout=1"] if host == "c" else []
        agents.append(t.run(graph, "--hostname", host, *last))
        hosts = HOSTS[:index + 1]
        t.until(lambda: sorted(tree(t)) == wanted_tree(hosts), what=f"files of {hosts}")
        equal(len(tree(t)), (4, 12, 24)[index], f"files after host {host}")
    equal(agents[2].wait(), 0, "exit code of c")
    equal(t.read("mgmtA/f3c"), "i am f3c\n", "content across hosts")
    equal(agents[0].stop(), 0, "exit code of a")
    equal(agents[1].stop(), 0, "exit code of b")
    left = [name for _, _, names in os.walk(t.at("state")) for name in names
            if name.endswith(".sock")]
    equal(left, [], "nothing left behind")


@case("C14", "the three at the same instant, no store yet: one cluster, 24 files")
def c14(t):
    graphs = {h: demo_graph(t, h) for h in HOSTS}
    agents = [t.run(graphs[h], "--hostname", h) for h in HOSTS]
    t.until(lambda: sorted(tree(t)) == wanted_tree(HOSTS), what="24 files")
    clusters = set()
    for host in HOSTS:
        t.until(lambda h=host: "cluster" in json.loads(t.read("state", h, "identity.json")),
                what=f"{host} knows its cluster")
        clusters.add(json.loads(t.read("state", host, "identity.json"))["cluster"])
    equal(len(clusters), 1, "clusters")
    servers = [p for a in agents for p, n in children_of(a.process.pid).items() if n == "etcd"]
    equal(len(servers), 1, "etcd processes")
    for agent in agents:
        equal(agent.stop(), 0, "exit code")


@case("C15", "a dropped export is no longer enforced, a changed one is updated; one redraw")
def c15(t):
    collect = demo_graph(t, "a")
    a = t.run(collect, "--hostname", "a")
    both = """
graph: exporter
resources:
  file:
  - {name: "@@keep", path: T/x/keep, content: "CONTENT"}
  - {name: "@@drop", path: T/x/drop, content: dropped}
"""
    graph = t.graph("b.yaml", both.replace("CONTENT", "first"))
    b = t.run(graph, "--hostname", "b")
    t.until_content("mgmtA/keep", "first")
    t.until_content("mgmtA/drop", "dropped")
    a.wait_at_rest()
    mark = a.mark()
    lines = both.replace("CONTENT", "second").splitlines(keepends=True)
    t.graph("b.yaml", "".join(line for line in lines if "drop" not in line))
    t.until_content("mgmtA/keep", "second")
    a.wait_at_rest(mark)
    equal(len(a.seen("collected", mark)), 1, "redraws at a")
    equal([e["id"].split(" ")[0] for e in a.seen("resource_ran", mark) if e["outcome"] == "changed"],
          ["file[keep]"], "what ran at a")
    mark = a.mark()
    os.unlink(t.at("mgmtA/drop"))
    os.unlink(t.at("mgmtA/keep"))
    t.until_content("mgmtA/keep", "second")
    a.wait_at_rest(mark)
    equal(t.read("mgmtA/drop"), None, "a withdrawn export is not enforced")
    equal([x.stop() for x in (a, b)], [0, 0], "exit codes")


def newest_record(t, agent):
    """When an exported record was written last; manifests are renewed, and put by each new run."""
    found = json.loads(etcdctl(t, store(t, agent), "get", "/hansa/v1/exports", "--prefix", "-w",
                               "json"))
    return max(kv["mod_revision"] for kv in found["kvs"]
               if not base64.b64decode(kv["key"]).endswith(b"/@manifest"))


@case("C16", "the same content exported again: no redraw anywhere, no record is written")
def c16(t):
    a = t.run(demo_graph(t, "a"), "--hostname", "a")
    graph = demo_graph(t, "b")
    b = t.run(graph, "--hostname", "b")
    t.until_content("mgmtA/f3b", "i am f3b\n")
    b.wait_at_rest()
    a.wait_at_rest()
    newest = newest_record(t, a)
    marks = a.mark(), b.mark()
    t.graph("graph3b.yaml", "# a comment\n" + t.read("graph3b.yaml"))
    b.wait_for("graph_adopted", since=marks[1])
    b.wait_at_rest(marks[1])
    b.stop()
    a.wait_for("peer_turned", since=marks[0], host="b", state="stale")
    status = json.loads(t.command("status", "--hostname", "a", "--json").stdout)
    equal([(h["host"], h["state"]) for h in status["absent_hosts"]], [("b", "stale")], "absent")
    b = t.run(graph, "--hostname", "b")  # and after a restart
    b.wait_at_rest()
    a.wait_for("peer_turned", since=marks[0], host="b", state="back")
    equal(a.seen("collected", marks[0]), [], "redraws at a")
    equal(a.seen("resource_ran", marks[0], outcome="changed"), [], "changes at a")
    equal(newest_record(t, a), newest, "the newest write")
    equal([x.stop() for x in (a, b)], [0, 0], "exit codes")


@case("C17", "kinds, globs, no pattern, a local resource, two hosts exporting one path")
def c17(t):
    exporter = """
graph: exporter
resources:
  file:
  - {name: "@@plain", path: T/abs/HOST-plain, content: from HOST}
  - {name: "@@shared", path: T/abs/shared, content: from HOST}
  - {name: "@@skip", path: T/abs/HOST-skip, content: from HOST}
  - {name: "@@local", path: T/abs/HOST-local, content: exported}
  exec:
  - {name: "@@run", cmd: "touch T/ran-HOST"}
  kv:
  - {name: "@@stage-HOST", value: "7"}
"""
    b = t.run(t.graph("b.yaml", exporter.replace("HOST", "b")), "--hostname", "b")
    b.wait_at_rest()
    c = t.run(t.graph("c.yaml", exporter.replace("HOST", "c")), "--hostname", "c")
    c.wait_at_rest()
    os.makedirs(t.at("abs"))
    a = t.run(t.graph("a.yaml", """
graph: collector
resources:
  file:
  - {name: local, path: T/abs/local, content: mine}
collect:
- {kind: file, name: "[psl]*"}
- {kind: exec, from: "b"}
- {kind: kv, from: "*"}
"""), "--hostname", "a", *t.allow("{allow: file, from: '*', path: [T/abs/**]}",
                                 "{allow: exec, from: b}", "{allow: kv, from: '*'}"))
    a.wait_at_rest()
    t.until_content("abs/b-plain", "from b")
    t.until_content("abs/c-plain", "from c")
    equal(t.read("abs/local"), "mine", "the local resource")
    equal((t.read("abs/b-local"), t.read("abs/c-local")), (None, None), "local beats collected")
    assert os.path.exists(t.at("ran-b")) and not os.path.exists(t.at("ran-c")), "from: b"
    equal(t.read("abs/shared"), "from b", "the first exporter keeps the path")
    conflict = a.wait_for("conflict")
    equal((conflict["loser"], conflict["keeper"]),
          ("file[shared] from c", "file[shared] from b"), "both are named")
    value = etcdctl(t, store(t, a), "get", "/hansa/v1/kv/stage-b", "--print-value-only").strip()
    assert value, "the collected kv was set"
    t.graph("b.yaml", "graph: nothing\n")  # b withdraws; c takes the path over
    t.until_content("abs/shared", "from c")
    equal([x.stop() for x in (a, b, c)], [0, 0, 0], "exit codes")


@case("C23", "a taken name, a taken port, a foreign directory: refused, the first unharmed")
def c23(t):
    graph = demo_graph(t, "a")
    first = t.run(graph, "--hostname", "a")
    first.wait_at_rest()
    url = store(t, first)

    same = t.run(graph, "--hostname", "a")
    equal(same.wait(), 3, "the same name and directory")
    assert any("a" in line and "pid" in line for line in same.lines), same.tell()

    t.share_authority(t.at("other"))
    twin = t.run(graph, "--hostname", "a", "--prefix", t.at("other"), "--seeds", url)
    equal(twin.wait(), 3, "the same name from another directory")
    assert any("name" in line for line in twin.lines), twin.tell()

    other = t.graph("x.yaml", "graph: x\nresources:\n  noop:\n  - name: n\n")
    assert twin.seen("stopped", exit_code=3), twin.tell()

    taken = t.run(other, "--hostname", "x", "--prefix", t.at("third"), "--client-urls", url)
    equal(taken.wait(), 1, "an explicit port that is taken")
    port = url.rsplit(":", 1)[1]
    assert any(port in line for line in taken.lines), taken.tell()

    os.rename(t.at("other", "a"), t.at("other", "y"))
    foreign = t.run(other, "--hostname", "y", "--prefix", t.at("other"), "--seeds", url)
    equal(foreign.wait(), 3, "a directory of another host")

    exporter = t.graph("z.yaml", """
graph: z
resources:
  noop:
  - {name: "@@n"}
""")
    second = t.run(exporter, "--hostname", "z", "--prefix", t.at("fourth"), "-t", "0")
    equal(second.wait(), 0, "a cluster of its own")
    assert second.seen("published"), "rest waits for the own exports"
    moved = t.run(other, "--hostname", "z", "--prefix", t.at("fourth"), "--seeds", url)
    equal(moved.wait(), 3, "a directory that belongs to another cluster")
    assert sum("cluster" in line for line in moved.lines), moved.tell()

    assert not first.ended(), "the first agent is unharmed"
    os.unlink(t.at("mgmtA/f1a"))
    t.until_content("mgmtA/f1a", "i am f1a\n")
    equal(first.stop(), 0, "exit code")


@case("founder-ends", "the founder ends or is killed: another agent of the machine serves the store")
def founder_ends(t):
    agents = {h: t.run(demo_graph(t, h), "--hostname", h) for h in HOSTS}
    t.until(lambda: sorted(tree(t)) == wanted_tree(HOSTS), what="24 files")
    holder = next(h for h in HOSTS if "etcd" in children_of(agents[h].process.pid).values())
    equal(agents[holder].stop(), 0, "exit code")
    left = [h for h in HOSTS if h != holder]
    t.until(lambda: any("etcd" in children_of(agents[h].process.pid).values() for h in left),
            what="another agent serves")
    second = next(h for h in left if "etcd" in children_of(agents[h].process.pid).values())
    os.killpg(agents[second].process.pid, signal.SIGKILL)
    agents[second].process.wait()
    last = next(h for h in left if h != second)
    t.until(lambda: "etcd" in children_of(agents[last].process.pid).values(), what="the last serves")
    back = t.run(t.graph("new.yaml", """
graph: new
resources:
  file:
  - {name: "@@late", path: T/x/late, content: late}
"""), "--hostname", "d")
    t.until_content(f"mgmt{last.upper()}/late", "late")
    equal([x.stop() for x in (back, agents[last])], [0, 0], "exit codes")


@case("default-ports-taken", "default ports that are taken give free ones")
def default_ports_taken(t):
    held = []
    for port in (2379, 2380):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen(1)
        except OSError:
            pass  # somebody else has it: taken is taken
        held.append(listener)
    a = t.run(demo_graph(t, "a"), "--hostname", "a")
    port = int(store(t, a).rsplit(":", 1)[1])
    assert port not in (2379, 2380), "another port"
    b = t.run(demo_graph(t, "b"), "--hostname", "b")
    t.until(lambda: sorted(tree(t)) == wanted_tree("ab"), what="12 files")
    equal([x.stop() for x in (a, b)], [0, 0], "exit codes")
    for listener in held:
        listener.close()


@case("no-etcd", "a missing etcd is said plainly, with the package and the way out")
def no_etcd(t):
    env = {**t.env, "PATH": t.at("empty")}
    agent = t.run(demo_graph(t, "a"), "--hostname", "a", env=env)
    equal(agent.wait(), 1, "exit code")
    told = " ".join(agent.lines)
    assert "etcd-server" in told and "--standalone" in told, agent.tell()


@case("tmp-prefix", "--tmp-prefix leaves nothing behind and may run again")
def tmp_prefix(t):
    env = {k: v for k, v in t.env.items() if k != "HANSA_PREFIX"}
    env["TMPDIR"] = t.at("tmp")
    os.mkdir(env["TMPDIR"])
    graph = demo_graph(t, "a")
    for _ in range(2):
        agent = t.run(graph, "--hostname", "a", "--tmp-prefix", "-t", "0", env=env)
        equal(agent.wait(), 0, "exit code")
        equal(tree(t), wanted_tree("a"))
        equal(os.listdir(env["TMPDIR"]), [], "left behind")


@case("tmp-prefix-seeds", "--tmp-prefix with seeds gives name and exports back when it ends")
def tmp_prefix_seeds(t):
    t.certified().issue("a", ["IP:127.0.0.1"])  # it serves
    holder = t.run(demo_graph(t, "a"), "--hostname", "a", *t.certified().flags("a"))
    store = holder.wait_for("store_changed", state="connected")["detail"]
    env = {k: v for k, v in t.env.items() if k != "HANSA_PREFIX"}
    env["TMPDIR"] = t.at("tmp")
    os.mkdir(env["TMPDIR"])
    graph = demo_graph(t, "b")
    for _ in range(2):
        since = holder.mark()
        guest = t.run(graph, "--hostname", "b", "--tmp-prefix", "--seeds", store, "-t", "0",
                      env=env)
        equal(guest.wait(), 0, "exit code")
        equal(os.listdir(env["TMPDIR"]), [], "left behind")
        t.until(lambda s=since: any(e["withdrawn"] for e in holder.seen("collected", s)),
                what="the exports of b are withdrawn", agent=holder)
    equal(holder.stop(), 0, "exit code")


if __name__ == "__main__":
    sys.exit(main())
