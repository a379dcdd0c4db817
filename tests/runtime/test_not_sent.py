"""A call that was not sent: said by the script or found by the runtime, it is definite, and the key is free again."""

import asyncio
import time
from dataclasses import replace

import pytest

from wharfinger import script as contract
from wharfinger.runtime.protocol import Failure, Intent, Rejected
from wharfinger.testing import Done, MemorySession, Stop, Trial, run


def test_it_is_a_public_word_of_the_contract():
    assert "NotSent" in contract.__all__
    word = contract.NotSent("no address")
    assert isinstance(word, contract.Failed)
    assert (word.reason, word.retryable, word.metadata) == ("NOT_SENT", True, {})


def test_not_sent_is_definite_and_keeps_its_reason(load, colour):
    script = load(
        """
        async def main(task):
            async def call(intent):
                raise NotSent("no such file: disk", reason="FILE_MISSING", retryable=False, metadata={"file": "d"})
            await task.create("t", "k", call)
        """,
        colour,
    )
    done = run(script)
    assert done.ledger["k"].state == "NOT_CREATED"
    assert done.failure == Failure(2, "FILE_MISSING", "no such file: disk", metadata={"file": "d"})
    assert done.errors["k"].reason == "FILE_MISSING"
    assert done.history == [("intend", "k"), ("not_sent", "k")]


def test_the_documented_reason_has_its_code(load, colour):
    script = load(
        """
        async def main(task):
            async def call(intent):
                raise NotSent("the address does not answer")
            await task.create("t", "k", call)
        """,
        colour,
    )
    failure = run(script).failure
    assert (failure.code, failure.reason, failure.retryable) == (14, "NOT_SENT", True)


def test_the_same_attempt_may_make_it_again_under_the_same_token(load, colour):
    script = load(
        """
        async def main(task):
            async def call(intent):
                tokens.append((intent.generation, intent.token))
                if len(tokens) == 1:
                    raise NotSent("the door is shut")
                return "i-1"
            try:
                await task.create("t", "k", call)
            except NotSent:
                await task.create("t", "k", call)
        tokens = []
        """,
        colour,
    )
    done = run(script)
    assert done.ledger["k"].external_id == "i-1"
    assert script.tokens[0] == script.tokens[1]
    assert script.tokens[0][0] == 1
    assert done.ledger["k"].number == 2


def test_after_not_sent_the_next_attempt_has_the_same_token(load, colour):
    script = load(
        """
        async def main(task):
            async def call(intent):
                tokens.append(intent.token)
                raise NotSent("the door is shut")
            await task.create("t", "k", call)
        tokens = []
        """,
        colour,
    )
    run(script, after=run(script))
    assert script.tokens[0] == script.tokens[1]


def test_what_has_an_id_was_sent_whatever_the_script_says(load, colour):
    script = load(
        """
        async def main(task):
            async def call(intent):
                await intent.created("i-1")
                raise NotSent("it was not me")
            await task.create("t", "k", call)
        """,
        colour,
    )
    done = run(script)
    assert done.ledger["k"].state == "CREATED"
    assert ("not_sent", "k") not in done.history


def test_the_word_about_a_call_within_is_no_word_about_the_call_around_it(load, colour):
    script = load(
        """
        async def main(task):
            async def inner(intent):
                raise NotSent("the door is shut")
            async def outer(intent):
                sent.append(intent.key)
                await task.create("t", "inner", inner)
            await task.create("t", "outer", outer)
        sent = []
        """,
        colour,
    )
    done = run(script)
    assert done.ledger["inner"].state == "NOT_CREATED"
    assert (done.ledger["outer"].state, done.history[-1]) == ("INTENDED", ("in_doubt", "outer"))


def test_after_the_lease_was_lost_it_is_reported_all_the_same(load, colour):
    script = load(
        """
        async def main(task):
            async def call(intent):
                session.lease_lost = True
                raise NotSent("the door is shut")
            await task.create("t", "k", call)
        """,
        colour,
    )
    session = script.session = MemorySession(Done())
    done = Trial(script).run(session=session)
    assert (done.ledger["k"].state, done.outcome) == ("NOT_CREATED", None)


# ---------------------------------------------------------------------- the send window


class SlowLedger(MemorySession):
    """Its first commits take long."""

    slow = 1

    async def intend(self, intents):
        entries = await super().intend(intents)
        if self.slow:
            self.slow -= 1
            time.sleep(0.1)  # noqa: ASYNC251 - for plain scripts it blocks
        return entries


ONE = """
RESOURCE_TYPES = {"t": ResourceType(send_window=0.05)}
async def main(task):
    async def call(intent):
        called.append(intent.token)
        return "i-1"
    return {"id": await task.create("t", "k", call)}
called = []
"""


def test_what_was_too_late_to_be_sent_is_intended_again_and_goes_on(load, colour):
    script = load(ONE, colour)
    done = Trial(script).run(session=SlowLedger(Done()))
    assert done.result == {"id": "i-1"}
    assert done.history == [("intend", "k"), ("not_sent", "k"), ("intend", "k"), ("created", "k")]
    assert script.called == [done.ledger["k"].token]
    assert "took so long" in done.errors["k"].message


def test_what_is_too_late_time_after_time_fails_and_nothing_is_in_doubt(load, colour):
    script = load(ONE.replace("0.05", "0.001"), colour)
    session = SlowLedger(Done())
    session.slow = 1000
    began = time.monotonic()
    done = Trial(script).run(session=session)
    assert time.monotonic() - began < 5
    assert script.called == []
    assert (done.failure.code, done.failure.reason, done.failure.retryable) == (14, "NOT_SENT", True)
    assert done.failure.metadata == {"key": "k", "count": "1"}
    assert done.ledger["k"].state == "NOT_CREATED"


def test_one_that_was_asked_to_stop_meanwhile_stops(load, colour):
    script = load(ONE, colour)
    stop = Stop()

    class Stopping(SlowLedger):
        """Somebody cancels while it is slow."""

        async def intend(self, intents):
            entries = await super().intend(intents)
            stop.request()
            return entries

    done = Trial(script).run(session=Stopping(Done()), stop=stop)
    assert done.stopped
    assert done.ledger["k"].state == "NOT_CREATED"


async def test_a_cancelled_attempt_takes_back_the_intent_that_it_does_not_send(load):
    script = load(ONE.replace("0.05", "5"))

    class Cancelling(MemorySession):
        """The attempt is cancelled as soon as its intent is written."""

        async def intend(self, intents):
            entries = await super().intend(intents)
            asyncio.get_running_loop().call_soon(asyncio.current_task().cancel)
            return entries

    done = Done()
    await asyncio.to_thread(Trial(script).run, session=Cancelling(done))
    assert script.called == []
    assert done.ledger["k"].state == "NOT_CREATED"


# ---------------------------------------------------------------------- groups

THREE = """
RESOURCE_TYPES = {"node": ResourceType(send_window=0.05)}
KEYS = ["n/1", "n/2", "n/3"]
async def main(task):
    async def call(intents):
        calls.append([intent.key for intent in intents])
        if task.params.get("shut"):
            raise NotSent("the door is shut")
        return {intent.key: "id-" + intent.key for intent in intents}
    return await task.create_many("node", KEYS, call)
calls = []
"""


def test_of_a_group_it_is_said_of_the_whole_call(load, colour):
    done = run(load(THREE, colour), {"shut": True})
    assert done.failure.reason == "NOT_SENT"
    assert [entry.state for entry in done.ledger.values()] == ["NOT_CREATED"] * 3


def test_a_group_that_was_too_late_is_intended_again(load, colour):
    script = load(THREE, colour)
    done = Trial(script).run(session=SlowLedger(Done()))
    assert script.calls == [["n/1", "n/2", "n/3"]]
    assert done.result == {key: f"id-{key}" for key in ("n/1", "n/2", "n/3")}
    assert {entry.number for entry in done.ledger.values()} == {2}


def test_a_group_is_asked_for_again_with_the_part_that_is_there(load, colour):
    script = load(THREE.replace("0.05", "5"), colour)
    first = run(script)
    first.ledger["n/1"] = replace(first.ledger["n/1"], state="UNDONE")
    again = load(
        THREE.replace("0.05", "5")
        .replace('if task.params.get("shut"):', "if len(calls) == 1:")
        .replace(
            'return await task.create_many("node", KEYS, call)',
            """try:
        return await task.create_many("node", KEYS, call)
    except NotSent:
        return await task.create_many("node", KEYS, call)""",
        ),
        colour,
    )
    done = run(again, after=first)
    assert again.calls == [["n/1"], ["n/1"]]
    assert done.result == {key: f"id-{key}" for key in ("n/1", "n/2", "n/3")}


def test_of_a_part_it_is_refused_by_the_ledger_in_memory_too():
    session = MemorySession(Done())

    async def say():
        await session.intend([Intent("a", "t", group="g"), Intent("b", "t", group="g")])
        await session.not_sent(["a"], 1, Failure(14, "NOT_SENT", "no"))

    with pytest.raises(Rejected, match="whole call"):
        asyncio.run(say())


def test_the_calls_of_a_group_that_were_not_reached_are_taken_back(load, colour):
    script = load(THREE.replace("0.05", "5"), colour)
    first = run(script)
    first.ledger["n/1"] = replace(first.ledger["n/1"], state="NOT_CREATED")
    # Undone since, so that it has another token, and a call of its own.
    first.ledger["n/3"] = replace(first.ledger["n/3"], state="UNDONE")
    broken = load(
        THREE.replace("0.05", "5")
        .replace('if task.params.get("shut"):', "if True:")
        .replace('raise NotSent("the door is shut")', 'raise OSError("the answer was lost")'),
        colour,
    )
    done = run(broken, after=first)
    assert broken.calls == [["n/1"]]
    states = {key: entry.state for key, entry in done.ledger.items()}
    assert states == {"n/1": "INTENDED", "n/2": "CREATED", "n/3": "NOT_CREATED"}
    assert "OSError: the answer was lost" in done.errors["n/3"].message
