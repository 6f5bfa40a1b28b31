"""When an agent was without its store: what it said of it, as spans of time. Pure."""
from dataclasses import dataclass


@dataclass
class Span:
    begin: float
    end: float  # infinite: not over yet

    def meets(self, other):
        return self.begin <= other.end and other.begin <= self.end


def absences(events):
    """The spans in which the agent that said `events` was away; a new reason begins no new one."""
    found, away = [], False
    for event in events:
        if event["event"] != "store_changed":
            continue
        if event["state"] == "connected":
            if away:
                found[-1].end = event["at"]
            away = False
        elif event["state"] == "away" and not away:
            found.append(Span(event["at"], float("inf")))
            away = True
    return found


def lone(mine, others):
    """Those of `mine` that are no one else's at the same time: not the store stood still."""
    return [span for span in mine if not any(span.meets(other) for other in others)]
