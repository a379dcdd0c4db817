"""`create`: the intent before the call, and a report of whatever the call ends in."""

import time

import pytest

from wharfinger.runtime.protocol import Failure
from wharfinger.testing import Done, MemorySession, Stop, Trial, run

MAKE = """
async def main(task):
    calls = []
    async def call(intent):
        calls.append(intent.token)
        return "id-" + intent.key
    return {"id": await task.create("node", "node/1", call), "calls": calls}
"""


def test_the_intent_is_written_before_the_call_and_the_id_after_it(load, colour):
    script = load(
        """
        async def main(task):
            async def call(intent):
                order.append("call")
                return "i-1"
            await task.create("node", "node/1", call)
        order = []
        """,
        colour,
    )
    done = Done()
    done.history = script.order
    session = MemorySession(done)
    Trial(script).run(session=session)
    assert script.order == [("intend", "node/1"), "call", ("created", "node/1")]
    assert done.ledger["node/1"].external_id == "i-1"


def test_the_call_gets_key_token_generation_and_attributes(load, colour):
    script = load(
        """
        async def main(task):
            async def call(intent):
                seen.append([intent.key, intent.token, intent.generation, intent.attributes["size"]])
                return "i-1"
            await task.create("node", "node/1", call, attributes={"size": "m1"})
        seen = []
        """,
        colour,
    )
    entry = run(script).ledger["node/1"]
    assert script.seen == [["node/1", entry.token, 1, "m1"]]


def test_everything_that_find_and_undo_need_is_in_the_intent(load, colour):
    script = load(
        """
        RESOURCE_TYPES = {"node": ResourceType(idempotent=True, send_window=3.0, call_timeout=4.0, settling=5.0)}
        async def main(task):
            with task.step("build"):
                await task.create("node", "node/1", lambda intent: "i-1", profile="prod", region="eu",
                                  attributes={"a": "b"}, after=["net/1"], undo_data={"was": [1, 2]})
        """,
        colour,
    )
    intent = run(script).intents["node/1"]
    assert (intent.type, intent.step, intent.profile, intent.region) == ("node", "build", "prod", "eu")
    assert (intent.attributes, intent.depends_on, intent.undo_data) == ({"a": "b"}, ("net/1",), '{"was":[1,2]}')
    assert (intent.idempotent, intent.send_window, intent.call_timeout, intent.settling) == (True, 3.0, 4.0, 5.0)


def test_what_an_earlier_attempt_made_is_not_made_again(load, colour):
    script = load(MAKE, colour)
    first = run(script)
    again = run(script, after=first)
    assert len(first.result["calls"]) == 1
    assert again.result == {"id": "id-node/1", "calls": []}


@pytest.mark.parametrize(
    "change", ["profile='b'", "region='b'", "attributes={'b': 'c'}", "after=('b',)", "undo_data=1"]
)
def test_the_same_key_with_another_request_fails_the_attempt(load, change):
    first = run(load("async def main(task): await task.create('t', 'k', lambda intent: 'i')"))
    again = run(load(f"async def main(task): await task.create('t', 'k', lambda intent: 'i', {change})"), after=first)
    assert again.failure.reason == "REQUEST_CHANGED"


def test_the_same_key_twice_in_an_attempt_fails_it(load, colour):
    script = load(
        """
        async def main(task):
            await task.create("t", "k", lambda intent: "a")
            await task.create("t", "k", lambda intent: "b")
        """,
        colour,
    )
    done = run(script)
    assert done.failure.reason == "KEY_REUSED"
    assert done.ledger["k"].external_id == "a"


def test_an_object_with_an_id_is_as_good_as_the_id(load, colour):
    script = load(
        """
        class Node:
            id = "i-7"
        async def main(task):
            return {"id": await task.create("t", "k", lambda intent: Node())}
        """,
        colour,
    )
    assert run(script).result == {"id": "i-7"}


@pytest.mark.parametrize("answer", ["None", "''", "'  '", "7", "[]", "object()"])
def test_an_answer_without_an_id_leaves_the_entry_in_doubt(load, colour, answer):
    done = run(load(f"async def main(task): await task.create('t', 'k', lambda intent: {answer})", colour))
    assert done.failure.reason == "RESOURCE_UNCERTAIN"
    assert "not the id of what it made" in done.failure.message
    assert done.history[-1] == ("in_doubt", "k")


def test_an_id_reported_at_once_needs_no_answer(load, colour):
    script = load(
        """
        async def main(task):
            async def call(intent):
                await intent.created("i-1")
            return {"id": await task.create("t", "k", call)}
        """,
        colour,
    )
    assert run(script).result == {"id": "i-1"}


def test_an_error_after_the_id_was_reported_leaves_no_doubt(load, colour):
    script = load(
        """
        async def main(task):
            async def call(intent):
                await intent.created("i-1")
                raise OSError("it never became ready")
            await task.create("t", "k", call)
        """,
        colour,
    )
    done = run(script)
    assert (done.failure.reason, done.failure.metadata) == ("SCRIPT_RAISED", {"exception": "OSError"})
    assert done.ledger["k"].state == "CREATED"
    assert ("in_doubt", "k") not in done.history


def test_a_second_id_for_a_key_is_kept_as_evidence(load, colour):
    script = load(
        """
        async def main(task):
            async def call(intent):
                await intent.created("i-1")
                await intent.created("i-2")
            return {"id": await task.create("t", "k", call)}
        """,
        colour,
    )
    done = run(script)
    assert done.result == {"id": "i-1"}
    assert done.ledger["k~1"].external_id == "i-2"


def test_an_id_that_is_no_text_is_refused_before_it_is_reported(load, colour):
    script = load(
        """
        async def main(task):
            async def call(intent):
                await intent.created(17)
            await task.create("t", "k", call)
        """,
        colour,
    )
    done = run(script)
    assert done.failure.reason == "RESOURCE_UNCERTAIN"
    assert "must be a non-empty str, not 17" in done.failure.message


def test_a_refusal_is_definite_and_keeps_its_reason(load, colour):
    script = load(
        """
        async def main(task):
            async def call(intent):
                raise Refused("no room", reason="QUOTA_EXCEEDED", metadata={"quota": "3"}, retryable=True)
            await task.create("t", "k", call)
        """,
        colour,
    )
    done = run(script)
    assert done.ledger["k"].state == "NOT_CREATED"
    assert done.failure == Failure(8, "QUOTA_EXCEEDED", "no room", retryable=True, metadata={"quota": "3"})
    assert done.errors["k"].reason == "QUOTA_EXCEEDED"


def test_a_script_may_catch_a_refusal_and_go_on(load, colour):
    script = load(
        """
        async def main(task):
            async def call(intent):
                raise Refused("no room")
            try:
                await task.create("t", "k", call)
            except Failed as failed:
                return {"reason": failed.reason}
        """,
        colour,
    )
    assert run(script).result == {"reason": "REFUSED"}


def test_after_a_refusal_the_next_attempt_has_another_token(load, colour):
    script = load(
        """
        async def main(task):
            async def call(intent):
                tokens.append((intent.generation, intent.token))
                raise Refused("it was terminated", terminated=True)
            await task.create("t", "k", call)
        tokens = []
        """,
        colour,
    )
    run(script, after=run(script))
    (first, token), (second, other) = script.tokens
    assert (first, second) == (1, 2)
    assert token != other


def test_any_other_error_leaves_the_entry_in_doubt(load, colour):
    script = load(
        """
        async def main(task):
            async def call(intent):
                raise ConnectionResetError("the answer was lost")
            try:
                await task.create("t", "k", call)
            except Failed as failed:
                causes.append(failed.__cause__)
                raise
        causes = []
        """,
        colour,
    )
    done = run(script)
    assert (done.failure.reason, done.failure.retryable) == ("RESOURCE_UNCERTAIN", False)
    assert "ConnectionResetError: the answer was lost" in done.failure.message
    assert done.failure.metadata == {"key": "k", "count": "1"}
    assert isinstance(script.causes[0], ConnectionResetError)
    assert done.ledger["k"].state == "INTENDED"
    assert "the answer was lost" in done.errors["k"].message


def test_the_scripts_own_word_inside_a_call_is_in_doubt_too_but_stays_its_word(load, colour):
    script = load(
        """
        async def main(task):
            async def call(intent):
                raise Failed("the source broke off", reason="SOURCE_FAILED", retryable=True)
            await task.create("t", "k", call)
        """,
        colour,
    )
    done = run(script)
    assert (done.failure.code, done.failure.reason, done.failure.retryable) == (14, "SOURCE_FAILED", True)
    assert done.history[-1] == ("in_doubt", "k")


@pytest.mark.parametrize("error", ["SystemExit(3)", "KeyboardInterrupt()"])
def test_an_exit_inside_a_call_is_in_doubt_and_ends_the_attempt(load, colour, error):
    script = load(
        f"""
        async def main(task):
            async def call(intent):
                raise {error}
            await task.create("t", "k", call)
        """,
        colour,
    )
    done = run(script)
    assert done.failure.reason == "SCRIPT_RAISED"
    assert done.history[-1] == ("in_doubt", "k")


@pytest.mark.parametrize("mistake", ["return undefined", "open('/no/such/file')", "return {}['k']", "return None.id"])
def test_a_mistake_inside_a_call_is_told_at_once_with_its_line(load, colour, mistake):
    script = load(
        f"""
        async def main(task):
            async def call(intent):
                {mistake}
            try:
                await task.create("t", "k", call)
            finally:
                told.append(list(task._session.done.log))
        told = []
        """,
        colour,
    )
    done = run(script)
    assert (done.failure.reason, done.history[-1]) == ("RESOURCE_UNCERTAIN", ("in_doubt", "k"))
    [log] = script.told
    [said] = [line for level, line in log if level == 4]
    assert f"{script.__name__}.py:6" in said
    assert "raise NotSent" in said
    assert any(level == 1 and "in call" in line for level, line in log)


def test_what_befell_a_call_underway_is_no_mistake(load, colour):
    done = run(
        load(
            """
            async def main(task):
                async def call(intent):
                    raise ConnectionResetError("by peer")
                await task.create("t", "k", call)
            """,
            colour,
        )
    )
    assert done.failure.reason == "RESOURCE_UNCERTAIN"
    assert not [line for level, line in done.log if level == 4]


def test_an_async_call_that_takes_too_long_is_cancelled_and_in_doubt(load):
    script = load(
        """
        RESOURCE_TYPES = {"t": ResourceType(call_timeout=0.05)}
        async def main(task):
            async def call(intent):
                try:
                    await asyncio.sleep(30)
                except asyncio.CancelledError:
                    seen.append("cancelled")
                    raise
            await task.create("t", "k", call)
        seen = []
        """
    )
    begun = time.monotonic()
    done = run(script)
    assert time.monotonic() - begun < 5
    assert script.seen == ["cancelled"]
    assert "did not answer within 0.05 s" in done.failure.message
    assert done.history[-1] == ("in_doubt", "k")


def test_an_id_that_comes_with_the_timeout_is_kept(load):
    script = load(
        """
        RESOURCE_TYPES = {"t": ResourceType(call_timeout=0.05)}
        async def main(task):
            async def call(intent):
                try:
                    await asyncio.sleep(30)
                except asyncio.CancelledError:
                    return "i-1"
            return {"id": await task.create("t", "k", call)}
        """
    )
    assert run(script).result == {"id": "i-1"}


def test_nothing_is_intended_once_the_task_was_asked_to_stop(load, colour):
    script = load(MAKE, colour)
    stop = Stop()
    stop.request()
    done = Trial(script).run(stop=stop)
    assert done.stopped
    assert done.history == []


def test_a_plain_script_with_an_async_call_is_told_before_anything_is_written(load):
    script = load(
        """
        def main(task):
            async def call(intent):
                return "i-1"
            task.create("t", "k", call)
        """
    )
    done = run(script)
    assert "the call that makes k is async, but the script's main is plain" in done.failure.message
    assert done.history == []


def test_a_plain_script_whose_call_returns_a_coroutine_is_told(load):
    script = load(
        """
        def main(task):
            async def make():
                return "i-1"
            task.create("t", "k", lambda intent: make())
        """
    )
    assert "returned a coroutine" in run(script).failure.message


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("'t', '', call", "a key must be a non-empty str"),
        ("'t', 5, call", "a key must be a non-empty str"),
        ("'', 'k', call", "the type must be a non-empty str"),
        ("'t', 'k', 5", "must be a function, not int"),
        ("'t', 'k', call, attributes={'size': 5}", "attributes['size'] is 5"),
        ("'t', 'k', call, after=[5]", "a key must be a non-empty str"),
        ("'t', 'k', call, undo_data=object()", "undo_data is a object, which JSON can't hold"),
    ],
)
def test_wrong_arguments_are_told_before_anything_is_written(load, colour, arguments, sentence):
    script = load(
        f"""
        async def main(task):
            async def call(intent):
                return "i-1"
            await task.create({arguments})
        """,
        colour,
    )
    done = run(script)
    assert sentence in done.failure.message
    assert done.history == []


def test_one_parent_may_be_given_as_a_text(load, colour):
    script = load("async def main(task): await task.create('t', 'k', lambda intent: 'i', after='net/1')", colour)
    assert run(script).intents["k"].depends_on == ("net/1",)


class LosesLease(MemorySession):
    """Its lease ends while the call runs."""

    async def created(self, key, generation, external_id):
        self.lease_lost = True
        await super().created(key, generation, external_id)


def test_what_was_made_while_the_lease_was_lost_is_reported_and_nothing_more(load, colour):
    script = load(
        """
        async def main(task):
            try:
                await task.create("t", "k", lambda intent: "i-1")
            except Exception as error:
                seen.append(type(error).__name__)
            await task.create("t", "k2", lambda intent: seen.append("called"))
        seen = []
        """,
        colour,
    )
    done = Trial(script).run(session=LosesLease(Done()))
    assert done.late == [("k", "i-1")]
    assert script.seen == ["LeaseLost"]
    assert done.outcome is None


def test_creates_side_by_side_keep_their_own_ids(load):
    script = load(
        """
        async def main(task):
            async def one(n):
                async def call(intent):
                    await asyncio.sleep(0.01 * (n % 3))
                    return f"i-{n}"
                return await task.create("t", f"k/{n}", call)
            return {"ids": await asyncio.gather(*(one(n) for n in range(20)))}
        """
    )
    done = run(script)
    assert done.result == {"ids": [f"i-{n}" for n in range(20)]}
    assert {entry.key: entry.external_id for entry in done.ledger.values()} == {f"k/{n}": f"i-{n}" for n in range(20)}
