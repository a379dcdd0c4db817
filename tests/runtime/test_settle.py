"""SETTLE: `find` is asked for every target, and every answer is reported."""

import time

import pytest

from wharfinger.runtime import looking
from wharfinger.testing import Stop, Trial, run

LOST = """
async def main(task):
    async def call(intent):
        raise ConnectionResetError("gone")
    try:
        await task.create("t", "a", call, undo_data={"x": 1})
    except Failed:
        await task.create("t", "b", call)
"""


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(looking, "_PAUSE", 0.001)


def settle(load, colour, find):
    script = load(LOST + find, colour)
    return script, Trial(script).settle(run(script))


def test_every_target_is_looked_for_with_its_token(load, colour):
    script, done = settle(
        load,
        colour,
        """
async def find(task, resource):
    seen.append((resource.key, resource.token, resource.undo_data, task.name))
    return ["i-" + resource.key] if resource.key == "a" else []
seen = []
""",
    )
    assert [(one.key, one.ids) for one in done.found] == [("a", ["i-a"]), ("b", [])]
    assert {key: (entry.state, entry.external_id) for key, entry in done.ledger.items()} == {
        "a": ("CREATED", "i-a"),
        "b": ("NOT_CREATED", ""),
    }
    assert script.seen == [
        (k, done.ledger[k].token, {"x": 1} if k == "a" else None, "projects/test/tasks/t1") for k in "ab"
    ]
    assert done.result == {}


def test_a_search_that_fails_is_tried_three_times(load, colour):
    script, done = settle(
        load,
        colour,
        """
async def find(task, resource):
    tries.append(resource.key)
    if tries.count("a") < 3:
        raise OSError("the cloud does not list")
    return ["i-a"]
tries = []
""",
    )
    assert script.tries.count("a") == 3
    assert done.found[0].ids == ["i-a"]


def test_a_search_that_keeps_failing_is_told_as_not_known(load, colour):
    script, done = settle(
        load, colour, "async def find(task, resource): tries.append(1); raise OSError('no listing')\ntries = []"
    )
    assert len(script.tries) == 6
    assert [one.ids for one in done.found] == [None, None]
    assert "no listing" in done.found[0].failure.message
    assert {entry.state for entry in done.ledger.values()} == {"UNCERTAIN"}
    assert done.result == {}


@pytest.mark.parametrize("error", ["SystemExit(1)", "KeyboardInterrupt()"])
def test_a_search_that_exits_counts_as_not_known(load, colour, error):
    _, done = settle(load, colour, f"async def find(task, resource): raise {error}")
    assert [one.ids for one in done.found] == [None, None]
    assert done.result == {}


@pytest.mark.parametrize("answer", ["None", "'i-1'", "5", "[5]", "['']", "[None]"])
def test_an_answer_that_is_no_list_of_ids_counts_as_not_known(load, colour, answer):
    _, done = settle(load, colour, f"async def find(task, resource): return {answer}")
    assert [one.ids for one in done.found] == [None, None]
    assert "find returned" in done.found[0].failure.message


def test_a_script_without_find_says_that_a_person_must_look(load, colour):
    _, done = settle(load, colour, "")
    assert [one.ids for one in done.found] == [None, None]
    assert "has no `find`: a person must look whether a exists" in done.found[0].failure.message


def test_an_async_search_has_the_types_call_timeout(load):
    _, done = settle(
        load,
        "async",
        """
RESOURCE_TYPES = {"t": ResourceType(call_timeout=0.02)}
async def find(task, resource):
    await asyncio.sleep(30)
""",
    )
    assert [one.ids for one in done.found] == [None, None]


def test_async_searches_run_side_by_side(load):
    script = load(
        """
        async def main(task): pass
        async def find(task, resource):
            await asyncio.sleep(0.1)
            return []
        """
    )
    made = run(
        load(
            "async def main(task):\n    await task.create_many('t', [f'k{n}' for n in range(8)], lambda intents: 1 / 0)"
        )
    )
    begun = time.monotonic()
    done = Trial(script).settle(made)
    assert time.monotonic() - begun < 0.6
    assert len(done.found) == 8


def test_a_settling_that_is_asked_to_stop_stops(load, colour):
    script = load(LOST + "async def find(task, resource): return []", colour)
    stop = Stop()
    stop.request()
    done = Trial(script).settle(run(script), stop=stop)
    assert done.stopped
    assert done.found == []


def test_what_a_search_found_is_used_by_the_next_attempt(load, colour):
    script = load(
        """
        async def main(task):
            async def call(intent):
                tries.append(intent.token)
                raise ConnectionResetError("gone")
            return {"id": await task.create("t", "k", call)}
        async def find(task, resource):
            return ["i-1"]
        tries = []
        """,
        colour,
    )
    trial = Trial(script)
    assert trial.run(after=trial.settle(trial.run())).result == {"id": "i-1"}
    assert len(script.tries) == 1


def test_a_find_that_fails_for_one_cause_is_logged_in_one_line(load, colour):
    _, done = settle(
        load,
        colour,
        """
async def find(task, resource):
    raise ConnectionError("the cloud does not answer")
""",
    )
    told = [line for line in done.lines if "does not answer" in line]
    assert len(told) == 1
    assert "Traceback" not in "".join(done.lines)
    assert [one.ids for one in done.found] == [None, None]
