"""Goal 5: how long after it is asked for a task begins, at low load: ours against task queues that are as durable.

One producer asks for a task every 50 ms and knows it is durable when its call returns; the task writes down when it
began. Ours is on the disk, with its start, before the script runs; the peers write nothing at the start.
"""

from __future__ import annotations

from statistics import median

from bench.figure import Figure, figure
from bench.producing import produce
from bench.queues import ours, peers
from bench.session import Session
from bench.turns import take_turns

PAUSE = 0.05
TARGET, TAIL_TARGET = 0.7, 3.0
OURS = "wharfinger"


def measure(session: Session) -> list[Figure]:
    """Return the median and the 99th percentile of ours and of each peer, and ours against the best peer's."""
    tasks = 15 if session.short else 150
    server = session.server("server")
    subjects = {
        name: produce(session, producer, tasks, PAUSE, at_once=1)
        for name, producer in {OURS: ours(server.address), **peers(session)}.items()
    }
    for subject in subjects.values():
        subject()  # whoever is asked first pays for connections and imports
    said = {
        name: [[began - asked for asked, began in turn] for turn in turns]
        for name, turns in take_turns(session.rounds, subjects).items()
    }
    server.check("default", tasks * (session.rounds + 1), 5, events=3)
    middle = {name: [median(delays) * 1000 for delays in turns] for name, turns in said.items()}
    tail = {name: [_tail(delays) * 1000 for delays in turns] for name, turns in said.items()}
    best = min((name for name in said if name != OURS), key=lambda name: median(middle[name]))
    told = [
        Figure("5", f"{name}: {what}", "ms", tuple(figures[name]))
        for name in said
        if name != OURS
        for what, figures in (("submit to start", middle), ("99th percentile", tail))
    ]
    what = "submit to start, "
    return [
        figure("5", f"{what}median", "ms", middle[OURS], f"best peer: {best}", middle[best], TARGET, at_least=False),
        figure(
            "5", f"{what}99th percentile", "ms", tail[OURS], "own median", middle[OURS], TAIL_TARGET, at_least=False
        ),
        *told,
    ]


def _tail(delays: list[float]) -> float:
    return sorted(delays)[min(len(delays) - 1, int(len(delays) * 0.99))]
