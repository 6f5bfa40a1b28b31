"""What must hold of a fleet at all times, judged from what an observer wrote down.

The numbers are those of the list of invariants that the simulation checks too. Everything here is
a pure function of a History and answers with sentences, one for each violation; none: it holds.

An observer samples, so it sees a list of members at instants and not what lay between them. A rule
is said to be broken only where no unseen moment could excuse what was seen.
"""
from dataclasses import dataclass, field

# A learner is not added, started, brought up to date and promoted within so short a time (seconds).
LEARNER_LEAST = 0.5


@dataclass(frozen=True)
class Member:
    id: int
    host: str  # from its peer URL, for a learner that was never started has no name
    learner: bool = False


@dataclass(frozen=True)
class Sample:
    """What was seen at one time (seconds, monotonic)."""
    at: float
    members: tuple = ()  # as the most advanced voter has them; empty when nobody answered
    intent: bool = False  # the steward had an intent open, before or after the list was read
    clusters: frozenset = frozenset()  # ids of clusters that were answered for
    leader: int = 0
    steward: str = ""

    def voters(self):
        return [member for member in self.members if not member.learner]

    def learners(self):
        return [member for member in self.members if member.learner]


@dataclass(frozen=True)
class Operation:
    """A difference between the lists of two samples, made at a time in (after, by]."""
    after: float
    by: float
    what: str  # "add learner", "add voter", "promote", "remove voter", "remove learner"
    member: Member
    voters: int  # how many there were afterwards


@dataclass
class History:
    """Everything that is known at the end of a case."""
    samples: list = field(default_factory=list)
    acknowledged: list = field(default_factory=list)  # (key, value, revision), in order
    final: dict = field(default_factory=dict)  # key: (value, revision), of the writer's keys
    seen: list = field(default_factory=list)  # (revision, key, value), as a watch delivered it
    seen_from: int = 0  # the watch began at this revision
    clusters: dict = field(default_factory=dict)  # host: cluster id that its agent believes
    problems: list = field(default_factory=list)  # said by watcher and writer themselves


def listed(history):
    return [sample for sample in history.samples if sample.members]


def one_cluster(history):
    """1: a peer accepts one cluster id."""
    ids = frozenset().union(*(sample.clusters for sample in history.samples))
    if len(ids) > 1:
        yield f"stores of {len(ids)} clusters answered: {' '.join(f'{i:x}' for i in sorted(ids))}"
    believed = {}
    for host, cluster in history.clusters.items():
        believed.setdefault(cluster, []).append(host)
    if len(believed) > 1:
        yield f"agents belong to {len(believed)} clusters: {believed}"


def some_voter(history):
    """2: there is a voter."""
    for sample in listed(history):
        if not sample.voters():
            yield f"at {sample.at:.1f} the list has no voter"


def odd_voters(history):
    """3: the number of voters is odd except inside an open intent."""
    for sample in listed(history):
        if len(sample.voters()) % 2 == 0 and not sample.intent:
            yield f"at {sample.at:.1f} there are {len(sample.voters())} voters, and no intent"


def one_learner(history):
    """5: there is at most one learner."""
    for sample in listed(history):
        if len(sample.learners()) > 1:
            yield f"at {sample.at:.1f} there are {len(sample.learners())} learners"


def operations(history):
    """What was done to the member list, in order."""
    done = []
    samples = listed(history)
    for before, after in zip(samples, samples[1:]):
        done += difference(before, after)
    return done


def difference(before, after):
    old, new = ({member.id: member for member in sample.members} for sample in (before, after))
    for number in sorted(old.keys() | new.keys()):
        had, has = old.get(number), new.get(number)
        if had and has and had.learner == has.learner:
            continue
        if had and has:
            what = "promote" if had.learner else "demote"
        elif has:
            what = "add learner" if has.learner else "add voter"
        else:
            what = "remove learner" if had.learner else "remove voter"
        yield Operation(before.at, after.at, what, has or had, len(after.voters()))


def paced(history, pace=6.0):
    """7: changes are at least the pace apart (seconds).

    A learner's promotion is of the change that added it. A successor follows its dead voter at
    once: an addition after a removal that left an even number.
    """
    last = None  # the operation that ended the change before
    for done in operations(history):
        begins = done.what != "promote"
        succeeds = (last and last.what == "remove voter" and last.voters % 2 == 0
                    and done.what == "add learner")
        if begins and last and not succeeds and done.by - last.after < pace:
            yield (f"{done.what} of {done.member.host} came at most {done.by - last.after:.1f} s "
                   f"after {last.what} of {last.member.host}; the pace is {pace} s")
        if done.what != "add learner":
            last = done


def learner_first(history):
    """8: a voter was a learner first, except who founded."""
    for done in operations(history):
        if done.what == "add voter" and done.by - done.after < LEARNER_LEAST:
            yield f"at {done.by:.1f} {done.member.host} became a voter and was no learner"


def few_role_changes(history, most=3, window=600.0):
    """12: a peer changes its role at most `most` times within `window` seconds."""
    turns = {}
    for done in operations(history):
        # A learner is on its way to a seat: the way and the arrival are one change of role.
        if done.what not in ("add learner", "remove learner"):
            turns.setdefault(done.member.host, []).append(done)
    for host, changes in turns.items():
        for first, last in zip(changes, changes[most:]):
            if last.by - first.after < window:
                yield (f"{host} changed its role {most + 1} times within "
                       f"{last.by - first.after:.0f} s")


def nothing_lost(history):
    """14: no acknowledged write is lost. Every key is written once."""
    lost = [key for key, value, revision in history.acknowledged
            if history.final.get(key) != (value, revision)]
    if lost:
        yield (f"{len(lost)} of {len(history.acknowledged)} acknowledged writes are lost or "
               f"changed, the first is {lost[0]}")


def view_is_fold(history):
    """15: a view is the fold of the store's events: no gap, no repeat, no step back."""
    last = history.seen_from - 1
    for revision, key, _ in history.seen:
        if revision <= last:
            yield f"{key} came with revision {revision} after {last} had been seen"
        last = max(last, revision)
    told = {revision: (key, value) for revision, key, value in history.seen}
    for key, value, revision in history.acknowledged:
        if revision < history.seen_from or revision > last:
            continue
        if told.get(revision) != (key, value):
            yield f"the watch left out {key}, revision {revision}, and went on to {last}"
            return


def no_problems(history):
    """What writer and watcher found themselves."""
    yield from history.problems


CHECKS = {1: one_cluster, 2: some_voter, 3: odd_voters, 5: one_learner, 7: paced, 8: learner_first,
          12: few_role_changes, 14: nothing_lost, 15: view_is_fold, 0: no_problems}


def violations(history, pace=6.0, without=()):
    """All of them, each with the number of its invariant."""
    found = []
    for number, check in CHECKS.items():
        if number in without:
            continue
        told = check(history, pace) if check is paced else check(history)
        found += [f"invariant {number}: {one}" for one in told]
    return found
