#!/usr/bin/env python3
"""Joining with tokens, by real agents: who gets in, who does not, and what nobody gets to see."""
import base64
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time

from rig import DEADLINE, case, children_of, equal, free_port, main, store
from seats import Seat, graph, join


def refused(t, name, token, words, *flags, prefix=None):
    agent = join(t, name, token, *flags, prefix=prefix)
    equal(agent.wait(), 3, agent.tell())
    assert words in "\n".join(agent.lines), agent.tell()


@case("join-token", "S5: a token works once, for its name, within its time, and not when revoked")
def join_token(t):
    seat = Seat(t)
    token = seat.token("--name", "web*", "--domain", "dc=lon", "--label", "role=web")
    refused(t, "db1", token, "not for db1")
    web1 = join(t, "web1", token)
    web1.wait_for("store_changed", state="connected")
    t.until_content("web1-own", "own")
    refused(t, "web2", token, "used up")
    equal([(one["state"], one["used_by"]) for one in seat.tokens()], [("used up", ["web1"])])

    # A host that has joined needs the token no longer, nor does it mind it.
    equal(web1.stop(), 0)
    again = join(t, "web1", token)
    again.wait_for("store_changed", state="connected")
    assert any("--join is ignored" in e["text"] for e in again.seen("noted")), again.tell()

    revoked = seat.token()
    done = t.command("token", "revoke", seat.tokens()[-1]["id"], env=seat.env)
    equal(done.returncode, 0, done.stderr)
    refused(t, "web3", revoked, "was revoked")
    short = seat.token("--ttl", "1s")
    t.until(lambda: seat.tokens()[-1]["state"] == "expired", what="the token's end")
    refused(t, "web4", short, "expired at")


def listeners_of(pid):
    """How many TCP ports that process itself has open for others."""
    links = []
    for number in os.listdir(f"/proc/{pid}/fd"):
        try:
            links.append(os.readlink(f"/proc/{pid}/fd/{number}"))
        except FileNotFoundError:
            pass
    rows = []
    for name in ("tcp", "tcp6"):
        with open(f"/proc/{pid}/net/{name}", encoding="ascii") as file:
            rows += [line.split() for line in file.readlines()[1:]]
    return len([row for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in links])


@case("join-later", "who began without any flags makes tokens of the same authority later")
def join_later(t):
    def begin(*flags):
        agent = t.run(t.at("seat.yaml"), "--hostname", "seat", *flags)
        agent.wait_for("store_changed", state="connected")
        return agent

    graph(t, "seat")
    seat = begin()
    equal(listeners_of(seat.process.pid), 0, "no further port")
    with open(t.at("state/ca/root.pem"), encoding="utf-8") as file:
        root = file.read()
    again = t.command("ca", "init")
    equal(again.returncode, 3, "another authority")
    made = t.command("token", "create", "--uses", "2")
    equal(made.returncode, 0, made.stderr)
    assert "restart" in made.stderr and "--join-listen" in made.stderr, made.stderr
    equal(seat.stop(), 0)

    seat = begin()  # tokens were made: it answers
    equal(listeners_of(seat.process.pid), 1, "the port for joins")
    told = t.command("token", "create", "--uses", "2")
    assert "restart" not in told.stderr, told.stderr
    web1 = join(t, "web1", told.stdout.strip())
    web1.wait_for("store_changed", state="connected")
    equal(seat.stop(), 0)

    seat = begin("--join-listen", f"127.0.0.1:{free_port()}")
    web2 = join(t, "web2", t.command("token", "create").stdout.strip())
    web2.wait_for("store_changed", state="connected")
    for name in ("web1", "web2"):
        with open(t.at(f"state-{name}", name, "trust", "ca.pem"), encoding="utf-8") as file:
            equal(file.read(), root, "the authority of the beginning")


@case("join-wrong-authority", "S5: an authority with another root in between is not believed")
def join_wrong_authority(t):
    seat, other = Seat(t), Seat(t, name="other")
    token = seat.token("--address", other.address)  # as if its port had been taken over
    refused(t, "web1", token, "not the authority of this cluster")
    equal([one["used_by"] for one in seat.tokens()], [[]])
    # And a host of one cluster is not moved to another.
    web2 = join(t, "web2", seat.token())
    web2.wait_for("store_changed", state="connected")
    equal(web2.stop(), 0)
    refused(t, "web2", other.token(), "not to the cluster of this join token")
    equal([one["used_by"] for one in other.tokens()], [[]])


@case("join-waits", "a host whose authority is away waits for it and says so; it ends when told to")
def join_waits(t):
    seat = Seat(t)
    token = seat.token()
    equal(seat.agent.stop(), 0)
    web1 = join(t, "web1", token)
    t.until(lambda: any("waiting for an authority" in e["detail"]
                        for e in web1.seen("store_changed")), what="the word", agent=web1)
    seat.start()
    web1.wait_for("store_changed", state="connected")
    equal(seat.agent.stop(), 0)
    web2 = join(t, "web2", token)
    t.until(lambda: web2.seen("store_changed"), what="waiting", agent=web2)
    web2.signal(signal.SIGTERM)
    equal(web2.wait(), 0, web2.tell())
    equal(join(t, "web3", token, "--max-runtime", "1").wait(), 5)


@case("join-two-at-once", "S5: of two hosts at the same instant with a token for one, one gets in")
def join_two_at_once(t):
    seat = Seat(t)
    for number in range(3):
        token = seat.token()
        agents = [join(t, f"{side}{number}", token) for side in "ab"]
        t.until(lambda: any(a.ended() for a in agents), what="the loser's end")
        loser = next(a for a in agents if a.ended())
        winner = next(a for a in agents if a is not loser)
        equal(loser.wait(), 3, loser.tell())
        winner.wait_for("store_changed", state="connected")
        equal(winner.stop(), 0)
        equal(len(seat.tokens()[-1]["used_by"]), 1)


@case("join-killed", "S5: an authority's agent that is killed while it answers grants no use twice")
def join_killed(t):
    seat = Seat(t)
    for number in range(4):
        token = seat.token()
        first = join(t, f"a{number}", token)
        time.sleep(random.random() * 0.3)  # any instant will do; none is waited for
        seat.agent.kill()
        seat.start()
        second = join(t, f"b{number}", token)
        t.until(lambda: first.ended() or second.ended(), what="a loser")
        loser, winner = (first, second) if first.ended() else (second, first)
        equal(loser.wait(), 3, loser.tell())
        winner.wait_for("store_changed", state="connected")
        equal(len(seat.tokens()[-1]["used_by"]), 1)
        equal(winner.stop(), 0)


def session(t, seat, agents):
    """What commands answer, and the logs of the agents when they have ended."""
    env = {**t.env, "HANSA_PREFIX": t.at("state-web2")}
    for arguments in (["status", "--json"], ["status"], ["explain", "file[own]"],
                      ["policy", "show"], ["policy", "test", "--from", "web1", "file", "own"],
                      ["token", "list"], ["token", "list", "--json"], ["ca", "show"]):
        told = t.command(*arguments, env=seat.env if arguments[0] in ("token", "ca") else env)
        assert told.stdout, f"{arguments}: {told.stderr}"
        yield f"hansa {arguments}", (told.stdout + told.stderr).encode()
    for agent in [seat.agent, *agents]:
        agent.stop()
        said = [{k: v for k, v in event.items() if k != "at"} for event in agent.events]
        yield f"the log of {agent.arguments}", "\n".join(
            [*map(json.dumps, said), *agent.lines, *agent.out]).encode()


def shown_by_processes(agents):
    """What any user of the machine sees of the agents and their children."""
    for agent in agents:
        for pid in [agent.process.pid, *children_of(agent.process.pid)]:
            for name in ("cmdline", "environ"):
                with open(f"/proc/{pid}/{name}", "rb") as file:
                    yield f"{name} of {pid}", file.read()


def on_disk(t):
    for folder, _, names in os.walk(t.path):
        for path in (os.path.join(folder, name) for name in names):
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    yield path, file.read()


def secret_parts(t, token):
    """The token, its secret in every usual spelling, and a line of each private key."""
    text = token.split(".", 1)[1]
    secret = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))[8:40]
    parts = {"token": token.encode(), "secret": secret, "secret in hex": secret.hex().encode(),
             "secret in base64": base64.b64encode(secret).rstrip(b"="),
             "secret in base64url": base64.urlsafe_b64encode(secret).rstrip(b"=")}
    for path, text in on_disk(t):
        lines = text.splitlines()
        for at, line in enumerate(lines):
            if b"PRIVATE KEY-----" in line and line.startswith(b"-----BEGIN"):
                parts[f"key in {path}"] = lines[at + 1]
    return parts


def reveals(text, parts):
    return [what for what, part in parts.items() if part in text]


@case("join-secrets", "no secret stands in a log, an answer, a process list, or a file for others")
def join_secrets(t):
    seat = Seat(t)
    token = seat.token("--uses", "3")
    hidden = t.graph("web2.yaml", """
graph: web2
resources:
  file:
  - {name: own, path: T/web2-own, content: "planted-content", mode: "0600", meta: {sensitive: true}}
""")
    env = {**t.env, "HANSA_PREFIX": t.at("state-web1")}
    agents = [t.run(graph(t, "web1"), "--hostname", "web1", "--join", token, env=env),
              join(t, "web2", token, file=hidden)]
    t.write("token", token + "\n")
    env = {**t.env, "HANSA_PREFIX": t.at("state-web3")}
    agents.append(t.run(graph(t, "web3"), "--hostname", "web3", f"--join=@{t.at('token')}",
                        env=env))
    for agent in agents:
        agent.wait_for("store_changed", state="connected")
        agent.wait_at_rest()
    os.unlink(t.at("token"))
    parts = secret_parts(t, token)
    assert len([what for what in parts if what.startswith("key in")]) >= 4 * 2 + 2, parts.keys()
    for path, text in on_disk(t):
        private = os.stat(path).st_mode & 0o777 == 0o600
        of_token = reveals(text, {k: v for k, v in parts.items() if not k.startswith("key in")})
        equal(of_token, [], path)
        assert private or not reveals(text, parts), f"{path} is open to others"
        assert private or not (path.endswith(".key") or "/tokens/" in path), path
    parts["sensitive content"] = b"planted-content"
    for what, text in [*shown_by_processes([seat.agent, *agents]), *session(t, seat, agents)]:
        equal(reveals(text, parts), [], what)


@case("join-garbage", "S4: garbage and slow clients at the enrolment port change and stop nothing")
def join_garbage(t):
    seat = Seat(t)
    token = seat.token()
    host, port = seat.address.split(":")
    rng = random.Random(4)
    slow = [socket.create_connection((host, int(port))) for _ in range(20)]
    for number in range(10_000):
        with socket.create_connection((host, int(port)), timeout=DEADLINE) as stranger:
            data = rng.randbytes(rng.randrange(1, 400))
            if number % 2:
                data = b"\x16\x03\x01" + data
            try:
                stranger.sendall(data)
            except OSError:
                pass  # hung up on already
    for one in slow:
        one.settimeout(DEADLINE)
        try:
            equal(one.recv(1), b"", "a silent client is cut")
        except ConnectionError:
            pass
        one.close()
    equal([one["used_by"] for one in seat.tokens()], [[]])
    web1 = join(t, "web1", token)
    web1.wait_for("store_changed", state="connected")
    equal(seat.agent.ended(), False)


@case("join-renewal", "certificates are renewed in time, and soon after their end")
def join_renewal(t):
    seat = Seat(t, "--certificate-life", "6")
    web1 = join(t, "web1", seat.token())
    web1.wait_for("store_changed", state="connected")
    path = t.at("state-web1", "web1", "trust", "tls.pem")

    def serial():
        told = subprocess.run(["openssl", "x509", "-noout", "-serial", "-pubkey", "-in", path],
                              capture_output=True, text=True, check=True).stdout
        return told.split("\n", 1)

    first, key = serial()
    t.until(lambda: serial()[0] != first, what="a new certificate", agent=web1)
    equal(serial()[1], key, "the key stays")

    # While nobody renews this is said, with the time; afterwards it is made good.
    equal(seat.agent.stop(), 0)
    t.until(lambda: any("could not be renewed" in e["text"] for e in web1.seen("warned")),
            what="the warning", agent=web1)
    t.until(lambda: any("certificate expired" in e["text"] for e in web1.seen("warned")),
            what="the end", agent=web1)
    late = serial()[0]
    seat.start()
    t.until(lambda: serial()[0] != late, what="a renewal within the grace", agent=web1)


def command_of_host(t, name, token, *flags):
    return t.command("join", "--hostname", name, *flags, "--max-runtime", "20",
                     env={**t.env, "HANSA_PREFIX": t.at(f"state-{name}"), "HANSA_JOIN": token})


@case("join-command", "hansa join: an identity without an agent, and from one cluster to another")
def join_command(t):
    seat = Seat(t)
    done = command_of_host(t, "web1", seat.token())
    equal(done.returncode, 0, done.stderr)
    assert "belongs to cluster c1" in done.stdout, done.stdout
    web1 = join(t, "web1", "")
    web1.wait_for("store_changed", state="connected")
    before = web1.seen("noted")
    assert not any("joined" in e["text"] for e in before), "it needed no token"

    other = Seat(t, name="other")
    token = other.token("--uses", "2")
    running = command_of_host(t, "web1", token, "--abandon-mine")
    equal(running.returncode, 3, "its agent runs")
    equal(web1.stop(), 0)
    kept = sorted(os.listdir(t.at("state-web1/web1")))
    stays = command_of_host(t, "web1", token)
    equal(stays.returncode, 3, stays.stdout)
    assert "--abandon-mine" in stays.stderr, stays.stderr
    equal(sorted(os.listdir(t.at("state-web1/web1"))), kept, "nothing is changed")
    moved = command_of_host(t, "web1", token, "--abandon-mine")
    equal(moved.returncode, 0, moved.stderr)
    aside = [name for name in os.listdir(t.at("state-web1")) if name.startswith("web1.abandoned-")]
    equal(len(aside), 1, "the former state")
    equal(sorted(os.listdir(t.at("state-web1", aside[0]))), kept, "is there as it was")
    again = join(t, "web1", "")
    again.wait_for("store_changed", state="connected")


@case("join-argument", "a token as an argument of hansa join is refused; without one nothing is made")
def join_argument(t):
    seat = Seat(t)
    token = seat.token()
    env = {**t.env, "HANSA_PREFIX": t.at("state-web1")}
    for words in ([token], []):
        done = t.command("join", "--hostname", "web1", *words, env=env)
        equal(done.returncode, 2, done.stderr)
        assert token not in done.stderr, "the secret is shown"
    assert not os.path.exists(t.at("state-web1")), "something was made"


@case("init", "hansa init: what it says is what lets a second machine in")
def init(t):
    store, at = free_port(), free_port()
    made = t.command("init", "--listen", "127.0.0.1", "--name", "c9", "--hosts", "1")
    equal(made.returncode, 0, made.stderr)
    assert "hansa run" in made.stderr and "c9" in made.stderr, made.stderr
    token = made.stdout.strip()
    twice = t.command("init", "--listen", "127.0.0.1")
    equal(twice.returncode, 3, "an authority is never replaced")
    first = t.run(graph(t, "first"), "--hostname", "first", "--join-listen", f"127.0.0.1:{at}",
                  "--client-urls", f"127.0.0.1:{store}")
    first.wait_for("store_changed", state="connected")
    # The token names the usual port, which is anybody's on a machine of tests.
    second = join(t, "second", token, "--seeds", f"127.0.0.1:{store}", "--max-runtime", "1")
    equal(second.wait(), 5, "nobody of that cluster answers there")
    token = t.command("token", "create").stdout.strip()
    second = join(t, "second", token)
    second.wait_for("store_changed", state="connected")


def exporting(t, name, *exported):
    """The graph of a host that exports these and collects everybody's into a place of its own."""
    os.makedirs(t.at(f"got-{name}"), exist_ok=True)
    files = "".join(f'  - {{name: "@@{one}", path: /x/{one}, content: "{name}"}}\n'
                    for one in exported)
    return t.graph(f"{name}.yaml", f"""
graph: {name}
resources:
  file:
  - {{name: own, path: T/{name}-own, content: own}}
{files}collect:
- {{kind: file, pattern: T/got-{name}/}}
""")


@case("replace", "another machine takes over a dead host's name, and the former one stays out")
def replace(t):
    seat = Seat(t)
    collector = join(t, "c", seat.token(), file=exporting(t, "c"))
    old = exporting(t, "old", "both", "before")
    first = join(t, "b", seat.token(), prefix="state-old", file=old)
    t.until_content("got-c/both", "old")
    t.until_content("got-c/before", "old")

    new = exporting(t, "new", "both", "after")
    def try_new(*flags, token):
        return join(t, "b", token, *flags, prefix="state-new", file=new)
    equal(first.stop(), 0, "exit code")
    early = try_new("--replace", token=seat.token())
    equal(early.wait(), 3, early.tell())
    assert '"hansa peers revoke b"' in "\n".join(early.lines), early.tell()
    revoked = t.command("peers", "revoke", "b", env=seat.env)
    equal(revoked.returncode, 0, revoked.stderr)
    unasked = try_new(token=seat.token())
    equal(unasked.wait(), 3, unasked.tell())
    told = "\n".join(unasked.lines)
    assert 'host name "b" is taken by' in told and "--replace" in told, told
    second = try_new("--replace", token=seat.token())
    second.wait_for("store_changed", state="connected")
    t.until(lambda: any("from now on" in e["text"] for e in second.seen("noted")),
            what="it says whom it replaces", agent=second)
    t.until_content("got-c/both", "new")
    t.until_content("got-c/after", "new")
    t.until(lambda: t.read("got-c/before") is None or collector.seen("collected", withdrawn=1),
            what="what only the former one exported is withdrawn")
    second.wait_at_rest()

    back = join(t, "b", "", prefix="state-old", file=old)
    equal(back.wait(), 3, back.tell())
    told = "\n".join(back.lines)
    assert "was revoked" in told and "another machine" in told, told
    equal(t.read("got-c/both"), "new", "the former one is not collected any more")
    equal((second.stop(), collector.stop(), seat.agent.stop()), (0, 0, 0), "exit codes")


@case("replace-live", "a live host is never replaced; a dead one is, with all that it exported")
def replace_live(t):
    collector = t.run(exporting(t, "c"), "--hostname", "c")
    url = store(t, collector)
    for machine in ("old", "new"):
        t.share_authority(t.at(f"state-{machine}"))
    def run(machine, file, *flags):
        return t.run(file, "--hostname", "b", "--prefix", t.at(f"state-{machine}"), "--seeds", url, *flags)
    old, new = exporting(t, "old", "before"), exporting(t, "new")
    first = run("old", old)
    t.until_content("got-c/before", "old")
    alive = run("new", new, "--replace")
    equal(alive.wait(), 3, alive.tell())
    assert "that host is alive" in "\n".join(alive.lines), alive.tell()
    equal(first.stop(), 0, "exit code")
    second = run("new", new, "--replace")
    second.wait_at_rest()
    collector.wait_for("collected", withdrawn=1)
    # Even while the new one is away: the name is its own.
    equal(second.stop(), 0, "exit code")
    back = run("old", old)
    equal(back.wait(), 3, back.tell())
    assert 'host name "b" is taken by' in "\n".join(back.lines), back.tell()
    equal(collector.stop(), 0, "exit code")


if __name__ == "__main__":
    sys.exit(main())
