"""All that may happen next in a world: one move is one commit, one cloud call, or one stroke of fate.

A move is a weight, a label and what it does. Moves that the domain must refuse are made too, by persons: a refusal
changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from tests.domain import world as w
from tests.domain.cloud import Request
from tests.domain.oracle import deletion
from tests.domain.world import Call, Finder, Step, Undoer, Worker, World

from wharfinger_server.domain import undo
from wharfinger_server.domain.errors import Fenced, Refused
from wharfinger_server.domain.ledger import Ledger
from wharfinger_server.domain.states import EntryState, Phase, TaskState
from wharfinger_server.domain.verdict import Verdict, resolve
from wharfinger_server.engine.life import LATE, ask_time, guard

Move = tuple[float, str, Callable[[], object]]


def moves(world: World, *, calm: bool = False) -> list[Move]:
    """Return what may happen next; in `calm`, nobody asks for anything and no more trouble strikes."""
    found = [*_cloud(world)]
    for worker in world.workers:
        found += _worker(world, worker)
    for finder in world.finders:
        found += _finder(world, finder)
    for undoer in world.undoers:
        found += _undoer(world, undoer)
    if not world.deleted:
        found += _engine(world)
        if not calm:
            found += _person(world)
    # In calm nobody is so slow that windows pass.
    return found if calm and found else [*found, *_clock(world)]


def _clock(world: World) -> Iterator[Move]:
    moments = world.moments()
    if moments:
        yield 0.4, f"clock: {moments[0]}", partial(setattr, world, "now", moments[0])


# ---------------------------------------------------------------------- the engine


def _engine(world: World) -> Iterator[Move]:
    task = world.task
    if task.lease is not None:
        yield from _leased(world)
        return
    if task.wake_time > world.now or task.state.resting:
        return
    if task.state is TaskState.ROLLING_BACK:
        yield from _rolling(world)
    elif task.must_settle:
        yield 1.5, "engine: lease SETTLE", partial(_lease_settle, world)
    elif task.state is TaskState.QUEUED:
        yield 1.5, "engine: lease RUN", partial(_lease_run, world)


def _leased(world: World) -> Iterator[Move]:
    lease, epoch = world.task.lease, world.task.epoch
    assert lease is not None
    holders = {Phase.RUN: world.workers, Phase.SETTLE: world.finders, Phase.UNDO: world.undoers}[lease.phase]
    dead = not any(holder.epoch == epoch for holder in holders)
    if dead or world.spend("lost"):
        yield 0.5, f"engine: {lease.phase.name} lease expires", partial(_lose, world, dead)
    if world.task.undo_end and world.now >= world.task.undo_end:
        yield 1.0, "engine: undo_timeout", partial(_end_rollback, world, w.TOO_LATE)


def _lease_run(world: World) -> None:
    if world.change(lambda work: world.life.lease(work, Phase.RUN, "w")):
        if any(entry.owned and entry.sought for entry in world.entries.values()):
            world.wrong.append("a RUN lease before all is settled")
        world.workers.append(Worker(world.task.epoch))


def _lease_settle(world: World, only: tuple[str, ...] | None = None) -> None:
    if world.change(lambda work: world.life.lease(work, Phase.SETTLE, "w")):
        keys = [entry.key for entry in world.ledger().to_settle()] if only is None else list(only)
        world.finders.append(Finder(world.task.epoch, keys))


def _lose(world: World, dead: bool) -> None:
    if not dead:
        world.strike("lost")
    epoch = world.task.epoch
    world.change(lambda work: world.life.lost(work, epoch, w.LOST, resumable=world.setup.resumable))


def _rolling(world: World) -> Iterator[Move]:
    rollback, ledger = world.task.rollback, world.ledger()
    assert rollback is not None
    order = undo.Order(ledger, rollback.only)
    sought = [] if rollback.stop else [e for e in order.sought() if ask_time(e, world.now) <= world.now]
    if sought:
        keys = tuple(entry.key for entry in sought)
        yield 1.5, f"engine: lease SETTLE for {keys}", partial(_lease_settle, world, keys)
    if undo.over(world.task, ledger):
        yield 1.5, "engine: the rollback ends", partial(_end_rollback, world)
    elif order.ready():
        yield 1.5, "engine: lease UNDO", partial(_lease_undo, world)
    if world.task.undo_end and world.now >= world.task.undo_end:
        yield 1.0, "engine: undo_timeout", partial(_end_rollback, world, w.TOO_LATE)


def _lease_undo(world: World) -> None:
    if world.change(lambda work: world.life.lease(work, Phase.UNDO, "w")):
        world.undoers.append(Undoer(world.task.epoch))


def _end_rollback(world: World, late: w.Failure | None = None) -> None:
    def decide(work: w.Work) -> None:
        undo.end(work.task, work.ledger(), work.now, late)
        world.life.go_on(work)  # type: ignore[arg-type]

    before = world.task.error
    world.change(decide)
    if before is not None and world.task.error != before and world.task.state is not TaskState.SUCCEEDED:
        world.wrong.append("a rollback overwrote the first error")


# ---------------------------------------------------------------------- the cloud


def _cloud(world: World) -> Iterator[Move]:
    for request in world.cloud.requests:
        weight = 1.5 if world.task.holds(request.epoch) else 0.1
        yield weight, f"cloud: {request.keys} lands", partial(_land, world, request)
        if world.spend("refuse") and not request.stale:
            yield 0.3, f"cloud: {request.keys} is refused", partial(_refuse, world, request)
        if world.spend("drop") and not request.stale:
            yield 0.3, f"cloud: {request.keys} lands, answer lost", partial(_land, world, request, lost=True)
            yield 0.3, f"cloud: {request.keys} vanishes", partial(_vanish, world, request)
            if len(request.keys) > 1:
                yield 0.3, f"cloud: half of {request.keys} lands", partial(_land, world, request, most=1)
    if world.spend("oob"):
        for thing in world.cloud.things.values():
            if thing.alive and thing.ours:
                yield 0.2, f"somebody deletes {thing.id}", partial(_out_of_band, world, thing)


def _land(world: World, request: Request, *, lost: bool = False, most: int = 1000) -> None:
    world.cloud.requests.remove(request)
    if lost or most < len(request.keys):
        world.strike("drop")
    answer = world.cloud.land(request, most=most)
    if not lost:
        _answer(world, request, answer)


def _refuse(world: World, request: Request) -> None:
    world.cloud.requests.remove(request)
    world.strike("refuse")
    world.cloud.refusals += 1
    _answer(world, request, "QUOTA")


def _vanish(world: World, request: Request) -> None:
    world.cloud.requests.remove(request)
    world.strike("drop")


def _answer(world: World, request: Request, answer: w.Any) -> None:
    for worker in world.workers:
        if worker.epoch == request.epoch and worker.doing == "wait" and worker.calls[0].token == request.token:
            if isinstance(answer, str):
                worker.reports = [(key, "") for key in request.keys]
                if answer in ("MISMATCH", "PARENT_GONE"):
                    world.cloud.refusals += 1
            else:
                worker.reports = [(key, answer.get(key, "?")) for key in request.keys]
            worker.doing = "report"


def _out_of_band(world: World, thing: w.Any) -> None:
    world.strike("oob")
    thing.alive = False


# ---------------------------------------------------------------------- a worker that runs the script


def _worker(world: World, worker: Worker) -> Iterator[Move]:
    label = f"worker {worker.epoch}"
    if world.spend("crash"):
        yield 0.2, f"{label} dies at {worker.doing}", partial(_die, world, worker)
    # What is fenced or paused is slow: that is what makes it late.
    weight = 0.03 if worker.doing == "paused" else 1.5 if world.task.holds(worker.epoch) else 0.1
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
        entry = work.ledger(key).undoing(key, work.now + w.UNDO_WINDOW, work.now)
        worker.id, worker.deadline = entry.external_id, entry.undo_deadline

    if _report(world, worker, decide):
        worker.doing = "remove"


def _remove(world: World, worker: Worker) -> None:
    failed = world.now >= worker.deadline
    if not failed:
        _delete(world, worker.id)
    if world.spend("undofail") and not failed:
        world.strike("undofail")
        failed = True
    worker.doing = "removed"
    worker.failed = failed and not world.setup.swallow
    worker.deadline = -1 if failed else worker.deadline


def _removed(world: World, worker: Worker) -> None:
    key = world.setup.steps[worker.at].keys[0]
    error = w.BROKEN if worker.deadline < 0 else None
    if _report(world, worker, lambda work: work.ledger(key).undone(key, error, work.now)):
        worker.doing = "next"
        worker.at += 1


def _delete(world: World, id_: str) -> None:
    thing = world.cloud.things[id_]
    world.wrong += deletion(world, thing)
    thing.alive = False


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


# ---------------------------------------------------------------------- an attempt that settles


def _finder(world: World, finder: Finder) -> Iterator[Move]:
    if world.spend("crash"):
        yield 0.2, f"finder {finder.epoch} dies", partial(_finder_dies, world, finder)
    for key in finder.left:
        if key not in finder.shown:
            yield 1.2, f"find({key}) is asked", partial(_ask, world, finder, key)
    for key in finder.shown:
        yield 1.2, f"find({key}) answers {finder.shown[key][1]}", partial(_told, world, finder, key)
        if world.spend("findfail"):
            yield 0.3, f"find({key}) cannot tell", partial(_cannot_tell, world, finder, key)
    if not finder.left and not finder.shown:
        yield 1.5, f"finder {finder.epoch} ends", partial(_settled, world, finder)


def _finder_dies(world: World, finder: Finder) -> None:
    world.strike("crash")
    world.finders.remove(finder)


def _ask(world: World, finder: Finder, key: str) -> None:
    finder.left.remove(key)
    entry = world.entries.get(key)
    if entry is None:
        return
    sure, may = world.cloud.find(entry.token, world.now)
    shown = may if world.coin else sure
    finder.shown[key] = (entry.version, shown, world.now)


def _find_report(world: World, finder: Finder, decide: Callable[[w.Work], object]) -> None:
    current = world.is_current(finder.epoch, Phase.SETTLE)
    try:
        world.change(lambda work: (guard(work, finder.epoch), decide(work)))
    except Fenced:
        if finder in world.finders:
            world.finders.remove(finder)
        return
    if not current:
        world.wrong.append(f"the finder {finder.epoch} wrote without the lease")


def _told(world: World, finder: Finder, key: str) -> None:
    version, ids, asked = finder.shown.pop(key)
    _find_report(world, finder, lambda work: work.ledger().found(key, version, ids, asked, work.now))


def _cannot_tell(world: World, finder: Finder, key: str) -> None:
    world.strike("findfail")
    version, _, _ = finder.shown.pop(key)
    _find_report(world, finder, lambda work: work.ledger().cannot_tell(key, version, w.NO_TELLING, work.now))


def _settled(world: World, finder: Finder) -> None:
    _find_report(world, finder, lambda work: world.life.settled_once(work, finder.epoch))
    if finder in world.finders:
        world.finders.remove(finder)


# ---------------------------------------------------------------------- an attempt that undoes


def _undoer(world: World, undoer: Undoer) -> Iterator[Move]:
    if world.spend("crash"):
        yield 0.2, f"undoer {undoer.epoch} dies", partial(_undoer_dies, world, undoer)
    current = world.is_current(undoer.epoch, Phase.UNDO)
    rollback = world.task.rollback
    if current and rollback is not None and not rollback.stop:
        for entry in undo.Order(world.ledger(), rollback.only).ready(undoer.calls):
            yield 1.5, f"undo({entry.key}) begins", partial(_begin_undo, world, undoer, entry.key)
    for key, (_, _, _, how) in undoer.calls.items():
        if how:
            yield 1.5, f"undo({key}) is {how}", partial(_undo_told, world, undoer, key)
            continue
        yield 1.5, f"undo({key}) deletes", partial(_undo, world, undoer, key, "")
        if world.spend("undofail"):
            yield 0.5, f"undo({key}) fails", partial(_undo, world, undoer, key, "undofail")
        if world.spend("drop"):
            yield 0.3, f"undo({key}) deletes, answer lost", partial(_undo, world, undoer, key, "drop")
    if not undoer.calls:
        yield 0.7, f"undoer {undoer.epoch} ends", partial(_undoer_ends, world, undoer)


def _undoer_dies(world: World, undoer: Undoer) -> None:
    world.strike("crash")
    world.undoers.remove(undoer)


def _begin_undo(world: World, undoer: Undoer, key: str) -> None:
    def decide(work: w.Work) -> w.Entry:
        guard(work, undoer.epoch)  # type: ignore[arg-type]
        return undo.start(work.task, work.ledger(), key, work.now + w.UNDO_WINDOW, work.now)

    entry = world.change(decide)
    undoer.calls[key] = (entry.external_id, work_end(world), entry.version, "")


def work_end(world: World) -> int:
    """Return the end of a call window that begins now."""
    return world.now + w.UNDO_WINDOW


def _undo(world: World, undoer: Undoer, key: str, fault: str) -> None:
    id_, deadline, version, _ = undoer.calls[key]
    if world.now >= deadline:
        del undoer.calls[key]  # it fences itself
        if not world.is_current(undoer.epoch, Phase.UNDO):
            return
        undoer.calls[key] = (id_, deadline, version, "failed")
        return
    if fault:
        world.strike(fault)
    if fault != "undofail":
        _delete(world, id_)
    undoer.calls[key] = (id_, deadline, version, "failed" if fault else "done")


def _undo_told(world: World, undoer: Undoer, key: str) -> None:
    _, _, version, how = undoer.calls.pop(key)
    error = w.BROKEN if how == "failed" else None

    def decide(work: w.Work) -> None:
        guard(work, undoer.epoch)  # type: ignore[arg-type]
        work.ledger(key).undone(key, error, work.now, version)

    current = world.is_current(undoer.epoch, Phase.UNDO)
    try:
        world.change(decide)
    except Fenced:
        if not undoer.calls and undoer in world.undoers:
            world.undoers.remove(undoer)
        return
    if not current:
        world.wrong.append(f"the undoer {undoer.epoch} wrote without the lease")


def _undoer_ends(world: World, undoer: Undoer) -> None:
    world.undoers.remove(undoer)

    def decide(work: w.Work) -> None:
        guard(work, undoer.epoch)  # type: ignore[arg-type]
        work.task.attempt_over(work.now)
        if undo.over(work.task, work.ledger()):
            undo.end(work.task, work.ledger(), work.now)
        world.life.go_on(work)  # type: ignore[arg-type]

    try:
        world.change(decide)
    except Fenced:
        return


# ---------------------------------------------------------------------- a person


def _person(world: World) -> Iterator[Move]:
    task = world.task
    if world.spend("cancel") and not task.state.resting:
        yield 0.15, "person: cancel", partial(_ask_for, world, "cancel", lambda work: world.life.cancel(work, "me", ""))
    if world.spend("resume") and task.state is TaskState.PARTIALLY_FAILED:
        yield 0.4, "person: resume", partial(_ask_for, world, "resume", partial(_resume, world))
    if world.spend("rollback") and task.state.resting:
        for only, retain in _wishes(world):
            yield (
                0.2,
                f"person: roll back only {only} retain {retain}",
                partial(_ask_for, world, "rollback", partial(_roll_back, world, only, retain)),
            )
    if world.spend("resolve") and task.state.resting:
        for key, verdict, id_ in _opinions(world):
            yield (
                0.15,
                f"person: {key} is {verdict.name} {id_}",
                partial(_ask_for, world, "resolve", partial(_resolve, world, key, verdict, id_)),
            )
    if world.spend("delete") and task.state.resting:
        yield 0.05, "person: delete", partial(_ask_for, world, "delete", lambda work: work.task.delete(work.now))


def _ask_for(world: World, what: str, decide: Callable[[w.Work], object]) -> None:
    world.strike(what)
    before = world.task
    try:
        world.change(decide)
    except Refused:
        if world.task is not before:
            world.wrong.append(f"a refused {what} changed the task")


def _resume(world: World, work: w.Work) -> None:
    work.task.resume()
    work.ledger().begin_round()
    world.life.go_on(work)  # type: ignore[arg-type]


def _wishes(world: World) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    yield (), ()
    if world.spend("choosy"):
        for key in world.entries:
            yield (key,), ()
            yield (), (key,)


def _roll_back(world: World, only: tuple[str, ...], retain: tuple[str, ...], work: w.Work) -> None:
    kept = undo.begin(work.task, work.ledger(), only, retain, work.now)
    world.handed.update(entry.external_id for entry in kept)


def _resolve(world: World, key: str, verdict: Verdict, id_: str, work: w.Work) -> None:
    changed = resolve(work.task, work.ledger(), key, verdict, id_, work.now)
    world.handed.update(entry.external_id for entry in changed if not entry.owned)
    world.life.go_on(work)  # type: ignore[arg-type]


def _opinions(world: World) -> Iterator[tuple[str, Verdict, str]]:
    """Yield verdicts: true ones, as far as a person can see, and such as nobody may give."""
    for entry in world.entries.values():
        yield entry.key, Verdict.RETAIN, ""
        yield entry.key, Verdict.FORGET, ""
        _, seen = world.cloud.find(entry.token, world.now)
        held = {other.external_id for other in world.entries.values() if other.key != entry.key}
        alive = entry.external_id in world.cloud.things and world.cloud.things[entry.external_id].alive
        if not alive and not [id_ for id_ in seen if id_ not in held]:
            yield entry.key, Verdict.NOT_CREATED, ""
        if alive:
            yield entry.key, Verdict.CREATED, ""
        for id_ in seen:
            yield entry.key, Verdict.CREATED, id_
