"""A fresh directory with graphs, agents and an etcd in it; everything ends with it.

For root it is a tmpfs of its own, so that no disk is measured. /dev/shm would do for everybody, but
nothing may be collected below /dev.
"""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.append(os.path.join(os.path.dirname(__file__), "..", "tests", "conformance"))
from certificates import Authority  # noqa: E402  (beside the conformance cases)

PATIENCE = 120  # seconds for anything that must happen


def until(holds, what, patience=PATIENCE, pause=0.005):
    end = time.monotonic() + patience
    while not holds():
        if time.monotonic() > end:
            raise RuntimeError(f"not within {patience} s: {what}")
        time.sleep(pause)


class Agent:
    """A running `hansa run`; its events are read from its log file when asked for."""

    def __init__(self, scene, arguments):
        self.log_path = scene.at(f"log{len(scene.children)}")
        self.log = open(self.log_path, "w+b")
        self.process = subprocess.Popen(
            [scene.tools.hansa, "run", "--log-format", "json", *arguments], env=scene.env,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.log,
            start_new_session=True)
        self.pid = self.process.pid
        self.reader = open(self.log_path, "rb")
        self.rest = b""
        self.seen = []

    def events(self, name=None):
        lines = (self.rest + self.reader.read()).split(b"\n")
        self.rest = lines.pop()
        self.seen += [json.loads(line) for line in lines if line.startswith(b"{")]
        return [e for e in self.seen if name is None or e["event"] == name]

    def wait(self, holds, what):
        def look():
            if self.process.poll() is not None:
                raise RuntimeError(f"the agent ended with {self.process.returncode} before "
                                   f"{what}; its last words: {self.events()[-3:]}")
            return holds()
        until(look, what)

    def wait_at_rest(self):
        def resting():
            told = self.events("at_rest")
            return bool(told) and told[-1]["resting"]
        self.wait(resting, "it was at rest")

    def store(self):
        """The client URL of the store it is connected to, without the scheme."""
        def connected():
            return [e for e in self.events("store_changed") if e["state"] == "connected"]
        self.wait(connected, "it was connected to the store")
        return connected()[-1]["detail"].split()[0]

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        self.reader.close()


class Scene:
    def __init__(self, tools):
        self.tools = tools
        self.path = os.path.realpath(tempfile.mkdtemp(prefix="hansa-bench-"))
        mount = ["mount", "-t", "tmpfs", "-o", "mode=0700", "hansa-bench", self.path]
        self.mounted = os.geteuid() == 0 and subprocess.run(mount, check=False).returncode == 0
        self.children = []
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("HANSA_")}
        self.env["HANSA_PREFIX"] = self.at("state")
        self.env["HANSA_CONFIG"] = self.write("config.yaml", "")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for child in reversed(self.children):
            child.stop()
        if self.mounted:
            subprocess.run(["umount", "--lazy", self.path], check=True)
        shutil.rmtree(self.path, ignore_errors=True)

    def at(self, *names):
        return os.path.join(self.path, *names)

    def directory(self, name):
        """Fresh and empty."""
        shutil.rmtree(self.at(name), ignore_errors=True)
        os.makedirs(self.at(name))
        return self.at(name)

    def write(self, name, text):
        path = self.at(name)
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(path + ".new", path)
        return path

    def agent(self, graph, *flags):
        agent = Agent(self, ["--file", graph, *flags])
        self.children.append(agent)
        return agent

    def alone(self, graph, *flags):
        """The command line of an agent without a store that ends at its first rest."""
        return [self.tools.hansa, "run", "--file", graph, "--standalone", "--hostname", "bench",
                "--quiet", "--converged-timeout", "0", *flags]

    def trust(self, host):
        """The directory where an agent keeps its key and certificate."""
        return self.at("state", host, "trust")

    def etcd(self):
        server = Etcd(self)
        self.children.append(server)
        return server


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Etcd:
    """A fresh single member on loopback."""

    def __init__(self, scene):
        data = scene.directory(f"etcd{len(scene.children)}")
        self.endpoint = f"127.0.0.1:{free_port()}"
        client, peer = f"https://{self.endpoint}", f"https://127.0.0.1:{free_port()}"
        self.trust = os.path.join(data, "trust")
        authority = Authority(self.trust)  # its roots are ca.pem
        issued = authority.issue("tls", ["IP:127.0.0.1"])
        tls = [f"--{side}{flag}" for side in ("", "peer-")
               for flag in (f"cert-file={issued[0]}", f"key-file={issued[1]}", "client-cert-auth",
                            f"trusted-ca-file={authority.roots}")]
        with open(os.path.join(data, "log"), "wb") as log:
            self.process = subprocess.Popen(
                ["etcd", "--name", "bench", "--data-dir", os.path.join(data, "member"),
                 "--listen-client-urls", client, "--advertise-client-urls", client,
                 "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
                 "--initial-cluster", f"bench={peer}", "--max-txn-ops", "10000",
                 "--max-request-bytes", "16777216", *tls],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True)
        until(self._answers, "etcd answers")

    def _answers(self):
        run = subprocess.run(["etcdctl", "--endpoints", f"https://{self.endpoint}", "--cacert",
                              f"{self.trust}/ca.pem", "--cert", f"{self.trust}/tls.pem", "--key",
                              f"{self.trust}/tls.key", "get", "x"],
                             env={**os.environ, "ETCDCTL_API": "3"}, capture_output=True,
                             check=False)
        return run.returncode == 0

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
