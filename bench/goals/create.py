"""Goal 1: durable unary CreateTask against a bare echo, 64 in flight.

Once with tasks that may not run yet, so that nothing but CreateTask is at work, and once with tasks that run at once,
beside the calls that create the next.
"""

from __future__ import annotations

from bench.asking import CREATE, bare_address, create_request, echo_call
from bench.figure import Figure, figure
from bench.h2load import Call, Load, need
from bench.server import QUEUED, SUCCEEDED, Server
from bench.session import Session
from bench.turns import take_turns

IN_FLIGHT = 64
TARGET = 0.60
ECHO = "bare echo"


def measure(session: Session) -> list[Figure]:
    """Return requests per second of both, and processor time per task."""
    need()
    echo = Load(echo_call(bare_address(session), session.folder), IN_FLIGHT, session.seconds)
    waiting, running = session.server("waiting"), session.server("running")
    later = Load(_call(waiting, session, later=True), IN_FLIGHT, session.seconds)
    now = Load(_call(running, session, later=False), IN_FLIGHT, session.seconds)
    cost: dict[Server, list[float]] = {waiting: [], running: []}

    def turn(server: Server, load: Load) -> float:
        used, sent = server.cpu(), load.sent
        rate = load.turn()
        if server is running:
            server.drain()
        cost[server].append((server.cpu() - used) / (load.sent - sent) * 1e6)
        return rate

    for load in (echo, later, now):
        load.warm_up()
    running.drain()
    said = take_turns(
        session.rounds,
        {"echo": echo.turn, "later": lambda: turn(waiting, later), "now": lambda: turn(running, now)},
    )
    waiting.check("later", later.sent, QUEUED, events=1)
    running.check("now", now.sent, SUCCEEDED, events=3)
    note = "no request_id: h2load sends one body"
    return [
        figure("1", "CreateTask, runs later", "req/s", said["later"], ECHO, said["echo"], TARGET, note=note),
        figure("1", "CreateTask, runs at once", "req/s", said["now"], ECHO, said["echo"], TARGET, note=note),
        Figure("1", "processor time, runs later", "µs/task", tuple(cost[waiting])),
        Figure("1", "processor time, created and run", "µs/task", tuple(cost[running])),
    ]


def _call(server: Server, session: Session, *, later: bool) -> Call:
    request = create_request("later" if later else "now", later=later)
    return Call(server.address, CREATE, request.SerializeToString(), session.folder)
