"""Reports between a worker and the server's session: each counts once, and what no worker would send is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from wharfinger.runtime.protocol import (
    Assignment,
    Context,
    Environment,
    Intent,
    LeaseLost,
    Phase,
    Rejected,
    Succeeded,
)
from wharfinger.runtime.redaction import Redactor
from wharfinger.testing import Done, MemorySession
from wharfinger.v1 import executor_service_pb2, worker_pb2
from wharfinger.worker.answering import Answering
from wharfinger.worker.assignments import PAGE, Arriving, assignment_of, messages_of
from wharfinger.worker.session import WireSession
from wharfinger.worker.values import Malformed

LEASE = worker_pb2.WorkLease(task="projects/quay/tasks/t", uid="u", epoch=1)


class Wire:
    """A worker's session and the server's, with a connection between them that can be cut in either direction."""

    def __init__(self) -> None:
        self.done = Done()
        self.sent: list[worker_pb2.WorkerReport] = []
        self.broken: list[BaseException] = []
        self.hears = self.answers = True
        self.answering = Answering(MemorySession(self.done), self._reply, self.broken.append)
        self.redactor = Redactor()
        self.session = WireSession(LEASE, self._send, self.redactor)

    def _send(self, request: executor_service_pb2.WorkRequest) -> None:
        self.sent.append(worker_pb2.WorkerReport.FromString(request.report.SerializeToString()))
        if self.hears:
            self.answering.take(self.sent[-1])

    def _reply(self, answer: worker_pb2.WorkerAnswer) -> None:
        if self.answers:
            self.session.answer(answer)


@pytest.fixture
async def wire() -> Wire:
    return Wire()


async def soon(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0)


async def test_an_intent_is_answered_by_its_entry(wire: Wire) -> None:
    [entry] = await wire.session.intend([Intent("net", "net.lan", attributes={"size": "3"})])
    assert (entry.key, entry.state, entry.generation, dict(entry.attributes)) == ("net", "INTENDED", 1, {"size": "3"})
    assert entry.token == wire.done.ledger["net"].token
    await wire.session.created("net", entry.generation, "id-1")
    assert wire.done.ledger["net"].external_id == "id-1"


async def test_a_report_whose_answer_was_lost_is_told_again_and_counts_once(wire: Wire) -> None:
    wire.answers = False
    asking = asyncio.ensure_future(wire.session.intend([Intent("net", "net.lan")]))
    await soon(lambda: wire.done.ledger)
    wire.answers = True
    wire.session.resend()
    [entry] = await asking
    assert [report.number for report in wire.sent] == [1, 1]
    assert entry.state == "INTENDED"
    assert not wire.session.owes


async def test_a_report_that_did_not_arrive_is_told_again(wire: Wire) -> None:
    wire.hears = False
    asking = asyncio.ensure_future(wire.session.memo("shout", b'"hot"'))
    await soon(lambda: wire.sent)
    wire.hears = True
    wire.session.resend()
    await asking
    assert wire.done.memos == {"shout": b'"hot"'}


async def test_what_the_ledger_refuses_is_the_script_s_error(wire: Wire) -> None:
    await wire.session.intend([Intent("net", "net.lan")])
    with pytest.raises(Rejected) as rejected:
        await wire.session.intend([Intent("net", "net.lan")])
    assert rejected.value.failure.reason == "KEY_REUSED"


async def test_after_the_lease_is_lost_evidence_alone_is_told(wire: Wire) -> None:
    [entry] = await wire.session.intend([Intent("net", "net.lan")])
    wire.session.lose()
    with pytest.raises(LeaseLost):
        await wire.session.memo("shout", b"1")
    with pytest.raises(LeaseLost):
        await wire.session.created("net", entry.generation, "id-1")
    assert [report.WhichOneof("kind") for report in wire.sent] == ["intend", "created"]
    await soon(lambda: not wire.session.owes)
    assert wire.done.ledger["net"].external_id == "id-1"


async def test_secrets_do_not_leave_the_worker(wire: Wire) -> None:
    wire.redactor.add("hunter2-and-more")
    wire.session.log(2, "the word is hunter2-and-more")
    await wire.session.finish(Succeeded(b'{"word":"hunter2-and-more"}'))
    assert b"hunter2" not in b"".join(report.SerializeToString() for report in wire.sent)
    assert wire.done.lines == ["the word is «sealed»"]
    with pytest.raises(Rejected, match="holds a sealed param or a credential"):
        await wire.session.intend([Intent("net/hunter2-and-more", "net.lan")])


@pytest.mark.parametrize(
    ("report", "said"),
    [
        ({"memo": worker_pb2.WorkMemo(key="a", json=b"{")}, "the memo is no JSON"),
        ({"intend": worker_pb2.ReportIntend()}, "intend names nothing"),
        ({"created": worker_pb2.ReportCreated(key="a", generation=1)}, "created tells no external_id"),
        ({"found": worker_pb2.ReportFound(key="a", version=b"x")}, "version is not one that the server gave out"),
        ({"finished": worker_pb2.ReportFinished()}, "finished tells no outcome"),
        ({}, "a report of nothing"),
    ],
)
async def test_what_no_worker_would_report_is_refused_and_changes_nothing(report: Any, said: str) -> None:
    done, answers = Done(), list[worker_pb2.WorkerAnswer]()
    answering = Answering(MemorySession(done), answers.append, lambda error: None)
    answering.take(worker_pb2.WorkerReport(lease=LEASE, number=1, **report))
    await soon(lambda: answers)
    assert answers[0].rejected.reason == "REPORT_INVALID"
    assert said in answers[0].rejected.message
    assert done.history == []


@pytest.mark.parametrize("result", [b"[1]", b"{", b'{"a":9007199254740993}', b'{"a":"' + b"x" * 70_000 + b'"}'])
async def test_a_result_that_can_t_be_kept_is_a_failure(result: bytes) -> None:
    done, answers = Done(), list[worker_pb2.WorkerAnswer]()
    finished = worker_pb2.ReportFinished(result_json=result)
    answering = Answering(MemorySession(done), answers.append, lambda error: None)
    answering.take(worker_pb2.WorkerReport(lease=LEASE, number=1, finished=finished))
    await soon(lambda: answers)
    assert done.failure.reason == "SCRIPT_RESULT_INVALID"


async def test_thousands_of_lines_at_once_are_kept_once_and_in_order(wire: Wire) -> None:
    wire.answers = False
    for number in range(15_000):
        wire.session.log(2, str(number))
    wire.answers = True
    wire.session.resend()
    assert not wire.session.owes
    assert wire.done.lines[:-1] == [str(number) for number in range(len(wire.done.lines) - 1)]
    assert len(wire.done.lines) > 10_000


async def test_a_report_without_a_number_is_no_report(wire: Wire) -> None:
    with pytest.raises(Malformed, match="needs a number"):
        wire.answering.take(worker_pb2.WorkerReport(lease=LEASE, memo=worker_pb2.WorkMemo(key="a", json=b"1")))


async def test_a_long_assignment_comes_in_pages() -> None:
    memos = {f"memo {number}": b'"' + b"x" * 400_000 + b'"' for number in range(7)}
    context = Context("quay", "ann", 1_800_000_000.5, {"pier": "east"}, "00-trace")
    sent = Assignment(
        "projects/quay/tasks/t", "u", 3, Phase.UNDO, "dock.build", 2, {"n": 2**60, "f": 0.1}, context,
        memos=memos, targets=("net",), erased=("/word",),
    )  # fmt: skip
    pages = list(messages_of(sent, "1.4"))
    assert len(pages) > 2
    assert all(page.ByteSize() < 2 * PAGE for page in pages)
    arriving = Arriving()
    *early, whole = [arriving.take(page) for page in pages]
    assert early == [None] * len(early)
    assert whole is not None
    got = assignment_of(whole, Environment(), sent.redactor)
    assert (got, whole.script_version) == (sent, "1.4")
