#!/usr/bin/env python3
"""Conformance cases C1-C12, C18, C24-C26 of the engine, on the real binary without a store."""
import os
import re
import signal
import sys
import time

from rig import case, equal, main

CHAIN = """
graph: files
resources:
  file:
  - {name: f1, path: T/f1, content: "one\\n", state: exists}
  - {name: f2, path: T/sub/f2, content: "two\\n", state: exists}
  - {name: f3, path: T/f3, content: "three\\n", state: exists}
  - {name: f4, path: T/f4, state: absent}
  - {name: dir1, path: T/dir1/, state: exists}
  - {name: sub, path: T/sub/, state: exists}
edges:
- {name: e1, from: {kind: file, name: f1}, to: {kind: file, name: f2}}
- {name: e2, from: {kind: file, name: f2}, to: {kind: file, name: f3}}
"""


def execs(durations, edges=(), meta=None):
    """A graph of sleeping execs that write their start and end to T/times."""
    lines = ["graph: execs", "resources:", "  exec:"]
    for name, seconds in durations.items():
        lines += [f"  - name: '{name}'",
                  f"    cmd: echo start {name} $(date +%s.%N) >> T/times; sleep {seconds}; "
                  f"echo end {name} $(date +%s.%N) >> T/times",
                  "    shell: /bin/sh"]
        if meta and name in meta:
            lines.append(f"    meta: {meta[name]}")
    lines.append("edges:" if edges else "edges: []")
    for a, b in edges:
        lines.append(f"- {{name: {a}-{b}, from: {{kind: exec, name: '{a}'}}, "
                     f"to: {{kind: exec, name: '{b}'}}}}")
    return "\n".join(lines) + "\n"


FAN = {**{str(i): 1 for i in range(1, 8)}, "8": 1.5}
FAN_EDGES = [("1", "4"), ("2", "4"), ("3", "4"), ("4", "5"), ("4", "6"), ("4", "7")]


def times(scratch):
    """name -> (start, end) from T/times; asserts that each ran exactly once."""
    starts, ends = {}, {}
    for line in (scratch.read("times") or "").splitlines():
        word, name, stamp = line.split()
        into = starts if word == "start" else ends
        assert name not in into, f"exec {name} ran more than once"
        into[name] = float(stamp)
    equal(sorted(starts), sorted(ends), "every exec that started ended")
    return {name: (starts[name], ends[name]) for name in starts}


def most_at_once(spans):
    return max(sum(1 for a, b in spans if a <= t < b) for t, _ in spans)


@case("C1", "noop, then a file with fixed content; exit 0 after a second at rest")
def c1(t):
    graph = t.graph("g.yaml", """
graph: first
resources:
  noop:
  - name: start
  file:
  - {name: f, path: T/f, content: "exact bytes\\n"}
edges:
- {name: e, from: {kind: noop, name: start}, to: {kind: file, name: f}}
""")
    agent = t.alone(graph, "--converged-timeout=1")
    equal(agent.wait(), 0, "exit code")
    equal(t.read("f"), "exact bytes\n")
    order = [e["id"] for e in agent.seen("resource_ran")]
    equal(order[:2], ["noop[start]", "file[f]"], "order")
    equal(len(agent.runs("file[f]", "changed")), 1, "changes")


@case("C2", "a chain of files, an absent one, a directory")
def c2(t):
    t.write("f4", "to be removed")
    agent = t.alone(t.graph("g.yaml", CHAIN), "-t", "0")
    equal(agent.wait(), 0, "exit code")
    equal([t.read("f1"), t.read("sub/f2"), t.read("f3")], ["one\n", "two\n", "three\n"])
    assert not os.path.exists(t.at("f4")), "f4 is to be absent"
    assert os.path.isdir(t.at("dir1")), "dir1/ is to be there"
    order = [e["id"] for e in agent.seen("resource_ran")]
    places = [order.index(f"file[{n}]") for n in ("f1", "f2", "f3")]
    equal(places, sorted(places), "f1, f2, f3 in order")
    assert order.index("file[sub]") < order.index("file[f2]"), "the directory before its file"


@case("C3", "delete, rewrite, truncate, replace by rename, move the directory away: restored")
def c3(t):
    agent = t.alone(t.graph("g.yaml", CHAIN))
    agent.wait_at_rest()
    bystanders = {n: os.stat(t.at(n)) for n in ("f1", "f3", "dir1")}

    def spoil_rename():
        t.write("other", "replaced")
        os.rename(t.at("other"), t.at("sub/f2"))

    def spoil_text():
        with open(t.at("sub/f2"), "w", encoding="utf-8") as file:
            file.write("rewritten")

    spoilers = {
        "delete": lambda: os.unlink(t.at("sub/f2")),
        "rewrite": spoil_text,
        "truncate": lambda: os.truncate(t.at("sub/f2"), 1),
        "replace by rename": spoil_rename,
        "move its directory away": lambda: os.rename(t.at("sub"), t.at("moved")),
    }
    for what, spoil in spoilers.items():
        spoil()
        t.until(lambda: t.read("sub/f2") == "two\n", what=f"restored after: {what}", agent=agent)
    agent.wait_at_rest()
    for name, before in bystanders.items():
        now = os.stat(t.at(name))
        equal((now.st_ino, now.st_mtime_ns), (before.st_ino, before.st_mtime_ns),
              f"{name} was not touched")
    equal(agent.stop(), 0, "exit code")


@case("C4", "eight execs, order held, each exactly once, independent ones overlap")
def c4(t):
    agent = t.alone(t.graph("g.yaml", execs(FAN, FAN_EDGES)), "-t", "0")
    equal(agent.wait(), 0, "exit code")
    spans = times(t)
    equal(len(spans), 8, "execs run")
    for before, after in FAN_EDGES:
        assert spans[before][1] <= spans[after][0], f"{before} ends before {after} starts"
    for group in (("1", "2", "3", "8"), ("5", "6", "7")):
        assert max(spans[n][0] for n in group) < min(spans[n][1] for n in group), \
            f"{group} overlap"


@case("C5", "--sema 2: never more than two at once; named semaphores never overlap")
def c5(t):
    graph = t.graph("g.yaml", execs({str(i): 0.3 for i in range(6)}))
    equal(t.alone(graph, "-t", "0", "--sema", "2").wait(), 0, "exit code")
    spans = times(t)
    equal(len(spans), 6, "execs run")
    equal(most_at_once(spans.values()), 2, "most at once")

    os.unlink(t.at("times"))
    held = {n: "{sema: ['door']}" for n in ("a", "b", "c")}
    graph = t.graph("h.yaml", execs({n: 0.4 for n in "abcde"}, meta=held))
    equal(t.alone(graph, "-t", "0").wait(), 0, "exit code")
    spans = times(t)
    equal(most_at_once([spans[n] for n in "abc"]), 1, "a, b, c at once")
    assert max(spans["d"][0], spans["e"][0]) < min(spans["d"][1], spans["e"][1]), "d, e overlap"


@case("C6", "--sema 1 is a serial run")
def c6(t):
    graph = t.graph("g.yaml", execs({str(i): 0.1 for i in range(6)}))
    equal(t.alone(graph, "-t", "0", "--sema", "1").wait(), 0, "exit code")
    equal(most_at_once(times(t).values()), 1, "most at once")


@case("C7", "a failure blocks what depends on it and nothing else; exit code 4")
def c7(t):
    agent = t.alone(t.graph("g.yaml", """
graph: failing
resources:
  exec:
  - {name: bad, cmd: "echo no such luck; exit 3", shell: /bin/sh}
  file:
  - {name: dependant, path: T/dependant, content: x}
  - {name: below, path: T/below, content: x}
  - {name: free, path: T/free, content: x}
edges:
- {name: e1, from: {kind: exec, name: bad}, to: {kind: file, name: dependant}}
- {name: e2, from: {kind: file, name: dependant}, to: {kind: file, name: below}}
"""), "-t", "0")
    equal(agent.wait(), 4, "exit code")
    equal(t.read("free"), "x", "the independent branch")
    equal((t.read("dependant"), t.read("below")), (None, None), "what depends on the failure")
    failed = agent.runs("exec[bad]", "failed")
    equal(len(failed), 1, "attempts")
    assert "exit status 3" in failed[0]["error"] and "no such luck" in failed[0]["error"], failed
    for name in ("dependant", "below"):
        assert agent.seen("resource_phase", id=f"file[{name}]", phase="blocked"), agent.tell()
    equal(agent.runs("file[dependant]"), [], "runs of a blocked one")


@case("C8", "retry 3, delay 200 ms, succeeds the third time; then the dependants")
def c8(t):
    agent = t.alone(t.graph("g.yaml", """
graph: retrying
resources:
  test:
  - {name: flaky, outcome: changed, fail_first: 2, meta: {retry: 3, delay: 200}}
  file:
  - {name: after, path: T/after, content: x}
edges:
- {name: e, from: {kind: test, name: flaky}, to: {kind: file, name: after}}
"""), "-t", "0")
    equal(agent.wait(), 0, "exit code")
    runs = agent.runs("test[flaky]")
    equal([r["outcome"] for r in runs], ["failed", "failed", "changed"], "attempts")
    assert runs[1]["at"] - runs[0]["at"] >= 0.19, "the first pause"
    assert runs[2]["at"] - runs[1]["at"] >= 0.38, "the second pause, doubled"
    assert agent.runs("file[after]")[0]["at"] >= runs[2]["at"], "dependants come last"


@case("C9", "exec guards; a watch command wakes its exec per line")
def c9(t):
    os.mkfifo(t.at("pipe"))
    agent = t.alone(t.graph("g.yaml", """
graph: guards
resources:
  exec:
  - {name: yes, cmd: touch T/yes, ifcmd: "true"}
  - {name: no, cmd: touch T/no, ifcmd: "false"}
  - {name: nif, cmd: touch T/nif, nifcmd: "true"}
  - {name: made, cmd: touch T/made2, creates: T/g.yaml}
  - {name: watching, cmd: echo ran >> T/count, shell: /bin/sh, watchcmd: cat T/pipe, watchshell: /bin/sh}
"""))
    agent.wait_at_rest()
    equal([os.path.exists(t.at(n)) for n in ("yes", "no", "nif", "made2")],
          [True, False, False, False], "what ran")
    equal(t.read("count"), "ran\n", "at the start")
    with open(t.at("pipe"), "w", encoding="utf-8") as pipe:
        for number in (2, 3):
            pipe.write("line\n")
            pipe.flush()
            t.until(lambda n=number: t.read("count") == "ran\n" * n, what="a run per line",
                    agent=agent)
        equal(agent.stop(), 0, "exit code")


@case("C10", "noop touches nothing, reports the difference, lets descendants go on")
def c10(t):
    t.write("old", "old")
    text = """
graph: noop
resources:
  file:
  - {name: old, path: T/old, content: "new", META}
  - {name: after, path: T/after, content: x}
edges:
- {name: e, from: {kind: file, name: old}, to: {kind: file, name: after}, notify: true}
"""
    agent = t.alone(t.graph("one.yaml", text.replace("META", "meta: {noop: true}")), "-t", "0")
    equal(agent.wait(), 0, "exit code")
    equal((t.read("old"), t.read("after")), ("old", "x"))
    would = agent.runs("file[old]", "would_change")
    equal(len(would), 1, "reported once")
    assert any(c["field"] == "content" for c in would[0]["changes"]), would

    os.unlink(t.at("after"))
    agent = t.alone(t.graph("all.yaml", text.replace(", META", "")), "-t", "0", "--noop")
    equal(agent.wait(), 0, "exit code")
    equal((t.read("old"), t.read("after")), ("old", None))
    equal([len(agent.runs(f"file[{n}]", "would_change")) for n in ("old", "after")], [1, 1])


@case("C11", "^C lets the running one finish and starts no other; twice cuts it")
def c11(t):
    chain = execs({"a": 2, "b": 2, "c": 2}, [("a", "b"), ("b", "c")])
    agent = t.alone(t.graph("g.yaml", chain))
    t.until(lambda: t.read("times") is not None, what="a has started", agent=agent)
    agent.signal(signal.SIGINT)
    equal(agent.wait(), 0, "exit code")
    equal(sorted(times(t)), ["a"], "only the running one ended")

    os.unlink(t.at("times"))
    agent = t.alone(t.graph("h.yaml", execs({"a": 50, "b": 1}, [("a", "b")])))
    t.until(lambda: t.read("times") is not None, what="a has started", agent=agent)
    agent.signal(signal.SIGINT)
    agent.wait_for("stopping")
    agent.signal(signal.SIGINT)
    before = time.monotonic()
    equal(agent.wait(), 0, "exit code")
    assert time.monotonic() - before < 20, "the second ^C cuts a sleep of 50 s"
    assert "end a" not in t.read("times"), "a was cut"


@case("C12", "an edited graph runs only what it touches; a broken one changes nothing")
def c12(t):
    def text(changed="x", extra=False, drop=None):
        names = [n for n in range(100) if n != drop] + ([100] if extra else [])
        lines = [f"  - {{name: f{n}, path: T/f{n}, content: '{changed if n == 7 else n}'}}"
                 for n in names]
        return "graph: hundred\nresources:\n  file:\n" + "\n".join(lines) + "\n"

    graph = t.graph("g.yaml", text())
    first = t.alone(graph, "-t", "0")
    equal(first.wait(), 0, "exit code")
    equal(len(first.seen("resource_ran", outcome="changed")), 100, "changes of the first agent")
    # A second agent writes nothing at its start, so no wake-up by an own write comes late.
    agent = t.alone(graph)
    agent.wait_at_rest()
    equal(len(agent.seen("resource_ran")), 100, "runs at the start")

    mark = agent.mark()
    t.graph("g.yaml", text(changed="y", extra=True, drop=50))
    agent.wait_for("graph_adopted", since=mark)
    t.until_content("f100", "100")
    t.until_content("f7", "y")
    agent.wait_at_rest(mark)
    changed = sorted(e["id"] for e in agent.seen("resource_ran", mark) if e["outcome"] == "changed")
    equal(changed, ["file[f100]", "file[f7]"], "what the edit changed")
    ran = {e["id"] for e in agent.seen("resource_ran", mark)}
    equal(ran, {"file[f100]", "file[f7]"}, "what the edit ran")
    equal(t.read("f50"), "50", "what left the graph is left alone")

    for broken, complaint in (("graph: [oops\n", "g.yaml:"),
                              (text(changed="z") + """edges:
- {name: a, from: {kind: file, name: f1}, to: {kind: file, name: f2}}
- {name: b, from: {kind: file, name: f2}, to: {kind: file, name: f1}}
""", "f1")):
        mark = agent.mark()
        t.graph("g.yaml", broken)
        refused = agent.wait_for("graph_refused", since=mark)
        assert complaint in refused["errors"], refused
        equal(t.read("f7"), "y", "the old graph")
        os.unlink(t.at("f7"))
        t.until_content("f7", "y")  # the old graph stays enforced
    equal(agent.stop(), 0, "exit code")


@case("C18", "a watched file and its parent moved away and made again: the right path is kept")
def c18(t):
    os.makedirs(t.at("p/q"))
    agent = t.alone(t.graph("g.yaml", """
graph: moved
resources:
  file:
  - {name: dir, path: T/p/q/, state: exists}
  - {name: f, path: T/p/q/f, content: kept}
  - {name: top, path: T/p/, state: exists}
"""))
    agent.wait_at_rest()
    os.rename(t.at("p"), t.at("away"))
    t.until_content("p/q/f", "kept")
    agent.wait_at_rest(agent.mark() - 1)
    mark = agent.mark()
    with open(t.at("away/q/f"), "w", encoding="utf-8") as file:
        file.write("nobody cares")
    os.unlink(t.at("p/q/f"))
    t.until_content("p/q/f", "kept")
    equal(t.read("away/q/f"), "nobody cares", "the old inode is not watched")
    t.until(lambda: agent.runs("file[f]", "changed", mark), what="one repair", agent=agent)
    equal(agent.stop(), 0, "exit code")


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@case("C24", "1,000 and 10,000 files under default kernel limits; idle afterwards")
def c24(t):
    for count in (1000, 10000):
        os.makedirs(t.at(f"d{count}"))
        lines = [f"  - {{name: f{n}, path: T/d{count}/f{n}, content: 'number {n}'}}"
                 for n in range(count)]
        graph = t.graph(f"g{count}.yaml",
                        "graph: many\nresources:\n  file:\n" + "\n".join(lines) + "\n")
        agent = t.alone(graph)
        agent.wait_at_rest()
        equal(len(os.listdir(t.at(f"d{count}"))), count, "files made")
        instances = [os.readlink(f"/proc/{agent.process.pid}/fd/{fd}")
                     for fd in os.listdir(f"/proc/{agent.process.pid}/fd")]
        equal(instances.count("anon_inode:inotify"), 1, "inotify instances")
        assert len(instances) < 200, f"{len(instances)} open files"
        os.unlink(t.at(f"d{count}/f{count // 2}"))
        t.until_content(f"d{count}/f{count // 2}", f"number {count // 2}")
        agent.wait_at_rest()
        before = cpu_seconds(agent.process.pid)
        agent.process.poll()
        try:  # a second of rest; the end of the agent would be the event to notice
            agent.process.wait(1)
            raise AssertionError("the agent ended")
        except Exception as error:
            if isinstance(error, AssertionError):
                raise
        assert cpu_seconds(agent.process.pid) - before <= 0.1, "an agent at rest uses no CPU"
        equal(agent.stop(), 0, "exit code")


@case("C25", "limit 2/s, burst 2: at most 4 applies in the first second, right in the end")
def c25(t):
    agent = t.alone(t.graph("g.yaml", """
graph: limited
resources:
  file:
  - {name: f, path: T/f, content: right, meta: {limit: 2, burst: 2}}
"""))
    agent.wait_at_rest()
    started, mark = time.monotonic(), agent.mark()
    for number in range(100):
        with open(t.at("f"), "w", encoding="utf-8") as file:
            file.write(f"wrong {number}")
        t.until(lambda n=number: time.monotonic() - started >= n / 100, what="pace")
    t.until_content("f", "right")
    agent.wait_at_rest(mark)
    applied = [e for e in agent.runs("file[f]", "changed", mark) if e["at"] - started <= 1.0]
    assert 1 <= len(applied) <= 4, f"{len(applied)} applies in the first second"
    equal(t.read("f"), "right")
    equal(agent.stop(), 0, "exit code")


@case("C26", "an edge with notify to an exec reruns it, one without does not")
def c26(t):
    agent = t.alone(t.graph("g.yaml", """
graph: notify
resources:
  file:
  - {name: f, path: T/f, content: right}
  exec:
  - {name: told, cmd: echo x >> T/told, shell: /bin/sh}
  - {name: untold, cmd: echo x >> T/untold, shell: /bin/sh}
edges:
- {name: a, from: {kind: file, name: f}, to: {kind: exec, name: told}, notify: true}
- {name: b, from: {kind: file, name: f}, to: {kind: exec, name: untold}}
"""))
    agent.wait_at_rest()
    equal((t.read("told"), t.read("untold")), ("x\n", "x\n"), "once at the start")
    os.unlink(t.at("f"))
    t.until_content("told", "x\nx\n")
    agent.wait_at_rest()
    equal((t.read("told"), t.read("untold"), t.read("f")), ("x\nx\n", "x\n", "right"))
    assert agent.runs("exec[told]")[-1]["refreshed"], "it was told to"
    assert not re.search("untold", str(agent.seen("resource_ran", refreshed=True)))
    equal(agent.stop(), 0, "exit code")


if __name__ == "__main__":
    sys.exit(main())
