"""The rig of the conformance cases: real agents, watched through their own event feed.

A case is a function that gets a Scratch. It starts agents, waits for events (never for time
alone), and asserts. Deadlines are ten times what is usual, because sanitizers run the cases too.
"""
import contextlib
import glob
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from certificates import Authority

DEADLINE = float(os.environ.get("HANSA_TEST_DEADLINE", "60"))
SKIPPED = 77  # the exit code when not one case could run; CTest shows it as skipped
CASES = {}


def case(name, promise):
    """Registers a case under the number that graph.md section 5 gives it."""
    def register(function):
        CASES[name] = (promise, function)
        return function
    return register


class Skipped(Exception):
    """The machine cannot hold this case; said aloud, and no failure."""


class Agent:
    """A running `hansa run`; its events arrive as they happen."""

    def __init__(self, scratch, arguments, env=None, cwd=None, user=None, through=()):
        """`through` is a command that becomes the agent, as nsenter does."""
        self.scratch = scratch
        self.events = []
        self.lines = []  # why it could not go on
        self.out = []
        self.arguments = arguments
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [*through, scratch.binary, "run", "--log-format", "json", "--verbose", *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=env or scratch.env, cwd=cwd, start_new_session=True, **as_user(user))
        self.threads = [threading.Thread(target=self._read, args=(self.process.stderr, True)),
                        threading.Thread(target=self._read, args=(self.process.stdout, False))]
        for thread in self.threads:
            thread.daemon = True
            thread.start()

    def _read(self, stream, is_log):
        for line in stream:
            with self.scratch.changed:
                if not is_log:
                    self.out.append(line.rstrip("\n"))
                elif line.startswith("{"):
                    event = json.loads(line)
                    event["at"] = time.monotonic()
                    self.events.append(event)
                    if event["event"] == "fatal":
                        self.lines += event["text"].splitlines()
                else:
                    self.lines.append(line.rstrip("\n"))
                self.scratch.changed.notify_all()
        with self.scratch.changed:
            self.scratch.changed.notify_all()

    def seen(self, event, since=0, **wanted):
        """The events of that name, from index `since` on, whose fields equal `wanted`."""
        return [e for e in self.events[since:]
                if e["event"] == event and all(e.get(k) == v for k, v in wanted.items())]

    def runs(self, resource, outcome=None, since=0):
        found = [e for e in self.seen("resource_ran", since) if e["id"] == resource]
        return [e for e in found if outcome is None or e["outcome"] == outcome]

    def wait_for(self, event, since=0, count=1, deadline=DEADLINE, **wanted):
        self.scratch.until(lambda: len(self.seen(event, since, **wanted)) >= count or self.ended(),
                           deadline, f"{count} x {event} {wanted}", self)
        found = self.seen(event, since, **wanted)
        assert len(found) >= count, f"agent ended without {event} {wanted}\n{self.tell()}"
        return found[count - 1]

    def wait_without_store(self, since=0, deadline=DEADLINE):
        """Until it has said that nobody answers, or that too few members do."""
        def said():
            states = [e["state"] for e in self.seen("store_changed", since)]
            return self.ended() or "away" in states or "read-only" in states
        self.scratch.until(said, deadline, "the store's loss", self)
        assert not self.ended(), f"agent ended\n{self.tell()}"

    def wait_at_rest(self, since=0, deadline=DEADLINE):
        """Until the newest word about rest, at or after `since`, is that it rests."""
        def resting():
            told = self.seen("at_rest", since)
            return self.ended() or (told and told[-1]["resting"])
        self.scratch.until(resting, deadline, "rest", self)
        assert not self.ended(), f"agent ended\n{self.tell()}"

    def mark(self):
        return len(self.events)

    def ended(self):
        return self.process.poll() is not None

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def wait(self, deadline=DEADLINE):
        """The exit code."""
        try:
            self.process.wait(deadline)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"did not end within {deadline} s\n{self.tell()}") from None
        for thread in self.threads:
            thread.join(5)
        return self.process.returncode

    def stop(self):
        if not self.ended():
            self.signal()
        return self.wait()

    def kill(self):
        if not self.ended():
            self.process.kill()
        self.process.wait()

    def tell(self):
        shown = [json.dumps(e) for e in self.events[-40:]] + self.lines[-20:]
        return f"--- agent {' '.join(self.arguments)}\n" + "\n".join(shown)


class Scratch:
    """A directory, an environment and the agents of one case; cleans up whatever happens."""

    def __init__(self, binary, name):
        self.binary = binary
        self.path = os.path.realpath(tempfile.mkdtemp(prefix=f"hansa-{name}-"))
        self.prefix = os.path.join(self.path, "state")
        self.changed = threading.Condition()
        self.agents = []
        self.bare = set()  # URLs of stores that no agent runs
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("HANSA_")}
        self.env["HANSA_PREFIX"] = self.prefix
        self.env["HANSA_CONFIG"] = self.write("config.yaml", "")
        self.in_house = None  # see certified()

    def close(self):
        for agent in self.agents:
            if not agent.ended():
                agent.signal()
        for agent in self.agents:
            try:
                agent.process.wait(10)
            except subprocess.TimeoutExpired:
                agent.kill()
        shutil.rmtree(self.path, ignore_errors=True)
        if self.in_house:
            shutil.rmtree(os.path.dirname(self.in_house.directory), ignore_errors=True)

    def at(self, *names):
        return os.path.join(self.path, *names)

    def write(self, name, text):
        path = self.at(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(path + ".new", path)
        return path

    def allow(self, *rules):
        """The arguments of an agent that lets others do what these rules say."""
        path = self.graph("policy.yaml", "rules:\n" + "".join(f"- {rule}\n" for rule in rules))
        os.chmod(path, 0o600)
        return ["--policy", path]

    def graph(self, name, text):
        """Writes a graph file; T stands for the scratch directory."""
        return self.write(name, text.replace("T/", self.path + "/"))

    def read(self, *names):
        try:
            with open(self.at(*names), encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def certified(self):
        """The authority that made the certificates of stores and hosts of --seeds."""
        if self.in_house is None:
            self.in_house = Authority(tempfile.mkdtemp(prefix="hansa-ca-") + "/ca")
        return self.in_house

    def share_authority(self, prefix):
        """Lets agents with that prefix show what the authority of our own prefix has made."""
        shutil.copytree(os.path.join(self.prefix, "ca"), os.path.join(prefix, "ca"))

    def run(self, graph, *flags, env=None, user=None):
        """With seeds the agent shows a certificate from elsewhere, unless it has one to share."""
        if "--seeds" in flags and "--prefix" not in flags and "--tls-cert" not in flags:
            flags += tuple(self.certified().flags(flags[flags.index("--hostname") + 1]))
        agent = Agent(self, ["--file", graph, *flags], env=env, user=user)
        self.agents.append(agent)
        return agent

    def alone(self, graph, *flags):
        """An agent without a store."""
        return self.run(graph, "--standalone", "--hostname", "alone", *flags)

    def command(self, *arguments, deadline=DEADLINE, env=None, user=None, through=()):
        return subprocess.run([*through, self.binary, *arguments], capture_output=True, text=True,
                              timeout=deadline, env=env or self.env, stdin=subprocess.DEVNULL,
                              check=False, **as_user(user))

    def until(self, condition, deadline=DEADLINE, what="condition", agent=None):
        """Looks again at each event of any agent; files are looked at every 20 ms besides."""
        end = time.monotonic() + deadline
        with self.changed:
            while not condition():
                left = end - time.monotonic()
                if left <= 0:
                    told = "\n".join(a.tell() for a in ([agent] if agent else self.agents))
                    raise AssertionError(f"not within {deadline} s: {what}\n{told}")
                self.changed.wait(min(left, 0.02))

    def until_content(self, path, content, deadline=DEADLINE):
        self.until(lambda: self.read(path) == content, deadline, f"{path} holds {content!r}")


def as_user(user):
    """What Popen needs to run a program as another user; nothing for our own."""
    return {"user": user, "group": "nogroup", "extra_groups": []} if user else {}


def need_root():
    if os.geteuid() != 0:
        raise Skipped("needs root")


def open_to_all(t):
    """Lets any user into the scratch directory, and gives nobody a copy of the binary there."""
    os.chmod(t.path, 0o755)
    binary = t.at("hansa")
    shutil.copy(t.binary, binary)
    os.chmod(binary, 0o755)
    t.binary = binary
    os.chmod(t.at("config.yaml"), 0o644)


def home_of_nobody(t):
    """A directory for nobody's own state; its path."""
    path = t.at("nobody")
    os.mkdir(path, 0o700)
    shutil.chown(path, "nobody")
    return path


@contextlib.contextmanager
def small_disk(path, size):
    """A tmpfs at `path`, of so many bytes as "64k" says."""
    need_root()
    os.mkdir(path)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "hansa-test", path],
                      capture_output=True, check=False).returncode != 0:
        raise Skipped("no file system may be mounted here")
    try:
        yield path
    finally:
        subprocess.run(["umount", "--lazy", path], check=True)


def children_of(pid):
    """Processes whose parent is `pid`, by command name."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", encoding="utf-8") as file:
                    text = file.read()
            except OSError:
                continue
            name, rest = text.split("(", 1)[1].rsplit(") ", 1)
            if int(rest.split()[1]) == pid:
                found[int(entry)] = name
    return found


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def store(t, agent, deadline=DEADLINE):
    """The client URL that the agent's store answers at."""
    agent.wait_for("store_changed", state="connected", deadline=deadline)
    return agent.seen("store_changed", state="connected")[-1]["detail"].split()[0]


def own_files(t, host, prefix=None):
    """etcdctl's flags for what an agent of that name has."""
    own = os.path.join(prefix or t.prefix, host, "trust")
    return ["--cacert", f"{own}/ca.pem", "--cert", f"{own}/tls.pem", "--key", f"{own}/tls.key"]


def credentials(t, url):
    """What etcdctl needs to be let in: an agent's own files, or for a bare etcd the in-house CA."""
    if url in t.bare:
        certificate, key = t.certified().issue("operator")
        return ["--cacert", t.certified().roots, "--cert", certificate, "--key", key]
    hosts = glob.glob(os.path.join(t.prefix, "*", "trust", "tls.pem"))
    return own_files(t, sorted(hosts)[0].split(os.sep)[-3])


def try_etcdctl(url, *arguments, data=None):
    return subprocess.run(["etcdctl", "--endpoints", address(url), *arguments],
                          capture_output=True, text=True, input=data, timeout=60,
                          env={**os.environ, "ETCDCTL_API": "3"}, check=False)


def etcdctl(t, url, *arguments, data=None):
    run = try_etcdctl(url, *credentials(t, url), *arguments, data=data)
    assert run.returncode == 0, f"etcdctl {arguments}: {run.stderr}"
    return run.stdout


def address(url):
    return url if "://" in url else f"https://{url}"


def equal(found, wanted, what=""):
    assert found == wanted, f"{what}: found {found!r}, wanted {wanted!r}"


def main():
    """usage: cases.py BINARY [CASE …]"""
    binary, names = os.path.realpath(sys.argv[1]), sys.argv[2:] or sorted(CASES)
    failed = skipped = 0
    for name in names:
        promise, function = CASES[name]
        scratch = Scratch(binary, name)
        started = time.monotonic()
        try:
            function(scratch)
            print(f"{name} holds ({time.monotonic() - started:.1f} s): {promise}")
        except Skipped as why:
            skipped += 1
            print(f"{name} SKIPPED ({why}): {promise}")
        except Exception as error:  # a case may fail in any way; the others go on
            failed += 1
            print(f"{name} FAILED: {promise}\n{type(error).__name__}: {error}")
        finally:
            scratch.close()
    print(f"{len(names) - failed - skipped} passed, {skipped} skipped, {failed} failed")
    if failed:
        return 1
    return SKIPPED if skipped == len(names) else 0
