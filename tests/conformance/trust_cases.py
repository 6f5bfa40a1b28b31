#!/usr/bin/env python3
"""Attackers at the store's ports, with real agents and a real etcd: who is let in, who is believed."""
import glob
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys

from certificates import Authority
from outage_cases import bare_etcd, etcd_of, peer_graph
from rig import (CASES, address, case, equal, etcdctl, free_port, home_of_nobody, main, need_root,
                 open_to_all, own_files, store, try_etcdctl)


def refused(url, *flags):
    run = try_etcdctl(url, "--dial-timeout", "1s", "--command-timeout", "2s", *flags, "get", "x")
    assert run.returncode != 0, f"let in with {flags}: {run.stdout}"


def peer_port(t):
    with open(t.at("state", "cluster", "store.json"), encoding="utf-8") as file:
        return int(json.load(file)["peer_urls"][0].rsplit(":", 1)[1])


def handshake(port, certificate, key):
    """Whether the server goes on speaking to a client with that certificate, or none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if certificate:
        context.load_cert_chain(certificate, key)
    with socket.create_connection(("127.0.0.1", port), 5) as raw:
        try:
            with context.wrap_socket(raw) as link:
                link.sendall(b"GET /version HTTP/1.1\r\nHost: x\r\n\r\n")
                return link.recv(1) != b""
        except (ssl.SSLError, ConnectionError):
            return False


@case("uncertified-clients", "the store's ports serve nobody in clear, nor without our certificate")
def uncertified_clients(t):
    agent = t.run(peer_graph(t, "a"), "--hostname", "a")
    url = store(t, agent)
    port = int(url.rsplit(":", 1)[1])
    equal(etcdctl(t, url, "get", "/hansa/v1/cluster", "--keys-only").strip(), "/hansa/v1/cluster",
          "our own certificate is let in")
    refused(f"http://{url}")
    roots = own_files(t, "a")[:2]
    refused(url, *roots)
    foreign = Authority(t.at("foreign"))
    for days in (2, -1):
        certificate, key = foreign.issue(f"stranger{days}", days=days)
        refused(url, *roots, "--cert", certificate, "--key", key)
    with socket.create_connection(("127.0.0.1", port), 5) as raw:
        raw.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        raw.settimeout(5)
        assert not raw.recv(64).startswith(b"\x00\x00"), "an HTTP/2 answer in clear"
    equal(agent.stop(), 0, "exit code")


@case("member-port", "the port between members serves members alone: a peer's certificate is none")
def member_port(t):
    agent = t.run(peer_graph(t, "a"), "--hostname", "a")
    store(t, agent)
    port = peer_port(t)
    own, tls = t.at("state/a/trust"), t.at("state/cluster/tls")
    assert not handshake(port, None, None), "nobody"
    assert not handshake(port, f"{own}/tls.pem", f"{own}/tls.key"), "a peer"
    assert handshake(port, f"{tls}/member.pem", f"{tls}/member.pem"), "a member"
    equal(agent.stop(), 0, "exit code")


@case("false-store", "an etcd with a peer's certificate at the store's address is not believed")
def false_store(t):
    agents = {h: t.run(peer_graph(t, h), "--hostname", h) for h in "ab"}
    for host in "ab":
        t.until_content(f"{host}/from-b", "first")
    seeds = store(t, agents["b"])
    for agent in agents.values():
        equal(agent.stop(), 0, "exit code")
    own = t.at("state/b/trust")
    peer = f"https://127.0.0.1:{free_port()}"
    tls = [f"--{side}{flag}" for side in ("", "peer-")
           for flag in (f"cert-file={own}/tls.pem", f"key-file={own}/tls.key", "client-cert-auth",
                        f"trusted-ca-file={own}/ca.pem")]
    with open(t.at("etcd.log"), "wb") as log, subprocess.Popen(
            ["etcd", "--name", "false", "--data-dir", t.at("false"), "--listen-client-urls",
             address(seeds), "--advertise-client-urls", address(seeds), "--listen-peer-urls", peer,
             "--initial-advertise-peer-urls", peer, "--initial-cluster", f"false={peer}", "--logger",
             "zap", *tls],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log) as server:
        try:
            t.until(lambda: "serving client traffic" in t.read("etcd.log"), what="it serves")
            c = t.run(peer_graph(t, "c"), "--hostname", "c", "--prefix", t.prefix, "--seeds",
                      seeds, "--found")
            equal(c.wait(), 3, c.tell())
            assert any("not believed" in line for line in c.lines), c.tell()
            equal(c.seen("store_changed", state="connected"), [], "believed")
        finally:
            server.kill()


@case("squatter", "another user's store at the default port gets nothing from anybody")
def squatter(t):
    need_root()
    open_to_all(t)
    home = home_of_nobody(t)
    squatting = t.run(peer_graph(t, "s"), "--hostname", "s", "--prefix", os.path.join(home, "p"),
                      user="nobody")
    theirs = store(t, squatting)
    agent = t.run(peer_graph(t, "a"), "--hostname", "a")
    t.until_content("a/from-a", "first")
    assert store(t, agent) != theirs, "another user's store is joined"
    equal(t.read("a", "from-s"), None, "collected from it")
    lured = t.run(peer_graph(t, "l"), "--hostname", "l", "--prefix", t.prefix, "--seeds", theirs)
    equal(lured.wait(), 3, "seeds that are somebody else's")
    assert any("--join" in line and "--tls-cert" in line for line in lured.lines), lured.tell()
    mine = os.path.join(home, "p", "s", "trust")
    keys = try_etcdctl(theirs, "--cacert", f"{mine}/ca.pem", "--cert", f"{mine}/tls.pem", "--key",
                       f"{mine}/tls.key", "get", "/hansa", "--prefix", "--keys-only").stdout
    assert "/a" not in keys and "/l" not in keys, keys
    equal([agent.stop(), squatting.stop()], [0, 0], "exit codes")


@case("readable-key", "a key that others may read is refused, with what to do")
def readable_key(t):
    first = t.run(peer_graph(t, "a"), "--hostname", "a", "-t", "0")
    equal(first.wait(), 0, "exit code")
    modes = {path: os.stat(path).st_mode & 0o777
             for path in glob.glob(t.at("state/*/trust/*")) + glob.glob(t.at("state/*/tls/*"))
             + glob.glob(t.at("state/ca/*"))}
    equal({p: oct(m) for p, m in modes.items() if m != 0o600}, {}, "modes")
    for name in ("state/a/trust/tls.key", "state/a/trust/signing.key",
                 "state/ca/issuing.key", "state/ca/root.key"):
        os.chmod(t.at(name), 0o644)
        agent = t.run(t.at("a.yaml"), "--hostname", "a")
        equal(agent.wait(), 1, "exit code")
        assert any("chmod 600" in line and t.at(name) in line for line in agent.lines), agent.tell()
        os.chmod(t.at(name), 0o600)
    certificate, key = t.certified().issue("a")
    os.chmod(key, 0o644)
    agent = t.run(t.at("a.yaml"), "--hostname", "a", "--tls-cert", certificate, "--tls-key", key,
                  "--tls-ca", t.certified().roots)
    equal(agent.wait(), 1, "exit code")
    assert any("--tls-key" in line and "chmod 600" in line for line in agent.lines), agent.tell()


@case("no-identity", "seeds without anything to show to them: exit 3, naming --join and --tls-*")
def no_identity(t):
    with bare_etcd(t) as url:
        fresh = t.run(peer_graph(t, "a"), "--hostname", "a", "--prefix", t.at("fresh"), "--seeds",
                      url)
        equal(fresh.wait(), 3, "exit code")
        assert any("--join" in line and "--tls-cert" in line for line in fresh.lines), fresh.tell()
        assert not os.path.exists(t.at("fresh/ca")), "no authority is made for it"
        plain = t.run(t.at("a.yaml"), "--hostname", "a", "--prefix", t.at("fresh"), "--seeds",
                      url.replace("https", "http"))
        equal(plain.wait(), 2, "exit code")
        assert any("in clear" in line for line in plain.lines), plain.tell()


@case("in-house", "certificates from elsewhere serve the machine's store and its agents")
def in_house(t):
    for host in "ab":  # whoever serves
        t.certified().issue(host, ["IP:127.0.0.1"])
    agents = {h: t.run(peer_graph(t, h), "--hostname", h, *t.certified().flags(h)) for h in "ab"}
    for host in "ab":
        for other in "ab":
            t.until_content(f"{host}/from-{other}", "first")
    url = store(t, agents["b"])
    t.bare.add(url)
    assert etcdctl(t, url, "get", "/hansa/v1/cluster", "--keys-only").strip(), "the operator's"
    assert etcd_of(agents["a"]) or etcd_of(agents["b"]), "one of them serves"
    certificate, key = t.certified().issue("late", days=-1)
    late = t.run(peer_graph(t, "late"), "--hostname", "late", "--tls-cert", certificate,
                 "--tls-key", key, "--tls-ca", t.certified().roots)
    equal(late.wait(), 2, "exit code")
    assert any("expired" in line for line in late.lines), late.tell()
    equal([a.stop() for a in agents.values()], [0, 0], "exit codes")


@case("same-instant", "two agents that start at the same instant share one authority")
def same_instant(t):
    for host in "ab":
        peer_graph(t, host)
    for round_ in range(20):
        prefix = t.at(f"p{round_}")
        agents = [t.run(t.at(f"{h}.yaml"), "--hostname", h, "--prefix", prefix, "-t", "0")
                  for h in "ab"]
        equal([a.wait() for a in agents], [0, 0], agents[0].tell() + agents[1].tell())
        roots = {open(f"{prefix}/{h}/trust/ca.pem", encoding="utf-8").read() for h in "ab"}
        equal(len(roots), 1, "authorities")
        shutil.rmtree(prefix)


@case("explain", "a collected resource is explained: its exporter, the signature, the policy's line")
def explain(t):
    b = t.run(t.graph("b.yaml", """
graph: b
resources:
  file: [{name: own, path: T/own, content: own}]
collect:
- {kind: file, pattern: T/b/}
- {kind: exec}
"""), "--hostname", "b")
    a = t.run(t.graph("a.yaml", """
graph: a
resources:
  file: [{name: "@@f", path: T/x/f, content: first}]
  exec: [{name: "@@e", cmd: "touch T/evil"}]
"""), "--hostname", "a")
    os.makedirs(t.at("b"), exist_ok=True)
    t.until_content("b/f", "first")
    b.wait_for("judged", id="exec[e] from a", verdict="denied")
    uuid = json.loads(t.read("state/a/identity.json"))["uuid"]

    let_in = t.command("explain", "file[f]", "--hostname", "b")
    equal(let_in.returncode, 0, let_in.stderr)
    for words in ("file[f] from a\n", f"exporter   a, uuid {uuid}\n", f"into       {t.at('b')}/\n",
                  "signature  good, by key ", "policy     allowed by built-in rule\n"):
        assert words in let_in.stdout, f"{words!r} is not in\n{let_in.stdout}"
    kept_out = t.command("explain", "exec[e]", "--hostname", "b").stdout
    assert "not applied" in kept_out and "denied by default: no rule allows" in kept_out, kept_out
    own = t.command("explain", "file[own]", "--hostname", "b").stdout
    assert "this host's own graph" in own and "signature" not in own, own
    everything = json.loads(t.command("explain", "--hostname", "b", "--json").stdout)
    equal([one["id"] for one in everything["resources"]], ["exec[e] from a", "file[f] from a"])
    unknown = t.command("explain", "file[no]", "--hostname", "b")
    equal((unknown.returncode, unknown.stdout), (1, ""), "what nobody knows")
    assert "file[no]" in unknown.stderr, unknown.stderr
    equal([a.stop(), b.stop()], [0, 0], "exit codes")
    assert not os.path.exists(t.at("evil"))


if __name__ == "__main__":
    for name in [n for n in CASES if CASES[n][1].__module__ != "__main__"]:
        del CASES[name]
    sys.exit(main())
