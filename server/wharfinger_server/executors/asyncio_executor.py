"""The `asyncio` executor: all scripts on one event loop, which is not the server's."""

from __future__ import annotations

import asyncio
import contextvars
import sys
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future
from functools import partial
from typing import Any, ClassVar

from wharfinger import runtime
from wharfinger.worker.threads import Helpers
from wharfinger_server.executors.watchdog import Watchdog
from wharfinger_server.sdk.executor import ASYNC, Executor, Host, Job
from wharfinger_server.sdk.options import Options
from wharfinger_server.sdk.places import place_in_package
from wharfinger_server.sdk.taken_jobs import TakenJobs
from wharfinger_server.sdk.threads import JobThreads, Work

_abandoned: list[object] = []
"""What was given up when the server ended: while it is held, no `finally` of a script is run by its deallocation."""


class _OnLoop:
    """A job on the loop, with all that runs for it: its main task, tasks that it started, its calls in threads."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.main: asyncio.Task[None] | None = None
        self.parts: set[asyncio.Task[Any] | Future[Any]] = set()
        self.begun = False
        self.interrupted = False
        self.over = False


_owner: contextvars.ContextVar[_OnLoop] = contextvars.ContextVar("wharfinger_job")


class AsyncioExecutor(Executor):
    """Runs async scripts on one event loop in a thread of its own, and plain ones in threads.

    Options: `slots` (256), jobs at once; `threads` (32), plain ones among them at once, while others wait, and as many
    threads again for `asyncio.to_thread`; `watchdog` (1 s), how long a script may block the loop before that is told.
    """

    summary: ClassVar[str] = "One event loop beside the server's; plain scripts in threads"

    def __init__(self, options: Mapping[str, Any]) -> None:
        """Take the options. Raises ValueError, naming the option, when one is wrong or unknown."""
        checked = Options("asyncio", options, ("slots", "threads", "watchdog"))
        self._slots = checked.whole("slots", 256, most=100_000)
        threads = checked.whole("threads", 32, most=10_000)
        limit = checked.seconds("watchdog", 1.0, least=0.01)
        self._job_threads = JobThreads(threads)
        self._helpers = Helpers(threads, self._note_call)
        self._watchdog = Watchdog(limit, self._poke, self._held_up)
        self._blamed: tuple[Job | None, str] | None = None
        self._inbox: deque[Callable[[], object]] = deque()
        self._woken = False
        self._stopping = False

    @property
    def slots(self) -> int:
        """How many jobs may run at once."""
        return self._slots

    # ------------------------------------------------------------------ the loop and its thread

    async def start(self, host: Host) -> None:
        """Start the loop, its thread and the watchdog."""
        self._host = host
        self._jobs: TakenJobs[_OnLoop | Work] = TakenJobs(host)
        self._loop = _new_loop()
        self._loop.set_task_factory(self._make_task)  # type: ignore[arg-type]  # its type is stricter than its use
        self._loop.set_default_executor(self._helpers)
        self._thread = threading.Thread(target=self._serve, name="wharfinger scripts", daemon=True)
        self._thread.start()
        self._watchdog.start()

    async def stop(self, grace: float) -> None:
        """Wait for the jobs, `grace` seconds at most, then halt the loop; what still runs is abandoned as it is."""
        await self._jobs.wait(grace)
        if self._stopping:
            return
        self._stopping = True
        if len(self._jobs):
            _abandoned.extend((self._loop, *self._jobs))
        await asyncio.get_running_loop().run_in_executor(None, self._halt)

    def _halt(self) -> None:
        self._watchdog.close()
        self._loop.call_soon_threadsafe(self._loop.stop)
        # A loop that a script blocks does not end; its thread is a daemon and ends with the process.
        self._thread.join(0.5)
        self._helpers.shutdown(wait=False)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        while not self._stopping:
            try:
                self._loop.run_forever()
            except (SystemExit, KeyboardInterrupt):
                # A task that a script started has raised it, and asyncio lets it through. It is the script's affair.
                continue
        if not len(self._jobs):
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    def _post(self, action: Callable[[], object]) -> None:
        """Run `action` on the loop, in the order of posting. However many come at once, they wake the loop once."""
        self._inbox.append(action)
        if not self._woken:
            self._woken = True
            self._loop.call_soon_threadsafe(self._take_post, context=contextvars.Context())

    def _take_post(self) -> None:
        self._woken = False  # before looking, so that what is posted from here on wakes the loop again
        while self._inbox:
            self._inbox.popleft()()

    # ------------------------------------------------------------------ jobs

    def submit(self, job: Job) -> None:
        """Begin the job and return at once. Raises RuntimeError when the executor was stopped."""
        if self._stopping:
            raise RuntimeError("the asyncio executor was stopped; it takes no more jobs")
        if job.colour == ASYNC:
            on_loop = _OnLoop(job)
            self._jobs.take(job, on_loop)
            self._watchdog.watch(True)
            self._post(partial(self._begin, on_loop))
            return
        work = partial(contextvars.Context().run, self._run_plain, job)
        self._jobs.take(job, work)
        try:
            self._job_threads.start(job.assignment.task, work)
        except RuntimeError as error:
            self._give_up(job, f"no thread could be started for it: {error}")

    def cancel(self, job: Job) -> None:
        """Interrupt an async script; a plain one can only see that it is asked to stop.

        A plain one that waits for a thread gets one beyond the limit: threads that hang must not keep it from ending.
        """
        note = self._jobs.get(job)
        if isinstance(note, _OnLoop):
            self._post(partial(self._interrupt, note))
        elif note is not None:
            self._job_threads.hurry(note)

    def _run_plain(self, job: Job) -> None:
        try:
            runtime.run_blocking(self._host.module(job), job.assignment, job.session, job.stop)
        except BaseException as error:  # noqa: BLE001 - the runtime raises nothing; if it does after all, the job is lost
            self._give_up(job, _unreported(error))
        else:
            self._jobs.free(job)

    def _give_up(self, job: Job, reason: str) -> None:
        self._host.lost(job, reason)
        self._jobs.free(job)

    # ------------------------------------------------------------------ jobs on the loop: all of this runs there

    def _begin(self, on_loop: _OnLoop) -> None:
        # A context with nothing in it: neither the server's nor another job's variables are seen.
        context = contextvars.Context()
        context.run(_owner.set, on_loop)
        on_loop.main = self._loop.create_task(self._main(on_loop), name=on_loop.job.assignment.task, context=context)

    async def _main(self, on_loop: _OnLoop) -> None:
        on_loop.begun = True
        if on_loop.interrupted and on_loop.main is not None:
            on_loop.main.cancel()
        job = on_loop.job
        await runtime.run(self._host.module(job), job.assignment, job.session, job.stop)

    def _interrupt(self, on_loop: _OnLoop) -> None:
        """Cancel the job; one that has not begun is cancelled in its first step, or it would end without an outcome."""
        if on_loop.over:
            self._cancel_parts(on_loop)
        elif on_loop.begun and on_loop.main is not None:
            on_loop.main.cancel()
        else:
            on_loop.interrupted = True

    def _make_task(
        self, loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], **options: Any
    ) -> asyncio.Task[Any]:
        """Make a task, and note it as a part of the job that it is made by."""
        task = asyncio.Task(work, loop=loop, **options)
        context: contextvars.Context | None = options.get("context")
        on_loop = _owner.get(None) if context is None else context.get(_owner)
        if on_loop is not None:
            on_loop.parts.add(task)
            task.add_done_callback(partial(self._part_ended, on_loop))
            if self._jobs.get(on_loop.job) is None:
                task.cancel()  # by a timer that the job left behind
        return task

    def _note_call(self, call: Future[Any]) -> None:
        """Note a call in a helper thread as a part of the job that makes it."""
        on_loop = _owner.get(None)
        if on_loop is not None:
            on_loop.parts.add(call)
            call.add_done_callback(partial(self._part_ended, on_loop))

    def _part_ended(self, on_loop: _OnLoop, part: asyncio.Task[Any] | Future[Any]) -> None:
        """Take note of an end, on the loop or in a helper thread; the last one frees the slot."""
        on_loop.parts.discard(part)
        if part is on_loop.main:
            on_loop.over = True
            error = None if part.cancelled() else part.exception()
            if part.cancelled() or error is not None:
                self._host.lost(on_loop.job, _unreported(error))
            self._cancel_parts(on_loop)
        elif on_loop.over and not part.cancelled():
            part.exception()  # nobody is left to hear of it
        if on_loop.over and not on_loop.parts and self._jobs.free(on_loop.job) and not len(self._jobs):
            self._watchdog.watch(False)
            if len(self._jobs):  # one came in between
                self._watchdog.watch(True)

    @staticmethod
    def _cancel_parts(on_loop: _OnLoop) -> None:
        for part in list(on_loop.parts):
            part.cancel()

    # ------------------------------------------------------------------ the watchdog: all of this runs in its thread

    def _poke(self, answer: Callable[[], object]) -> None:
        self._loop.call_soon_threadsafe(answer)

    def _held_up(self, seconds: float) -> None:
        """Tell the host that the loop stands still, once for each culprit, or that it moves again."""
        if not seconds:
            told, self._blamed = self._blamed, None
            if told is not None:
                self._host.blocked(self._sharers(told[0]), 0.0, told[1])
            return
        culprit, where = self._find_culprit()
        if self._blamed is None or self._blamed[0] is not culprit:
            self._blamed = (culprit, where)
            self._host.blocked(self._sharers(culprit), seconds, where)

    def _sharers(self, culprit: Job | None) -> tuple[Job, ...]:
        """Return the jobs on the loop, the culprit first."""
        jobs = [job for job, note in self._jobs if isinstance(note, _OnLoop)]
        return tuple(sorted(jobs, key=lambda job: job is not culprit))

    def _find_culprit(self) -> tuple[Job | None, str]:
        """Return the job whose code is on the loop's thread, and what to say of it."""
        task = asyncio.current_task(self._loop)
        frame = sys._current_frames().get(self._thread.ident or 0)  # noqa: SLF001 - the only way to see another thread's
        for job, note in self._jobs:
            if task is not None and isinstance(note, _OnLoop) and (task is note.main or task in note.parts):
                where, function = place_in_package(frame, self._host.module(job).__name__)
                return job, f"{job.assignment.task} at {where} in {function}"
        where, function = place_in_package(frame, "")
        return None, f"{where} in {function}"


def _new_loop() -> asyncio.AbstractEventLoop:
    """Return a new event loop: uvloop's where it is installed."""
    factory: Callable[[], asyncio.AbstractEventLoop]
    try:
        from uvloop import new_event_loop as factory
    except ImportError:
        factory = asyncio.new_event_loop
    return factory()


def _unreported(error: BaseException | None) -> str:
    """Return why an attempt that ended without an outcome will report none."""
    if error is None:
        return "its task was cancelled before it could report an outcome"
    return f"it could not report its outcome: {type(error).__name__}: {error}"
