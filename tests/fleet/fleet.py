"""The rig of the fleet tests: hosts with real agents and real etcd, each with a network of its own.

Builds on the conformance rig: a host's agent is one of its Agents, a case a function that gets its
Scratch. What differs is that an agent here has a machine, which can be cut off, paused and killed
with everything on it.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../conformance"))

import rig  # noqa: E402
from rig import SKIPPED, Agent, children_of, equal  # noqa: E402

import network  # noqa: E402

CLIENT, PEER, JOIN = 2379, 2380, 2381  # ports; each host has all of its own


class Host:
    """One machine of the fleet: a namespace, a prefix, and at times an agent.

    Thread-safe like the agent itself: the test's thread alone starts and ends it.
    """

    def __init__(self, fleet, number, domain, slow):
        self.fleet, self.number, self.domain = fleet, number, domain
        self.name = f"n{number}"
        self.address = network.address_of(number)
        self.namespace = fleet.network.add_host(number, slow)
        self.prefix = fleet.t.at(f"state-{self.name}")
        self.env = {**fleet.t.env, "HANSA_PREFIX": self.prefix}
        self.url = f"https://{self.address}:{CLIENT}"
        self.agent = None
        self.flags = ()
        os.makedirs(fleet.t.at(self.name), exist_ok=True)
        self.write_graph()

    def path(self, *names):
        """A path of what this host keeps or collects."""
        return self.fleet.t.at(self.name, *names)

    def own(self, *names):
        """A path of the agent's own state."""
        return os.path.join(self.prefix, self.name, *names)

    def identity(self):
        """What the agent remembers of who it is."""
        try:
            with open(self.own("identity.json"), encoding="utf-8") as file:
                return json.load(file)
        except FileNotFoundError:
            return {}

    def cluster(self):
        """The id of the cluster that the agent belongs to, or None."""
        return self.identity().get("cluster")

    def epoch(self):
        """The latest epoch of that cluster that it has seen."""
        return self.identity().get("epoch", 0)

    def write_graph(self, exported="first", more=()):
        """Keeps `kept`, exports from-NAME and `more`, and collects what all export."""
        others = "".join(f'  - {{name: "@@{name}", path: /x/{name}, content: "{exported}"}}\n'
                         for name in more)
        text = f"""
graph: {self.name}
resources:
  file:
  - {{name: kept, path: {self.path("kept")}, content: "kept\\n"}}
  - {{name: "@@from-{self.name}", path: /x/from-{self.name}, content: "{exported}"}}
{others}collect:
- {{kind: file, pattern: {self.path()}/}}
"""
        self.graph = self.fleet.t.write(f"{self.name}.yaml", text)

    def run(self, *flags, join=None):
        """Starts the agent, with the flags of the last time when none are given."""
        assert self.agent is None or self.agent.ended(), f"{self.name} runs already"
        self.flags = flags or self.flags
        env = {**self.env, "HANSA_JOIN": join} if join else self.env
        self.agent = Agent(self.fleet.t, ["--file", self.graph, "--hostname", self.name,
                                          *self.flags],
                           env=env, through=self.fleet.network.inside(self.namespace))
        self.fleet.t.agents.append(self.agent)
        return self.agent

    def try_command(self, *arguments):
        """A command of ours on this host, finished."""
        return self.fleet.t.command(*arguments, env=self.env,
                                    through=self.fleet.network.inside(self.namespace))

    def command(self, *arguments):
        """Its output."""
        run = self.try_command(*arguments)
        equal(run.returncode, 0, f"{arguments}: {run.stderr}")
        return run.stdout

    def etcd(self):
        """The process id of the etcd that the agent runs, or None."""
        if not self.is_up():
            return None
        found = children_of(self.agent.process.pid)
        return next((pid for pid, name in found.items() if name == "etcd"), None)

    def is_up(self):
        return self.agent is not None and not self.agent.ended()

    def signal_etcd(self, number):
        pid = self.etcd()
        assert pid, f"{self.name} runs no etcd"
        os.kill(pid, number)
        return pid

    def pause(self):
        """SIGSTOP for everything on the machine, etcd first: its agent cannot notice."""
        pid = self.etcd()
        for one in filter(None, (pid, self.agent.process.pid)):
            os.kill(one, signal.SIGSTOP)

    def resume(self):
        pid = self.etcd()
        for one in filter(None, (pid, self.agent.process.pid)):
            os.kill(one, signal.SIGCONT)

    def crash(self):
        """kill -9 for everything on the machine at once."""
        pid = self.etcd()
        self.agent.process.kill()
        if pid:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass  # its agent's death has taken it along
        self.agent.process.wait()

    def ballast(self):
        """Where room is kept beside the data of this host's member."""
        return os.path.join(os.path.dirname(self.store_directory()), "ballast")

    def store_directory(self):
        """Where this host's etcd has its data: below the prefix, wherever that is."""
        for folder, names, _ in os.walk(self.prefix):
            if "member" in names:
                return folder
        return None


class Fleet:
    """Hosts on one bridge; the first founds, the others join it with a token."""

    def __init__(self, t, domains, *flags, slow=(), quota=None, disk=None):
        """`domains` names the domain of each host, as in ["dc=a", "dc=a", "dc=b"].

        `slow` are numbers of hosts, from 1, whose lines can be made bad. `quota` is how many bytes
        a store may have in place of the agent's own choice; `disk` that of a disk of each host's own.
        """
        self.t = t
        self.network = network.Network()
        self.features = features_of(t.binary)
        self.hosts = [Host(self, number, domain, number in slow)
                      for number, domain in enumerate(domains, 1)]
        self.lines = self.network.lines
        if quota:
            self.limit_stores(quota)
        self.flags = flags
        if disk:
            self.give_disks(disk)

    def found(self):
        founder = self.hosts[0]
        founder.run(*self.serving_flags(founder), *self.flags)
        founder.agent.wait_for("store_changed", state="connected")

    def join(self, *hosts):
        """Starts hosts together, each with a token that certifies its domain; waits for all."""
        for host in hosts:
            token = self.hosts[0].command("token", "create", "--name", host.name, "--domain",
                                          host.domain).strip()
            host.run(*self.joining_flags(host), join=token)
        for host in hosts:
            host.agent.wait_for("store_changed", state="connected")

    def start(self):
        self.found()
        self.join(*self.hosts[1:])
        return self

    def limit_stores(self, quota):
        """Puts an etcd before the real one in the path; the last of two equal flags counts."""
        script = self.t.write("bin/etcd", f"#!/bin/sh\nexec {shutil.which('etcd')} \"$@\" "
                              f"--quota-backend-bytes={quota}\n")
        os.chmod(script, 0o755)
        for host in self.hosts:
            host.env["PATH"] = f"{os.path.dirname(script)}:{host.env['PATH']}"

    def give_disks(self, size):
        """All state of each host on a file system of that size; gone with the namespace."""
        for host in self.hosts:
            os.makedirs(host.prefix, mode=0o755, exist_ok=True)
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "disk",
                            host.prefix], check=True)

    def serving_flags(self, host):
        flags = ["--join-listen", f"{host.address}:{JOIN}"]
        if "--listen" in self.features:
            flags += ["--listen", host.address]
        else:
            flags += ["--client-urls", f"{host.address}:{CLIENT}", "--server-urls",
                      f"{host.address}:{PEER}"]
        if "HANSA_DRILL_TIMING" in os.environ:
            flags += ["--seat-timing", os.environ["HANSA_DRILL_TIMING"]]
        return flags + self.domain_flags(host)

    def joining_flags(self, host):
        listen = ["--listen", host.address] if "--listen" in self.features else []
        return listen + self.domain_flags(host)

    def domain_flags(self, host):
        return ["--domain", host.domain] if "--domain" in self.features else []

    def of_domain(self, domain):
        return [host for host in self.hosts if host.domain == domain]

    def up(self):
        return [host for host in self.hosts if host.is_up()]

    def host_at(self, url):
        """The host that serves at this URL."""
        return next(host for host in self.hosts if f"//{host.address}:" in url)

    def wait_exchanged(self, content="first", hosts=None):
        """Until each of the hosts holds what each of them exports."""
        hosts = hosts or self.hosts
        for host in hosts:
            for other in hosts:
                self.t.until_content(host.path(f"from-{other.name}"), content)


def features_of(binary):
    """The options of `hansa run` that this binary knows."""
    shown = subprocess.run([binary, "run", "--help"], capture_output=True, text=True, check=True)
    return set(re.findall(r"--[a-z-]+", shown.stdout))


def missing_here():
    """Why no fleet can be started on this machine, or None."""
    if os.geteuid() != 0:
        return "needs root"
    for program in ("ip", "bridge", "nsenter", "unshare", "etcd"):
        if shutil.which(program) is None:
            return f"needs the program {program}"
    probe = subprocess.run(["unshare", "--net", "--pid", "--fork", "--mount", "--mount-proc", "ip",
                            "link", "add", "hub", "type", "bridge"], capture_output=True,
                           check=False)
    return None if probe.returncode == 0 else "no bridge in a namespace can be made here"


def main():
    """usage: cases.py BINARY [CASE …]"""
    if network.MARK not in os.environ:
        why = missing_here()
        if why:
            print(f"{' '.join(sys.argv[2:]) or sys.argv[0]} SKIPPED ({why})")
            return SKIPPED
    network.enter(sys.argv)
    return rig.main()
