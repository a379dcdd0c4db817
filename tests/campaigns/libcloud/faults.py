"""A fault in each request of each making method that libcloud's own tests call: what is told of what exists?

python -m tests.campaigns.libcloud.faults --out build/libcloud-faults

Each target is a method of a driver class, as a test of libcloud's calls it with its recorded answers. The test is run
again for each request of that call and each fault; what the call's result said, when all went well, is the truth.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import functools
import importlib
import io
import json
import pkgutil
import signal
import sys
import unittest
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from libcloud.common.base import BaseDriver
from requests_mock.adapter import Adapter
from tests.campaigns.libcloud import ways

from wharfinger_libcloud import PartialFailureError, keeping, watching
from wharfinger_libcloud.calls import MAKES, READS, begin, role_of
from wharfinger_libcloud.reading import read_request
from wharfinger_libcloud.results import read_result

FAULTS = ("503", "dropped", "timeout", "wrong type")
ROOMS = ("compute", "storage", "dns", "loadbalancer", "container", "backup")
LOST, FALSE, KIND, OTHER = "LOST", "FALSE REPORT ON A READ", "WRONG KIND", "WRONG ID"
BAD = (LOST, FALSE, KIND, OTHER)
LIMIT = 5  # seconds for a run


class Over(BaseException):
    """The run is over: what was to be seen was seen."""


@dataclass
class Target:
    """A call in a test: the `number`th from outside; what it sent, and what it returned when all went well."""

    test: str
    driver: str
    method: str
    number: int
    effect: str
    kind: str
    sent: list[tuple[bool, str]] = field(default_factory=list)
    ids: tuple[str, ...] = ()

    @property
    def makes_at(self) -> int:
        """The number of the request that made it, from 1: the first whose answer has its id; 0 if none was seen."""
        changing = [n for n, (changes, _) in enumerate(self.sent, 1) if changes]
        if self.kind == "object":  # the last part of an upload makes it
            changing = changing[-1:]
        named = [n for n in changing if any(one in self.sent[n - 1][1] for one in self.ids)]
        return (named or changing or [0])[0]

    @property
    def named(self) -> bool:
        """Whether the answer to that request has the id."""
        at = self.makes_at
        return bool(at) and any(one in self.sent[at - 1][1] for one in self.ids)


@dataclass
class Run:
    """One run of a test: which call to watch, and the fault in its `at`th request."""

    number: int = -1
    at: int = 0
    fault: str = ""
    calls: int = 0
    depth: int = 0
    targets: list[Target] = field(default_factory=list)
    watched: Target | None = None
    sent: int = 0
    verdict: Any = None


run = Run()


def _send(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def send(self: Any, request: Any, **options: Any) -> Any:
        response = original(self, request, **options)
        call = watching.current_call()
        if run.watched is None or (call is not None and call.method == watching.LOOK):
            return response
        run.sent += 1
        if run.sent == run.at:
            if run.fault == "dropped":
                raise requests.ConnectionError("the connection was dropped")
            if run.fault == "timeout":
                raise requests.ReadTimeout("no answer in time")
            content = b"<html>try again</html>"
            response._content, response.raw = content, io.BytesIO(content)
            response.status_code = 503 if run.fault == "503" else 200
            response.headers = requests.structures.CaseInsensitiveDict({"content-type": "text/html"})
        elif not run.at:
            asked = read_request(request.method or "GET", request.url or "", request.body)
            text = f"{response.text} {response.headers.get('Location', '')}" if not options.get("stream") else ""
            run.watched.sent.append((asked.changes and not asked.reads and not asked.removes, text))
        return response

    return send


class Probed(ways.InBlocks):
    """A driver whose calls from the test are numbered."""

    def _call(self, name: str, values: Any, named: Any) -> Any:
        number, run.calls = run.calls, run.calls + 1
        own, role = self._own, role_of(name)
        target = Target("", type(own).__name__, name, number, role.effect, role.kind)
        if run.at:
            if number != run.number:
                return getattr(own, name)(*values, **named)
            run.watched, run.sent = target, 0
            run.verdict = _outcome(own, name, values, named)
            run.watched = None
            raise Over
        run.watched, run.sent = target, 0
        try:
            answer = getattr(own, name)(*values, **named)
            if role.effect == READS and hasattr(answer, "__next__"):
                answer = iter(list(answer))
        finally:
            run.watched = None
        if role.effect in (MAKES, READS) and target.sent:
            call = begin(own, name, getattr(own, name), values, named, None)
            target.ids = (
                tuple(one.id for one in read_result(call, answer).things if len(one.id) > 1)
                if role.effect == MAKES
                else ()
            )
            run.targets.append(target)
        return answer


def _outcome(driver: Any, name: str, values: Any, named: Any) -> Any:
    try:
        with keeping(driver):
            answer = getattr(driver, name)(*values, **named)
            if hasattr(answer, "__next__"):
                list(answer)
    except PartialFailureError as failure:
        return failure
    except Exception as error:  # noqa: BLE001 - whatever a driver raises
        return type(error).__name__
    return None


@contextlib.contextmanager
def _installed() -> Iterator[None]:
    send, set_up = Adapter.send, unittest.TestCase._callSetUp  # type: ignore[attr-defined]

    def with_probe(self: Any) -> None:
        set_up(self)
        for name, value in list(vars(self).items()):
            if isinstance(value, BaseDriver):
                setattr(self, name, Probed(value))

    Adapter.send = _send(send)
    unittest.TestCase._callSetUp = with_probe  # type: ignore[attr-defined]
    try:
        yield
    finally:
        Adapter.send = send
        unittest.TestCase._callSetUp = set_up  # type: ignore[attr-defined]


def _play(test: unittest.TestCase) -> bool:
    """Run a test; return whether it passed."""

    def late(*_: Any) -> None:
        raise Over

    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, LIMIT)
    result = unittest.TestResult()
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            test.run(result)
    except Over:
        return False
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        run.watched = None
        with contextlib.suppress(Exception):
            test.doCleanups()
    return result.wasSuccessful()


def _modules(rooms: tuple[str, ...], only: str) -> Iterator[Any]:
    for room in rooms:
        package = importlib.import_module(f"libcloud.test.{room}")
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            if "test_" in module.name and only in module.name:
                with contextlib.suppress(ImportError, unittest.SkipTest):
                    yield importlib.import_module(module.name)


def _tests(module: Any) -> Iterator[tuple[type[unittest.TestCase], str]]:
    loader = unittest.TestLoader()
    for case in list(vars(module).values()):
        if isinstance(case, type) and issubclass(case, unittest.TestCase) and case.__module__ == module.__name__:
            for name in loader.getTestCaseNames(case):
                yield case, name


def verdict_of(target: Target, at: int, outcome: Any) -> str:  # noqa: PLR0911 - a table, read from above
    """Return what is to be said of a run: one of BAD, "uncertain though named", or a way of being right."""
    if target.effect == READS:
        return FALSE if isinstance(outcome, PartialFailureError) else "right: plain error of a read"
    made_at = target.makes_at
    if outcome is None:
        return "returned in spite of it"
    if not isinstance(outcome, PartialFailureError):
        if not made_at or at < made_at or (not target.sent[at - 1][0] and at <= made_at):
            return "right: plain error before anything was made"
        return "right: plain error" if not target.ids and not target.named else LOST
    of_id = [one for one in outcome.created if one.id in target.ids]
    if any(one.kind != target.kind for one in of_id):
        return KIND
    if of_id:
        return "right: created with its id"
    if at <= made_at or not made_at:
        return "right: uncertain at the making request" if outcome.uncertain else "right: earlier things"
    if outcome.uncertain:
        return "uncertain though named" if target.named else "right: uncertain, no answer names it"
    if not any(one.kind == target.kind for one in outcome.created):
        return LOST
    return OTHER if target.named else "right: the answer's id; the recorded result has another"


def campaign(rooms: tuple[str, ...] = ROOMS, only: str = "") -> Iterator[dict[str, Any]]:
    """Yield a line for each run: driver, method, request, fault, verdict."""
    global run  # noqa: PLW0603 - libcloud's tests are run in this process, and so is what watches them
    seen: set[tuple[str, str]] = set()
    with _installed():
        for module in _modules(rooms, only):
            for case, name in _tests(module):
                run = Run()
                if not _play(case(name)):
                    continue
                for target in run.targets:
                    if (target.driver, target.method) in seen:
                        continue
                    seen.add((target.driver, target.method))
                    yield from _faulted(target, lambda case=case, name=name: case(name))  # type: ignore[misc]


def _faulted(target: Target, make: Callable[[], unittest.TestCase]) -> Iterator[dict[str, Any]]:
    """Yield a line for each fault in each request of one target."""
    global run  # noqa: PLW0603 - as above
    for at in range(1, len(target.sent) + 1):
        for fault in FAULTS:
            run = Run(target.number, at, fault)
            _play(make())
            if run.sent >= at:
                yield {
                    "driver": target.driver,
                    "method": target.method,
                    "request": at,
                    "of": len(target.sent),
                    "fault": fault,
                    "verdict": verdict_of(target, at, run.verdict),
                    "truth": [target.kind, *target.ids[:2]],
                    "told": str(run.verdict)[:600],
                }


def table(lines: list[dict[str, Any]]) -> str:
    """Return the verdicts, and a table by driver class, as Markdown."""
    counts = collections.Counter(line["verdict"] for line in lines)
    text = [f"{len(lines)} runs", "", "| Verdict | Runs |", "|---|---|"]
    text += [f"| {verdict} | {count} |" for verdict, count in counts.most_common()]
    text += [
        "",
        "| Driver | Runs | Lost | False | Wrong kind | Wrong id | Uncertain though named |",
        "|---|---|---|---|---|---|---|",
    ]
    for driver in sorted({line["driver"] for line in lines}):
        own = collections.Counter(line["verdict"] for line in lines if line["driver"] == driver)
        bad = " | ".join(str(own[verdict]) for verdict in (*BAD, "uncertain though named"))
        text.append(f"| {driver} | {own.total()} | {bad} |")
    return "\n".join(text) + "\n"


def main() -> int:
    """Run it; return 1 if anything was lost, falsely reported or of a wrong kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/libcloud-faults"))
    parser.add_argument("--only", default="", help="part of a test module's name")
    parser.add_argument("--room", choices=ROOMS, action="append")
    chosen = parser.parse_args()
    lines: list[dict[str, Any]] = []
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    with chosen.out.with_suffix(".jsonl").open("w") as file:
        for line in campaign(tuple(chosen.room or ROOMS), chosen.only):
            lines.append(line)
            print(json.dumps(line), file=file, flush=True)
    chosen.out.with_suffix(".md").write_text(table(lines))
    print(table(lines).partition("\n\n| Driver")[0])
    return int(any(line["verdict"] in BAD for line in lines))


if __name__ == "__main__":
    sys.exit(main())
