"""`create_many`: one call, one token, a fixed membership."""

import dataclasses

import pytest

from wharfinger.testing import run

THREE = """
KEYS = ["n/1", "n/2", "n/3"]
async def main(task):
    async def call(intents):
        calls.append({intent.key: intent.token for intent in intents})
        unnamed = task.params.get("unnamed", [])
        return {intent.key: "id-" + intent.key for intent in intents if intent.key not in unnamed}
    return await task.create_many("node", KEYS, call, attributes=lambda key: {"name": key})
calls = []
"""


def test_one_call_makes_all_under_one_token(load, colour):
    script = load(THREE, colour)
    done = run(script)
    assert done.result == {"n/1": "id-n/1", "n/2": "id-n/2", "n/3": "id-n/3"}
    (call,) = script.calls
    assert list(call) == ["n/1", "n/2", "n/3"]
    assert len(set(call.values())) == 1
    assert len({entry.group for entry in done.ledger.values()}) == 1
    assert done.ledger["n/2"].attributes == {"name": "n/2"}


def test_all_intents_are_written_before_the_call(load, colour):
    done = run(load(THREE, colour))
    assert [verb for verb, _ in done.history] == ["intend"] * 3 + ["created"] * 3


def test_what_the_answer_does_not_name_is_uncertain(load, colour):
    done = run(load(THREE, colour), {"unnamed": ["n/2"]})
    assert done.failure.reason == "RESOURCE_UNCERTAIN"
    assert "did not name n/2" in done.failure.message
    assert [entry.state for entry in done.ledger.values()] == ["CREATED", "UNCERTAIN", "CREATED"]


def test_only_what_is_missing_is_asked_for_again_under_the_same_token(load, colour):
    script = load(THREE, colour)
    first = run(script, {"unnamed": ["n/2"]})
    # A search found that it is not there: that frees the key, not the token.
    first.ledger["n/2"] = dataclasses.replace(first.ledger["n/2"], state="NOT_CREATED")
    again = run(script, {}, after=first)
    assert again.result == {"n/1": "id-n/1", "n/2": "id-n/2", "n/3": "id-n/3"}
    assert list(script.calls[1]) == ["n/2"]
    assert script.calls[1]["n/2"] == script.calls[0]["n/2"]


def test_nothing_is_called_when_all_exist(load, colour):
    script = load(THREE, colour)
    run(script, after=run(script))
    assert len(script.calls) == 1


def test_another_membership_is_another_request(load, colour):
    script = load(THREE, colour)
    first = run(script)
    script.KEYS.append("n/4")
    again = run(script, after=first)
    assert again.failure.reason == "REQUEST_CHANGED"


def test_a_refusal_counts_for_every_part(load, colour):
    script = load(
        """
        async def main(task):
            async def call(intents):
                raise Refused("no room", reason="QUOTA_EXCEEDED")
            await task.create_many("node", ["a", "b"], call)
        """,
        colour,
    )
    done = run(script)
    assert done.failure.reason == "QUOTA_EXCEEDED"
    assert [entry.state for entry in done.ledger.values()] == ["NOT_CREATED", "NOT_CREATED"]


def test_an_error_leaves_every_part_in_doubt_that_was_not_reported(load, colour):
    script = load(
        """
        async def main(task):
            async def call(intents):
                await intents[1].created("i-b")
                raise ConnectionResetError("gone")
            await task.create_many("node", ["a", "b", "c"], call)
        """,
        colour,
    )
    done = run(script)
    assert done.failure.metadata == {"key": "a", "count": "2"}
    assert [entry.state for entry in done.ledger.values()] == ["INTENDED", "CREATED", "INTENDED"]


@pytest.mark.parametrize("answer", ["['i-1']", "'i-1'", "5"])
def test_an_answer_that_is_no_mapping_leaves_all_in_doubt(load, colour, answer):
    script = load(f"async def main(task): await task.create_many('t', ['a', 'b'], lambda intents: {answer})", colour)
    done = run(script)
    assert "not a dict of ids by key" in done.failure.message
    assert [verb for verb, _ in done.history[2:]] == ["in_doubt", "in_doubt"]


def test_an_id_under_a_strange_key_is_kept_as_evidence_and_said(load, colour):
    script = load(
        "async def main(task): await task.create_many('t', ['a'], lambda intents: {'a': 'i-1', 'x': 'i-2'})", colour
    )
    done = run(script)
    assert "named x, which it was not asked to make" in done.failure.message
    assert done.ledger["a"].external_id == "i-1"
    assert done.ledger["a~1"].external_id == "i-2"


def test_no_keys_make_no_call(load, colour):
    script = load("async def main(task): return await task.create_many('t', [], lambda intents: 1 / 0)", colour)
    done = run(script)
    assert (done.result, done.history) == ({}, [])


def test_one_text_is_no_list_of_keys(load, colour):
    script = load("async def main(task): await task.create_many('t', 'node', lambda intents: {})", colour)
    assert "takes several keys, not the one str 'node'" in run(script).failure.message
