"""The client for asyncio: a connection with all its verbs, of which those that ask for tasks are here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wharfinger import errors
from wharfinger._core.messages import build, convert
from wharfinger._core.verbs import asking, batches
from wharfinger.aio.handle import Handle
from wharfinger.aio.installed import Installed
from wharfinger.aio.prices import Prices
from wharfinger.aio.schedules import Schedules
from wharfinger.aio.tasks import Tasks
from wharfinger.requests import NewTask, Policy
from wharfinger.v1 import task_pb2


class Client(Tasks, Schedules, Prices, Installed):
    """A connection to a Wharfinger server, for one event loop: that of its first call. It may be made outside of any.

    Args:
        server: `host:port`, `unix:/path`, or `https://host:port`; else WHARFINGER_SERVER, else `127.0.0.1:7480`.
        project: plain name of the project that tasks belong to; else WHARFINGER_PROJECT, else `default`.
        token: bearer token; else WHARFINGER_TOKEN, or what the file WHARFINGER_TOKEN_FILE has, else none. Never sent
            unencrypted to another machine.
        tls: whether to encrypt; None: everything but this machine's own addresses.
        ca: PEM of the authorities to trust, bytes or a file; else the file WHARFINGER_CA, else the system's.
        cert: PEM of a client certificate, with `key`.
        key: PEM of its private key.

    Raises:
        ValueError: the address or a combination of arguments is wrong.

    Every call raises `Unreachable` when no answer comes, after a few tries where repeating does no harm, and one of the
    `Refused` family when the server will not.
    """

    async def submit(  # noqa: PLR0913
        self,
        script: str,
        params: Mapping[str, Any] | None = None,
        *,
        task_id: str = "",
        labels: Mapping[str, str] | None = None,
        executor: str = "",
        script_version: str = "",
        policy: Policy | Mapping[str, Any] | None = None,
        request_id: str = "",
        validate_only: bool = False,
    ) -> Handle:
        """Ask for a task; when this returns, the task is durable and will be run.

        Every request carries a request id, so that it is repeated safely when an answer is lost; give your own
        (`request_id`) to make repeating safe across restarts of your program too. `task_id` is the last part of the
        task's name, made up by the server if empty. With `validate_only` everything is checked and nothing is created.

        Raises:
            InvalidArgument: the params don't match the script's schema, or a field is wrong; `violations` says which.
            NotFound: no such script or executor.
            AlreadyExists: a task of that id exists, or the request id was used for another request.
            Unreachable: no answer; its `request_id` allows to ask again without making a second task.
        """
        new = NewTask(
            script,
            params or {},
            task_id=task_id,
            labels=labels or {},
            executor=executor,
            script_version=script_version,
            policy=policy,
            request_id=request_id,
            validate_only=validate_only,
        )
        request = build.create_request(self._project, new)
        return Handle(self, convert.task(await asking.once(self._transport, request, task_pb2.Task)))

    async def submit_many(self, tasks: Iterable[NewTask]) -> Sequence[Handle | errors.WharfingerError]:
        """Ask for many tasks at once; each is accepted or refused for itself.

        Returns one outcome for each task, in order: its handle, or why there is none. An `Unreachable` carries the
        request id of its task, which may have been accepted.
        """
        requests = [build.create_request(self._project, new, f"tasks[{n}]") for n, new in enumerate(tasks)]
        outcomes: list[Handle | errors.WharfingerError] = []
        for batch in batches.split(f"projects/{self._project}", requests):
            answers = await batches.send(self._transport, batch)
            outcomes += [
                answer if isinstance(answer, errors.WharfingerError) else Handle(self, convert.task(answer, full=False))
                for answer in answers
            ]
        return outcomes

    async def rerun(
        self, name: str, params: Mapping[str, Any] | None = None, *, task_id: str = "", request_id: str = ""
    ) -> Handle:
        """Ask for another task like that one: with all that was asked for it.

        `params` take the place of those that it had; sealed ones must be given anew, for nobody can read them. The
        script is run in the version that is installed now, and what the task made is not touched. The request carries a
        request id, as that of `submit`, whose errors it raises; NotFound where there is no such task.
        """
        full_name = build.task_name(self._project, name)
        made = await asking.rerun(self._transport, self._project, full_name, params or {}, task_id, request_id)
        return Handle(self, made)

    def handle(self, name: str) -> Handle:
        """Return a handle of the task with that name or id, without asking the server."""
        return Handle(self, build.task_name(self._project, name))
