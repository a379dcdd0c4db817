"""The use cases of schedules: create, get, list, pause, resume, run now, delete."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

import orjson

from wharfinger_server import config
from wharfinger_server.domain.errors import AlreadyExists, NotFound, Unimplemented, invalid
from wharfinger_server.domain.instants import Timing, check_cron, check_time_zone
from wharfinger_server.domain.schedule import MOST_CATCH_UP, MOST_JITTER, Overlap, Schedule, Wanted
from wharfinger_server.domain.timing import SECOND, Clock
from wharfinger_server.engine.interface.id_checks import check_id, check_project, check_request_id
from wharfinger_server.engine.interface.page_tokens import page_limit, place_start, place_token
from wharfinger_server.engine.interface.requests import Caller, NewTask
from wharfinger_server.engine.interface.task_view import TaskView
from wharfinger_server.engine.scheduling.asking import request_for, wanted_of
from wharfinger_server.engine.scheduling.firing import Scheduler
from wharfinger_server.engine.use_cases import request_digest
from wharfinger_server.engine.use_cases.tasks import Tasks
from wharfinger_server.store.store import Store

USUAL_PAGE = 100
_LONGEST_EVERY = 10 * 365 * 86_400 * SECOND


@dataclass(frozen=True, slots=True)
class NewSchedule:
    """One request to create a schedule; times are microseconds, `every` 0 with a line of `cron`.

    With `validate_only` every check is made and nothing is written.
    """

    project: str
    schedule_id: str
    task: NewTask
    cron: str = ""
    every: int = 0
    time_zone: str = ""
    overlap: Overlap = Overlap.UNSPECIFIED
    catch_up: int = 0
    jitter: int = 0
    paused: bool = False
    request_id: str = ""
    validate_only: bool = False


class Schedules:
    """What callers can do with schedules. Every method raises a `Refused` that says why and what to do."""

    def __init__(self, store: Store, tasks: Tasks, scheduler: Scheduler, clock: Clock, limits: config.Limits) -> None:
        self._store = store
        self._tasks = tasks
        self._scheduler = scheduler
        self._clock = clock
        self._most_page = limits.max_page_size

    async def create(self, caller: Caller, new: NewSchedule) -> Schedule:
        """Create a schedule: durable before this returns. The same request id returns the same schedule."""
        check_project(caller, new.project)
        check_id("schedule_id", new.schedule_id)
        check_request_id(new.request_id)
        _check(new)
        now = self._clock.wall()
        schedule = Schedule(
            project=new.project,
            schedule_id=new.schedule_id,
            uid=secrets.token_hex(12),
            creator=caller.creator,
            wanted=wanted_of(new.task, orjson.dumps(dict(new.task.params))),
            timing=Timing(new.cron, new.every, new.time_zone, now // SECOND * SECOND),
            overlap=new.overlap,
            catch_up=new.catch_up,
            jitter=new.jitter,
            create_time=now,
            update_time=now,
            request_id=new.request_id,
        )
        schedule.wanted = await self._checked(caller, schedule, new.task)
        schedule.request_digest = _digest(new, schedule) if new.request_id else ""
        schedule.begin(now)
        if not schedule.next_instant:
            raise invalid("schedule.cron", f"{new.cron!r} never fires")
        if new.paused:
            schedule.pause()
        if new.validate_only:
            return replace(schedule, uid="")
        found = await self._store.create_schedule(schedule)
        if found.uid != schedule.uid:
            return _made_before(found, schedule)
        self._scheduler.look()
        return found

    async def _checked(self, caller: Caller, schedule: Schedule, new: NewTask) -> Wanted:
        """Return what the schedule asks for, checked as that of any task."""
        shown = await self._tasks.create(caller, request_for(schedule, "", validate_only=True))
        if shown.task.spec.sealed:
            said = "schedule.task.params: sealed params can't be kept in a schedule; let the script name a profile"
            raise Unimplemented("NOT_SUPPORTED", said, {"feature": "schedule.task.params"})
        return wanted_of(new, shown.task.spec.params)

    async def get(self, caller: Caller, project: str, schedule_id: str) -> Schedule:
        """Return a schedule."""
        found = await self._store.schedule(project, schedule_id) if caller.may_see(project) else None
        return _existing(found, project, schedule_id)

    async def list(
        self, caller: Caller, project: str, page_size: int = 0, page_token: str = ""
    ) -> tuple[Sequence[Schedule], str]:
        """Return a page of a project's schedules and the token of the next one ("" on the last)."""
        check_project(caller, project)
        limit = page_limit(page_size, USUAL_PAGE, self._most_page)
        after = place_start(page_token, "schedules", project)
        found = await self._store.schedules(project, after, limit + 1)
        token = place_token(found[limit - 1].schedule_id, "schedules", project) if len(found) > limit else ""
        return found[:limit], token

    async def pause(self, caller: Caller, project: str, schedule_id: str) -> Schedule:
        """Let a schedule fire no more."""
        now = self._clock.wall()

        def decide(schedule: Schedule) -> None:
            """Pause it, once."""
            if not schedule.paused:
                schedule.pause()
                schedule.update_time = now

        await self.get(caller, project, schedule_id)
        return _existing(await self._store.change_schedule(project, schedule_id, decide), project, schedule_id)

    async def resume(self, caller: Caller, project: str, schedule_id: str) -> Schedule:
        """Let a paused schedule fire again, from its next instant on."""
        now = self._clock.wall()

        def decide(schedule: Schedule) -> None:
            """Resume it, once."""
            if schedule.paused:
                schedule.begin(now)
                schedule.update_time = now

        await self.get(caller, project, schedule_id)
        found = _existing(await self._store.change_schedule(project, schedule_id, decide), project, schedule_id)
        self._scheduler.look()
        return found

    async def run(self, caller: Caller, project: str, schedule_id: str, request_id: str = "") -> TaskView:
        """Create a schedule's task now, for the caller. The same request id returns the same task."""
        check_request_id(request_id)
        schedule = await self.get(caller, project, schedule_id)
        given = hashlib.sha256(request_id.encode()).hexdigest()[:32] if request_id else secrets.token_hex(16)
        return await self._tasks.create(caller, request_for(schedule, f"schedule-{schedule.uid}-run-{given}"))

    async def delete(self, caller: Caller, project: str, schedule_id: str) -> None:
        """Delete a schedule; its tasks stay."""
        await self.get(caller, project, schedule_id)
        await self._store.delete_schedule(project, schedule_id)


def _check(new: NewSchedule) -> None:
    if bool(new.cron) is bool(new.every):
        raise invalid("schedule.cron", "give either a line of cron or an interval, in `every`")
    for field, check, text in (("cron", check_cron, new.cron), ("time_zone", check_time_zone, new.time_zone)):
        try:
            if text:
                check(text)
        except ValueError as error:
            raise invalid(f"schedule.{field}", str(error)) from None
    if new.every and (new.every % SECOND or not SECOND <= new.every <= _LONGEST_EVERY):
        raise invalid("schedule.every", "it is not whole seconds, between one second and ten years")
    if new.every and new.time_zone:
        raise invalid("schedule.time_zone", "an interval has no time zone; it is for lines of cron")
    for field, value, most in (("catch_up_window", new.catch_up, MOST_CATCH_UP), ("jitter", new.jitter, MOST_JITTER)):
        if not 0 <= value <= most:
            raise invalid(f"schedule.{field}", f"it is not between 0 and {most // SECOND} seconds")
    if new.overlap.one_at_a_time and (new.task.policy.concurrency_key or new.task.policy.concurrency_limit):
        why = f"with the overlap policy {new.overlap.name} the schedule has a key of its own; leave it empty"
        raise invalid("schedule.task.policy.concurrency_key", why)


def _digest(new: NewSchedule, schedule: Schedule) -> str:
    """Return a digest of all that the caller chose."""
    chosen = request_digest.told(request_for(schedule, new.request_id), schedule.wanted.params.encode())
    timing = [new.schedule_id, new.cron, new.every, new.time_zone, new.overlap, new.catch_up, new.jitter, new.paused]
    return hashlib.sha256(orjson.dumps(timing) + b"\0" + chosen).hexdigest()


def _made_before(found: Schedule, asked: Schedule) -> Schedule:
    """Return the schedule that this very request made; refuse any other of its name."""
    if not asked.request_id or found.request_id != asked.request_id:
        said = f"schedule_id: {found.name} exists"
        raise AlreadyExists("SCHEDULE_EXISTS", said, {"schedule": found.name})
    if found.request_digest != asked.request_digest:
        said = f"request_id: {asked.request_id} belongs to another request, which made {found.name}"
        raise AlreadyExists("REQUEST_ID_REUSED", said, {"request_id": asked.request_id, "task": found.name})
    return found


def _existing(found: Schedule | None, project: str, schedule_id: str) -> Schedule:
    """Return a schedule that was found; the answer is the same for none and for one that the caller may not see."""
    if found is None:
        name = f"projects/{project}/schedules/{schedule_id}"
        raise NotFound("SCHEDULE_NOT_FOUND", f"there is no schedule {name}", {"schedule": name})
    return found
