"""The Python driver with one mistake, which the environment variable CONFORMANCE_BROKEN chooses by a scenario's name.

Each mistake is one that a client could have, and must turn just that scenario red: a scenario that nothing turns red
tries nothing.
"""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import logging
import os
from collections.abc import AsyncGenerator
from typing import Any

import mistakes_about_money  # noqa: F401  # it registers them
import telling
from mistakes import MISTAKES, Args, Driver, breaks, python

from wharfinger import errors, models
from wharfinger._core.connection import asynchronous, channel, methods
from wharfinger._core.verbs import watching
from wharfinger.events import Event
from wharfinger.v1 import task_service_pb2

# ---------------------------------------------------------------------- submitting


@breaks("submit")
class DropsNulls(Driver):
    """Leaves out what is null."""

    async def op_submit(self, script: str, params: Args, **options: Any) -> Args:
        """Submit the rest."""
        return await super().op_submit(
            script, {key: value for key, value in params.items() if value is not None}, **options
        )


@breaks("validate_only")
class MakesWhatIsChecked(Driver):
    """Makes what was only to be checked."""

    async def op_submit(self, script: str, params: Args, validate_only: bool = False, **options: Any) -> Args:
        """Submit in any case."""
        return await super().op_submit(script, params, **options)


@breaks("environment")
class KnowsNoProject(Driver):
    """Does not read WHARFINGER_PROJECT."""

    async def op_connect(self, project: str | None = None, **options: Any) -> Args:
        """Connect for the default project where none is said."""
        return await super().op_connect(project=project or "default", **options)


@breaks("retry_lost_answer")
class MakesIdsAnew(Driver):
    """Makes a new request id for each try."""

    async def op_submit(self, *args: Any, **options: Any) -> Args:
        """Submit until it is answered."""
        while True:
            try:
                return await super().op_submit(*args, **options)
            except errors.Unreachable:
                continue

    async def op_connect(self, **options: Any) -> Args:
        """Connect, and send a new task once only."""
        _never_again("CreateTaskRequest")
        return await super().op_connect(**options)


@breaks("batch")
class SortsOutcomes(Driver):
    """Tells what was refused last."""

    async def op_batch(self, tasks: list[Args]) -> list[Args]:
        """Sort the outcomes."""
        return sorted(await super().op_batch(tasks), key=lambda outcome: "error" in outcome)


@breaks("unicode")
class SpeaksAscii(Driver):
    """Makes question marks of what is no ASCII."""

    async def op_submit(self, script: str, params: Args, **options: Any) -> Args:
        """Submit what is left of the params."""
        told = {_ascii(key): _ascii(value) if isinstance(value, str) else value for key, value in params.items()}
        return await super().op_submit(script, told, **options)


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()


@breaks("large_params")
class TakesFourMebibytes(Driver):
    """Leaves gRPC's limit of a message as it is."""

    async def op_connect(self, **options: Any) -> Args:
        """Connect with that limit."""
        channel.MESSAGE_LIMIT = 4 * 1024 * 1024
        return await super().op_connect(**options)


@breaks("retry_after")
class NeverAsksAgain(Driver):
    """Tells the caller at once that the server is busy."""

    async def op_connect(self, **options: Any) -> Args:
        """Connect, and ask for a task once only."""
        _never_again("GetTaskRequest")
        return await super().op_connect(**options)


def _never_again(request: str) -> None:
    """Let the call that takes such a request be sent once only."""
    name = f"wharfinger.v1.{request}"
    methods.METHODS[name] = dataclasses.replace(methods.METHODS[name], repeatable=False)


# ---------------------------------------------------------------------- watching


@breaks("watch_disconnects")
class GivesUpTheThirdTime(Driver):
    """Opens a watch again twice, and not a third time."""

    async def op_connect(self, **options: Any) -> Args:
        """Connect, and count the connections of each watch."""

        class Counted(watching.Reopened):  # type: ignore[type-arg]
            """Counts the connections that told something."""

            worked = 0

            async def next(self) -> Any:
                """Return the next message."""
                message = await super().next()
                self.worked += self.fresh
                if self.worked > 3:
                    raise errors.Unreachable("the server", "it was asked often enough")
                return message

        watching.Reopened = Counted  # type: ignore[misc]
        return await super().op_connect(**options)


@breaks("watch_server_killed")
class GivesUpWhenRefused(Driver):
    """Gives a watch up where nobody listens."""

    async def op_connect(self, **options: Any) -> Args:
        """Connect, and bear no refused connection."""

        class Short(watching.Outage):
            """Bears what breaks, and not that nobody listens."""

            def bear(self, error: errors.WharfingerError) -> None:
                """Raise what says that nobody listens."""
                if "refused" in str(error).lower():
                    raise error
                super().bear(error)

        watching.Outage = Short  # type: ignore[misc]
        return await super().op_connect(**options)


@breaks("watch_half_open")
class WaitsForEver(Driver):
    """Never takes silence for a dead line."""

    def op_watch(self, task: str, heartbeat: float = 5.0) -> AsyncGenerator[Event, None]:
        """Watch without heartbeats to speak of."""
        return self.client.watch(task, heartbeat=3600.0)


@breaks("watch_project")
class ForgetsTheToken(Driver):
    """Opens a project's watch again from the present."""

    async def op_connect(self, **options: Any) -> Args:
        """Connect, and take the token out of every request after the first."""
        usual = asynchronous.AsyncTransport.stream
        asked = itertools.count()

        def stream(self: Any, request: Any, answer: Any) -> Any:
            if isinstance(request, task_service_pb2.WatchTasksRequest) and next(asked):
                request.resume_token = b""
            return usual(self, request, answer)

        asynchronous.AsyncTransport.stream = stream  # type: ignore[method-assign]
        return await super().op_connect(**options)


@breaks("watch_gap")
class MindsNoGaps(Driver):
    """Takes events as they come, whatever is missing between them."""

    async def op_connect(self, **options: Any) -> Args:
        """Connect, and go on where there is a gap."""

        class Careless(watching._TaskStory):
            """Counts on nothing missing."""

            def _events(self, values: Any) -> list[Event]:
                told: list[Event] = []
                for value in values:
                    self.position = value.sequence - 1
                    told += super()._events([value])
                return told

        watching._TaskStory = Careless  # type: ignore[misc]
        return await super().op_connect(**options)


@breaks("newer_rest")
class RestsInKnownStates(Driver):
    """Takes for at rest only what is in a state that it knows."""

    async def op_connect(self, **options: Any) -> Args:
        """Connect, and look at states alone."""
        models.Task.resting = property(lambda task: task.state.resting)  # type: ignore[assignment, method-assign]
        return await super().op_connect(**options)


@breaks("many_events")
class ReadsTenPages(Driver):
    """Reads no more than ten pages of events."""

    async def op_events(self, task: str) -> list[Args]:
        """Return the first events."""
        return (await super().op_events(task))[:10_000]


# ---------------------------------------------------------------------- what became of a task


@breaks("partial_failure")
class ReadsNoLedger(Driver):
    """Takes the first hundred leftovers for all."""

    async def op_result(self, task: str, timeout: float | None = None) -> Args:
        """Return the result, or raise with less than is left over."""
        try:
            return await super().op_result(task, timeout)
        except errors.PartialFailure as error:
            error.left_over = error.left_over[:100]
            raise


@breaks("rollback")
class PlansOnly(Driver):
    """Plans a rollback and does not do it."""

    async def op_rollback(self, task: str, only: Any = (), retain: Any = ()) -> Args:
        """Return the task as it is."""
        await self.op_plan(task)
        return await self.op_get(task)


@breaks("resume")
class RunsAnew(Driver):
    """Makes another task in place of resuming the one there is."""

    async def op_resume(self, task: str) -> Args:
        """Run the script anew."""
        again = await self.client.rerun(task)
        return await self.op_get(again.name)


@breaks("resolve")
class ResolvesOnce(Driver):
    """Refuses by itself what was said already."""

    async def op_resolve(self, task: str, key: str, verdict: str, external_id: str = "") -> Args:
        """Say it, unless nothing is uncertain."""
        if not any(entry["state"] == "UNCERTAIN" for entry in await self.op_ledger(task)):
            raise ValueError("nothing is uncertain")
        return await super().op_resolve(task, key, verdict, external_id)


@breaks("cancel_twice")
class CancelsOnce(Driver):
    """Refuses by itself to cancel what is at rest."""

    async def op_cancel(self, task: str, reason: str = "") -> Args:
        """Cancel, unless the task is at rest."""
        if (await self.client.get(task)).state.resting:
            raise ValueError("it is at rest")
        return await super().op_cancel(task, reason)


@breaks("delete_twice")
class AllowsNothingMissing(Driver):
    """Does not say that there may be nothing."""

    async def op_delete(self, task: str, allow_missing: bool = False) -> Args:
        """Delete what has to be there."""
        return await super().op_delete(task)


@breaks("deadline")
class HasTime(Driver):
    """Waits for as long as it takes."""

    async def op_result(self, task: str, timeout: float | None = None) -> Args:
        """Wait for the end."""
        return await super().op_result(task)


@breaks("failed_task_json")
class WritesNoFailure(Driver):
    """Can't write as JSON why a task failed."""

    async def op_json(self, task: str) -> Args:
        """Return the task without its failure."""
        told = await super().op_json(task)
        told.pop("failure", None)
        return told


# ---------------------------------------------------------------------- errors, connections, other servers


class Retelling(Driver):
    """Tells errors in another way than they are."""

    async def _answer(self, number: int, op: str, args: Args) -> None:
        usual = telling.error
        telling.error = lambda error: self.retold(usual(error))
        await super()._answer(number, op, args)

    def retold(self, error: Args) -> Args:
        """Return what is told of an error."""
        return error


@breaks("bad_request")
class TellsNoFields(Retelling):
    """Keeps to itself which fields are wrong."""

    def retold(self, error: Args) -> Args:
        """Leave the fields out."""
        return error | {"violations": []}


@breaks("wrong_token")
class TakesRefusalForSilence(Retelling):
    """Takes a wrong token for a server that is away."""

    def retold(self, error: Args) -> Args:
        """Say that there is no answer."""
        return error | {"kind": "Unreachable"} if error.get("code") == "UNAUTHENTICATED" else error


@breaks("token_kept")
class GivesTheTokenAway(Driver):
    """Sends the token in plain text."""

    async def op_connect(self, token: str | None = None, plaintext: bool = False, **options: Any) -> Args:
        """Connect without a look at where to."""
        return await super().op_connect(token=None if plaintext else token, plaintext=plaintext, **options)


@breaks("tls")
class KeepsTheToken(Driver):
    """Sends no token by TLS either."""

    async def op_connect(self, token: str | None = None, ca: str | None = None, **options: Any) -> Args:
        """Connect without the token where there is TLS."""
        return await super().op_connect(token=None if ca else token, ca=ca, **options)


class SaysLittle(Retelling):
    """Says that a server is unreachable, and no more, where it was connected to with or without TLS."""

    tls: bool
    mute = False

    async def op_connect(self, plaintext: bool = False, **options: Any) -> Args:
        """Connect, and note how."""
        self.mute = plaintext is not self.tls
        return await super().op_connect(plaintext=plaintext, **options)

    def retold(self, error: Args) -> Args:
        """Leave the cause out."""
        told = self.mute and error["kind"] == "Unreachable"
        return error | {"message": "127.0.0.1: no answer"} if told else error


@breaks("plain_to_tls")
class SaysNothingOfTls(SaysLittle):
    """Says nothing of TLS."""

    tls = False


@breaks("tls_to_plain")
class SaysNothingOfPlainText(SaysLittle):
    """Says nothing of plain text."""

    tls = True


@breaks("away_at_first")
class GivesUpAtFirst(Driver):
    """Can't be made while the server is away."""

    async def op_connect(self, server: str | None = None, **options: Any) -> Args:
        """Connect to where somebody listens."""
        host, _, port = (server or os.environ["WHARFINGER_SERVER"]).rpartition(":")
        if host == "127.0.0.1":
            _, writer = await asyncio.open_connection(host, int(port))
            writer.close()
        return await super().op_connect(server=server, **options)


@breaks("newer_server")
class TakesUnknownForQueued(Driver):
    """Takes a state that it does not know for the first one."""

    async def op_get(self, task: str) -> Args:
        """Return a state that it knows."""
        told = await super().op_get(task)
        return told | {"state": "QUEUED"} if told["state"] == "UNKNOWN" else told


@breaks("newer_reason")
class DropsUnknownReasons(Retelling):
    """Drops reasons that it does not know."""

    def retold(self, error: Args) -> Args:
        """Leave the reason out."""
        return error | {"reason": ""} if error.get("reason") == "TIDE_TOO_LOW" and error["kind"] == "Refused" else error


@breaks("bare_status")
class AsksWithoutAPause(Driver):
    """Asks again at once, many times, when an error has no details."""

    async def op_get(self, task: str) -> Args:
        """Ask up to a hundred times."""
        for _ in range(100):
            try:
                return await super().op_get(task)
            except errors.InternalError:
                continue
        return await super().op_get(task)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    asyncio.run(python.main(MISTAKES[os.environ["CONFORMANCE_BROKEN"]]()))
