#!/usr/bin/env python3
"""What operators ask a running agent about its cluster, and change of it."""
import json
import os
import signal
import subprocess
import sys
import threading

from rig import case, equal, etcdctl, main, need_root, open_to_all, store

GRAPH = """
graph: commands
resources:
  file:
  - {name: own, path: T/own, content: own}
"""


def shown(t, *words, code=0):
    """The JSON answer of a command."""
    done = t.command(*words, "--json")
    equal(done.returncode, code, done.stderr)
    return json.loads(done.stdout)


def refused(t, *words, code=1, user=None):
    """Why a command was refused."""
    done = t.command(*words, user=user)
    equal((done.returncode, done.stdout), (code, ""), f"{words}: {done.stderr}")
    return done.stderr


@case("cluster-commands", "an agent tells how its store is, and changes what its operator asks for")
def cluster_commands(t):
    graph = t.graph("g.yaml", GRAPH)
    assert "no agent" in refused(t, "cluster", "status")
    assert "no agent" in refused(t, "cluster", "size", "3")
    agent = t.run(graph, "--hostname", "a")
    store(t, agent)
    status = shown(t, "cluster", "status")
    equal((status["health"], status["voters"], status["can_lose"]), ("healthy", 1, 0), "status")
    equal([m["etcd"] != "" and m["answers"] and m["leads"] for m in status["members"]], [True],
          "the one member answers and leads")
    text = t.command("cluster", "status").stdout
    assert "a loss of the only voter stops writes" in text, text
    for wrong in ("4", "0", "11", "-1", "three"):
        assert "must be odd" in refused(t, "cluster", "size", wrong, code=2), wrong
    assert '"fast"' in refused(t, "cluster", "timing", "slow", code=2)
    done = shown(t, "cluster", "timing", "fast")
    equal(done["now"]["timing"], "fast", "timing")
    done = shown(t, "cluster", "size", "3")
    equal((done["before"]["ideal"], done["now"]), (5, {"ideal": 3, "timing": "fast"}), "size")
    assert "serves its own machine only" in done["warnings"][0], done
    equal(t.command("cluster", "size").stdout, "3\n", "size afterwards")
    equal(t.command("cluster", "timing").stdout, "fast\n", "timing afterwards")
    equal(agent.stop(), 0, "exit code")
    alone = t.alone(graph)
    alone.wait_at_rest()
    assert "is in no cluster" in refused(t, "cluster", "status", "--hostname", "alone")
    equal(alone.stop(), 0, "exit code")


class Watch:
    """A running `hansa peers --watch`; its tables, as JSON."""

    def __init__(self, t):
        self.t, self.tables = t, []
        self.process = subprocess.Popen(
            [t.binary, "peers", "--watch", "--json", "--hostname", "a"], env=t.env,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        for line in self.process.stdout:
            self.tables.append(json.loads(line))

    def until(self, condition, what):
        self.t.until(lambda: self.tables and condition(self.tables[-1]["peers"]), what=what)

    def end(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(10)
        self.thread.join(10)
        self.process.stdout.close()


@case("peers", "an agent tells who is in the cluster, and tells it again when that changes")
def peers(t):
    assert "no agent" in refused(t, "peers")
    graph = t.graph("g.yaml", GRAPH)
    first = t.run(graph, "--hostname", "a")
    store(t, first)
    t.until(lambda: [p["alive"] for p in shown(t, "peers")["peers"]] == [True], what="a is known")
    [one] = shown(t, "peers")["peers"]
    equal((one["name"], one["seat"]), ("a", "-"), "a peer")
    assert one["version"] and one["since"] and "clock_offset_ms" not in one, one
    assert t.command("peers").stdout.startswith("NAME"), "a table"

    watch = Watch(t)
    try:
        second = t.run(t.graph("h.yaml", GRAPH.replace("own", "other")), "--hostname", "b")
        watch.until(lambda peers: [p["alive"] for p in peers] == [True, True], "b has come")
        equal(second.stop(), 0, "exit code")
        watch.until(lambda peers: [p["alive"] for p in peers] == [True, False], "b has ended")
    finally:
        watch.end()
    assert len(watch.tables) <= 6, "a table for each change, and none without one"
    equal(first.stop(), 0, "exit code")


SHARING = GRAPH.replace("own, content", "own-NAME, content") + """
  - {name: "@@from-NAME", path: /x/from-NAME, content: "from NAME\\n"}
collect:
- {kind: file, pattern: T/NAME-got/}
"""


def run_sharing(t, name):
    """An agent that exports one file and collects everybody's."""
    os.makedirs(t.at(f"{name}-got"), exist_ok=True)
    return t.run(t.graph(f"{name}.yaml", SHARING.replace("NAME", name)), "--hostname", name)


def names_of_peers(t):
    return [peer["name"] for peer in shown(t, "peers", "--hostname", "a")["peers"]]


@case("leave", "a host that leaves withdraws its exports and its name, and may come again")
def leave(t):
    assert "no agent" in refused(t, "leave")
    stays = run_sharing(t, "a")
    store(t, stays)
    leaves = run_sharing(t, "b")
    t.until_content(t.at("a-got/from-b"), "from b\n")
    done = t.command("leave", "--hostname", "b")
    equal(done.returncode, 0, done.stderr)
    assert "its name is free" in done.stdout and t.at("state/b") in done.stdout, done.stdout
    equal(leaves.wait(), 0, "exit code")
    stays.wait_for("collected", withdrawn=1)
    equal(t.read("own-b"), "own", "what b applied stays")
    equal(names_of_peers(t), ["a"], "peers")
    mark = stays.mark()
    again = run_sharing(t, "b")
    store(t, again)
    stays.wait_for("collected", since=mark, changed=1)
    equal(names_of_peers(t), ["a", "b"], "peers")
    equal(again.stop(), 0, "exit code")
    last = t.command("leave", "--hostname", "a", "--json")
    equal((last.returncode, json.loads(last.stdout)["state"]), (0, "left"), last.stderr)
    equal(stays.wait(), 0, "exit code")


@case("peers-remove", "a host that is dead for good is taken out; if it returns it is told so")
def peers_remove(t):
    stays = run_sharing(t, "a")
    url = store(t, stays)
    dead = run_sharing(t, "b")
    t.until_content(t.at("a-got/from-b"), "from b\n")
    at_a = ("--hostname", "a")
    # What it exports may be there a moment before its record; it is not removed then either.
    t.until(lambda: '"hansa leave"' in refused(t, "peers", "remove", "b", *at_a),
            what="b is known to live, and is told how to leave")
    told = refused(t, "peers", "remove", "c", *at_a)
    assert 'no host "c"' in told, told
    dead.stop()
    plan = shown(t, "peers", "remove", "b", "--dry-run", *at_a)
    equal((plan["state"], plan["seat"], plan["exports"], plan["records"]), ("plan", "-", 1, 4),
          "what would go: the name, the key set, a manifest and an export")
    equal(names_of_peers(t), ["a", "b"], "nothing is changed")
    done = t.command("peers", "remove", "b", *at_a)
    equal(done.returncode, 0, done.stderr)
    assert done.stdout.startswith("b is removed: 4 records, 1 export"), done.stdout
    equal(names_of_peers(t), ["a"], "peers")
    there = etcdctl(t, url, "get", "--prefix", "--keys-only", "/hansa/v1").split()
    equal([key for key in there if "/b" in key], [], "records of b")
    equal(t.read("a-got/from-b"), "from b\n", "what was collected stays for its grace time")
    assert "no host" in refused(t, "peers", "remove", "b", *at_a)

    again = run_sharing(t, "b")
    told = again.wait_for("warned")["text"]
    assert "did not know this host any more" in told and '"hansa leave"' in told, told
    t.until_content(t.at("b-got/from-a"), "from a\n")
    again.wait_at_rest()
    equal(names_of_peers(t), ["a", "b"], "it has joined again")
    equal((again.stop(), stays.stop()), (0, 0), "exit codes")


@case("cluster-rights", "who may ask an agent may not yet change its cluster; each try is counted")
def cluster_rights(t):
    need_root()
    open_to_all(t)
    agent = t.run(t.graph("g.yaml", GRAPH), "--hostname", "a", "--control-group", "nogroup")
    store(t, agent)
    asked = t.command("cluster", "status", "--hostname", "a", "--json", user="nobody")
    equal(asked.returncode, 0, asked.stderr)
    why = refused(t, "cluster", "size", "3", "--hostname", "a", user="nobody")
    assert "only root" in why, why
    agent.wait_for("refused", cause="control_change")
    assert "only root" in refused(t, "leave", "--hostname", "a", user="nobody")
    agent.wait_for("refused", cause="control_change", count=2)
    assert "only root" in refused(t, "peers", "remove", "b", "--hostname", "a", user="nobody")
    agent.wait_for("refused", cause="control_change", count=3)
    equal(t.command("cluster", "size").stdout, "-\n", "nothing is changed")
    equal(agent.stop(), 0, "exit code")


if __name__ == "__main__":
    sys.exit(main())
