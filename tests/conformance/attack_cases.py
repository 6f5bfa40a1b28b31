#!/usr/bin/env python3
"""The promises of trust as attacks: joined peers and seat holders against real agents, real etcd.

v exports, c collects, m has joined as they have and attacks: with its own certificate at the
store's port, and with keys and a pen. A seat holder reads and writes everything that the store
holds. Who has the issuing key can be any host, which nothing here can or does refuse.
"""
import contextlib
import glob
import json
import os
import pwd
import random
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time

from forger import Attacker, Forger, below, identity_of, manifest_of
from rig import as_user, case, equal, main, need_root, try_etcdctl
from seats import Seat, join


class Stage:
    """A seat and hosts that joined it: v exports file[page], c collects files into T/c/."""

    def __init__(self, t, hosts="vcm", seat=()):
        self.t = t
        self.seat = Seat(t, *seat)
        self.token = self.seat.token("--uses", "9")
        self.agents = {}
        for host in hosts:
            self.start(host)
        for host in hosts:
            self.agents[host].wait_for("store_changed", state="connected")
        if "v" in hosts and "c" in hosts:
            t.until_content("c/page", "first")

    def graph(self, host, text="", collects=()):
        os.makedirs(self.t.at(host), exist_ok=True)
        wanted = "".join(f"- {each}\n" for each in collects)
        return self.t.graph(f"{host}.yaml", f"graph: {host}\nresources:\n  file:\n"
                            f"  - {{name: own, path: T/{host}-own, content: own}}\n{text}"
                            + (f"collect:\n{wanted}" if wanted else ""))

    def page(self, content):
        return self.graph("v", f'  - {{name: "@@page", path: T/x/page, content: "{content}"}}\n')

    def file(self, host):
        if host == "v":
            return self.page("first")
        if host == "m":
            return self.graph("m", '  - {name: "@@hello", path: T/x/hello, content: hello}\n')
        return self.graph(host, collects=[f"{{kind: file, pattern: T/{host}/}}", "{kind: exec}"])

    def start(self, host, *flags):
        self.agents[host] = join(self.t, host, self.token, *flags, file=self.file(host))
        return self.agents[host]

    def attacker(self, host="m"):
        prefix = self.seat.prefix if host == "seat" else self.t.at(f"state-{host}")
        agent = self.seat.agent if host == "seat" else self.agents[host]
        return Attacker(self.t, agent, host, prefix)


def refusal(agent, since, cause, *words):
    """Waits until the agent has refused something for that cause, with these words."""
    def found():
        return [event for event in agent.seen("refused", since, cause=cause)
                if all(word in event["text"] for word in words)]
    agent.scratch.until(found, what=f"{cause}: {words}", agent=agent)


def verdict(agent, word, instance, since=0):
    """Waits for that verdict on a collected resource, and answers the rule and why."""
    event = agent.wait_for("judged", since, verdict=word, id=instance)
    return f"{event['rule']}: {event['why']}"


def refusals(t, host):
    """Those that `hansa status` counts, by cause."""
    env = {**t.env, "HANSA_PREFIX": t.at(f"state-{host}")}
    told = t.command("status", "--json", env=env)
    equal(told.returncode, 0, told.stderr)
    return json.loads(told.stdout)["refusals"]


def wrote(agent, *contents):
    """Waits until the agent has told of all these contents of file[page]; there are no others."""
    def told():
        return [json.loads(change["to"]) for event in agent.runs("file[page] from v", "changed")
                for change in event["changes"] if change["field"] == "content"]
    agent.scratch.until(lambda: contents[-1] in told(), what=contents[-1], agent=agent)
    equal(told(), list(contents), "what was ever applied")


class Stolen:
    """v's exports as they stand, and forgeries of them with m's key."""

    def __init__(self, attacker, path):
        everything = attacker.get("/hansa/v1")
        self.page, self.manifest = below("v") + "file/page", manifest_of("v")
        self.there = {k: v for k, v in everything.items() if k.startswith(below("v"))}
        self.path = path
        self.identity, self.mine = everything[identity_of("v")], everything[identity_of("m")]
        self.forger = Forger(attacker.key, self.identity)
        self.forger.incarnation = 10**15
        self.true_key = json.loads(self.there[self.manifest])["key"]

    def page_saying(self, content):
        return self.forger.record("file", "page", {"path": self.path, "content": content})

    def forged(self, named=None):
        """A state of v's that is right in everything but the key."""
        key, value = self.page_saying("forged")
        return {key: value, **self.forger.manifest({key: value}, named=named)}

    def key_set(self):
        """v's key set with m's key, chain and proof in it."""
        shown = {**json.loads(self.mine), "name": "v", "uuid": json.loads(self.identity)["uuid"]}
        return {identity_of("v"): json.dumps(shown, separators=(",", ":"))}

    def edited(self):
        value = json.loads(self.there[self.page])
        value["fields"]["content"] = "edited"
        return {self.page: json.dumps(value, separators=(",", ":"))}

    def extra(self):
        key, value = self.forger.record("file", "evil", {"path": self.path, "content": "evil"})
        return {key: value}


# What is written and removed, and the cause that c names.
FORGERIES = {
    "an edited record": lambda s: (s.edited(), (), "digest"),
    "a record signed by m": lambda s: (dict([s.page_saying("forged")]), (), "digest"),
    "one more record": lambda s: (s.extra(), (), "digest"),
    "a record and a manifest": lambda s: (s.forged(named=s.true_key), (), "bad_signature"),
    "a record less": lambda s: ({}, (s.page,), "digest"),
    "no manifest": lambda s: ({}, (s.manifest,), "withheld"),
    "nothing at all": lambda s: ({}, (s.page, s.manifest), "withheld"),
}


@case("forged-exports", "S1: what m writes, changes or deletes below v is refused and undone")
def forged_exports(t):
    stage = Stage(t)
    m, v, c = stage.attacker(), stage.agents["v"], stage.agents["c"]
    for what, forgery in FORGERIES.items():
        at_c, at_v = c.mark(), v.mark()
        puts, removals, cause = forgery(Stolen(m, t.at("x/page")))
        m.write(puts, removals)
        refusal(c, at_c, cause, "exports of v")
        refusal(v, at_v, "foreign_write", below("v"))
        stage.page(what)  # v's next change comes through, and nothing else did
        t.until_content("c/page", what)
    wrote(c, "first", *FORGERIES)

    at_v = v.mark()
    stolen = Stolen(m, t.at("x/page"))
    m.write({identity_of("v"): stolen.mine})
    refusal(v, at_v, "foreign_write", identity_of("v"))

    # With v stopped nobody repairs; everything that m can forge stands there at once.
    v.signal(signal.SIGSTOP)
    at_c = c.mark()
    m.write({**stolen.forged(), **stolen.key_set()})
    refusal(c, at_c, "bad_signature", "exports of v")
    equal(sorted(os.listdir(t.at("c"))), ["hello", "page"])
    v.signal(signal.SIGCONT)
    stage.page("last")
    t.until_content("c/page", "last")
    wrote(c, "first", *FORGERIES, "last")
    counted = refusals(t, "c")
    assert all(counted.get(cause) for cause in ("digest", "bad_signature", "withheld")), counted


def remembers(t, host, manifest):
    """Waits until the host has it on disk that it accepted what this manifest vouches for."""
    digest = json.loads(manifest)["digest"]
    path = f"state-{host}/{host}/trust/exporters.json"
    t.until(lambda: digest in (t.read(path) or ""), what=f"{host} remembers it")


@case("replayed-exports", "S2: an old state, put back by a seat holder, is not gone back to")
def replayed_exports(t):
    """What was applied is remembered on disk a second later; until then only the running agent is
    safe from it, and one that was killed in that second is as one that has never seen v."""
    stage = Stage(t, "vc")
    seat, v, c = stage.attacker("seat"), stage.agents["v"], stage.agents["c"]
    old = seat.get(below("v"))
    stage.page("second")
    t.until_content("c/page", "second")
    mark, at_v = c.mark(), v.mark()
    seat.set_back(old, below("v"))
    refusal(c, mark, "rollback", "exports of v")
    refusal(v, at_v, "foreign_write", below("v"))
    stage.page("third")
    t.until_content("c/page", "third")
    remembers(t, "c", seat.get(manifest_of("v"))[manifest_of("v")])

    # While v is away nobody repairs: neither the running collector goes back nor the next run.
    v.signal(signal.SIGSTOP)
    at_c = c.mark()
    seat.set_back(old, below("v"))
    refusal(c, at_c, "rollback", "exports of v")
    wrote(c, "first", "second", "third")
    c.kill()
    c = stage.start("c")
    refusal(c, 0, "rollback", "exports of v")
    c.wait_at_rest()
    equal((t.read("c/page"), c.seen("judged")), ("third", []))

    # Who has never seen v can be shown what v itself said within the last ten minutes, but no
    # forgery of it; whatever that was, v's word of today is what stays.
    d = stage.start("d")
    t.until_content("d/page", "first")
    v.signal(signal.SIGCONT)
    for content in ("third", "fourth"):
        for host in "cd":
            t.until_content(f"{host}/page", content)
        stage.page("fourth")
    equal(d.seen("refused", cause="rollback"), [], "nobody went back")


def hostile(t):
    """By name: kind, fields, where it would go, and what is said of it instead."""
    def file(**fields):
        return "file", {"content": "x", **fields}

    there = t.at("c/")
    return {
        "run": ("exec", {"cmd": f"touch {t.at('ran')}"}, "", "no rule allows exec from m"),
        "hansa-test": ("user", {"state": "exists"}, "", "no rule allows user from m"),
        "outside": (*file(path=t.at("outside")), "", "the collect has no pattern"),
        "suid": (*file(path=t.at("x/suid"), mode="4755"), there, "may give 4000"),
        "sticky": ("file", {"path": t.at("x/sticky/"), "mode": "+t"}, there, "may give 1000"),
        "owned": (*file(path=t.at("x/owned"), owner="nobody"), there, 'owner "nobody"'),
        "link": ("file", {"path": t.at("x/link"), "symlink": "/"}, there, "a symbolic link"),
        "gone": ("file", {"path": t.at("x/mine"), "state": "absent"}, there, "may remove"),
        "forced": (*file(path=t.at("x/mine"), force=True), there, "may remove"),
        "large": (*file(path=t.at("x/large"), content="x" * (2**20 + 1)), there, "max_bytes"),
        "zone": (*file(path=t.at("x/zone")), t.at(".ssh/"), "forbidden zone (authorized_keys)"),
        "cron": (*file(path=t.at("x/hansa-test")), "/etc/cron.d/", "forbidden zone (cron)"),
    }


# A file of this host's own, shown to others.
def copied(t):
    return "file", "copied", {"path": t.at("x/copied"), "source": t.at("secret"), "mode": "0644"}


# Names and paths that are no place: what is said of each.
NO_PLACE = {
    "..": ({}, "is not absolute"),
    "%2e%2e": ({}, "is not absolute"),
    "/..": ({}, 'holds ".."'),
    "/x/../../up": ({}, 'holds ".."'),
    "deep": ({"path": "/x/../../up"}, 'holds ".."'),
    "split": ({"dirname": "/x/", "basename": "../up"}, 'holds ".."'),
    "byte": ({"path": "/x/a\u0001b"}, "holds a control byte"),
    "nul": ({"path": "/x/n\0ul"}, "holds a control byte"),
    "nul\0nul": ({}, "nul%00nul: record has a name that holds a control character"),
}


class Hostile:
    """m, whose agent publishes nothing itself: what stands below its name is a forger's work."""

    def __init__(self, t, stage):
        self.attacker = stage.attacker()
        identity = self.attacker.own_identity()
        equal(stage.agents["m"].stop(), 0)
        stage.start("m", "--noop").wait_for("store_changed", state="connected")
        self.forger = Forger(self.attacker.key, identity)
        self.forger.incarnation = 10**6

    def export(self, *records, **more):
        """m's whole state from now on: KIND, NAME, FIELDS each."""
        self.forger.seq += 1
        made = dict(self.forger.record(kind, name, fields) for kind, name, fields in records)
        self.attacker.set_back({**made, **self.forger.manifest(made, **more)}, below("m"))


@case("hostile-exports", "S3: without a policy a host lets in files for its directory alone")
def hostile_exports(t):
    stage = Stage(t, "m")
    for name in ("c/mine", "secret"):
        t.write(name, name)
    os.mkdir(t.at(".ssh"))
    places = (t.at("c/"), t.at(".ssh/"), "/etc/cron.d/")
    stage.graph("c", collects=[*(f"{{kind: file, pattern: {place}}}" for place in places),
                               "{kind: file}", "{kind: exec}", "{kind: user}"])
    c = join(t, "c", stage.token, file=t.at("c.yaml"))
    m = Hostile(t, stage)
    wanted = hostile(t)
    m.export(("file", "good", {"path": "/elsewhere/good", "content": "good"}),
             ("file", "hello", {"path": "/etc/hello", "content": "absolute"}),
             copied(t), *((kind, name, fields) for name, (kind, fields, _, _) in wanted.items()),
             *(("file", name, {"content": "x", **fields})
               for name, (fields, _) in NO_PLACE.items()))
    t.until_content("c/good", "good")
    t.until_content("c/hello", "absolute")
    for name, (kind, _, place, words) in wanted.items():
        event = c.wait_for("judged", verdict="denied", id=f"{kind}[{name}] from m", place=place)
        assert words in event["why"], event
    refusal(c, 0, "denied", "file[copied] from m: host m: file[copied]: source came from another")
    for name, (_, words) in NO_PLACE.items():
        shown = "" if "\0" in name else f"file[{name}]: path"
        refusal(c, 0, "bad_record", shown, words)
    c.wait_at_rest()
    # What has no place elsewhere may well be a file of this directory.
    equal(sorted(os.listdir(t.at("c"))),
          ["good", "hansa-test", "hello", "mine", "outside", "zone"])
    equal((t.read("c/mine"), os.listdir(t.at(".ssh"))), ("c/mine", []))
    assert not any(os.path.exists(path) for path in (t.at("ran"), t.at("outside"), "/up")), c.tell()
    assert not os.path.exists("/etc/cron.d/hansa-test"), c.tell()
    counted = refusals(t, "c")
    assert counted["denied"] >= len(wanted) and counted["bad_record"] >= len(NO_PLACE), counted


@case("restored-store", "S2: a seat holder who sets the whole store back takes no host with it")
def restored_store(t):
    stage = Stage(t, "vc")
    v, c, seat = stage.agents["v"], stage.agents["c"], stage.seat
    data, saved = t.at("state-seat/cluster"), t.at("saved")
    mark = c.mark()
    equal(seat.agent.stop(), 0)
    shutil.copytree(data, saved, ignore=shutil.ignore_patterns("*.sock", "*.lock"))
    seat.start()
    c.wait_for("store_changed", mark, state="connected")
    stage.page("second")
    t.until_content("c/page", "second")
    v.signal(signal.SIGSTOP)
    equal(seat.agent.stop(), 0)
    shutil.rmtree(data)
    os.rename(saved, data)
    mark = c.mark()
    seat.start()
    refusal(c, mark, "rollback", "exports of v")
    wrote(c, "first", "second")
    v.signal(signal.SIGCONT)
    stage.page("third")
    t.until_content("c/page", "third")
    wrote(c, "first", "second", "third")


def policy(t, host, *arguments):
    """`hansa policy` on that host's machine."""
    env = {**t.env, "HANSA_PREFIX": t.at(f"state-{host}")}
    return t.command("policy", *arguments, env=env)


@case("policy-for-a-command", "S3: a command runs here by a rule, and in quarantine when accepted")
def policy_for_a_command(t):
    def rules(text):
        os.chmod(t.write("policy.new", text), 0o600)
        os.rename(t.at("policy.new"), t.at("policy.yaml"))

    rule = "rules: [{allow: exec, from: m, name: run}]\n"
    stage = Stage(t, "")
    rules("rules: []\n")
    c = stage.start("c", "--policy", t.at("policy.yaml"))
    runs = f'  exec:\n  - {{name: "@@run", cmd: touch T/ran, creates: T/ran}}\n'
    join(t, "m", stage.token, file=stage.graph("m", runs))
    why = verdict(c, "denied", "exec[run] from m")
    assert "no rule allows exec from m" in why, why
    at_rest = c.mark()
    rules("quarantine: true\n" + rule)
    why = verdict(c, "quarantined", "exec[run] from m", at_rest)
    assert "policy.yaml:2" in why and "until its exporter is accepted" in why, why
    c.wait_for("resource_ran", at_rest, outcome="would_change", id="exec[run] from m")
    equal(t.read("ran"), None, "in quarantine")
    done = policy(t, "c", "accept", "m")
    equal(done.returncode, 0, done.stderr)
    verdict(c, "allowed", "exec[run] from m", at_rest)
    t.until_content("ran", "")


@case("ended-signatures", "S2: a state whose signature has ended is refused, and silence is no news")
def ended_signatures(t):
    """That a host lives and does not renew is told after 30 s at least ("frozen"): see the
    simulations and the fold's tests, whose time is not ours."""
    stage = Stage(t)
    m, v, c = Hostile(t, stage), stage.agents["v"], stage.agents["c"]

    def export(content, **more):
        m.export(("file", "hello", {"path": "/x/hello", "content": content}), **more)

    export("signed in time")
    t.until_content("c/hello", "signed in time")
    mark = c.mark()
    export("shown too late", age=700)
    refusal(c, mark, "expired", "exports of m: its manifest of")
    mark = c.mark()
    export("for ever", life=2 * 86_400)
    refusal(c, mark, "expired", "more than a day")
    equal(t.read("c/hello"), "signed in time")

    v.signal(signal.SIGSTOP)
    os.unlink(t.at("c/page"))
    t.until_content("c/page", "first")
    v.signal(signal.SIGCONT)
    stage.page("second")
    t.until_content("c/page", "second")


def resident_kib(agent):
    with open(f"/proc/{agent.process.pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))


@case("many-exports", "S1: 100,000 exports of m cost c some memory, and v is heard all the same")
def many_exports(t):
    stage = Stage(t)
    m, c = Hostile(t, stage), stage.agents["c"]
    made = dict(m.forger.record("file", f"n{number}", {"path": f"/x/n{number}", "content": "x"})
                for number in range(2_000))
    made |= {below("m") + f"file/g{number}": "{}" for number in range(98_000)}
    pairs = list(made.items())
    heard = []
    for first in range(0, len(pairs), 10_000):
        m.attacker.write(dict(pairs[first:first + 10_000]))
        started = time.monotonic()
        stage.page(f"after {first}")
        t.until_content("c/page", f"after {first}")
        heard.append(time.monotonic() - started)
    at_c = c.mark()
    m.attacker.write(m.forger.manifest(made))
    refusal(c, at_c, "quota", "exports of m: there are more than 10000")
    stage.page("last")
    t.until_content("c/page", "last")
    assert max(heard) < 10, f"v was heard after {max(heard):.1f} s"
    assert resident_kib(c) < 400 * 1024, f"{resident_kib(c)} KiB"
    equal(sorted(os.listdir(t.at("c"))), ["hello", "page"])


TOO_MANY = 5_001  # one more than a host may export


@case("export-quota", "a host that would export too much is told so, and keeps what it had")
def export_quota(t):
    stage = Stage(t, "m")
    m = stage.agents["m"]
    names = (f'  - {{name: "@@n{number}", path: T/x/n{number}, content: x}}\n'
             for number in range(TOO_MANY))
    stage.graph("m", "".join(names))
    refused = m.wait_for("refused", cause="quota")
    assert "5001 resources; a host may export 5000" in refused["text"], refused
    assert [*stage.attacker().get(below("m"))] == [manifest_of("m"), below("m") + "file/hello"]


# Puts a link to the victim in the place of a directory, and the directory back, for 3 s.
RACE = """
cd "$1"; end=$(($(date +%s) + 3)); rounds=0
while [ "$(date +%s)" -lt "$end" ]; do
    rm -f sub/page; mv -T sub aside; mv -T link sub; mv -T sub link; mv -T aside sub
    rounds=$((rounds + 1))
done
echo $rounds
"""


@case("planted-links", "S3: links that another user plants lead nothing out of the directory")
def planted_links(t):
    """Some seconds of a race; 10,000 rounds of it are run where the calls are made (room sys)."""
    need_root()
    os.chmod(t.path, 0o755)
    stage = Stage(t, "v")
    t.write("victim/page", "mine")
    for name in ("c", "c/tree", "c/tree/sub"):
        os.mkdir(t.at(name))
        shutil.chown(t.at(name), "nobody")
    for name, victim in (("c/page", "victim/page"), ("c/tree/link", "victim")):
        os.symlink(t.at(victim), t.at(name))
        os.lchown(t.at(name), pwd.getpwnam("nobody").pw_uid, -1)
    deep = t.at("c/tree/sub/page")
    t.graph("v.yaml", f"""
graph: v
resources:
  file:
  - {{name: "@@page", path: T/x/page, content: page}}
  - {{name: "@@deep", path: {deep}, content: deep}}
""")
    c = join(t, "c", stage.token, *t.allow("{allow: file, from: v, path: T/c/tree/**, name: deep}"),
             file=stage.graph("c", collects=[f"{{kind: file, pattern: T/c/, name: page}}",
                                             "{kind: file, name: deep}"]))
    t.until_content("c/tree/sub/page", "deep")
    failed = c.wait_for("resource_ran", id="file[page] from v", outcome="failed")
    assert "is a symbolic link" in failed["error"], failed
    race = subprocess.run(["sh", "-c", RACE, "race", t.at("c/tree")], capture_output=True,
                          text=True, timeout=60, check=False, **as_user("nobody"))
    assert int(race.stdout) > 20, race
    t.until_content("c/tree/sub/page", "deep")
    equal((os.listdir(t.at("victim")), t.read("victim/page")), (["page"], "mine"))


def payloads(rng):
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    put = b'{"key": "aGFuc2E=", "value": "aGFuc2E="}'
    yield rng.randbytes(65_536)
    yield b"\x16\x03\x01" + rng.randbytes(65_536)
    yield b"GET /version HTTP/1.1\r\nHost: x\r\n\r\n"
    yield (b"POST /v3/kv/put HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(put)) + put
    yield preface + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00" + rng.randbytes(4_096)


def dialled(address):
    if isinstance(address, str):
        link = socket.socket(socket.AF_UNIX)
        link.connect(address)
        return link
    return socket.create_connection(("127.0.0.1", address), 5)


def throw(address, data, secure):
    """Sends it and hears out whatever comes back, with or without TLS; hang-ups are welcome."""
    with contextlib.suppress(OSError), dialled(address) as link:
        link.settimeout(1)
        if secure:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            link = context.wrap_socket(link)
        link.sendall(data)
        if not secure:  # a half-closed TLS connection is none
            link.shutdown(socket.SHUT_WR)
        while link.recv(65_536):
            pass


@case("raw-bytes", "S4: bytes of strangers change nothing, whatever port or socket they arrive at")
def raw_bytes(t):
    stage = Stage(t)
    m = stage.attacker()
    for agent in t.agents:
        agent.wait_at_rest()
    with open(os.path.join(stage.seat.prefix, "cluster/store.json"), encoding="utf-8") as file:
        peers = json.load(file)["peer_urls"]
    ports = [int(text.rsplit(":", 1)[1]) for text in (m.url, *peers, stage.seat.address)]
    sockets = glob.glob(t.at("state-*/*/*.sock"))
    equal(len(sockets), 4, f"control sockets: {sockets}")
    before, tokens = m.revision(), stage.seat.tokens()
    marks = [(agent, agent.mark()) for agent in t.agents]
    rng = random.Random(8)
    for data in payloads(rng):
        for address in (*ports, *sockets):
            throw(address, data, secure=False)
        for port in ports:
            throw(port, data, secure=True)
    for url, flags in ((f"http://{m.url}", []), (m.url, m.flags[:2])):  # without a certificate
        written = try_etcdctl(url, *flags, "--command-timeout", "2s", "put", "hansa", "x")
        assert written.returncode != 0, f"{url} {flags}: {written.stdout}"
    equal((m.revision(), stage.seat.tokens()), (before, tokens), "the store and the tokens")
    for agent, mark in marks:
        equal((agent.ended(), agent.seen("store_changed", mark)), (False, []), agent.tell())
    stage.page("second")
    t.until_content("c/page", "second")


REVOCATIONS = "/hansa/v1/revocations"


@case("revoked-peer", "S6: a peer that is taken back is out within 60 s until it has a new token")
def revoked_peer(t):
    stage = Stage(t, seat=("--certificate-life", "20"))
    m, v, c = (stage.agents[host] for host in "mvc")
    t.until_content("c/hello", "hello")
    attacker, helper = stage.attacker(), stage.attacker("c")
    identity = attacker.own_identity()
    marks = {agent: agent.mark() for agent in (m, v, c)}
    done = t.command("peers", "revoke", "m", env=stage.seat.env)
    equal(done.returncode, 0, done.stderr)
    m.wait_for("store_changed", marks[m], state="away", deadline=60)
    for agent in (v, c):
        agent.wait_for("store_changed", marks[agent], state="connected")
    refused = attacker.try_etcdctl("--dial-timeout", "2s", "--command-timeout", "2s", "get", "x")
    assert refused.returncode != 0, "m is let in"
    stage.page("second")
    t.until_content("c/page", "second")

    # What m signs is refused although somebody else brings it, and so is a cluster without a list.
    forger = Forger(attacker.key, identity)
    forger.incarnation = 10**6
    key, value = forger.record("file", "hello", {"path": "/x/hello", "content": "newer"})
    helper.write({key: value, **forger.manifest({key: value})}, [REVOCATIONS])
    refusal(c, marks[c], "denied", "exports of m")
    t.until(lambda: REVOCATIONS in helper.get(REVOCATIONS), what="the list is put back")
    equal(t.read("c/hello"), "hello")
    t.until(lambda: [e for e in m.seen("warned", marks[m]) if "revoked" in e["text"]],
            what="no renewal", agent=m)
    equal(m.seen("store_changed", marks[m], state="connected"), [], "m is out")

    m.stop()
    again = join(t, "m", stage.seat.token(), file=t.at("m.yaml"))
    again.wait_for("store_changed", state="connected")
    stage.graph("m", '  - {name: "@@hello", path: T/x/hello, content: "let in again"}\n')
    t.until_content("c/hello", "let in again")


if __name__ == "__main__":
    sys.exit(main())
