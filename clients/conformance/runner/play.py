"""Carries out one scenario with one driver."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from typing import Any

from clients.conformance.runner.driver import Driver, Ended, Stream
from clients.conformance.runner.filling import filled
from clients.conformance.runner.losing_proxy import LosingProxy
from clients.conformance.runner.matching import differences
from clients.conformance.runner.places import Places
from clients.conformance.runner.record import Record
from clients.conformance.runner.scenario import Scenario

# How long a step may take, in seconds, where it does not say.
WITHIN = 20.0
# A driver may have a virtual machine to start.
START = 60.0
# What a step may be: the method of that name does it.
KINDS = (
    "do",
    "open",
    "until",
    "ended",
    "stop",
    "told",
    "record",
    "counted",
    "check",
    "fault",
    "server",
    "calls",
    "token",
    "pause",
)
KNOWN = ("state", "entry", "log", "failure")
NUMBERED = (*KNOWN, "unknown")
# What of an event is compared with the record.
COMPARED = {
    "state": ("state",),
    "entry": ("key", "entry_state"),
    "log": ("text",),
    "failure": ("reason",),
    "unknown": (),
}


class Red(Exception):
    """The scenario does not pass; it says why. `said` is the end of what the driver wrote to stderr."""

    said = ""


class Play:
    """One scenario at work. `known` is what its values refer to; a step has `patience` times as long as usual."""

    def __init__(
        self,
        scenario: Scenario,
        driver: Driver,
        places: Places,
        known: Mapping[str, Any],
        proxy: LosingProxy | None,
        patience: float,
    ) -> None:
        self._scenario = scenario
        self._driver = driver
        self._places = places
        self._known: dict[str, Any] = {**known, "run": f"r{uuid.uuid4().hex[:12]}"}
        self._proxy = proxy
        self._patience = patience
        self._streams: dict[str, Stream] = {}
        self._losing = False

    async def connect(self) -> None:
        """Connect the driver, which happens once. Raises Red."""
        usual = {"server": "${server}", "project": "${project}", "token": "${token}"}
        chosen = usual if self._scenario.connect is None else self._scenario.connect
        step = {"do": "connect", "with": chosen, "within": START}
        if self._scenario.expect_error:
            step["expect_error"] = self._scenario.expect_error
        await self._tried("connect", step)

    async def run(self) -> None:
        """Carry out the steps. Raises Red with the first that does not go as expected."""
        try:
            for number, step in enumerate(self._scenario.steps, 1):
                await self._tried(f"step {number}", step)
            if self._losing and self._proxy is not None and not self._proxy.lost:
                raise Red("no answer was lost: the scenario tried nothing")
        finally:
            for stream in self._streams.values():
                if stream.answer is None:
                    self._driver.ask("stop", {"id": stream.number})

    async def _tried(self, where: str, step: dict[str, Any]) -> None:
        kind = next(name for name in KINDS if name in step)
        try:
            async with asyncio.timeout(step.get("within", WITHIN) * self._patience):
                await getattr(self, f"_{kind}")(step)
        except TimeoutError:
            raise Red(f"{where} ({kind} {step[kind]}): nothing after {step.get('within', WITHIN):g} seconds") from None
        except KeyError as error:
            raise Red(f"{where} ({kind} {step[kind]}): {error.args[0]}") from None
        except (Red, Ended) as error:
            raise Red(f"{where} ({kind} {step[kind]}): {error}") from None

    def _filled(self, value: Any) -> Any:
        return filled(value, self._known)

    def _expect(self, expected: Any, found: Any) -> None:
        lines = differences(self._filled(expected), found)
        if lines:
            raise Red("; ".join(lines[:3]))

    # ------------------------------------------------------------------ the kinds of steps

    async def _do(self, step: dict[str, Any]) -> None:
        stream = self._driver.ask(step["do"], self._filled(step.get("with", {})))
        while stream.answer is None:
            await self._driver.next(stream)
        self._known[step.get("as", "")] = self._answered(step, stream.answer)

    def _answered(self, step: dict[str, Any], answer: dict[str, Any]) -> Any:
        """Return the value or error that a step expected. Raises Red for the other."""
        wanted, other = ("error", "value") if "expect_error" in step else ("value", "error")
        if wanted not in answer:
            raise Red(f"there is no {wanted}, but the {other} {str(answer.get(other))[:400]}")
        self._expect(step.get("expect_error", step.get("expect", {"$any": True})), answer[wanted])
        return answer[wanted]

    async def _open(self, step: dict[str, Any]) -> None:
        self._streams[step["as"]] = self._driver.ask(step["open"], self._filled(step.get("with", {})))

    async def _until(self, step: dict[str, Any]) -> None:
        stream, wanted, seen = self._streams[step["until"]], self._filled(step["event"]), 0
        while True:
            for event in stream.events[seen:]:
                seen += 1
                if not differences(wanted, event):
                    self._known[step.get("as", "")] = event
                    return
            if stream.answer is not None:
                raise Red(f"it ended before: {str(stream.answer)[:400]}")
            await self._driver.next(stream)

    async def _ended(self, step: dict[str, Any]) -> None:
        stream = self._streams[step["ended"]]
        while stream.answer is None:
            await self._driver.next(stream)
        self._answered(step, stream.answer)

    async def _stop(self, step: dict[str, Any]) -> None:
        stream = self._streams[step["stop"]]
        self._driver.ask("stop", {"id": stream.number})
        await self._ended({"ended": step["stop"], "expect": {"stopped": True}})

    async def _told(self, step: dict[str, Any]) -> None:
        events = self._streams[step["told"]].events
        if "expect" in step:
            self._expect(step["expect"], events)
        if "numbers" in step:
            known = [event.get("sequence") for event in events if event.get("kind") in KNOWN]
            self._expect(step["numbers"], known)
        if "whole" in step:
            task = self._filled(step["whole"])
            check_whole([event for event in events if event.get("task") == task], await self._recorded(task))

    async def _record(self, step: dict[str, Any]) -> None:
        """Compare what was answered as a list of events."""
        task = self._filled(step["whole"])
        check_whole(self._filled(step["record"]), await self._recorded(task))

    async def _recorded(self, task: str) -> list[dict[str, Any]]:
        record = await self._open_record()
        try:
            return await record.events(task)
        finally:
            await record.close()

    async def _open_record(self) -> Record:
        return Record((await self._places.serving(self._scenario.place)).address, self._places.token)

    async def _counted(self, step: dict[str, Any]) -> None:
        record = await self._open_record()
        try:
            found = await record.count(self._known["project"], self._filled(step["counted"]))
        finally:
            await record.close()
        self._expect(step["expect"], found)

    async def _check(self, step: dict[str, Any]) -> None:
        self._expect(step["expect"], self._filled(step["check"]))

    async def _fault(self, step: dict[str, Any]) -> None:
        assert self._proxy is not None, f"{self._scenario.id} has faults and no proxy"
        match step["fault"]:
            case "cut":
                if not self._proxy.cut():
                    raise Red("nobody was connected, so nothing was cut")
            case "lose_answer":
                self._losing = True
                self._proxy.lose_answers()
            case "fail_for_good":
                self._proxy.fail_for_good()
            case "refuse":
                self._proxy.refuse()
                self._proxy.cut()
            case "accept":
                self._proxy.refuse(False)
            case other:
                raise Red(f"there is no fault {other!r}")

    async def _server(self, step: dict[str, Any]) -> None:
        match step["server"]:
            case "kill":
                await self._places.kill(self._scenario.place)
            case "start" if self._scenario.place == "nobody":
                await self._places.start_newer_at(self._known["server"])
            case "start":
                await self._places.start_again(self._scenario.place)
            case other:
                raise Red(f"there is no such thing as to {other} a server")

    async def _calls(self, step: dict[str, Any]) -> None:
        newer = await self._places.newer()
        self._expect(step["expect"], newer.calls[self._filled(step["calls"])])

    async def _token(self, step: dict[str, Any]) -> None:
        tokens = (await self._places.encrypted()).tokens
        self._expect({"$has": [f"Bearer {self._filled(step['token'])}"]}, tokens)

    async def _pause(self, step: dict[str, Any]) -> None:
        await asyncio.sleep(step["pause"])


def check_whole(told: list[dict[str, Any]], recorded: list[dict[str, Any]]) -> None:
    """Raise Red unless each recorded event was told once and in order, as it is on record."""
    numbered = [event for event in told if event.get("kind") in NUMBERED]
    numbers: list[Any] = [event.get("sequence") for event in numbered]
    wanted = [event["sequence"] for event in recorded]
    if numbers != wanted:
        twice = sorted({number for number in numbers if numbers.count(number) > 1}) if len(numbers) < 2000 else []
        lacking = sorted(set(wanted) - set(numbers))
        raise Red(
            f"{len(numbers)} events were told of {len(wanted)}: {len(lacking)} are missing {lacking[:5]}, "
            f"twice came {twice[:5]}, the first were {numbers[:3]}, the last {numbers[-3:]}"
        )
    for event, right in zip(numbered, recorded, strict=True):
        for name in ("kind", *COMPARED[right["kind"]]):
            if event.get(name) != right[name]:
                raise Red(f"event {right['sequence']} has the {name} {event.get(name)!r}, on record is {right[name]!r}")
