#!/usr/bin/env python3
"""Bad input: broken and huge graphs, strange names, full disks, targets that are in the way."""
import contextlib
import os
import resource
import sys
import time

from rig import (case, equal, etcdctl, home_of_nobody, main, need_root, open_to_all, small_disk,
                 store)

GOOD = """
graph: good
resources:
  file:
  - {name: f, path: T/f, content: "as declared\\n"}
"""


def refused(t, graph, *wanted):
    """A run that ends with code 2 before anything is changed; its message."""
    agent = t.alone(graph)
    equal(agent.wait(), 2, "exit code")
    told = "\n".join(agent.lines)
    for word in wanted:
        assert word in told, f"{word!r} is not said\n{agent.tell()}"
    equal([e["event"] for e in agent.events], ["fatal", "stopped"], "nothing is begun")
    equal(agent.events[-1]["exit_code"], 2, "the code it tells")
    assert not os.path.exists(t.at("state", "alone")), "no state is made"
    return told


def fill(disk):
    """Leaves no byte free; the ballast can be removed again."""
    ballast = os.open(os.path.join(disk, "ballast"), os.O_CREAT | os.O_WRONLY)
    with contextlib.suppress(OSError):
        while True:
            os.write(ballast, b"x" * 4096)
    os.close(ballast)


@case("broken-graph", "a graph that is broken at start: every error with its place, nothing changed")
def broken_graph(t):
    wrong = {
        "syntax": ("graph: g\nresources: [\n", ["g.yaml:"]),
        "unknown kind": ("graph: g\nresources:\n  fille:\n  - {name: f}\n",
                         ["g.yaml:3:", "fille", "file"]),
        "unknown field": (GOOD.replace("content", "contents"), ["g.yaml:5:", "contents"]),
        "wrong type": (GOOD.replace('"as declared\\n"', "[1, 2]"), ["g.yaml:5:", "content"]),
        "edge to nothing": (GOOD + "edges:\n- {name: e, from: {kind: file, name: f}, "
                            "to: {kind: file, name: gone}}\n", ["g.yaml:7:", "gone"]),
        "not YAML at all": ("\x7fELF\x02\x01\x01", ["g.yaml"]),
        "empty": ("", ["g.yaml", "graph"]),
        "a relative path": (GOOD.replace("T/f", "f"), ["g.yaml:5:", "absolute"]),
        "deep nesting": ("graph: g\nresources: " + "[" * 100 + "]" * 100 + "\n", ["g.yaml:2:"]),
        "two errors": (GOOD.replace("content", "contents") + "  - {name: g, paht: /x}\n",
                       ["g.yaml:5:", "contents", "g.yaml:6:", "paht"]),
    }
    for what, (text, words) in wrong.items():
        try:
            refused(t, t.graph("g.yaml", text), *words)
        except AssertionError as error:
            raise AssertionError(f"{what}: {error}") from None
    assert not os.path.exists(t.at("f")), "nothing is changed"


@case("binary-graph", "NUL bytes and broken UTF-8 in a graph are refused with their place")
def binary_graph(t):
    for what, spoilt in {"NUL": b"\0", "UTF-8": b"\xff\xfe"}.items():
        path = t.graph("g.yaml", GOOD)
        with open(path, "rb") as file:
            data = file.read()
        with open(path, "wb") as file:
            file.write(data.replace(b"as declared", b"as " + spoilt))
        told = refused(t, path, "g.yaml:")
        assert told.isprintable() or "\n" in told, what


@case("huge-graph", "a graph of 100 MB is refused at once, and is not read into memory")
def huge_graph(t):
    path = t.at("huge.yaml")
    with open(path, "wb") as file:
        file.write(b"graph: huge\nresources:\n  noop:\n")
        line = b"  - {name: resource-%09d}\n"
        for block in range(40):
            file.write(b"".join(line % i for i in range(block * 100_000, (block + 1) * 100_000)))
    assert os.path.getsize(path) > 100_000_000
    for command in (["validate", path], ["run", "--standalone", "--hostname", "h", path]):
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        started = time.monotonic()
        done = t.command(*command)
        equal(done.returncode, 2, f"exit code of {command[0]}\n{done.stderr}")
        assert "16777216" in done.stderr and "huge.yaml" in done.stderr, done.stderr
        assert time.monotonic() - started < 10, "promptly"
        peak = max(before, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
        assert peak < 200_000 or peak == before, f"{peak} KiB"


@case("odd-graph-file", "a directory, a fifo, a dangling link, an unreadable file as graph")
def odd_graph_file(t):
    os.mkdir(t.at("directory"))
    refused(t, t.at("directory"), "directory")
    os.mkfifo(t.at("fifo"))
    refused(t, t.at("fifo"), "regular file")
    os.symlink(t.at("gone"), t.at("dangling"))
    refused(t, t.at("dangling"), "no such file")
    os.symlink("circle", t.at("circle"))
    refused(t, t.at("circle"), "circle")
    refused(t, "/dev/zero", "regular file")


@case("end-while-reading", "an end while a large edited graph is still being read: code 0, nothing breaks")
def end_while_reading(t):
    many = "".join(f"  - {{name: f{i}, path: T/f, content: x}}\n" for i in range(60_000))
    for _ in range(3):
        agent = t.alone(t.graph("g.yaml", GOOD))
        agent.wait_at_rest()
        threads = f"/proc/{agent.process.pid}/task"
        t.until(lambda at=threads: len(os.listdir(at)) == 1, what="no worker is left")
        t.graph("g.yaml", "graph: large\nresources:\n  file:\n" + many)
        t.until(lambda at=threads: len(os.listdir(at)) > 1, what="a worker reads the edit")
        equal(agent.stop(), 0, "exit code")


@case("unreadable-graph", "a graph that this user may not read: exit 2, said plainly")
def unreadable_graph(t):
    need_root()
    open_to_all(t)
    graph = t.graph("g.yaml", GOOD)
    os.chmod(graph, 0o600)
    agent = t.run(graph, "--standalone", "--hostname", "n", "--prefix", home_of_nobody(t),
                  user="nobody")
    equal(agent.wait(), 2, "exit code")
    assert any("may not be read" in line for line in agent.lines), agent.tell()


@case("edited-into-nonsense", "a running agent whose graph becomes nonsense keeps the old one")
def edited_into_nonsense(t):
    graph = t.graph("g.yaml", GOOD)
    agent = t.alone(graph)
    agent.wait_at_rest()

    def still_enforced(what):
        os.unlink(t.at("f"))
        t.until_content("f", "as declared\n")
        assert not agent.ended(), what

    spoilers = {
        "syntax": lambda: t.graph("g.yaml", "graph: [\n"),
        "empty": lambda: t.graph("g.yaml", ""),
        "another kind of file": lambda: (os.unlink(graph), os.mkdir(graph)),
        "gone": lambda: os.rmdir(graph),
        "a kind that cannot be applied": lambda: t.graph(
            "g.yaml", "graph: g\nresources:\n  pkg:\n  - {name: drbd-utils, state: installed}\n"),
        "huge": lambda: os.truncate(graph, 100_000_000),
        "noise": lambda: t.write("g.yaml", "".join(map(chr, range(1, 300)))),
    }
    for what, spoil in spoilers.items():
        mark = agent.mark()
        spoil()
        told = agent.wait_for("graph_refused", since=mark)
        assert "g.yaml" in told["errors"], f"{what}: {told}"
        still_enforced(what)
    status = t.command("status")
    assert "not enforced" in status.stdout, status.stdout
    mark = agent.mark()
    t.graph("g.yaml", GOOD.replace("as declared", "again"))
    agent.wait_for("graph_adopted", since=mark)
    t.until_content("f", "again\n")
    equal(agent.stop(), 0, "exit code")


ODD_NAMES = ["..", "../../etc/passwd", "/", "a/b", ".", "a b", "quote\"'", "percent%41", "ünïcode",
             "@manifest", "a" * 200, "[*?]", "-rf", "$(touch T)"]


@case("odd-names", "names are only names: percent-encoded in keys, never paths")
def odd_names(t):
    quoted = [n.replace('"', '\\"') for n in ODD_NAMES]
    lines = [f'  - {{name: "@@{q}", path: "T/out/{i}", content: "{i}"}}'
             for i, q in enumerate(quoted)]
    local = [f'  - {{name: "local {q}", path: "T/own/{i}", content: "{i}"}}'
             for i, q in enumerate(quoted)]
    os.makedirs(t.at("own"))
    os.makedirs(t.at("in"))
    graph = t.graph("g.yaml", "graph: odd\nresources:\n  file:\n" + "\n".join(lines + local) +
                    "\ncollect:\n- {kind: file, pattern: T/in/}\n")
    agent = t.run(graph, "--hostname", "odd")
    agent.wait_at_rest()
    wanted = sorted(str(i) for i in range(len(ODD_NAMES)))
    for where in ("in", "own"):
        t.until(lambda w=where: sorted(os.listdir(t.at(w))) == wanted, what=f"files in {where}")
    url = store(t, agent)
    keys = etcdctl(t, url, "get", "/hansa/v1/exports/odd/", "--prefix", "--keys-only").split()
    names = [k.removeprefix("/hansa/v1/exports/odd/") for k in keys]
    equal(len([n for n in names if n.startswith("file/")]), len(ODD_NAMES), "exports")
    for wanted in ("file/%2E%2E", "file/..%2F..%2Fetc%2Fpasswd", "file/%2F", "file/a%2Fb",
                   "file/a%20b", "file/percent%2541", "file/%C3%BCn%C3%AFcode",
                   "file/%40manifest"):
        assert wanted in names, f"{wanted} is not in {names}"
    equal(sorted(os.listdir(t.path)), ["config.yaml", "g.yaml", "in", "own", "state"],
          "nothing else is touched")
    status = t.command("status", "--hostname", "odd")
    assert "../../etc/passwd" in status.stdout, status.stdout
    equal(agent.stop(), 0, "exit code")


@case("control-characters", "NUL, newline, escape codes in names or paths: refused, never printed raw")
def control_characters(t):
    for spelt in ("\\0", "\\n", "\\t", "\\x1b[31m", "\\x7f", "\\u0085"):
        for graph in (GOOD.replace("name: f", f'name: "a{spelt}b"'),
                      GOOD.replace("name: f", f'name: "@@a{spelt}b"')):
            told = refused(t, t.graph("g.yaml", graph), "g.yaml:5:")
            assert told.replace("\n", "").isprintable(), repr(told)
    told = refused(t, t.graph("g.yaml", GOOD.replace("T/f", '"T/a\\0b"')), "g.yaml:5:")
    assert "\0" not in told, repr(told)
    for unsure in ("\\x1b[31m", "\\n"):  # a file may be named so; the terminal is spared
        path = t.graph("g.yaml", GOOD.replace("T/f", f'"T/no/such/a{unsure}b"'))
        done = t.command("run", "--standalone", "--hostname", "alone", "-t", "0", path)
        assert done.returncode in (2, 4), done
        assert done.stderr.replace("\n", "").isprintable(), repr(done.stderr)


@case("odd-bytes", "what is no text, from another host or in a file's name, is shown and harmless")
def odd_bytes(t):
    graph = t.graph("g.yaml", """
graph: g
resources:
  print:
  - {name: "@@bytes", msg: {base64: "/xtbMW0K/w=="}}
collect:
- {kind: print}
""")
    agent = t.run(graph, "--hostname", "a", *t.allow("{allow: print, from: a}"))
    agent.wait_for("spoke")
    agent.wait_at_rest()
    equal(t.command("status", "--json").returncode, 0, "status")
    equal(agent.stop(), 0, "exit code")
    equal(agent.out, ["\\xFF\\x1B[1m", "\\xFF"], "on stdout")
    odd = os.fsencode(t.at("g")) + b"\xff.yaml"
    os.rename(graph, odd)
    for log in ("json", "text"):
        done = t.command("run", "--standalone", "--hostname", "a", "-t", "0", "--log-format", log, odd)
        equal(done.returncode, 0, done.stderr)
        assert "g\\xFF.yaml" in done.stderr.replace("\\\\", "\\"), done.stderr


@case("in-the-way", "a target that is a directory, a missing parent: named, the rest goes on")
def in_the_way(t):
    os.makedirs(t.at("taken/inside"))
    agent = t.alone(t.graph("g.yaml", """
graph: g
resources:
  file:
  - {name: taken, path: T/taken, content: "x"}
  - {name: orphan, path: T/no/such/parent, content: "x"}
  - {name: below a file, path: T/plain/x, content: "x"}
  - {name: plain, path: T/plain, content: "plain"}
  - {name: wanted, path: T/wanted/, state: absent}
  - {name: fine, path: T/fine, content: "fine"}
"""))
    agent.wait_at_rest()
    equal(t.read("fine"), "fine", "the rest goes on")
    equal(os.listdir(t.at("taken")), ["inside"], "the directory is not touched")
    for name, word in {"taken": "directory", "orphan": t.at("no/such"),
                       "below a file": "plain"}.items():
        failed = agent.runs(f"file[{name}]", "failed") or agent.runs(f'file["{name}"]', "failed")
        assert failed and word in failed[-1]["error"], f"{name}: {agent.tell()}"
    os.makedirs(t.at("no/such"))
    equal(agent.stop(), 0, "exit code")
    again = t.alone(t.at("g.yaml"), "-t", "0")
    equal(again.wait(), 4, "some failed")
    equal(t.read("no/such/parent"), "x", "the parent is there now")


def odd_files(directory):
    """What is in `directory`, hidden files included."""
    return sorted(os.listdir(directory))


@case("disk-full", "a full disk: the old content stays, no litter, the cause named, then recovery")
def disk_full(t):
    with small_disk(t.at("disk"), "64k") as disk:
        agent = t.alone(t.graph("g.yaml", """
graph: g
resources:
  file:
  - {name: kept, path: T/disk/kept, content: "old"}
"""))
        agent.wait_at_rest()
        fill(disk)
        mark = agent.mark()
        t.graph("g.yaml", """
graph: g
resources:
  file:
  - {name: kept, path: T/disk/kept, content: "%s", meta: {retry: -1, delay: 100}}
  - {name: elsewhere, path: T/elsewhere, content: "fine"}
""" % ("new" * 3000))
        failed = agent.wait_for("resource_ran", since=mark, id="file[kept]", outcome="failed")
        assert "space" in failed["error"] and "kept" in failed["error"], failed
        t.until_content("elsewhere", "fine")
        equal(t.read("disk/kept"), "old", "old content")
        equal(odd_files(disk), ["ballast", "kept"], "no temporary file")
        os.unlink(os.path.join(disk, "ballast"))
        t.until_content("disk/kept", "new" * 3000)
        agent.wait_at_rest(mark)
        equal(odd_files(disk), ["kept"], "no temporary file")
        equal(agent.stop(), 0, "exit code")


@case("full-state", "the agent's own state on a full disk: refused, naming the cause")
def full_state(t):
    with small_disk(t.at("disk"), "64k") as disk:
        fill(disk)
        agent = t.alone(t.graph("g.yaml", GOOD), "--prefix", disk, "-t", "0")
        equal(agent.wait(), 1, "exit code")
        assert any("space" in line for line in agent.lines), agent.tell()
        assert not os.path.exists(t.at("f")), "nothing is changed"


@case("unreadable-target", "a target that this user may not read or write fails alone")
def unreadable_target(t):
    need_root()
    open_to_all(t)
    mine = home_of_nobody(t)
    t.write("closed", "secret")
    os.chmod(t.at("closed"), 0o600)
    os.mkdir(t.at("vault"), 0o700)
    agent = t.run(t.graph("g.yaml", """
graph: g
resources:
  file:
  - {name: closed, path: T/closed, content: "mine"}
  - {name: vault, path: T/vault/x, content: "mine"}
  - {name: own, path: T/nobody/own, content: "mine"}
"""), "--standalone", "--hostname", "n", "--prefix", mine + "/state", user="nobody")
    agent.wait_at_rest()
    equal(t.read("nobody/own"), "mine", "the rest goes on")
    for name in ("closed", "vault"):
        failed = agent.runs(f"file[{name}]", "failed")
        assert failed and "ermi" in failed[-1]["error"], f"{name}: {agent.tell()}"
    equal(t.read("closed"), "secret", "nothing is changed")
    equal(odd_files(t.at("vault")), [], "nothing is made")
    equal(agent.stop(), 0, "exit code")


@case("foreign-prefix", "a state directory of somebody else, a damaged identity: refused")
def foreign_prefix(t):
    graph = t.graph("g.yaml", GOOD)
    os.makedirs(t.at("state", "alone"), 0o777)
    os.chmod(t.at("state", "alone"), 0o777)
    open_prefix = t.alone(graph, "-t", "0")
    equal(open_prefix.wait(), 1, "a directory that others may write")
    assert any("0700" in line for line in open_prefix.lines), open_prefix.tell()
    os.chmod(t.at("state", "alone"), 0o700)
    t.write("state/alone/identity.json", "{not json")
    damaged = t.alone(graph, "-t", "0")
    equal(damaged.wait(), 3, "a damaged identity")
    assert any("identity.json" in line for line in damaged.lines), damaged.tell()
    equal(t.read("state/alone/identity.json"), "{not json", "it is left as it is")
    assert not os.path.exists(t.at("f")), "nothing is changed"


if __name__ == "__main__":
    sys.exit(main())
