"""Goal 2: BatchCreateTasks, 100 tasks a call, 8 calls in flight: tasks per second against a bare echo's requests."""

from __future__ import annotations

from bench.asking import BATCH, BareServer, batch_request, create_request, echo_call
from bench.figure import Figure, figure
from bench.h2load import Call, Load, need
from bench.processor import Costed
from bench.server import QUEUED, SUCCEEDED, Server
from bench.session import Session
from bench.turns import take_turns

TASKS, IN_FLIGHT, ECHOES_IN_FLIGHT = 100, 8, 64
TARGET = 3.5
COST = 0.4
"""The aim for processor time, in echoes."""
ECHO = "bare echo"


def measure(session: Session) -> list[Figure]:
    """Return tasks per second, for tasks that run later and for tasks that run at once."""
    need()
    bare = BareServer(session)
    echo = Load(echo_call(bare.address, session.folder), ECHOES_IN_FLIGHT, session.seconds)
    waiting, running = session.server("waiting"), session.server("running")
    later = Load(_call(waiting, session, later=True), IN_FLIGHT, session.seconds)
    now = Load(_call(running, session, later=False), IN_FLIGHT, session.seconds)
    echoes = Costed(bare, echo)
    created, run = Costed(waiting, later, TASKS), Costed(running, now, TASKS, running.drain)
    for load in (echo, later, now):
        load.warm_up()
    running.drain()
    said = take_turns(session.rounds, {"echo": echoes.turn, "later": created.turn, "now": run.turn})
    waiting.check("later", later.sent * TASKS, QUEUED, events=1)
    running.check("now", now.sent * TASKS, SUCCEEDED, events=3)
    return [
        figure("2", "BatchCreateTasks, run later", "tasks/s", said["later"], ECHO, said["echo"], TARGET),
        figure("2", "BatchCreateTasks, run at once", "tasks/s", said["now"], ECHO, said["echo"], TARGET),
        _cost("processor time, run later", created, echoes, COST),
        _cost("processor time, created and run", run, echoes, None),
    ]


def _cost(what: str, of: Costed, echoes: Costed, target: float | None) -> Figure:
    return figure("2", what, "µs/task", of.cost, ECHO, echoes.cost, target, at_least=False)


def _call(server: Server, session: Session, *, later: bool) -> Call:
    one = create_request("later" if later else "now", later=later)
    request = batch_request(one, TASKS)
    return Call(server.address, BATCH, request.SerializeToString(), session.folder)
