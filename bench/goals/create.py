"""Goal 1: durable unary CreateTask against a bare echo, 64 in flight.

Once with tasks that may not run yet, so that nothing but CreateTask is at work, and once with tasks that run at once,
beside the calls that create the next.
"""

from __future__ import annotations

from bench.asking import CREATE, BareServer, create_request, echo_call
from bench.figure import Figure, figure
from bench.h2load import Call, Load, need
from bench.processor import Costed
from bench.server import QUEUED, SUCCEEDED, Server
from bench.session import Session
from bench.turns import take_turns

IN_FLIGHT = 64
TARGET = 0.60
COST, COST_OF_RUN = 1.9, 3.0
"""The aims for processor time, in echoes."""
ECHO = "bare echo"


def measure(session: Session) -> list[Figure]:
    """Return requests per second of both, and processor time per task."""
    need()
    bare = BareServer(session)
    echo = Load(echo_call(bare.address, session.folder), IN_FLIGHT, session.seconds)
    waiting, running = session.server("waiting"), session.server("running")
    later = Load(_call(waiting, session, later=True), IN_FLIGHT, session.seconds)
    now = Load(_call(running, session, later=False), IN_FLIGHT, session.seconds)
    echoes, created, run = Costed(bare, echo), Costed(waiting, later), Costed(running, now, drain=running.drain)
    for load in (echo, later, now):
        load.warm_up()
    running.drain()
    said = take_turns(
        session.rounds,
        {"echo": echoes.turn, "later": created.turn, "now": run.turn},
    )
    waiting.check("later", later.sent, QUEUED, events=1)
    running.check("now", now.sent, SUCCEEDED, events=3)
    note = "no request_id: h2load sends one body"
    return [
        figure("1", "CreateTask, runs later", "req/s", said["later"], ECHO, said["echo"], TARGET, note=note),
        figure("1", "CreateTask, runs at once", "req/s", said["now"], ECHO, said["echo"], TARGET, note=note),
        _cost("processor time, runs later", created, echoes, COST),
        _cost("processor time, created and run", run, echoes, COST_OF_RUN),
    ]


def _cost(what: str, of: Costed, echoes: Costed, target: float) -> Figure:
    return figure("1", what, "µs/task", of.cost, ECHO, echoes.cost, target, at_least=False)


def _call(server: Server, session: Session, *, later: bool) -> Call:
    request = create_request("later" if later else "now", later=later)
    return Call(server.address, CREATE, request.SerializeToString(), session.folder)
