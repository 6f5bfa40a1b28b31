#!/usr/bin/env python3
"""What a person sees and types: flags, logs, status, old spellings, the examples."""
import http.client
import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import time

from rig import (DEADLINE, case, children_of, equal, free_port, main, need_root, open_to_all,
                 store)

GRAPH = """
graph: seen
resources:
  file:
  - {name: f, path: T/f, content: "as declared\\n"}
  print:
  - {name: p, msg: "hello from print"}
"""
FAILING = """
graph: failing
resources:
  exec:
  - {name: wrong, cmd: "false"}
  file:
  - {name: f, path: T/f, content: x}
  - {name: held, path: T/held, content: x}
edges:
- {name: e, from: {kind: exec, name: wrong}, to: {kind: file, name: held}}
"""
ESCAPE = "\x1b"


def plain_run(t, graph, *flags, env=None):
    """A finished run with the text log."""
    return t.command("run", "--standalone", "--hostname", "alone", *flags, graph, env=env)


def on_a_terminal(t, graph, *flags, **env):
    """What a run with a terminal as stderr prints there."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [t.binary, "run", "--standalone", "--hostname", "alone", "-t", "0", *flags, graph],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=slave,
        env={**t.env, "TERM": "xterm", **env})
    os.close(slave)
    told = b""
    end = time.monotonic() + DEADLINE
    try:
        while select.select([master], [], [], max(0, end - time.monotonic()))[0]:
            try:
                part = os.read(master, 65536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            told += part
        equal(process.wait(DEADLINE), 0, "exit code")
    finally:
        process.kill()
        process.wait()
        os.close(master)
    return told.decode()


@case("max-runtime", "--max-runtime 1 ends with code 5 after what runs has ended")
def max_runtime(t):
    started = time.monotonic()
    agent = t.alone(t.graph("g.yaml", GRAPH), "--max-runtime", "1")
    equal(agent.wait(), 5, "exit code")
    assert 1 <= time.monotonic() - started < 10, "after a second"
    assert any("max-runtime" in e["why"] for e in agent.seen("stopping")), agent.tell()
    quick = t.alone(t.at("g.yaml"), "--max-runtime", "60", "-t", "0")
    equal(quick.wait(), 0, "converged before")


@case("timeout-spellings", "--converged-timeout=N, --converged-timeout N, -t N, -tN, positional file")
def timeout_spellings(t):
    graph = t.graph("g.yaml", GRAPH)
    for flags in (["--converged-timeout=1"], ["--converged-timeout", "1"], ["-t", "1"], ["-t1"]):
        started = time.monotonic()
        done = plain_run(t, graph, *flags)
        equal(done.returncode, 0, f"{flags}: {done.stderr}")
        assert time.monotonic() - started >= 1, flags
        assert "Converged for 1 second, exiting!" in done.stderr, done.stderr
    for bad in (["-t", "x"], ["-t", "-2"], ["--max-runtime", "-1"], ["--workers", "0"],
                ["--log-format", "xml"], ["--sema", "-1"], ["--no-such-flag"]):
        done = plain_run(t, graph, *bad)
        equal(done.returncode, 2, f"{bad}: {done.stderr}")
        assert done.stdout == "" and done.stderr, bad


@case("graphviz", "--graphviz draws each new graph; a place that cannot be written is only a warning")
def graphviz(t):
    graph = t.graph("g.yaml", FAILING)
    agent = t.alone(graph, "--graphviz", t.at("g.dot"))
    agent.wait_at_rest()
    picture = t.read("g.dot")
    assert picture.startswith("digraph") and "exec[wrong]" in picture and "->" in picture, picture
    t.graph("g.yaml", GRAPH)
    t.until(lambda: "print[p]" in (t.read("g.dot") or ""), what="the new graph is drawn")
    equal(agent.stop(), 0, "exit code")
    lost = t.alone(graph, "--graphviz", t.at("no/such/g.dot"), "-t", "0")
    equal(lost.wait(), 0, "exit code")
    assert any("graphviz" in e["text"] for e in lost.seen("warned")), lost.tell()


@case("no-watch", "--no-watch: neither files nor the graph are watched")
def no_watch(t):
    graph = t.graph("g.yaml", GRAPH)
    agent = t.alone(graph, "--no-watch")
    agent.wait_at_rest()
    watches = 0
    for entry in os.listdir(f"/proc/{agent.process.pid}/fdinfo"):
        with open(f"/proc/{agent.process.pid}/fdinfo/{entry}", encoding="utf-8") as file:
            watches += sum(line.startswith("inotify") for line in file)
    equal(watches, 0, "watches")
    t.graph("g.yaml", GRAPH.replace("as declared", "edited"))
    os.unlink(t.at("f"))
    status = json.loads(t.command("status", "--json").stdout)
    equal(status["graph"]["redraws"], 1, "redraws")
    equal(agent.stop(), 0, "exit code")
    equal(len(agent.seen("graph_adopted")), 1, "graphs")
    equal(t.read("f"), None, "a deleted file stays deleted")


@case("json-log", "--log-format json: each line of stderr is one JSON object with time and event")
def json_log(t):
    done = plain_run(t, t.graph("g.yaml", FAILING), "--log-format", "json", "-t", "0")
    equal(done.returncode, 4, "exit code")
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert all("time" in e and "event" in e for e in events), done.stderr
    names = [e["event"] for e in events]
    equal((names[0], names[-1]), ("agent_started", "stopped"), "the first and the last")
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", e["time"]) for e in events)


@case("metrics", "--metrics: figures for monitoring systems; a taken port is an error")
def metrics(t):
    def page(path="/metrics", method="GET"):
        asked = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        asked.request(method, path)
        answer = asked.getresponse()
        return answer.status, answer.read().decode()

    def figure(name):
        lines = [line for line in page()[1].splitlines() if line.startswith(name + " ")]
        equal(len(lines), 1, f"lines of {name}")
        return float(lines[0].rsplit(" ", 1)[1])

    port = free_port()
    graph = t.graph("g.yaml", "graph: g\nresources:\n  file:\n"
                    "  - {name: one, path: T/one, content: one}\n"
                    "  - {name: \"@@out\", path: T/out, content: out}\n")
    agent = t.run(graph, "--hostname", "a", "--metrics", f"127.0.0.1:{port}")
    agent.wait_at_rest()
    equal(figure('hansa_resources_in_phase{phase="settled"}'), 1)
    equal(figure('hansa_runs_total{outcome="changed"}'), 1)
    equal(figure('hansa_store_state{state="connected"}'), 1)
    equal(figure("hansa_records_written_total"), 1, "the export")
    equal([page("/")[0], page(method="POST")[0]], [404, 405])
    os.unlink(t.at("one"))
    t.until(lambda: figure('hansa_runs_total{outcome="changed"}') == 2, what="the repair counts")

    other = t.run(graph, "--hostname", "b", "--metrics", f"127.0.0.1:{port}")
    equal(other.wait(), 3, other.tell())
    assert f"--metrics: 127.0.0.1:{port} is taken" in "\n".join(other.lines), other.tell()


@case("doctor", "hansa doctor: what is wrong and what to do, of a well agent, an ill one and none")
def doctor(t):
    def findings(code, **env):
        done = t.command("doctor", "--json", env={**t.env, **env})
        equal(done.returncode, code, done.stdout + done.stderr)
        return {grade: [f"{one['what']} / {one.get('remedy', '')}"
                        for one in json.loads(done.stdout)["findings"] if one["grade"] == grade]
                for grade in ("problem", "warning", "ok")}

    agent = t.run(t.graph("g.yaml", "graph: g\nresources:\n  noop:\n  - {name: one}\n"),
                  "--hostname", "a")
    agent.wait_for("store_changed", state="connected")
    well = findings(0)
    equal(well["problem"], [])
    for words in ("the cluster is healthy", "the store is reached", "its certificate is valid"):
        assert any(words in one for one in well["ok"]), well

    t.graph("g.yaml", "graph: [\n")
    agent.wait_for("graph_refused")
    ill = findings(4)
    equal(len(ill["problem"]), 1, ill)
    assert "the graph file has errors" in ill["problem"][0] and "hansa validate" in ill["problem"][0]
    assert any("no etcd" in one for one in findings(4, PATH="/nowhere")["problem"])

    equal(agent.stop(), 0)
    assert any("its agent does not run" in one for one in findings(0)["warning"])
    shown = t.command("doctor")
    assert "\n         do: " in shown.stdout, shown.stdout


@case("refused-edit", "an edit that is refused stays told while what is collected changes")
def refused_edit(t):
    collect = "graph: in\ncollect:\n- {kind: print}\n"
    exported = "graph: out\nresources:\n  print:\n  - {name: \"@@p\", msg: MSG}\n"
    a = t.run(t.graph("a.yaml", collect), "--hostname", "a", *t.allow("{allow: print, from: b}"))
    a.wait_at_rest()
    t.graph("a.yaml", "graph: [\n")
    a.wait_for("graph_refused")
    b = t.run(t.graph("b.yaml", exported.replace("MSG", "one")), "--hostname", "b")
    a.wait_for("spoke", line="one")
    t.graph("b.yaml", exported.replace("MSG", "two"))
    a.wait_for("spoke", line="two")
    graph = json.loads(t.command("status", "--hostname", "a", "--json").stdout)["graph"]
    assert graph["refused"], graph
    equal((graph["redraws"], graph["resources"]), (3, 1), "the file, the export, the change of it")
    equal(len(a.seen("graph_adopted")), 1, "graphs of the file")
    equal([x.stop() for x in (a, b)], [0, 0], "exit codes")


@case("fatal-end", "an end that the agent chooses is told as an event, with the exit code and a summary")
def fatal_end(t):
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    url = f"https://127.0.0.1:{listener.getsockname()[1]}"
    flags = ["run", "--hostname", "a", "--client-urls", url, t.graph("g.yaml", GRAPH)]
    done = t.command(*flags, "--log-format", "json")
    equal(done.returncode, 1, done.stderr)
    events = [json.loads(line) for line in done.stderr.splitlines()]
    equal([e["event"] for e in events[-2:]], ["fatal", "stopped"], "the last two")
    assert url.rsplit(":", 1)[1] in events[-2]["text"], events[-2]
    equal(events[-1]["exit_code"], 1, "the code told")
    text = t.command(*flags)
    equal(text.returncode, 1, text.stderr)
    assert "resources: " in text.stderr and "Goodbye!" in text.stderr, text.stderr
    missing = t.command("run", "--standalone", "--log-format", "json", t.at("none.yaml"))
    told = [json.loads(line)["event"] for line in missing.stderr.splitlines()]
    equal((missing.returncode, told), (2, ["fatal", "stopped"]), "one that never began")
    listener.close()


@case("text-log", "the log of a run reads well: start, changes, failures, summary; quiet with -q")
def text_log(t):
    graph = t.graph("g.yaml", FAILING)
    done = plain_run(t, graph, "-t", "0")
    equal(done.returncode, 4, "exit code")
    for wanted in ("on host alone", "graph failing: 3 resources, 1 edge", "file[f] changed",
                   "exec[wrong] failed", "file[held] is blocked", "Converged, exiting!",
                   "3 resources: 1 as declared, 1 failed, 1 blocked", "Goodbye!"):
        assert wanted in done.stderr, f"{wanted!r} is not in\n{done.stderr}"
    quiet = plain_run(t, graph, "-t", "0", "-q")
    equal(quiet.returncode, 4, "exit code")
    lines = quiet.stderr.splitlines()
    equal(len(lines), 1, f"only what is wrong:\n{quiet.stderr}")
    assert "exec[wrong] failed" in lines[0], lines
    fine = plain_run(t, t.graph("g.yaml", GRAPH), "-t", "0", "-q")
    equal((fine.returncode, fine.stderr, fine.stdout), (0, "", "hello from print\n"), "all is well")


@case("hang-up", "SIGHUP ends an agent as SIGTERM does, and under nohup does nothing")
def hang_up(t):
    graph = t.graph("g.yaml", GRAPH)
    agent = t.alone(graph)
    agent.wait_at_rest()
    agent.signal(signal.SIGHUP)
    equal(agent.wait(), 0, "exit code")
    assert "SIGHUP" in agent.seen("stopping")[0]["why"], agent.tell()
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # what the child inherits
    staying = t.alone(graph)
    signal.signal(signal.SIGHUP, before)
    staying.wait_at_rest()
    staying.signal(signal.SIGHUP)
    os.unlink(t.at("f"))
    t.until_content("f", "as declared\n")
    equal(staying.stop(), 0, "exit code")


@case("colours", "escape codes on a terminal only, and not with NO_COLOR or TERM=dumb")
def colours(t):
    graph = t.graph("g.yaml", GRAPH)
    assert ESCAPE not in plain_run(t, graph, "-t", "0").stderr, "a pipe"
    assert ESCAPE in on_a_terminal(t, graph), "a terminal"
    assert ESCAPE not in on_a_terminal(t, graph, NO_COLOR="1"), "NO_COLOR"
    assert ESCAPE not in on_a_terminal(t, graph, TERM="dumb"), "TERM=dumb"
    assert ESCAPE not in on_a_terminal(t, graph, "--log-format", "json"), "JSON"


@case("status", "status shows the store, what failed and why, what is blocked and by what")
def status_of_agent(t):
    agent = t.alone(t.graph("g.yaml", FAILING))
    agent.wait_at_rest()
    done = t.command("status")  # the only agent needs no name
    equal(done.returncode, 0, done.stderr)
    for wanted in (r"agent +alone, hansa \d", r"graph +failing", r"store +standalone",
                   r"exec\[wrong\] +failed .*exit", r"file\[held\] +blocked .*exec\[wrong\]",
                   r"file\[f\] +settled", r"at rest"):
        assert re.search(wanted, done.stdout), f"{wanted!r} is not in\n{done.stdout}"
    whole = json.loads(t.command("status", "--json").stdout)
    found = {r["id"]: r for r in whole["resources"]}
    equal(whole["counts"], {"settled": 1, "failed": 1, "blocked": 1}, "counts")
    equal(whole["store"]["state"], "standalone", "store")
    assert found["exec[wrong]"]["last_error"] and found["exec[wrong]"]["failures"] >= 1, found
    assert "exec[wrong]" in found["file[held]"]["detail"], found
    assert all(r["since"].endswith("Z") for r in found.values()), found
    config = {**t.env, "HANSA_CONFIG": t.write("c.yaml", f"prefix: {t.prefix}\nstandalone: true\n")}
    del config["HANSA_PREFIX"]
    equal(t.command("status", env=config).returncode, 0, "the prefix of the config file")
    t.graph("g.yaml", "graph: [\n")
    agent.wait_for("graph_refused")
    assert "not enforced" in t.command("status").stdout, "the refused edit is shown"
    equal(agent.stop(), 0, "exit code")
    gone = t.command("status")
    assert gone.returncode != 0 and "hansa run" in gone.stderr, gone


@case("status-of-several", "of several agents one must be chosen; both share one store and prefix")
def status_of_several(t):
    graph = t.graph("g.yaml", GRAPH + "collect:\n- {kind: file, pattern: T/}\n")
    agents = [t.run(graph, "--hostname", host) for host in ("one", "two")]
    for agent in agents:
        store(t, agent)
        agent.wait_at_rest()
    equal(sum("etcd" in children_of(a.process.pid).values() for a in agents), 1, "etcds")
    unsure = t.command("status")
    equal(unsure.returncode, 2, "exit code")
    assert "one, two" in unsure.stderr and "--hostname" in unsure.stderr, unsure.stderr
    for host in ("one", "two"):
        told = json.loads(t.command("status", "--hostname", host, "--json").stdout)
        equal((told["agent"]["host"], told["store"]["state"]), (host, "connected"), "status")
    nobody = t.command("status", "--hostname", "three")
    assert nobody.returncode != 0 and "three" in nobody.stderr, nobody
    equal(agents[1].stop(), 0, "exit code")
    only = t.command("status", "--json")
    equal(json.loads(only.stdout)["agent"]["host"], "one", "the only one left")
    again = t.run(graph, "--hostname", "two")
    again.wait_at_rest()
    agents[0].kill()
    only = t.command("status", "--json")
    equal(json.loads(only.stdout)["agent"]["host"], "two", "a killed one's socket is no agent")
    again.kill()
    dead = t.command("status")
    assert dead.returncode != 0 and dead.stderr.count("\n") == 1, dead


@case("status-for-a-group", "another user is told nothing, unless it is in the group that may ask")
def status_for_a_group(t):
    need_root()
    open_to_all(t)
    graph = t.graph("g.yaml", GRAPH)
    closed = t.alone(graph)
    closed.wait_at_rest()
    refused = t.command("status", "--hostname", "alone", user="nobody")
    assert refused.returncode != 0 and refused.stdout == "", refused
    equal(closed.stop(), 0, "exit code")
    opened = t.alone(graph, "--control-group", "nogroup")  # which is nobody's
    opened.wait_at_rest()
    told = t.command("status", "--hostname", "alone", user="nobody")
    equal(told.returncode, 0, told.stderr)
    assert "alone, hansa" in told.stdout, told.stdout
    modes = {name: oct(os.stat(t.at("state/alone", name)).st_mode & 0o777)
             for name in (".", "control.sock", "identity.json")}
    equal(modes, {".": "0o710", "control.sock": "0o660", "identity.json": "0o600"}, "modes")
    equal(opened.stop(), 0, "exit code")
    again = t.alone(graph)
    again.wait_at_rest()
    refused = t.command("status", "--hostname", "alone", user="nobody")
    assert refused.returncode != 0 and refused.stdout == "", "closed again"
    equal(again.stop(), 0, "exit code")
    unknown = t.alone(graph, "--control-group", "no-such-group")
    equal(unknown.wait(), 2, "exit code")


@case("status-of-a-frozen-agent", "status of an agent that hangs ends, and does not say it is gone")
def status_of_a_frozen_agent(t):
    agent = t.alone(t.graph("g.yaml", GRAPH))
    agent.wait_at_rest()
    agent.signal(signal.SIGSTOP)
    try:
        done = t.command("status", deadline=30)
    finally:
        agent.signal(signal.SIGCONT)
    equal((done.returncode, done.stdout), (1, ""), "status")
    assert "does not answer" in done.stderr and "alone" in done.stderr, done.stderr
    equal(t.command("status").returncode, 0, "afterwards")
    agent.kill()
    equal(t.command("status").returncode, 1, "the dead one's socket is still there")
    assert "no agent named alone runs" in t.command("status").stderr
    again = t.alone(t.at("g.yaml"))
    again.wait_at_rest()
    equal(t.command("status").returncode, 0, "the next one takes its place")
    equal(again.stop(), 0, "exit code")


@case("lost-readers", "an agent whose log nobody reads any more goes on")
def lost_readers(t):
    process = subprocess.Popen(
        [t.binary, "run", "--standalone", "--hostname", "alone", "-v", t.graph("g.yaml", GRAPH)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=t.env)
    try:
        process.stdout.readline()
        process.stdout.close()
        process.stderr.close()
        t.until_content("f", "as declared\n")
        for _ in range(3):
            os.unlink(t.at("f"))
            t.until_content("f", "as declared\n")
        process.terminate()
        equal(process.wait(DEADLINE), 0, "exit code")
    finally:
        process.kill()
        process.wait()


@case("old-spellings", "types:, type:, service, exec with timeout, pollint, state: as in old graphs")
def old_spellings(t):
    old = """
---
graph: mygraph
comment: an old one
types:
  noop:
  - name: noop1
    comment: nothing
  exec:
  - name: exec1
    cmd: touch T/ran
    shell: ''
    timeout: 10
    watchcmd: ''
    watchshell: ''
    ifcmd: ''
    ifshell: ''
    pollint: 0
    state: present
  file:
  - name: file1
    path: T/file1
    content: |
      i am f1
    state: exists
edges:
- name: e1
  from:
    type: noop
    name: noop1
  to:
    type: exec
    name: exec1
- name: e2
  from:
    type: exec
    name: exec1
  to:
    kind: file
    name: file1
"""
    graph = t.graph("old.yaml", old)
    agent = t.alone(graph, "--converged-timeout=0")
    equal(agent.wait(), 0, "exit code")
    assert os.path.exists(t.at("ran")), "the exec ran"
    equal(t.read("file1"), "i am f1\n", "content")
    order = [e["id"] for e in agent.seen("resource_ran")]
    equal(order[:3], ["noop[noop1]", "exec[exec1]", "file[file1]"], "order")

    service = t.graph("service.yaml", old.replace("  file:\n", """  service:
  - name: crond
    state: running
    startup: enabled
  file:
"""))
    checked = t.command("validate", service)
    equal(checked.returncode, 0, checked.stderr)
    assert "svc" in checked.stderr and "refuses" in checked.stderr, checked.stderr
    os.unlink(t.at("file1"))
    refused = t.alone(service)
    equal(refused.wait(), 2, "exit code")
    assert any("svc" in line for line in refused.lines), refused.tell()
    equal(t.read("file1"), None, "nothing is changed")
    collecting = t.graph("collect.yaml", old + "collect:\n- type: file\n  pattern: 'T/'\n")
    equal(t.command("validate", collecting).returncode, 0, "collect with type:")


def example(t, name):
    """An example's graph with /tmp moved into the scratch directory."""
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples")
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        return t.write(name, file.read().replace("/tmp/", t.path + "/"))


@case("examples", "hello, webserver and parallel do what their comments say")
def examples(t):
    hello = t.alone(example(t, "hello.yaml"))
    hello.wait_at_rest()
    equal(t.read("hello"), "hello, world\n", "hello")
    t.write("hello", "edited")
    t.until_content("hello", "hello, world\n")
    equal(hello.stop(), 0, "exit code")

    graph = example(t, "webserver.yaml")
    web = t.alone(graph)
    web.wait_at_rest()
    equal(t.read("webserver/site.conf"), "listen 8080\n", "configuration")
    lines = t.read("webserver/reloads").count("\n")
    mark = web.mark()
    with open(graph, encoding="utf-8") as file:
        text = file.read()
    t.write("webserver.yaml", text.replace("8080", "8081"))
    t.until(lambda: t.read("webserver/reloads").count("\n") > lines, what="a reload")
    web.wait_at_rest(mark)
    equal(t.read("webserver/reloads").count("\n"), lines + 1, "one reload for one change")
    os.rename(t.at("webserver"), t.at("away"))
    t.until_content("webserver/site.conf", "listen 8081\n")
    equal(web.stop(), 0, "exit code")

    started = time.monotonic()
    parallel = t.alone(example(t, "parallel.yaml"), "-t", "0")
    equal(parallel.wait(), 0, "exit code")
    took = time.monotonic() - started
    assert 3 <= took < 6, f"{took:.1f} s; one after the other it would be 8.5"
    ran = [e["id"] for e in parallel.seen("resource_ran")]
    assert ran.index("exec[build]") < ran.index("exec[ship1]"), ran


if __name__ == "__main__":
    sys.exit(main())
