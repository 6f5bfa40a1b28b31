"""A row of the fault matrix: a fleet at work, one fault, figures against bounds, the invariants.

A row is a function that gets a Drill. It is a conformance case named row-NUMBER, so that ctest can
run it, and an entry of ROWS, so that tools/drill can. A row whose feature the binary lacks is "not
built", which is neither held nor failed; what was missing is said.
"""
import json
import os
import threading
import time
import traceback
from dataclasses import dataclass

from bounds import BESIDE, allowed
from fleet import Fleet, features_of
from observer import Observer
from rig import Skipped, case, equal
from workload import Tampering, Views, Watcher, Writer

ROWS = {}  # number: (fault, module of the row)
RESULT = "HANSA_DRILL_RESULT"  # names the file that the outcome is written to, as JSON
DOMAINS = ["dc=a", "dc=b", "dc=c", "dc=a", "dc=b"]
GROWTH = 60.0  # seconds to grow to three voters; the promise is 45 for five
CALM = 50  # writes before the fault, which show how the machine is
BUSY = ("resource_ran", "resource_phase", "at_rest", "judged", "graph_amended", "collected")
TOLD = 60  # other events of each agent in the log of a row that failed
TIMING = os.environ.get("HANSA_DRILL_TIMING", "default")  # of every cluster
SCALE = 0.1 if TIMING == "fast" else 1.0
EVICT = 60.0 * SCALE  # seconds until a voter counts as dead
PACE = 6.0 * SCALE  # between changes
WINDOW = 600.0 * SCALE  # within which changes and roles are counted
SEATS = ("--ideal-cluster-size", "--listen")  # the options without which there is one voter


class NotBuilt(Skipped):
    """The binary cannot do what the row is about; says what was seen."""


@dataclass
class Figure:
    what: str
    observed: float
    bound: float = None  # None: a fact without a bound
    unit: str = "s"

    def held(self):
        return self.bound is None or self.observed <= self.bound

    def __str__(self):
        limit = "" if self.bound is None else f" (bound {self.bound:g} {self.unit})".replace(" )",
                                                                                           ")")
        return f"{self.what} {self.observed:.3g} {self.unit}".rstrip() + limit


def row(number, fault, needs=()):
    """Registers a row. `needs`: options or commands without which it is not built."""
    def register(function):
        ROWS[number] = (fault, function.__module__)

        @case(f"row-{number}", fault)
        def run(t):
            drill = Drill(t)
            try:
                drill.need(*needs)
                function(drill)
                drill.finish()
            except BaseException as error:
                drill.tell_outcome(number, fault, error)
                raise
            else:
                drill.tell_outcome(number, fault)
            finally:
                drill.close()
        return function
    return register


class Drill:
    """What a row works with: the fleet, who watches it, what goes on, and the figures."""

    def __init__(self, t):
        self.t = t
        self.figures = []
        self.began = time.monotonic()
        self.fleet = self.observer = self.writer = self.watcher = None
        self.views = self.tampering = None
        self.ends = True  # whether the agents are asked to end, and must do so with 0
        self.excused = []  # numbers of invariants that the fault itself breaks
        self.beside = BESIDE in os.environ  # or where the row's own agents are the other work

    def need(self, *needs):
        known = features_of(self.t.binary)
        missing = [word for word in needs if word.startswith("--") and word not in known]
        if missing:
            raise NotBuilt(f"hansa run has no {', '.join(missing)}")
        for words in (word for word in needs if not word.startswith("--")):
            if self.t.command(*words.split(), "--help").returncode != 0:
                raise NotBuilt(f"hansa has no command `{words}`")

    def single(self, hosts=3, **more):
        """A fleet with one voter, at work."""
        self.fleet = Fleet(self.t, [DOMAINS[i % 5] for i in range(hosts)], **more).start()
        self.observer = Observer(self.fleet)
        self.begin_work()

    def grow(self, voters=3, domains=None, deadline=GROWTH, flags=(), **more):
        """A fleet that has grown to so many voters by itself, at work."""
        self.need(*SEATS)
        flags = ["--ideal-cluster-size", str(voters), *flags]
        self.fleet = Fleet(self.t, domains or DOMAINS, *flags, **more).start()
        self.observer = Observer(self.fleet)
        began = time.monotonic()
        try:
            self.observer.until_voters(voters, deadline)
        except AssertionError:
            if any(len(sample.members) > 1 for sample in self.observer.samples()):
                raise
            raise NotBuilt(f"asked for {voters} voters; for {deadline:g} s there was one, and "
                           "never a learner") from None
        self.note("growth", time.monotonic() - began)
        self.begin_work()

    def begin_work(self):
        """Writes, a watch, changing exports and tampering; all of it flows when this returns."""
        urls = [host.url for host in self.observer.voters()] or [self.fleet.hosts[0].url]
        tls = self.observer.tls
        self.fleet.wait_exchanged()
        self.writer, self.watcher = self.writer or Writer(urls, tls), Watcher(urls, tls)
        seats = {host.name for host in self.observer.voters()} or {"n1"}
        spare = [host for host in self.fleet.hosts if host.name not in seats]
        exporter = spare[-1]  # its own view is not what fails
        self.views = Views(exporter, [h for h in self.fleet.hosts if h is not exporter])
        self.tampering = Tampering(self.fleet.hosts)
        self.views.until_flowing()
        self.t.until(lambda: self.watcher.times, what="the watch has seen a write")
        self.t.until(lambda: all(self.tampering.counts.values()), what="each host repaired once")
        self.t.until(lambda: len(self.writer.times) >= CALM, what=f"{CALM} writes")
        self.note("write gap before the fault", self.writer.gap(self.writer.times[0]))

    def works(self):
        return [work for work in (self.views, self.tampering, self.writer, self.watcher) if work]

    def pass_time(self, seconds):
        """Lets the fleet go on, when what is judged is what happens within a time."""
        threading.Event().wait(seconds)

    def bound(self, what, observed, limit, unit="s"):
        """A figure to be judged; of a time `limit` is what it may be on a machine of its own."""
        self.figures.append(Figure(what, observed, allowed(limit, self.beside) if unit == "s" else limit,
                                   unit))

    def note(self, what, observed, unit="s"):
        self.figures.append(Figure(what, observed, None, unit))

    def writes_go_on(self, since, limit, deadline=60):
        """Until a write is acknowledged after now, or the deadline; judges the longest gap."""
        now = time.monotonic()
        self.goes_on(lambda: self.writer.times[-1] > now, deadline)
        self.bound("write gap", self.writer.gap(since), limit)

    def views_go_on(self, since, limit, hosts=None, deadline=60):
        """The same of what these hosts collect (default: all that are up and not excused)."""
        hosts = [host for host in hosts or self.views.collectors
                 if host.is_up() and host.name not in self.tampering.excused]
        now = time.monotonic()
        self.goes_on(lambda: all(self.views.times[h.name][-1] > now for h in hosts), deadline)
        gap, where = max((self.views.gap(since, [host]), host.name) for host in hosts)
        self.bound(f"view gap, {where}", gap, limit)

    def news_again(self, since, limit, hosts=None):
        """The time from `since` until these hosts (default: all collectors) have had news."""
        hosts = hosts or self.views.collectors
        self.goes_on(lambda: all(self.views.times[h.name][-1] > since for h in hosts), 2 * limit)
        self.bound("news again", time.monotonic() - since, limit)

    def goes_on(self, condition, deadline):
        """Waits; when it does not, the gap is as long as the wait, and the row goes on too."""
        try:
            self.t.until(condition, allowed(deadline))
        except AssertionError:
            pass  # the gap, which counts up to now, says it

    def pause(self, host):
        self.tampering.excused.add(host.name)
        host.pause()

    def resume(self, host):
        host.resume()
        self.tampering.excused.discard(host.name)

    def finish(self):
        """Ends the work, judges everything, ends the agents."""
        for work in self.works():
            work.stop()
        if self.tampering:  # where work had begun
            self.bound("repair", self.tampering.worst(), 1.0)
            self.note("writes", len(self.writer.acknowledged), "")
            # In a hurry a learner has its vote before the observer looks again.
            missed = [8] if SCALE < 1 else []
            self.observer.check(self.writer, self.watcher, PACE, self.excused + missed)
        if self.ends and self.fleet:
            ended = {host.name: host.agent.stop() for host in reversed(self.fleet.up())}
            equal({name: code for name, code in ended.items() if code}, {}, "exit codes")
        late = [str(figure) for figure in self.figures if not figure.held()]
        assert not late, "out of bounds: " + "; ".join(late)

    def close(self):
        for work in self.works():
            work.stop()
        if self.observer:
            self.observer.close()

    def tell_agents(self):
        """What the cluster says of itself, and each agent said last, beside what it ran."""
        for host in self.fleet.up()[:1] if self.fleet else []:
            told = self.t.command("cluster", "status", env=host.env,
                                  through=self.fleet.network.inside(host.namespace))
            print(told.stdout + told.stderr)
        for agent in self.t.agents:
            print(f"--- {' '.join(agent.arguments)}")
            for event in [e for e in agent.events if e["event"] not in BUSY][-TOLD:]:
                said = {key: text for key, text in event.items() if key not in ("at", "time")}
                print(f"  {event['at'] - self.began:8.3f} {json.dumps(said)}")

    def tell_outcome(self, number, fault, error=None):
        """Prints the figures, and writes all of it where tools/drill wants it."""
        for figure in self.figures:
            print(f"    {figure}{'' if figure.held() else '  << out of bounds'}")
        verdict = "held"
        if error is not None:
            verdict = {NotBuilt: "not built", Skipped: "skipped"}.get(type(error), "FAILED")
            if verdict == "FAILED":
                if not isinstance(error, AssertionError):
                    traceback.print_exception(error)
                self.tell_agents()
        if RESULT not in os.environ:
            return
        with open(os.environ[RESULT], "w", encoding="utf-8") as file:
            json.dump({"row": number, "fault": fault, "verdict": verdict,
                       "reason": str(error).splitlines()[0] if error and str(error) else "",
                       "seconds": time.monotonic() - self.began,
                       "figures": [{"what": f.what, "observed": f.observed, "bound": f.bound,
                                    "unit": f.unit, "held": f.held()} for f in self.figures]},
                      file)
