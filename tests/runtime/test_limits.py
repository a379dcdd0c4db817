"""What a script reports beyond all bounds is refused by name, before it is kept; an odd id is in doubt."""

import pytest

from wharfinger.runtime.limits import METADATA, check_intent, check_whole, readable
from wharfinger.runtime.protocol import Failure, Intent, Rejected
from wharfinger.script import Refused
from wharfinger.testing import run

MAKE = """
async def main(task):
    async def call(intent):
        return "i-1"
    await task.create({kind}, "node/1", call, {more})
"""
TOO_LARGE = [
    ('"t" * 201', "", "the type"),
    ('"node"', 'profile="p" * 257', "the profile"),
    ('"node"', 'region="r" * 257', "the region"),
    ('"node"', 'attributes={"user_data": "x" * 10_000_000}', "attributes"),
    ('"node"', 'attributes={str(n): "x" * 50 for n in range(2000)}', "attributes"),
    ('"node"', 'attributes={"a": "é" * 33_000}', "attributes"),
    ('"node"', 'after=[f"net/{n}" for n in range(10_000)]', "after"),
    ('"node"', 'undo_data={"before": "x" * 2_000_000}', "undo_data"),
]
UNSENDABLE = [
    (r'"no\0de"', "", "the type"),
    (r'"no\udc80de"', "", "the type"),
    ('"node"', r'profile="\0"', "the profile"),
    ('"node"', r'region="\ud800"', "the region"),
    ('"node"', r'attributes={"a": "\0"}', "attributes"),
    ('"node"', r'attributes={"\udc80": "a"}', "attribute"),
    ('"node"', r'after=["\udc80"]', "the key"),
]


def failed(done, reason):
    assert isinstance(done.outcome, Failure)
    assert done.outcome.reason == reason, done.outcome
    done.outcome.message.encode()
    return done.outcome


@pytest.mark.parametrize(("kind", "more", "what"), TOO_LARGE)
def test_what_is_too_large_is_refused_by_name_before_anything_is_made(load, colour, kind, more, what):
    done = run(load(MAKE.format(kind=kind, more=more), colour))
    told = failed(done, "REPORT_TOO_LARGE")
    assert what in told.message
    assert what in told.metadata["field"]
    assert int(told.metadata["size"]) > int(told.metadata["limit"])
    assert not done.ledger


@pytest.mark.parametrize(("kind", "more", "what"), UNSENDABLE)
def test_text_that_cannot_be_stored_or_sent_is_refused_by_name(load, colour, kind, more, what):
    done = run(load(MAKE.format(kind=kind, more=more), colour))
    assert what in failed(done, "REPORT_INVALID").message
    assert not done.ledger


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('await task.plan(f"k/{n}" for n in range(100_001))', "REPORT_TOO_LARGE"),
        ('await task.plan(["k" * 257])', "REPORT_TOO_LARGE"),
        (r'await task.plan(["k\0"])', "REPORT_INVALID"),
        (r'await task.plan(["k\ud800"])', "REPORT_INVALID"),
        ('await task.once("big", lambda: "x" * 2_000_000)', "REPORT_TOO_LARGE"),
        ('await task.once("k" * 257, lambda: 1)', "REPORT_TOO_LARGE"),
        (r'await task.once("k\0", lambda: 1)', "REPORT_INVALID"),
        (r'await task.once("k\ud800", lambda: 1)', "REPORT_INVALID"),
    ],
)
def test_plans_and_saved_answers_have_bounds_too(load, colour, body, reason):
    failed(run(load(f"async def main(task):\n    {body}", colour)), reason)


ODD_IDS = ['"i" * 4097', '"i" * 10_000_000']


@pytest.mark.parametrize("odd", ODD_IDS)
def test_a_thing_whose_id_cannot_be_kept_is_in_doubt_with_the_reason(load, colour, odd):
    script = load(
        f"""
        async def main(task):
            async def call(intent):
                return {odd}
            await task.create("node", "node/1", call)
        """,
        colour,
    )
    done = run(script)
    told = failed(done, "RESOURCE_UNCERTAIN")
    assert "the call that makes node/1 returned" in told.message
    assert len(told.message) < 1000
    assert done.ledger["node/1"].external_id == ""


@pytest.mark.parametrize("odd", ODD_IDS)
def test_an_id_that_is_told_at_once_is_held_to_the_same(load, colour, odd):
    script = load(
        f"""
        async def main(task):
            async def call(intent):
                await intent.created({odd})
            await task.create("node", "node/1", call)
        """,
        colour,
    )
    assert "what was made was reported as" in failed(run(script), "RESOURCE_UNCERTAIN").message


@pytest.mark.parametrize("odd", ODD_IDS)
def test_the_parts_of_a_group_with_good_ids_are_kept(load, colour, odd):
    script = load(
        f"""
        async def main(task):
            async def call(parts):
                return {{"node/1": "i-1", "node/2": {odd}}}
            await task.create_many("node", ["node/1", "node/2"], call)
        """,
        colour,
    )
    done = run(script)
    assert "id" in failed(done, "RESOURCE_UNCERTAIN").message
    assert (done.ledger["node/1"].external_id, done.ledger["node/2"].state) == ("i-1", "UNCERTAIN")


@pytest.mark.parametrize("odd", ODD_IDS)
def test_what_is_adopted_needs_an_id_that_can_be_kept(load, colour, odd):
    done = run(load(f"async def main(task):\n    await task.adopt('node', 'node/1', {odd})", colour))
    assert "node/1" in failed(done, "SCRIPT_RAISED").message
    assert not done.ledger


def test_a_failure_keeps_as_many_facts_as_can_be_told_and_counts_the_others(load, colour):
    script = load(
        """
        async def main(task):
            raise Failed("much", reason="MUCH", metadata={f"fact{n}": "x" * 5000 for n in range(20_000)})
        """,
        colour,
    )
    facts = failed(run(script), "MUCH").metadata
    assert len(facts) == METADATA + 1
    assert facts["left_out"] == str(20_000 - METADATA)
    assert max(map(len, facts.values())) <= 1000


@pytest.mark.parametrize("window", ["send_window", "call_timeout", "settling"])
@pytest.mark.parametrize("seconds", [float("inf"), float("nan"), 1e300, -1.0])
def test_windows_are_lengths_that_a_calendar_has(window, seconds):
    with pytest.raises(Rejected, match=window):
        check_intent(Intent("k", "node", **{window: seconds}))


def test_what_is_within_bounds_is_kept_whole(load, colour):
    more = 'attributes={"a": "é" * 32_000}, undo_data="x" * 1_000_000, after=["net/1"] * 1000'
    done = run(load(MAKE.format(kind='"t" * 200', more=more), colour))
    assert not isinstance(done.outcome, Failure), done.outcome
    assert len(done.ledger["node/1"].attributes["a"]) == 32_000


@pytest.mark.parametrize(
    ("told", "kept"), [("i-1", "i-1"), ("né", "né"), ("a\0b", "a\ufffdb"), ("a\udc80\ud800b", "a\ufffd\ufffdb")]
)
def test_an_id_that_no_message_can_hold_is_kept_readable_and_never_given_back(told, kept):
    assert readable(told) == kept
    if told == kept:
        check_whole("node/1", kept)
    else:
        with pytest.raises(Refused, match="node/1 could not be kept as it was"):
            check_whole("node/1", kept)
