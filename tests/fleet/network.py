"""Hosts as network namespaces on one bridge, and what goes wrong between them.

All of it lives in namespaces that the calling process is put into (see enter()): its own network
without a way out, so that any number of runs use the same addresses; its own processes, so that
nothing outlives a run, however that ends; its own mounts. The machine's network is not touched.

Cuts are silent: no packet passes and nobody is told, as when a switch fails. A downed interface or
a blackhole route would give the sender an error at once, which is a kinder fault than the real one.
"""
import os
import signal
import subprocess
import sys

from line import Line

SUBNET = "10.77"
OBSERVER = f"{SUBNET}.255.1"  # where the rig itself stands
MARK = "HANSA_FLEET_INSIDE"  # set for the program that enter() began again
NOWHERE = "02:00:00:00:00:ff"  # no interface has it


def enter(arguments):
    """Begins the program again inside fresh namespaces; returns only there."""
    if os.getpid() != 1 or MARK not in os.environ:
        os.environ[MARK] = "1"
        os.execvp("unshare", ["unshare", "--net", "--pid", "--fork", "--kill-child", "--mount",
                              "--mount-proc", sys.executable, *arguments])
    worker = os.fork()
    if worker:
        sys.exit(tend(worker))


def tend(worker):
    """Process 1: collects orphans until the worker has ended; its exit code."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _: os.kill(worker, received))
    while True:
        pid, status = os.wait()
        if pid == worker:
            return os.waitstatus_to_exitcode(status) & 0xff


def ip(*lines, namespace=None):
    """Carries out commands of ip(8), one a line."""
    inside = ["-n", namespace] if namespace else []
    run = subprocess.run(["ip", *inside, "-batch", "-"], input="\n".join(lines) + "\n",
                         capture_output=True, text=True, check=False)
    assert run.returncode == 0, f"ip {lines}: {run.stderr}"


def mac_of(number):
    return f"02:00:00:00:{number >> 8:02x}:{number & 0xff:02x}"


def address_of(number):
    return f"{SUBNET}.{number >> 8}.{number & 0xff}"


class Network:
    """The bridge. REQUIRES: enter() has returned."""

    def __init__(self):
        os.makedirs("/run/netns", exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "hansa-fleet", "/run/netns"], check=True)
        # No spanning tree: a port forwards at once. The bridge has an address for the observer.
        ip("link set lo up", "link add hub type bridge stp_state 0 forward_delay 0",
           f"addr add {OBSERVER}/16 dev hub", "link set hub up")
        self.cuts = set()  # (from, to), of hosts' numbers
        self.count = 0
        self.lines = {}  # of hosts with a slow line, by number

    def add_host(self, number, slow=False):
        """A namespace with one interface; its name. `slow`: by a line that can be made bad."""
        self.count = max(self.count, number)
        name = f"h{number}"
        if slow:
            self.lines[number] = Line(f"wire{number}", f"port{number}")
        else:
            ip(f"link add port{number} type veth peer name wire{number}")
        ip(f"netns add {name}",
           f"link set wire{number} netns {name}",
           f"link set port{number} master hub up")
        self.dress(name, f"wire{number}", number)
        return name

    def dress(self, namespace, interface, number):
        ip("link set lo up", f"link set {interface} name eth0 address {mac_of(number)}",
           f"addr add {address_of(number)}/16 dev eth0", "link set eth0 up", namespace=namespace)

    def inside(self, namespace):
        """What a command line begins with to run there, as the same process."""
        return ["nsenter", f"--net=/run/netns/{namespace}", "--"]

    def isolate(self, number, cut=True):
        """The host's port passes nothing, either way; its interface stays up."""
        state = "disabled" if cut else "forwarding"
        subprocess.run(["bridge", "link", "set", "dev", f"port{number}", "state", state],
                       check=True)

    def cut(self, sender, receiver):
        """What `sender` says to `receiver` is lost; answers still come."""
        self.cuts.add((sender, receiver))
        ip(f"neigh replace {address_of(receiver)} lladdr {NOWHERE} dev eth0 nud permanent",
           namespace=f"h{sender}")

    def cut_both(self, one, other):
        self.cut(one, other)
        self.cut(other, one)

    def heal(self):
        """Undoes every cut and isolation."""
        for sender, receiver in self.cuts:
            ip(f"neigh del {address_of(receiver)} dev eth0", namespace=f"h{sender}")
        self.cuts.clear()
        for number in range(1, self.count + 1):
            self.isolate(number, cut=False)
