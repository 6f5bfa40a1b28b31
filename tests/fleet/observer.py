"""Who sits where, as seen from outside: member lists and roles over time, and the final verdict.

One thread asks each store that the member list names, five times a second, and keeps what it
answered. samples() tells the whole story in order; check() holds it against the invariants.
"""
import json
import threading
import time

import etcd_client
from bounds import allowed
from etcd_client import Client, Refused, Unavailable
from invariants import History, Member, Sample, violations

PERIOD = 0.2  # seconds between two questions to one store
SEATS = "/hansa/v1/seats"  # what the steward keeps


class Observer:
    """Watches a fleet from when it is made until close()."""

    def __init__(self, fleet):
        self.fleet = fleet
        self.tls = etcd_client.tls_of(fleet.hosts[0])
        self.lock = threading.Lock()
        self.taken = []  # samples
        self.newest = {}  # host's address: what its store said last
        self.reached = 0  # the applied index that the last list had certainly come to
        self.threads = {}  # host's address: who asks there
        self.done = threading.Event()
        self.begin(fleet.hosts[0].url)

    def close(self):
        self.done.set()
        for thread in list(self.threads.values()):
            thread.join(10)

    def begin_anew(self):
        """Of a store that was recovered, whose indexes begin anew."""
        with self.lock:
            self.reached = 0

    def begin(self, url):
        """Asks that store from now on. REQUIRES: the lock, or that no thread runs yet."""
        address = address_in(url)
        if address not in self.threads:
            thread = threading.Thread(target=self._ask, args=(address, url), daemon=True)
            self.threads[address] = thread
            thread.start()

    def _ask(self, address, url):
        client = Client([url], self.tls, timeout=1.0)
        while not self.done.wait(PERIOD):
            try:
                answer = look(client)
            except (Unavailable, Refused):
                answer = None
            with self.lock:
                self.newest[address] = answer
                if answer:
                    self._take(answer)
        client.close()

    def _take(self, answer):
        """A sample, if the list cannot be older than that of the sample before."""
        if not answer["leader"] or answer["low"] < self.reached:
            return
        self.reached = answer["high"]
        members = tuple(Member(row["id"], address_in(row["peers"][0]), row["learner"])
                        for row in answer["members"])
        self.taken.append(Sample(answer["at"], members, answer["intent"],
                                 frozenset({answer["cluster"]}), answer["leader"],
                                 answer["steward"]))
        for row in answer["members"]:
            for url in row["clients"]:
                self.begin(url)

    def samples(self):
        with self.lock:
            return list(self.taken)

    def last(self):
        """The newest sample, or an empty one."""
        with self.lock:
            return self.taken[-1] if self.taken else Sample(at=time.monotonic())

    def answers(self):
        """What each store said last, None where nobody answers; by address."""
        with self.lock:
            return dict(self.newest)

    def host_of(self, address):
        return next(host for host in self.fleet.hosts if host.address == address)

    def voters(self):
        """The hosts that have a vote now."""
        return [self.host_of(member.host) for member in self.last().voters()]

    def leader(self):
        sample = self.last()
        return next((self.host_of(member.host) for member in sample.members
                     if member.id == sample.leader), None)

    def followers(self):
        leader = self.leader()
        return [host for host in self.voters() if host is not leader]

    def until(self, condition, what, deadline):
        """Waits until `condition` of the newest sample holds; how long that took (seconds)."""
        began = time.monotonic()
        self.fleet.t.until(lambda: condition(self.last()), allowed(deadline),
                           f"{what}; {self.tell()}")
        return time.monotonic() - began

    def until_voters(self, count, deadline):
        """Until there are so many voters and no learner."""
        return self.until(lambda seen: len(seen.voters()) == count and not seen.learners(),
                          f"{count} voters", deadline)

    def until_leader(self, deadline, but=None):
        """Until a store of another host than `but` says that one leads."""
        def led():
            with self.lock:
                newest = [answer for answer in self.newest.values() if answer]
            return any(answer["leader"] and answer["leader"] != but
                       and answer["at"] > began for answer in newest)
        began = time.monotonic()
        self.fleet.t.until(led, allowed(deadline), f"a leader; {self.tell()}")
        return time.monotonic() - began

    def changes_since(self, at):
        """How many members came, went or were promoted after that time."""
        before = [sample for sample in self.samples() if sample.at <= at][-1:]
        lists = before + [sample for sample in self.samples() if sample.at > at]
        return sum(one.members != other.members for one, other in zip(lists, lists[1:]))

    def tell(self):
        last = self.last()
        return (f"voters {[member.host for member in last.voters()]}, learners "
                f"{[member.host for member in last.learners()]}, {len(self.samples())} samples")

    def last_revision(self):
        """The newest one that a store has told of."""
        return max(answer["revision"] for answer in self.answers().values() if answer)

    def client(self, timeout=2.0):
        """A client of the voters, whichever answers."""
        urls = [host.url for host in self.voters()] or [self.fleet.hosts[0].url]
        return Client(urls, self.tls, timeout)

    def hashes(self):
        """What the data of each voter that answers comes to at one revision; by address."""
        voters = {member.host for member in self.last().voters()}
        newest = {address: answer for address, answer in self.answers().items()
                  if answer and address in voters}
        revision = min(answer["revision"] for answer in newest.values())
        return {address: etcd_client.hash_at(Client([self.host_of(address).url], self.tls),
                                             revision) for address in newest}

    def history(self, writer=None, watcher=None):
        """All that is known now. REQUIRES: writer and watcher are stopped."""
        history = History(samples=self.samples())
        believed = {host.name: host.cluster() for host in self.fleet.hosts}
        history.clusters = {name: cluster for name, cluster in believed.items() if cluster}
        if writer:
            history.acknowledged = list(writer.acknowledged)
            history.final = self.client(timeout=10.0).get(writer.prefix)
            history.problems += writer.problems
        if watcher:
            history.seen, history.seen_from = list(watcher.seen), watcher.first
            history.problems += watcher.problems
        return history

    def check(self, writer=None, watcher=None, pace=6.0, without=()):
        """Every invariant, over the whole time. Fails with all that is broken."""
        history = self.history(None if 14 in without else writer, watcher)
        assert history.samples, "the observer saw nothing"
        found = violations(history, pace, without)
        assert not found, "\n".join(found)


def look(client):
    """What one store says: its list stood between the applied indexes `low` and `high`."""
    before = etcd_client.status(client)
    seats = [client.get(SEATS, linearizable=False)]
    listed = etcd_client.members(client)
    seats.append(client.get(SEATS, linearizable=False))
    after = etcd_client.status(client)
    return {"at": time.monotonic(), "low": before["applied"], "high": after["applied"],
            "members": listed, "leader": after["leader"], "cluster": after["cluster"],
            "revision": after["revision"], "size": after["size"], "errors": after["errors"],
            "member": after["member"], "intent": any(map(has_intent, seats)),
            "steward": steward_in(seats[-1])}


def has_intent(seats):
    """Whether the steward's book has one open."""
    for key, (value, _) in seats.items():
        if key in (SEATS, f"{SEATS}/book"):
            return bool(json.loads(value).get("intent"))
    return False


def steward_in(seats):
    """Who holds the steward's key, as that key says it; empty: nobody."""
    value, _ = seats.get(f"{SEATS}/steward", (b"", 0))
    return value.decode()


def address_in(url):
    return url.split("//")[-1].rsplit(":", 1)[0]
