"""The driver of the Python client: requests as JSON lines on stdin, answers as JSON lines on stdout."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import telling
from google.protobuf import json_format

from wharfinger import aio
from wharfinger.errors import WharfingerError
from wharfinger.events import Event
from wharfinger.requests import NewSchedule, NewTask

LONGEST_LINE = 64 * 1024 * 1024
Args = dict[str, Any]


class Driver:
    """Carries out operations, each as a task of its own, so that a watch goes on while others are asked."""

    client: aio.Client

    def __init__(self) -> None:
        self._streams: dict[int, asyncio.Task[None]] = {}

    async def serve(self, lines: asyncio.StreamReader) -> None:
        """Carry out what is asked until stdin ends."""
        async with asyncio.TaskGroup() as group:
            while line := await lines.readline():
                request = json.loads(line)
                work = group.create_task(self._answer(request["id"], request["op"], request.get("args") or {}))
                self._streams[request["id"]] = work
                if request["op"] == "connect":
                    await work
            for work in self._streams.values():
                work.cancel()
        if hasattr(self, "client"):
            await self.client.close()

    async def _answer(self, number: int, op: str, args: Args) -> None:
        try:
            asked = getattr(self, f"op_{op}")(**args)
            if isinstance(asked, AsyncGenerator):
                async with aclosing(asked) as told:
                    async for event in told:
                        self.write(number, event=telling.event(event))
                self.write(number, value={})
            else:
                self.write(number, value=await asked)
        except asyncio.CancelledError:
            self.write(number, value={"stopped": True})
        except (WharfingerError, ValueError, TypeError, OSError) as error:
            self.write(number, error=telling.error(error))
        finally:
            del self._streams[number]

    def write(self, number: int, **answer: Any) -> None:
        """Write one line."""
        sys.stdout.buffer.write(json.dumps({"id": number, **answer}, ensure_ascii=False).encode() + b"\n")
        sys.stdout.buffer.flush()

    # ------------------------------------------------------------------ the operations

    async def op_connect(
        self,
        server: str | None = None,
        project: str | None = None,
        token: str | None = None,
        ca: str | None = None,
        plaintext: bool = False,
    ) -> Args:
        """Make the client; the server may be away."""
        self.client = aio.Client(server, project=project, token=token, ca=ca, tls=False if plaintext else None)
        return {}

    async def op_stop(self, id: int) -> Args:  # noqa: A002  # the protocol's word
        """End a stream."""
        if id in self._streams:
            self._streams[id].cancel()
        return {}

    async def op_submit(self, script: str, params: Args, **options: Any) -> Args:
        """Ask for a task."""
        handle = await self.client.submit(script, params, **options)
        assert handle.task is not None, "what is submitted is told"
        return telling.task(handle.task)

    async def op_batch(self, tasks: list[Args]) -> list[Args]:
        """Ask for many tasks."""
        outcomes = await self.client.submit_many(NewTask(**task) for task in tasks)
        return [telling.outcome(outcome) for outcome in outcomes]

    async def op_get(self, task: str) -> Args:
        """Return a task."""
        return telling.task(await self.client.get(task))

    async def op_list(self, filter: str = "") -> list[Args]:  # noqa: A002  # the protocol's word
        """Return the project's tasks."""
        return [telling.task(task) async for task in self.client.list(filter)]

    def op_watch(self, task: str, heartbeat: float = 5.0) -> AsyncGenerator[Event, None]:
        """Tell a task's life."""
        return self.client.watch(task, heartbeat=heartbeat)

    def op_watch_project(self, filter: str = "", resume_token: str = "") -> AsyncGenerator[Event, None]:  # noqa: A002
        """Tell what happens in the project."""
        return self.client.watch_project(filter, bytes.fromhex(resume_token), heartbeat=5.0)

    async def op_result(self, task: str, timeout: float | None = None) -> Args:
        """Return the result."""
        return {"result": await self.client.handle(task).result(timeout)}

    async def op_cancel(self, task: str, reason: str = "") -> Args:
        """Ask a task to stop."""
        return telling.task(await self.client.cancel(task, reason))

    async def op_resume(self, task: str) -> Args:
        """Let a task run again."""
        return telling.task(await self.client.resume(task))

    async def op_rollback(self, task: str, only: Any = (), retain: Any = ()) -> Args:
        """Undo what a task made."""
        return telling.task(await self.client.rollback(task, only=only, retain=retain))

    async def op_resolve(self, task: str, key: str, verdict: str, external_id: str = "") -> Args:
        """Take a verdict."""
        return telling.task(await self.client.resolve(task, key, verdict, external_id=external_id))

    async def op_delete(self, task: str, allow_missing: bool = False) -> Args:
        """Delete a task."""
        await self.client.delete(task, allow_missing=allow_missing)
        return {}

    async def op_plan(self, task: str) -> Args:
        """Tell what a rollback would do."""
        plan = await self.client.rollback_plan(task)
        return {
            "waves": [list(wave) for wave in plan.waves],
            "retained": list(plan.retained),
            "sought": list(plan.sought),
            "blocked": dict(plan.blocked),
        }

    async def op_ledger(self, task: str) -> list[Args]:
        """Tell the ledger."""
        return [
            {"key": entry.key, "type": entry.type, "state": str(entry.state), "external_id": entry.external_id}
            async for entry in self.client.ledger(task)
        ]

    async def op_events(self, task: str) -> list[Args]:
        """Tell the events so far."""
        return [telling.event(event) async for event in self.client.events(task)]

    async def op_price(self, provider: str, sku: str, region: str = "", unit: str = "", source: str = "") -> Args:
        """Tell a price."""
        price = await self.client.price(provider, sku, region=region, unit=unit, source=source)
        assert price.amount is not None, "an unknown price is refused"
        return {**telling.money(price.amount), "unit": price.unit}

    async def op_estimate(self, script: str, params: Args) -> Args:
        """Tell what a task would cost."""
        estimate = await self.client.estimate(script, params)
        return {"hourly": [telling.money(sum_) for sum_ in estimate.hourly], "unpriced": list(estimate.unpriced)}

    async def op_whoami(self) -> Args:
        """Tell who calls."""
        caller = await self.client.whoami()
        return {
            "creator": caller.creator,
            "identity": caller.identity,
            "role": str(caller.role),
            "all_projects": caller.all_projects,
            "projects": list(caller.projects),
        }

    async def op_count(self, task: str) -> Args:
        """Count the events of a task."""
        return {"events": sum([1 async for _ in self.client.watch(task)])}

    async def op_price_history(self, provider: str, sku: str) -> list[str | None]:
        """Tell what a thing cost, the oldest first."""
        return [telling.amount(point.price) for point in await self.client.price_history(provider, sku)]

    async def op_price_changes(self, catalog: str) -> list[Args]:
        """Tell what changed with a catalogue."""
        return [telling.change(change) async for change in self.client.price_changes(catalog)]

    async def op_budgets(self) -> list[Args]:
        """Tell what projects may spend, and do."""
        return [telling.budget(budget) for budget in await self.client.budgets()]

    async def op_leftovers(self, by: str) -> Args:
        """Tell the sums of what is left over."""
        found = await self.client.leftovers(by)
        assert found.total is not None, "a server tells it always"
        return {"groups": [telling.group(group) for group in found.groups], "total": telling.group(found.total)}

    async def op_schedule_create(
        self, schedule: str, cron: str, script: str, params: Args, time_zone: str = ""
    ) -> Args:
        """Create a schedule."""
        wished = NewSchedule(NewTask(script, params), cron=cron, time_zone=time_zone)
        return telling.schedule(await self.client.create_schedule(schedule, wished))

    async def op_schedule_get(self, schedule: str) -> Args:
        """Return a schedule."""
        return telling.schedule(await self.client.schedule(schedule))

    async def op_schedule_list(self) -> list[Args]:
        """Return the project's schedules."""
        return [telling.schedule(one) async for one in self.client.schedules()]

    async def op_schedule_pause(self, schedule: str) -> Args:
        """Pause a schedule."""
        return telling.schedule(await self.client.pause_schedule(schedule))

    async def op_schedule_resume(self, schedule: str) -> Args:
        """Let a schedule fire again."""
        return telling.schedule(await self.client.resume_schedule(schedule))

    async def op_schedule_run(self, schedule: str) -> Args:
        """Ask for a schedule's task now."""
        return telling.task(await self.client.run_schedule(schedule))

    async def op_schedule_delete(self, schedule: str) -> Args:
        """Delete a schedule."""
        await self.client.delete_schedule(schedule)
        return {}

    async def op_json(self, task: str) -> Args:
        """Return a task in protobuf's JSON."""
        told: Args = json_format.MessageToDict((await self.client.get(task)).raw)
        return told


async def main(driver: Driver) -> None:
    """Serve stdin."""
    reader = asyncio.StreamReader(LONGEST_LINE)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await driver.serve(reader)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    asyncio.run(main(Driver()))
