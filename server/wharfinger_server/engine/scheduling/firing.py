"""Fires schedules: each instant makes one task at most, whatever happens to the server."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from copy import copy

from wharfinger.ledger.failure import Code, Failure
from wharfinger_server.domain.errors import (
    AlreadyExists,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    Refused,
    ResourceExhausted,
    StateForbids,
    Unavailable,
    Unimplemented,
)
from wharfinger_server.domain.schedule import Firing, Overlap, Schedule
from wharfinger_server.domain.task import Task
from wharfinger_server.domain.timing import SECOND
from wharfinger_server.engine.scheduling.asking import caller_of, request_for
from wharfinger_server.engine.use_cases.tasks import Tasks
from wharfinger_server.engine.watching.wakeup import Alarms, Bell
from wharfinger_server.store.databases.schedules import Place
from wharfinger_server.store.store import Store

log = logging.getLogger(__name__)

PAGE = 100
AT_ONCE = 100
"""So many instants of one schedule fire in a row before the others have their turn."""

RETRY_AFTER = 5 * SECOND
LOOK_EVERY = 3600 * SECOND

_CODES: dict[type[Refused], Code] = {
    InvalidArgument: Code.INVALID_ARGUMENT,
    NotFound: Code.NOT_FOUND,
    AlreadyExists: Code.ALREADY_EXISTS,
    Unimplemented: Code.UNIMPLEMENTED,
    PermissionDenied: Code.PERMISSION_DENIED,
}


class Scheduler:
    """Waits for the instants of all schedules, of which it holds none: the next is found by an index."""

    def __init__(self, store: Store, tasks: Tasks, alarms: Alarms) -> None:
        self._store = store
        self._tasks = tasks
        self._alarms = alarms
        self._clock = alarms.clock
        self._bell = Bell(alarms)
        self._alarm = 0

    def look(self) -> None:
        """See to a schedule that was created or resumed."""
        self._bell.ring()

    async def run(self) -> None:
        """Fire for ever."""
        while True:
            wait = LOOK_EVERY
            try:
                if not await self.fire(self._clock.wall()):
                    wait = RETRY_AFTER
                self._set_alarm(await self._store.next_due())
            except Unavailable as error:
                log.warning("schedules wait for the database: %s", error.message)
                wait = RETRY_AFTER
            except Exception:
                log.exception("schedules could not fire; they are looked at again")
                wait = RETRY_AFTER
            await self._bell.wait(wait)

    def _set_alarm(self, due: int) -> None:
        """Have the bell ring at a time of day; one that is set for earlier rings then, and the next is set anew."""
        now = self._clock.wall()
        if due > now and not now < self._alarm <= due:
            self._alarm = due
            self._alarms.at(due, self._bell.ring, by_wall=True)

    async def fire(self, now: int) -> bool:
        """Fire all that is due at a time of day; return whether nothing of it has to be tried again."""
        well = True
        again = True
        while again:
            again = False
            after: Place = (0, "", "")
            while page := await self._store.due_schedules(now, after, PAGE):
                after = (page[-1].due, page[-1].project, page[-1].schedule_id)
                for left in await asyncio.gather(*(self._fire_one(schedule, now) for schedule in page)):
                    well &= left is not None
                    again |= bool(left)
        return well

    async def _fire_one(self, schedule: Schedule, now: int) -> bool | None:
        """Fire what is due of one schedule; return whether more of it is, None where it has to be tried again."""
        for _ in range(AT_ONCE):
            if not 0 < schedule.due <= now:
                return False
            try:
                moved = await self._settle(schedule, now)
            except (Unavailable, ResourceExhausted) as refused:
                log.warning("%s could not fire, and is tried again: %s", schedule.name, refused.message)
                return None
            if moved is None:
                return False
            schedule = moved
        return 0 < schedule.due <= now

    async def _settle(self, schedule: Schedule, now: int) -> Schedule | None:
        """Let the next instant of a schedule fire, or leave it out; return the schedule as it then is."""
        instant = schedule.next_instant
        made = await self._store.task_by_request(schedule.project, schedule.request_of(instant))
        if made is not None:  # by a server that ended before it took note of it
            return await self._note(schedule, Firing(instant, made.task_id))
        later = copy(schedule)
        later.leave_out_missed(now)
        if later.next_instant != instant:
            log.warning("%s left instants out, which it missed by more than its window", schedule.name)
            return await self._note(schedule, None, later.next_instant)
        return await self._note(schedule, await self._make(schedule))

    async def _make(self, schedule: Schedule) -> Firing:
        """Make the task of the next instant, if the one before lets it."""
        instant = schedule.next_instant
        caller = caller_of(schedule)
        before = await self._before(schedule)
        if before is not None and not before.state.resting:
            if schedule.overlap is Overlap.CANCEL:
                with suppress(StateForbids, NotFound):  # it has ended meanwhile
                    await self._tasks.cancel(caller, before.project, before.task_id, "", f"{schedule.name} fires again")
            elif schedule.overlap is not Overlap.QUEUE:
                return Firing(instant, overlapped=True)
        try:
            shown = await self._tasks.create(caller, request_for(schedule, schedule.request_of(instant)))
        except (Unavailable, ResourceExhausted):
            raise
        except Refused as refused:
            log.warning("%s made no task: %s", schedule.name, refused.message)
            code = _CODES.get(type(refused), Code.FAILED_PRECONDITION)
            return Firing(
                instant, error=Failure(code, refused.reason, refused.message, metadata=dict(refused.metadata))
            )
        return Firing(instant, shown.task.task_id)

    async def _before(self, schedule: Schedule) -> Task | None:
        """Return the task that the schedule made last, None where there is none any more."""
        if schedule.last_task:
            return await self._store.task(schedule.project, schedule.last_task)
        return None

    async def _note(self, schedule: Schedule, firing: Firing | None, later: int = 0) -> Schedule | None:
        """Move a schedule on, unless somebody else changed it meanwhile."""

        def decide(found: Schedule) -> None:
            if found.uid != schedule.uid or found.next_instant != schedule.next_instant:
                return
            if firing is None:
                found.next_instant = later
            else:
                found.settle(firing)

        return await self._store.change_schedule(schedule.project, schedule.schedule_id, decide)
