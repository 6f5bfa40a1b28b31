"""The rows of one machine without a store: files, execs, memory, latency."""
import json
import os
import statistics
import subprocess
import time

from measure import Figure, Idle, against, at_most, inotify_instances, interleaved, resident_mb, \
    seconds
from scene import Scene

FILES = 10_000
ROUNDS = 5


def files_graph(scene, directory, count):
    """Declares what the floor `write_files` writes."""
    lines = ["graph: many", "resources:", "  file:"]
    for i in range(count):
        lines += [f"  - name: f{i}", f'    path: "{directory}/f{i}"',
                  f'    content: "content of {i}\\n"']
    return scene.write("many.yaml", "\n".join(lines) + "\n")


def verify_files(directory, count):
    found = [name for name in os.listdir(directory) if not name.startswith(".")]
    last = os.path.join(directory, f"f{count - 1}")
    with open(last, encoding="utf-8") as file:
        text = file.read()
    if len(found) != count or text != f"content of {count - 1}\n":
        raise RuntimeError(f"{len(found)} files instead of {count}, the last holds {text!r}")


def fresh(tools):
    with Scene(tools) as scene:
        graph = files_graph(scene, scene.at("files"), FILES)

        def ours(*flags):
            directory = scene.directory("files")
            took = tools.timed(*scene.alone(graph, *flags), env=scene.env)
            verify_files(directory, FILES)
            return took

        def floor():
            directory = scene.directory("floor")
            return tools.timed(tools.program("write_files"), directory, str(FILES))

        once, watched, floors = interleaved(
            ROUNDS, lambda: ours("--no-watch"), ours, floor)
    yield against("10,000 files, fresh, whole process", once, floors, 5, "temp + rename loop")
    yield against("the same, watches set up too", watched, floors, 5, "temp + rename loop")


def again(tools):
    with Scene(tools) as scene:
        directory = scene.directory("files")
        graph = files_graph(scene, directory, FILES)
        lines = [f"f {directory}/f{i} 0644 - - - content of {i}\\n" for i in range(FILES)]
        conf = scene.write("many.conf", "\n".join(lines) + "\n")
        tools.timed(*scene.alone(graph, "--no-watch"), env=scene.env)
        once, watched, peers = interleaved(
            ROUNDS,
            lambda: tools.timed(*scene.alone(graph, "--no-watch"), env=scene.env),
            lambda: tools.timed(*scene.alone(graph), env=scene.env),
            lambda: tools.timed("systemd-tmpfiles", "--create", conf))
        verify_files(directory, FILES)
    yield against("10,000 files, nothing to do, contents checked, whole process", once, peers, 1,
                  "systemd-tmpfiles")
    information = against("the same, watches set up too", watched, peers, 1, "systemd-tmpfiles")
    information.met, information.bar = None, "–"
    yield information


def probe(tools, *arguments):
    """p50, p99 and maximum in seconds."""
    return [value / 1e6 for value in tools.output("restore_probe", *arguments)]


def restored(tools, scene, files, what):
    """Three times in turns with the floor; the median of each percentile."""
    ours, floors = interleaved(
        3, lambda: probe(tools, "agent", "300", *files),
        lambda: probe(tools, "floor", scene.directory("kept"), "300"))
    for name, index, limit in (("p50", 0, 1e-3), ("p99", 1, 5e-3)):
        yield at_most(f"a deleted or edited file restored, {what}, {name}",
                      [run[index] for run in ours], limit, [run[index] for run in floors])


def live(tools):
    with Scene(tools) as scene:
        directory = scene.directory("files")
        agent = scene.agent(files_graph(scene, directory, FILES), "--standalone",
                            "--hostname", "bench")
        agent.wait_at_rest()
        time.sleep(5)  # idle workers end, freed memory is given back
        idle = Idle(agent.pid)
        time.sleep(10)
        woken, cpu = idle.finish()
        resident, instances = resident_mb(agent.pid), inotify_instances(agent.pid)
        yield Figure("10,000 files with watches live: resident", "≤ 60 MB", f"{resident:.1f} MB",
                     met=resident <= 60, miss=f"{resident - 60:.1f} MB more")
        yield Figure("… inotify instances", "1", str(instances), met=instances == 1)
        yield Figure("… processor time when idle", "none (< 0.1 %)",
                     f"{cpu * 100:.3f} %, {woken:.2f} wake-ups/s", met=cpu < 0.001)
        files = [os.path.join(directory, f"f{i}") for i in range(0, FILES, FILES // 10)]
        yield from restored(tools, scene, files, "one of 10,000")
        agent.stop()


def restore(tools):
    with Scene(tools) as scene:
        directory = scene.directory("files")
        agent = scene.agent(files_graph(scene, directory, 10), "--standalone",
                            "--hostname", "bench")
        agent.wait_at_rest()
        files = [os.path.join(directory, f"f{i}") for i in range(10)]
        yield from restored(tools, scene, files, "one of 10")
        agent.stop()


def medians_of(tools, program):
    """Google Benchmark's medians of processor time by name and size; all in random turns."""
    command = [tools.program(program), "--benchmark_format=json", "--benchmark_repetitions=5",
               "--benchmark_enable_random_interleaving=true",
               "--benchmark_report_aggregates_only=true"]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=1800)
    medians = {}
    for benchmark in json.loads(run.stdout)["benchmarks"]:
        if benchmark["aggregate_name"] == "median":
            name, size = benchmark["run_name"].split("/")
            medians.setdefault(name.replace("_", " "), {})[int(size)] = benchmark["cpu_time"] / 1e6
    return medians


def growth_of(took):
    return took[max(took)] / took[min(took)]


def prepare(tools):
    """Near-linear: grows at most half as fast again as a plain hash index of as many objects,
    whose growth beyond that of its size is the machine's caches."""
    medians = medians_of(tools, "prepare_bench")
    index = growth_of(medians.pop("index floor"))
    medians.update(medians_of(tools, "collect_bench"))
    for name, took in medians.items():
        small, large = min(took), max(took)
        limit = 2 if name == "verify all" else 0.5
        yield at_most(f"{small:,} resources: {name}", [took[small]], limit)
        if small == large:
            continue
        growth = growth_of(took)
        changes = name == "redraw one"  # must not depend on how much is collected
        most, bar = (2, "≤ 2 ×") if changes else (1.5 * index, "≤ 1.5 × a hash index")
        yield Figure(f"… growth from {small:,} to {large:,}: {name}", bar, f"{growth:.1f} ×",
                     "–" if changes else f"{index:.1f} ×",
                     "–" if changes else f"{growth / index:.2f}", growth <= most,
                     f"{growth:.1f} × instead of {most:.1f} ×")


def exec_graph(scene, execs, edges):
    lines = ["graph: commands", "resources:", "  exec:"]
    for name, fields in execs.items():
        lines.append(f"  - name: {name}")
        lines += [f'    {key}: "{value}"' for key, value in fields.items()]
    lines.append("edges:" if edges else "edges: []")
    for number, (before, after) in enumerate(edges):
        lines += [f"- name: e{number}", f"  from: {{kind: exec, name: {before}}}",
                  f"  to: {{kind: exec, name: {after}}}"]
    return scene.write("commands.yaml", "\n".join(lines) + "\n")


def c4(tools):
    edges = [(f"x{a}", "x4") for a in (1, 2, 3)] + [("x4", f"x{b}") for b in (5, 6, 7)]
    execs = {f"x{i}": {"cmd": f"sleep {1.5 if i == 8 else 1}"} for i in range(1, 9)}
    with Scene(tools) as scene:
        graph = exec_graph(scene, execs, edges)
        ours, floors = interleaved(
            ROUNDS, lambda: tools.timed(*scene.alone(graph), env=scene.env),
            lambda: tools.timed(tools.program("spawns"), "sequence", "3", "sleep", "1"))
    yield at_most("C4's graph: three layers of execs of 1 s", ours, 3.1, floors)


def execs8(tools):
    with Scene(tools) as scene:
        graph = exec_graph(scene, {f"x{i}": {"cmd": "sleep 1"} for i in range(8)}, [])
        ours, floors = interleaved(
            ROUNDS, lambda: tools.timed(*scene.alone(graph), env=scene.env),
            lambda: tools.timed(tools.program("spawns"), "together", "8", "sleep", "1"))
    yield at_most("8 execs that sleep 1 s", ours, 1.1, floors)


def chain(tools):
    execs = {f"x{i}": {"cmd": "/bin/true", "ifcmd": "/bin/true"} for i in range(100)}
    with Scene(tools) as scene:
        graph = exec_graph(scene, execs, [(f"x{i}", f"x{i + 1}") for i in range(99)])
        ours, floors = interleaved(
            9, lambda: tools.timed(*scene.alone(graph), env=scene.env),
            lambda: tools.timed(tools.program("spawns"), "sequence", "200", "/bin/true"))
    yield against("a chain of 100 execs with a check each (200 processes)", ours, floors, 2,
                  "200 × posix_spawn")


def version(tools):
    def median_of_ten(*command):
        return statistics.median(tools.stopwatch("exit", "10", *command))
    ours, floors = interleaved(ROUNDS, lambda: median_of_ten(tools.hansa, "--version"),
                               lambda: median_of_ten("/bin/true"))
    yield at_most("hansa --version", ours, 0.010, floors)
