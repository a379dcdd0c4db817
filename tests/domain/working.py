"""What a worker does: it runs the script, writes intents, calls the cloud, and reports, in time or late."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from tests.domain import world as w
from tests.domain.cloud import Request
from tests.domain.oracle import delete
from tests.domain.world import Call, Move, Step, Worker, World

from wharfinger.ledger.ledger import Ledger
from wharfinger.ledger.refusals import Refused
from wharfinger.ledger.removing import Removal
from wharfinger.ledger.states import EntryState, Phase, TaskState
from wharfinger_server.domain.errors import Fenced
from wharfinger_server.engine.lifecycle.lifecycle import LATE
from wharfinger_server.engine.lifecycle.recording import guard


def works(world: World, worker: Worker) -> Iterator[Move]:
    """Yield what a worker may do next, and what may befall it."""
    label = f"worker {worker.epoch}"
    current = world.task.holds(worker.epoch)
    if world.spend("crash"):
        yield 0.2 if current else 0.01, f"{label} dies at {worker.doing}", partial(_die, world, worker)
    # What is fenced or paused is slow: that is what makes it late. Once the task rests, it is time for it.
    resting = world.task.state.resting
    slow = 0.3 if resting else 0.03 if worker.doing == "paused" else 0.1
    weight = 1.5 if current and worker.doing != "paused" else slow
    yield weight, f"{label}: {worker.doing} {worker.at}", partial(_WORK[worker.doing], world, worker)
    if worker.doing == "send" and world.spend("stale"):
        yield 1.0, f"{label} pauses before it sends", partial(_pause, world, worker)
    if worker.doing == "wait" and world.spend("drop"):
        yield 0.2, f"{label} waits no longer", partial(_doubt, world, worker, struck=True)


def _die(world: World, worker: Worker) -> None:
    world.strike("crash")
    world.workers.remove(worker)


def _report(world: World, worker: Worker, decide: Callable[[w.Work], object]) -> bool:
    """Commit what a worker reports; False if it is fenced, and so is no more, or the ledger refused."""

    def guarded(work: w.Work) -> None:
        guard(work, worker.epoch)  # type: ignore[arg-type]
        decide(work)

    current = world.is_current(worker.epoch, Phase.RUN)
    try:
        world.change(guarded)
    except Fenced:
        world.workers.remove(worker)
        return False
    except Refused:
        worker.failed, worker.doing = True, "next"
        return False
    if not current:
        world.wrong.append(f"the attempt {worker.epoch} wrote without the lease")
    return True


def _next(world: World, worker: Worker) -> None:
    task = world.task
    if worker.failed or (task.holds(worker.epoch) and task.state is TaskState.CANCELLING):
        if _report(world, worker, lambda work: world.life.failure(work, worker.epoch, w.BROKEN)):
            world.workers.remove(worker)
        return
    if worker.at == len(world.setup.steps):
        if _report(world, worker, lambda work: world.life.result(work, worker.epoch, b"{}")):
            world.workers.remove(worker)
        return
    step = world.setup.steps[worker.at]
    if step.verb == "adopt":
        _adopt(world, worker, step, step.keys[0])
    elif step.verb == "remove":
        _begin_removal(world, worker, step.keys[0])
    elif not _adopted_by_sight(world, worker, step):
        worker.begun, worker.doing = world.now, "intend"


def _adopted_by_sight(world: World, worker: Worker, step: Step) -> bool:
    if not world.setup.adopts_what_it_sees or len(step.keys) > 1:
        return False
    [key] = step.keys
    entry = world.entries.get(key)
    seen = [thing.id for thing in world.cloud.alive(key)]
    if not seen or (entry is not None and entry.state is EntryState.CREATED):
        return False
    _adopt(world, worker, step, key, seen[0])
    return True


def _adopt(world: World, worker: Worker, step: Step, key: str, id_: str = "") -> None:
    there = id_ or next(thing.id for thing in world.cloud.things.values() if thing.key == key and not thing.ours)
    intent = world.intent(step, key)
    if _report(world, worker, lambda work: work.ledger(key).adopt(intent, there, worker.epoch, work.now)):
        worker.at += 1


def _intend(world: World, worker: Worker) -> None:
    step = world.setup.steps[worker.at]
    intents = [world.intent(step, key) for key in step.keys]

    def decide(work: w.Work) -> None:
        ledger = work.ledger(*step.keys)
        entries = [ledger.intend(intent, worker.epoch, work.now) for intent in intents]
        missing: dict[str, list[w.Entry]] = {}
        for entry in entries:
            if entry.state is not EntryState.CREATED:
                missing.setdefault(entry.token, []).append(entry)
        worker.calls = [
            Call(
                token,
                tuple(entry.key for entry in group),
                {entry.key: entry.generation for entry in group},
                tuple(world.entries[parent].external_id for parent in step.after if parent in world.entries),
                group[0].settle_time - 1,
            )
            for token, group in missing.items()
        ]

    if _report(world, worker, decide):
        _next_call(worker)


def _next_call(worker: Worker) -> None:
    if worker.calls:
        worker.doing = "send"
    else:
        worker.doing = "next"
        worker.at += 1


def _send(world: World, worker: Worker) -> None:
    if worker.doing == "send" and world.now > worker.begun + w.SEND_WINDOW:
        _doubt(world, worker)
        return
    call = worker.calls[0]
    stale = world.now > worker.begun + w.SEND_WINDOW
    world.cloud.requests.append(Request(worker.epoch, call.token, call.keys, call.parents, call.lands_by, stale))
    worker.doing = "wait"


def _pause(world: World, worker: Worker) -> None:
    world.strike("stale")
    worker.doing = "paused"


def _wait(world: World, worker: Worker) -> None:
    """Wait; what was lost on the way is given up."""
    if not any(request.epoch == worker.epoch for request in world.cloud.requests):
        _doubt(world, worker)


def _doubt(world: World, worker: Worker, *, struck: bool = False) -> None:
    if struck:
        world.strike("drop")
    call = worker.calls.pop(0)

    def decide(work: w.Work) -> None:
        for key in call.keys:
            work.ledger(key).in_doubt(key, worker.epoch, w.DOUBT, work.now)

    if _report(world, worker, decide):
        _after_trouble(world, worker)


def _after_trouble(world: World, worker: Worker) -> None:
    if world.setup.swallow:
        _next_call(worker)
    else:
        worker.failed, worker.doing = True, "next"


def _tell(world: World, worker: Worker) -> None:
    """Report one part of an answer."""
    call = worker.calls[0]
    key, id_ = worker.reports.pop(0)
    if id_ and id_ != "?":
        _tell_created(world, worker, key, call.generations[key], id_)
    elif id_:
        _tell_trouble(world, worker, lambda ledger, now: ledger.in_doubt(key, worker.epoch, w.DOUBT, now, unnamed=True))
    else:
        _tell_trouble(world, worker, lambda ledger, now: ledger.refused(key, worker.epoch, w.REFUSAL, now))
    if not worker.reports and worker in world.workers and worker.doing == "report":
        worker.calls.pop(0)
        if worker.failed:
            worker.failed = False
            _after_trouble(world, worker)
        else:
            _next_call(worker)


def _tell_trouble(world: World, worker: Worker, act: Callable[[Ledger, int], object]) -> None:
    key = worker.calls[0].keys[0]
    known = [id_ for _, id_ in worker.reports if id_ not in ("", "?")]
    try:
        world.change(lambda work: (guard(work, worker.epoch), act(work.ledger(*world.keys), work.now)))
    except Fenced:
        if not known:
            world.workers.remove(worker)
            return
    worker.failed = bool(key)


def _tell_created(world: World, worker: Worker, key: str, generation: int, id_: str) -> None:
    """As the session does it: what a fenced attempt made is kept as late evidence."""
    epoch = worker.epoch

    def decide(work: w.Work) -> bool:
        live = work.task.holds(epoch)
        ledger = work.ledger(key)
        if not (live and ledger.expects(key, epoch)):
            ledger = work.ledger()
        entry = ledger.created(key, generation, id_, epoch, work.now, live=live)
        if not live and entry is not None:
            work.task.late_evidence(LATE, work.now)
            world.life.go_on(work)  # type: ignore[arg-type]
        return live

    world.reported.add(id_)
    live = world.change(decide)
    if live is False and not any(other not in ("", "?") for _, other in worker.reports):
        world.workers.remove(worker)


def _begin_removal(world: World, worker: Worker, key: str) -> None:
    def decide(work: w.Work) -> None:
        entry = work.ledger(key).undoing(key, w.UNDO_WINDOW, work.now)
        worker.id, worker.deadline = entry.external_id, work.steady + w.UNDO_WINDOW

    if _report(world, worker, decide):
        worker.doing = "remove"


def _remove(world: World, worker: Worker) -> None:
    failed = world.now >= worker.deadline
    if not failed:
        delete(world, worker.id)
    if world.spend("undofail") and not failed:
        world.strike("undofail")
        failed = True
    worker.doing = "removed"
    worker.failed = failed and not world.setup.swallow
    worker.deadline = -1 if failed else worker.deadline


def _removed(world: World, worker: Worker) -> None:
    key = world.setup.steps[worker.at].keys[0]
    how, error = (Removal.LOST, w.BROKEN) if worker.deadline < 0 else (Removal.COMPLETE, None)
    if _report(world, worker, lambda work: work.ledger(key).undone(key, how, error, work.now)):
        worker.doing = "next"
        worker.at += 1


_WORK: dict[str, Callable[[World, Worker], None]] = {
    "next": _next,
    "intend": _intend,
    "send": _send,
    "paused": _send,
    "wait": _wait,
    "report": _tell,
    "remove": _remove,
    "removed": _removed,
}
