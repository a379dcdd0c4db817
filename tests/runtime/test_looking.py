"""A look at what is known, by its id: what `exists` says, and what an `undo` may say instead of "gone"."""

import os.path

import pytest

from wharfinger.runtime import looking
from wharfinger.runtime.protocol import Phase, Removal
from wharfinger.script import inspect
from wharfinger.testing import Done, MemorySession, Stop, Trial, run

UNDOES = """
async def main(task):
    await task.create("t", "k", lambda intent: "i-1", undo_data={"x": 1})
    gone.append(await task.remove("k"))
gone = []
"""


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(looking, "_PAUSE", 0.001)


def undoing(load, colour, undo, exists=""):
    """Return the script, what it did, and what a look said of what it left UNDOING."""
    script = load(UNDOES + undo + "\n" + exists, colour)
    done = run(script)
    return script, done, Trial(script).settle(done)


@pytest.mark.parametrize("word", ["ACCEPTED", "NOT_FOUND"])
def test_an_undo_that_was_merely_accepted_leaves_its_thing_undoing(load, colour, word):
    script = load(UNDOES + f"async def undo(task, resource): return {word}", colour)
    assert run(script).ledger["k"].state == "UNDOING"
    assert script.gone == [False]


def test_an_undo_that_returns_is_complete(load, colour):
    script = load(UNDOES + "async def undo(task, resource): return 'fine'", colour)
    assert run(script).ledger["k"].state == "UNDONE"
    assert script.gone == [True]


def test_exists_gets_the_resource_and_its_answer_is_told(load, colour):
    script, _, looked = undoing(
        load,
        colour,
        "async def undo(task, resource): return ACCEPTED",
        "async def exists(task, resource): seen.append((task.name, resource.external_id, resource.state)); return False"
        "\nseen = []",
    )
    assert script.seen == [("projects/test/tasks/t1", "i-1", "UNDOING")]
    assert [(look.key, look.shown, look.failure) for look in looked.looked] == [("k", False, None)]
    assert looked.ledger["k"].state == "UNDONE"
    assert looked.found == []


@pytest.mark.parametrize(("answer", "state"), [("True", ""), ("' error_deleting '", "error_deleting")])
def test_what_is_there_may_be_told_with_the_providers_state(load, colour, answer, state):
    _, _, looked = undoing(
        load,
        colour,
        "async def undo(task, resource): return ACCEPTED",
        f"async def exists(task, resource): return {answer}",
    )
    assert [(look.shown, look.state) for look in looked.looked] == [(True, state)]


@pytest.mark.parametrize("answer", ["None", "0", "[]", "''"])
def test_an_answer_that_is_none_cannot_tell(load, colour, answer):
    _, _, looked = undoing(
        load,
        colour,
        "async def undo(task, resource): return ACCEPTED",
        f"async def exists(task, resource): return {answer}",
    )
    [look] = looked.looked
    assert look.shown is None
    assert look.failure.reason == "SCRIPT_RESULT_INVALID"
    assert "must return True" in look.failure.message


def test_a_look_that_fails_is_tried_three_times_and_then_cannot_tell(load, colour):
    script, _, looked = undoing(
        load,
        colour,
        "async def undo(task, resource): return ACCEPTED",
        "async def exists(task, resource): tries.append(1); raise OSError('the cloud is away')\ntries = []",
    )
    assert len(script.tries) == 3
    [look] = looked.looked
    assert look.shown is None
    assert "the cloud is away" in look.failure.message
    assert looked.ledger["k"].state == "UNDO_FAILED"
    assert "whether it is gone is not known" in looked.errors["k"].message


def test_without_exists_nothing_can_be_told(load, colour):
    _, _, looked = undoing(load, colour, "async def undo(task, resource): return ACCEPTED")
    [look] = looked.looked
    assert (look.shown, look.failure.reason) == (None, "NOT_SUPPORTED")
    assert "has no `exists`" in look.failure.message


@pytest.mark.parametrize(
    ("undo", "how"),
    [
        ("return None", Removal.COMPLETE),
        ("return ACCEPTED", Removal.ACCEPTED),
        ("return NOT_FOUND", Removal.NOT_FOUND),
        ("raise Refused('in use', reason='IN_USE')", Removal.REFUSED),
        ("raise ConnectionResetError('gone')", Removal.LOST),
        ("raise Failed('it broke')", Removal.LOST),
    ],
)
def test_only_a_refusal_is_a_definite_failure_of_an_undo(load, colour, undo, how):
    told = []

    class Session(MemorySession):
        async def removed(self, key, undo, how, failure=None):
            told.append((key, how, failure.reason if failure else ""))
            await super().removed(key, undo, how, failure)

    script = load(UNDOES + f"async def undo(task, resource): {undo}", colour)
    made = load("async def main(task): await task.create('t', 'k', lambda intent: 'i-1')", colour)
    done = run(made)
    session, trial = Session(Done()), Trial(script)
    trial._work(trial._assignment(Phase.UNDO, session.done, done, None, ["k"]), session, Stop())
    assert [(key, came) for key, came, _ in told] == [("k", how)]
    if how is Removal.REFUSED:
        assert told[0][2] == "IN_USE"


def test_a_script_may_have_exists(load):
    info = inspect(load("async def main(task): ...\nasync def exists(task, resource): ..."))
    assert info.can_look
    assert not inspect(load("async def main(task): ...")).can_look


def test_an_imported_function_of_that_name_that_does_not_fit_is_something_else(load):
    module = load("from os.path import exists\nasync def main(task): ...")
    assert module.exists is os.path.exists
    assert not inspect(module).can_look
