"""Goal 3: tasks that do next to nothing, from the call to their start: ours against task queues that are as durable.

The rate is of whole tasks: from when the first was asked for to when the last began, with 32 calls in flight (8 threads
for peers whose calls block). Ours has its start on the disk before the script runs, and its end after it.
"""

from __future__ import annotations

from statistics import median

from bench.figure import Figure, figure
from bench.producing import Times, produce
from bench.queues import ours, peers
from bench.session import Session
from bench.turns import take_turns

UNARY_TARGET, BATCHED_TARGET = 1.2, 5.0
IN_FLIGHT = 32
SLOW = ("Procrastinate on PostgreSQL", "DBOS on PostgreSQL", "Celery on Redis")
"""Peers of a few hundred tasks a second: a turn of as many tasks as the others have would last a minute."""
OURS, BATCHED = "wharfinger", "wharfinger, 100 a call"


def measure(session: Session) -> list[Figure]:
    """Return the rates of ours, one and a hundred a call, against the best peer's, and those of all peers."""
    tasks = 200 if session.short else 2000
    server = session.server("server")
    producers = {OURS: ours(server.address), BATCHED: ours(server.address, batched=True), **peers(session)}
    subjects = {
        name: produce(session, producer, tasks // 5 if name in SLOW else tasks, 0, 8 if name == BATCHED else IN_FLIGHT)
        for name, producer in producers.items()
    }
    for subject in subjects.values():
        subject()  # whoever is asked first pays for connections and imports
    rates = {name: list(map(_rate, turns)) for name, turns in take_turns(session.rounds, subjects).items()}
    server.check("default", 2 * tasks * (session.rounds + 1), 5, events=3)
    others = [name for name in rates if name not in (OURS, BATCHED)]
    best = max(others, key=lambda name: median(rates[name]))
    return [
        figure("3", "no-op tasks, one a call", "tasks/s", rates[OURS], f"best peer: {best}", rates[best], UNARY_TARGET),
        figure(
            "3", "no-op tasks, 100 a call", "tasks/s", rates[BATCHED], f"best peer: {best}", rates[best], BATCHED_TARGET
        ),
        *(Figure("3", name, "tasks/s", tuple(rates[name])) for name in others),
    ]


def _rate(times: Times) -> float:
    return len(times) / (max(began for _, began in times) - min(asked for asked, _ in times))
