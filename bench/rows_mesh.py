"""The rows with a store: arrival, rest, redraws, a hundred peers."""
import os
import statistics
import subprocess
import time

from measure import Figure, Idle, against, at_most, interleaved, resident_mb, seconds
from scene import Scene, until


def host_graph(scene, host, exports=2):
    """Two files of its own, some exported, everything collected: the announcement's graph."""
    directory = scene.at(f"mgmt{host}")
    os.makedirs(directory, exist_ok=True)
    names = [f"f1{host}", f"f2{host}"] + [f"@@f{i + 3}{host}" for i in range(exports)]
    lines = ["graph: mygraph", "resources:", "  file:"]
    for name in names:
        plain = name.lstrip("@")
        lines += [f'  - name: "{name}"', f'    path: "{directory}/{plain}"',
                  f'    content: "i am {plain}\\n"', "    state: exists"]
    lines += ["collect:", "- kind: file", f'  pattern: "{directory}/"', "edges: []"]
    return scene.write(f"graph3{host}.yaml", "\n".join(lines) + "\n")


def count(directory):
    return sum(not name.startswith(".") for name in os.listdir(directory))


def arrive(tools):
    """Each round has a cluster of its own, so that C is new to it."""
    def one():
        with Scene(tools) as scene:
            graphs = {host: host_graph(scene, host) for host in "abc"}
            agents = [scene.agent(graphs[host], "--hostname", host) for host in "ab"]
            for agent in agents:
                agent.wait_at_rest()
            until(lambda: all(count(scene.at(f"mgmt{h}")) == 6 for h in "ab"), "12 files")
            time.sleep(0.5)
            endpoint = agents[0].store()
            wanted = ",".join(f"{scene.at(f'mgmt{host}')}=8" for host in "abc")
            ours = tools.stopwatch("files", wanted, tools.hansa, "run", "--file", graphs["c"],
                                   "--hostname", "c", "--quiet", env=scene.env)[0]
            floor = statistics.median(tools.stopwatch(
                "exit", "5", tools.program("store_client"), endpoint, scene.trust("a"),
                "/bench"))
            return ours, floor
    rounds = interleaved(7, one)[0]
    ours, floors = zip(*rounds)
    yield at_most("C's 24 files from C's start, A and B running", ours, 0.100, floors)
    # Without certificates and signatures it was 14.2 ms (docs/benchmarks.md of 2026-11-22, before
    # the ports spoke TLS).
    yield at_most("… of it for keys, TLS, signatures and policy: 20 ms above 14.2 ms", ours, 0.0342)
    yield against("… against a bare client", ours, floors, 2, "one txn, one range, one watch")


class Bare:
    """The floor of a connected agent: a client with an open watch, and nothing else."""

    def __init__(self, tools, endpoint, trust):
        self.process = subprocess.Popen(
            [tools.program("store_client"), endpoint, trust, "/bench", "stay"],
            stdin=subprocess.DEVNULL)
        self.pid = self.process.pid

    def stop(self):
        self.process.terminate()
        self.process.wait()


def children_of(pid):
    """Children by program name."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        pids = [int(word) for word in file.read().split()]
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as file:
            pids += [int(word) for word in file.read().split()]
    found = {}
    for child in pids:
        with open(f"/proc/{child}/comm", encoding="ascii") as file:
            found[file.read().strip()] = child
    return found


def rest(tools):
    """Four processes at rest for the same 30 s: an agent without a store, a founder, a client of
    its store, and a bare client of that store."""
    with Scene(tools) as scene:
        alone = scene.agent(host_graph(scene, "z", exports=0), "--standalone", "--hostname", "z")
        founder = scene.agent(host_graph(scene, "a"), "--hostname", "a")
        founder.wait_at_rest()
        client = scene.agent(host_graph(scene, "b"), "--hostname", "b")
        client.wait_at_rest()
        alone.wait_at_rest()
        bare = Bare(tools, client.store(), scene.trust("b"))
        scene.children.append(bare)
        time.sleep(10)  # idle workers end, freed memory is given back
        pids = {"alone": alone.pid, "founder": founder.pid, "client": client.pid,
                "bare": bare.pid}
        servers = children_of(founder.pid)
        if "etcd" in servers:
            pids["etcd"] = servers["etcd"]
        idles = {name: Idle(pid) for name, pid in pids.items()}
        time.sleep(30)
        wakes = {name: idle.finish()[0] for name, idle in idles.items()}
        memory = {name: resident_mb(pid) for name, pid in pids.items()}
    for name, what, megabytes, per_second in (
            ("alone", "agent at rest, standalone", 10, 0.1),
            ("client", "agent at rest, connected", 22, 4)):
        beside = name == "client"
        yield Figure(f"{what}: resident", f"≤ {megabytes} MB", f"{memory[name]:.1f} MB",
                     f"{memory['bare']:.1f} MB" if beside else "–",
                     f"{memory[name] / memory['bare']:.2f}" if beside else "–",
                     memory[name] <= megabytes, f"{memory[name] - megabytes:.1f} MB more")
        yield Figure(f"{what}: wake-ups", f"≤ {per_second}/s", f"{wakes[name]:.2f}/s",
                     f"{wakes['bare']:.2f}/s" if beside else "–", "–",
                     wakes[name] <= per_second, f"{wakes[name] - per_second:.2f}/s more")
    for name in ("founder", "etcd"):
        if name in pids:
            yield Figure(f"… beside them: {name}", "–",
                         f"{memory[name]:.1f} MB, {wakes[name]:.2f} wake-ups/s")


def many_exports(scene, host, content_of_first):
    directory = scene.directory(f"many{host}")
    lines = ["graph: many", "resources:", "  file:"]
    for i in range(5000):
        content = content_of_first if i == 0 else f"content of {i}"
        lines += [f'  - name: "@@e{i}"', f'    path: "{directory}/e{i}"',
                  f'    content: "{content}"']
    return scene.write(f"many{host}.yaml", "\n".join(lines) + "\n")


def holds(path, text):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read() == text
    except FileNotFoundError:
        return False


def redraws(agent):
    return sum(event.get("changed", 0) + event.get("withdrawn", 0) > 0
               for event in agent.events("collected"))


def redraw(tools):
    """The time counts from the edit of A's graph file, so A's own reading of it is in it."""
    with Scene(tools) as scene:
        graph = many_exports(scene, "a", "first 0")
        a = scene.agent(graph, "--hostname", "a")
        a.wait_at_rest()
        others = {host: scene.agent(host_graph(scene, host, exports=0), "--hostname", host)
                  for host in "bc"}
        targets = [os.path.join(scene.at(f"mgmt{host}"), "e0") for host in others]
        for agent in others.values():
            agent.wait(lambda agent=agent: redraws(agent) > 0, "it had collected")
            agent.wait_at_rest()
        until(lambda: all(holds(target, "first 0") for target in targets), "the first exports")
        times, drawn = [], []
        for number in range(1, 8):
            time.sleep(1)
            before = {host: redraws(agent) for host, agent in others.items()}
            text = f"first {number}"
            with open(graph, encoding="utf-8") as file:
                changed = file.read().replace(f'"first {number - 1}"', f'"{text}"')
            begun = time.monotonic()
            scene.write(os.path.basename(graph), changed)
            until(lambda text=text: all(holds(target, text) for target in targets),
                  "the change arrives", pause=0.001)
            times.append(time.monotonic() - begun)
            time.sleep(0.5)  # a second redraw would come by now
            drawn += [redraws(agent) - before[host] for host, agent in others.items()]
    yield at_most("5,000 exports, one changed: until both other peers hold it", times, 0.200)
    yield Figure("… redraws at each of them", "1", str(max(drawn)), met=set(drawn) == {1},
                 miss=f"from {min(drawn)} to {max(drawn)}")


def peers(tools):
    def run(program):
        with Scene(tools) as scene:
            etcd = scene.etcd()
            return tools.output(program, etcd.endpoint, etcd.trust, "100", "4")[0] / 1e6
    ours, floors = interleaved(5, lambda: run("peers_bench"), lambda: run("exchange_floor"))
    what = "100 peers exchange 4 files each, all with all"
    yield at_most(what, ours, 2.0, floors)
    yield against("… against the store-only exchange", ours, floors, 3, "store-only")


def clients(tools):
    """What clients cost a store of three voters, as their number grows."""
    for count in (10, 100, 300, 1000):
        largest, fan_out, voters, all_clients, memory = tools.output("clients_bench", str(count))
        what = f"{count:,} clients, each with a watch and a lease, three voters"
        yield Figure(f"{what}: news of one commit at the last", "≤ 500 ms",
                     seconds(fan_out / 1e6), met=fan_out <= 500_000,
                     miss=f"{seconds(fan_out / 1e6 - 0.5)} more")
        yield Figure("… memory of the largest voter", "–", f"{largest / 1024:.0f} MB")
        yield Figure("… processor time at rest, all voters", "–",
                     f"{voters / 1e4:.1f} % of a core, {voters / count:.0f} µs/s a client")
        yield Figure("… the clients themselves", "–",
                     f"{all_clients / 1e4:.1f} % of a core, {memory / 1024 / count:.2f} MB each")
