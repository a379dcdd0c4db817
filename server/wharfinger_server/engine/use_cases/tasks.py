"""The use cases of tasks: create, get, list, wait, read events and resources, cancel, delete."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from typing import TypeVar

from wharfinger.ledger.ledger import Entry
from wharfinger_server import config
from wharfinger_server.domain.errors import (
    AlreadyExists,
    Choices,
    InvalidArgument,
    NotFound,
    Refused,
    Violation,
    invalid,
)
from wharfinger_server.domain.estimate import Estimate
from wharfinger_server.domain.task import Task
from wharfinger_server.domain.timing import SECOND
from wharfinger_server.engine.execution.dispatcher import Dispatcher
from wharfinger_server.engine.execution.reservation import Reservation
from wharfinger_server.engine.execution.retrying_store import unbroken
from wharfinger_server.engine.interface.filters import LEDGER_FIELDS, OPERATORS, TASK_FIELDS, parse, stored
from wharfinger_server.engine.interface.id_checks import check_project
from wharfinger_server.engine.interface.page_tokens import page_limit, page_start, page_token
from wharfinger_server.engine.interface.requests import Caller, CreateRequest, task_not_found
from wharfinger_server.engine.interface.task_view import TaskView
from wharfinger_server.engine.lifecycle.lifecycle import Lifecycle
from wharfinger_server.engine.use_cases.admission import Admission, Admitted
from wharfinger_server.engine.use_cases.estimates import Estimates
from wharfinger_server.engine.use_cases.repeats import Ask, check_etag, digest_of, take, taken
from wharfinger_server.engine.use_cases.views import TaskViews
from wharfinger_server.engine.watching.broadcast import Broadcast
from wharfinger_server.store.commit.unit_of_work import UnitOfWork
from wharfinger_server.store.store import Draft, Existing, Gone, MaybeWritten, Store, TaskQuery

T = TypeVar("T")

USUAL_PAGE = 100
USUAL_WAIT = 30 * SECOND
MOST_WAIT = 3600 * SECOND
REASON_LENGTH = 1024


class Tasks:
    """What callers can do with tasks. Every method raises a `Refused` that says why and what to do."""

    def __init__(
        self,
        store: Store,
        admission: Admission,
        estimates: Estimates,
        dispatcher: Dispatcher,
        life: Lifecycle,
        hub: Broadcast,
        showing: TaskViews,
        limits: config.Limits,
    ) -> None:
        self._store = store
        self._clock = hub.clock
        self._admission = admission
        self._estimates = estimates
        self._dispatcher = dispatcher
        self._life = life
        self._hub = hub
        self._showing = showing
        self._usual_page = limits.page_size
        self._most_page = limits.max_page_size

    # ------------------------------------------------------------------ create

    async def create(self, caller: Caller, request: CreateRequest) -> TaskView:
        """Accept a task: durable before this returns. The same request id returns the same task."""
        admitted = self._admission.admit(caller, request)
        try:
            estimate = await self._estimate(admitted, request)
        except Refused as refused:
            return await self._made_before(request, admitted, refused)
        if request.validate_only:
            return TaskView(_unwritten(admitted.task), estimate=estimate)
        try:
            with self._dispatcher.reserve(admitted.task) as place:
                written = await self._store.create(_draft(place, admitted, estimate))
                place.keep(written, admitted.secret.values if admitted.secret else {})
        except Existing as existing:
            return await self._existing(request, admitted, existing)
        return TaskView(written, estimate=estimate)

    async def batch_create(
        self, caller: Caller, project: str, requests: Sequence[CreateRequest]
    ) -> Sequence[TaskView | Refused]:
        """Accept many tasks in one commit; each answers for itself, in the order asked."""
        check_project(caller, project)
        answers: dict[int, TaskView | Refused] = {}
        ready: list[tuple[int, Admitted, Estimate | None]] = []
        for i, request in enumerate(requests):
            try:
                admitted = self._admission.admit(caller, request)
                try:
                    estimate = await self._estimate(admitted, request)
                except Refused as refused:
                    answers[i] = await self._made_before(request, admitted, refused)
                    continue
            except Refused as refused:
                answers[i] = refused
                continue
            if request.validate_only:
                answers[i] = TaskView(_unwritten(admitted.task), estimate=estimate)
                continue
            ready.append((i, admitted, estimate))
        for (i, admitted, estimate), outcome in zip(ready, await self._create_many(ready), strict=True):
            if isinstance(outcome, Task):
                answers[i] = TaskView(outcome, estimate=estimate)
                continue
            try:
                answers[i] = (
                    outcome if isinstance(outcome, Refused) else await self._existing(requests[i], admitted, outcome)
                )
            except Refused as refused:
                answers[i] = refused
        return [answers[i] for i in range(len(requests))]

    async def _create_many(
        self, ready: Sequence[tuple[int, Admitted, Estimate | None]]
    ) -> Sequence[Task | Existing | Refused]:
        """Write many tasks in one commit, and see to those that were written."""
        with ExitStack() as stack:
            places = [stack.enter_context(self._dispatcher.reserve(admitted.task)) for _, admitted, _ in ready]
            drafts = [_draft(place, *one[1:]) for place, one in zip(places, ready, strict=True)]
            outcomes = await self._store.create_many(drafts)
            for place, (_, admitted, _), outcome in zip(places, ready, outcomes, strict=True):
                if isinstance(outcome, Task):
                    place.keep(outcome, admitted.secret.values if admitted.secret else {})
            return outcomes

    async def _estimate(self, admitted: Admitted, request: CreateRequest) -> Estimate | None:
        """Return what the task is expected to cost. Raises a Refused where that is too much, or can't be told."""
        task = admitted.task
        if not self._estimates.concern(task):
            return None
        estimate = await self._estimates.admit(task, request.task.params, admitted.secret)
        if request.validate_only:
            await self._estimates.check_budget(task)
        return estimate

    async def _made_before(self, request: CreateRequest, admitted: Admitted, refused: Refused) -> TaskView:
        """Return the task that the request made already, though prices or limits refuse it now; raise if none."""
        if request.request_id and not request.validate_only:
            found = await self._store.task_by_request(request.project, request.request_id)
            if found is not None:
                return await self._existing(request, admitted, Existing(found, "request_id"))
        raise refused

    async def _existing(self, request: CreateRequest, admitted: Admitted, existing: Existing) -> TaskView:
        found = existing.task
        if existing.by == "request_id":
            if not self._admission.same(admitted, found):
                raise AlreadyExists(
                    "REQUEST_ID_REUSED",
                    f"request_id: {request.request_id} belongs to another request, which made {found.name};"
                    " a new request needs a new id",
                    {"request_id": request.request_id, "task": found.name},
                )
            return TaskView(found, estimate=await self._showing.estimate(found))
        raise AlreadyExists(
            "TASK_EXISTS",
            f"task_id: {found.name} exists"
            + (" as a deleted task, whose name is kept for some days" if found.delete_time else ""),
            {"task": found.name},
        )

    # ------------------------------------------------------------------ read

    async def get(self, caller: Caller, project: str, task_id: str, full: bool = True) -> TaskView:
        """Return a task as it is now."""
        task = await self.visible(caller, project, task_id)
        return await self._showing.show(task) if full else self._showing.brief(task)

    async def visible(self, caller: Caller, project: str, task_id: str) -> Task:
        """Return a task that the caller may see. Raises NotFound TASK_NOT_FOUND."""
        task = await self._store.task(project, task_id) if caller.may_see(project) else None
        if task is None:
            raise task_not_found(project, task_id)
        return task

    async def list(
        self,
        caller: Caller,
        project: str | None,
        filter: str = "",  # noqa: A002 - the API's own word
        order_by: str = "",
        page_size: int = 0,
        page_token: str = "",
        full: bool = False,
    ) -> tuple[Sequence[TaskView], str]:
        """Return a page of a project's tasks and the token of the next one ("" on the last).

        Without a project it is one of all projects that the caller's credential opens.
        """
        if project is not None:
            check_project(caller, project)
        conditions = parse(filter, TASK_FIELDS)
        descending = _descending(order_by)
        limit = page_limit(page_size, self._usual_page, self._most_page)
        question = ("tasks", project, filter, descending)
        after = page_start(page_token, *question)
        of = caller.projects if project is None else project
        query = TaskQuery(of, stored(conditions), descending, after, limit + 1, light=not full)
        tasks = await self._store.tasks(query)
        shown = [await self._showing.show(task) if full else self._showing.brief(task) for task in tasks[:limit]]
        return shown, _next(tasks, limit, question)

    async def wait(self, caller: Caller, project: str, task_id: str, timeout: int) -> TaskView:
        """Return the task once it rests, or as it is after `timeout` microseconds (0: half a minute)."""
        if timeout < 0:
            raise invalid("timeout", "it is negative")
        task = await self.visible(caller, project, task_id)
        bell = self._hub.bell()
        topic = self._hub.join_task(task.id, bell)
        steady = self._clock.steady
        until = steady() + min(timeout or USUAL_WAIT, MOST_WAIT)
        try:
            task = await self.visible(caller, project, task_id)
            while not task.state.resting and not topic.closing and (left := until - steady()) > 0:
                await bell.wait(left)
                task = topic.newest or task
        finally:
            self._hub.leave_task(task.id, bell)
        return await self.get(caller, project, task_id)

    async def events(
        self,
        caller: Caller,
        project: str,
        task_id: str,
        after_sequence: int = 0,
        page_size: int = 0,
        token: str = "",
    ) -> tuple[Sequence[bytes], str]:
        """Return a page of a task's events, serialised, and the token of the next one."""
        if after_sequence < 0:
            raise invalid("after_sequence", "it is negative")
        task = await self.visible(caller, project, task_id)
        limit = page_limit(page_size, USUAL_PAGE, self._most_page)
        after = max(after_sequence, page_start(token, "events", task.id))
        found = await self._store.events(task.id, after, limit + 1)
        more = len(found) > limit
        following = page_token(found[limit - 1].sequence, "events", task.id) if more else ""
        return [event.body for event in found[:limit]], following

    async def ledger(
        self,
        caller: Caller,
        project: str,
        task_id: str,
        filter: str = "",  # noqa: A002 - the API's own word
        page_size: int = 0,
        token: str = "",
    ) -> tuple[Sequence[Entry], str]:
        """Return a page of a task's ledger and the token of the next one."""
        task = await self.visible(caller, project, task_id)
        conditions = parse(filter, LEDGER_FIELDS, labels=False)
        limit = page_limit(page_size, USUAL_PAGE, self._most_page)
        after = page_start(token, "ledger", task.id, filter)
        found: list[Entry] = []
        while len(found) <= limit:
            entries = await self._store.entries(task.id, after, limit + 1)
            found += [e for e in entries if all(OPERATORS[c.op](getattr(e, c.field), c.value) for c in conditions)]
            if len(entries) <= limit:
                break
            after = entries[-1].ordinal
        more = len(found) > limit
        return found[:limit], page_token(found[limit - 1].ordinal, "ledger", task.id, filter) if more else ""

    # ------------------------------------------------------------------ change

    async def cancel(
        self, caller: Caller, project: str, task_id: str, etag: str = "", reason: str = "", request_id: str = ""
    ) -> TaskView:
        """Ask a task to stop. One that was cancelled is returned as it is; one that ended otherwise is refused."""
        task = await self.visible(caller, project, task_id)
        why = reason[:REASON_LENGTH]
        ask, digest = Ask(project, task_id, etag, request_id), digest_of("cancel")

        def decide(work: UnitOfWork) -> Task:
            """Take the cancel."""
            if taken(work.task, ask, digest):
                return work.task
            take(work.task, ask, digest)
            return self._life.cancel(work, caller.creator, why)

        return await self._showing.show(await self.change(task, decide, why))

    async def change(self, task: Task, decide: Callable[[UnitOfWork], Task], why: str = "") -> Task:
        """Change a task as a person wishes, and let it go on; `why` is what a running attempt hears that has to stop.

        It goes on also where nobody hears that it was changed: a caller that left, an answer that was lost.
        """

        async def carry_out() -> Task:
            """Change it, or have it found out what came of that."""
            try:
                changed = await changed_task(self._store.change(task.id, decide), task)
            except MaybeWritten:
                self._dispatcher.find_out(task)
                raise
            self._dispatcher.go_on(changed, why)
            return changed

        return await unbroken(carry_out())

    async def delete(
        self, caller: Caller, project: str, task_id: str, etag: str = "", *, allow_missing: bool = False
    ) -> None:
        """Delete an ended task that owns nothing alive. Its ledger stays for a while, for late evidence.

        One that is deleted already, and still remembered, is no error; with `allow_missing` neither is one that is not.
        """
        try:
            task = await self.visible(caller, project, task_id)
        except NotFound:
            if caller.may_see(project) and (allow_missing or await self._store.was_deleted(project, task_id)):
                return
            raise

        def decide(work: UnitOfWork) -> Task:
            """Leave a tombstone."""
            if work.task.delete_time:
                return work.task
            check_etag(work.task, etag)
            work.task.delete(work.now)
            work.touch()
            return work.task

        await self.change(task, decide)


async def changed_task(change: Awaitable[T], task: Task) -> T:
    """Await a change of `task`. Raises NotFound TASK_NOT_FOUND where the task was purged since it was read."""
    try:
        return await change
    except Gone:
        raise task_not_found(task.project, task.task_id) from None


def _draft(place: Reservation, admitted: Admitted, estimate: Estimate | None) -> Draft:
    seal = admitted.secret.seal if admitted.secret else None
    return Draft(admitted.task, place.events, seal, estimate.to_json() if estimate is not None else b"")


def _unwritten(task: Task) -> Task:
    task.uid = ""
    return task


def _next(tasks: Sequence[Task], limit: int, question: tuple[object, ...]) -> str:
    return page_token(tasks[limit - 1].id, *question) if len(tasks) > limit else ""


def _descending(order_by: str) -> bool:
    words = order_by.split()
    if words and words[0] == "create_time" and words[1:] in ([], ["asc"], ["desc"]):
        return words[1:] == ["desc"]
    if words:
        why = f'{order_by[:80]!r} is not understood; tasks are listed by "create_time" or "create_time desc"'
        raise InvalidArgument(
            "INVALID_ORDER_BY",
            f"order_by: {why}",
            {"order_by": order_by[:80]},
            [Violation("order_by", why)],
            Choices("order_by", ("create_time", "create_time desc"), complete=True),
        )
    return True
