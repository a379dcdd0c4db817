"""The ledger in memory that script authors test with, where it matters to them."""

import pytest

from wharfinger.script import BrokenScript
from wharfinger.testing import Done, MemorySession, Trial, run


def test_a_run_shows_what_the_script_did(load):
    done = run(
        load(
            """
            async def main(task):
                with task.step("make", total=1) as step:
                    await task.create("t", "k", lambda intent: "i-1")
                    step.advance()
                return {"ok": True}
            """
        )
    )
    assert done.result == {"ok": True}
    assert done.ledger["k"].external_id == "i-1"
    assert [one.done for one in done.progress] == [0, 1]
    assert not done.stopped


def test_the_wrong_question_about_the_end_says_how_it_ended(load):
    with pytest.raises(AssertionError, match=r"did not return: .*the crane broke"):
        _ = run(load("def main(task): raise Failed('the crane broke')")).result
    with pytest.raises(AssertionError, match="did not fail: Succeeded"):
        _ = run(load("def main(task): pass")).failure


def test_a_module_that_is_no_script_is_refused(load):
    with pytest.raises(BrokenScript, match="has no `main`"):
        run(load("x = 1"))


def test_attempts_count_on_and_keep_their_params(load):
    script = load("def main(task): return {'attempt': task.attempt, 'n': task.params['n']}")
    first = run(script, {"n": 5})
    second = run(script, after=first)
    assert run(script, after=second).result == {"attempt": 3, "n": 5}


def test_a_token_depends_on_key_and_generation_only(load):
    script = load("def main(task): task.create('t', task.params['key'], lambda intent: 'i')")
    tokens = [run(script, {"key": key}).ledger[key].token for key in ("a", "a", "b")]
    assert tokens[0] == tokens[1] != tokens[2]
    assert len(tokens[0]) == 42


def test_a_session_of_ones_own_may_misbehave(load):
    class Full(MemorySession):
        async def memo(self, key, value):
            raise OSError("the disk is full")

    done = Trial(load("def main(task): task.once('k', lambda: 1)")).run(session=Full(Done()))
    assert "the disk is full" in done.failure.message


@pytest.mark.parametrize("key", ["a~1", "x" * 257])
def test_keys_that_the_server_would_refuse_are_refused(load, key):
    assert run(
        load("def main(task): task.create('t', task.params['k'], lambda i: 'i')"), {"k": key}
    ).failure.reason == ("KEY_INVALID")


def test_an_attempt_ends_once():
    import asyncio

    from wharfinger.runtime.protocol import Succeeded

    session = MemorySession(Done())
    asyncio.run(session.finish(Succeeded(b"{}")))
    with pytest.raises(AssertionError, match="ended twice"):
        asyncio.run(session.finish(Succeeded(b"{}")))


def test_a_find_that_knows_several_ids_takes_the_first_that_no_other_holds(load):
    script = load(
        """
        def main(task):
            task.create("t", "a", lambda intent: "i-1")
            try:
                task.create("t", "b", lambda intent: 1 / 0)
            except Failed:
                pass
        def find(task, resource):
            return ["i-1", "i-2"]
        """
    )
    trial = Trial(script)
    assert trial.settle(trial.run()).ledger["b"].external_id == "i-2"


def test_undo_takes_children_first_and_goes_on_past_failures(load, colour):
    script = load(
        """
        undone = []

        async def main(task):
            await task.create("net", "net", lambda intent: "n-1")
            await task.create("node", "a", lambda intent: "a-1", after=("net",))
            await task.create("node", "b", lambda intent: "b-1", after=("net",))
            await task.create("ip", "ip", lambda intent: "ip-1")

        async def undo(task, resource):
            if resource.key == "b" and "b" not in undone:
                undone.append("b")
                raise Failed("the crane is stuck")
            undone.append(resource.external_id)
        """,
        colour,
    )
    trial = Trial(script)
    made = trial.run()
    first = trial.undo(made)
    assert {key: entry.state for key, entry in first.ledger.items()} == {
        "net": "CREATED",
        "a": "UNDONE",
        "b": "UNDO_FAILED",
        "ip": "UNDONE",
    }
    assert first.errors["b"].message == "the crane is stuck"
    second = trial.undo(first)
    assert {entry.state for entry in second.ledger.values()} == {"UNDONE"}
    assert script.undone[-2:] == ["b-1", "n-1"]
    # What is undone is not undone again, and a later run makes it anew.
    assert trial.undo(second).history == []
    assert trial.run(after=second).ledger["a"].generation == 2


def test_undo_takes_single_keys_and_knows_which_there_are(load):
    script = load(
        """
        async def main(task):
            await task.create("t", "a", lambda intent: "1")
            await task.create("t", "b", lambda intent: "2")

        async def undo(task, resource): ...
        """
    )
    made = Trial(script).run()
    done = Trial(script).undo(made, ["b"])
    assert {key: entry.state for key, entry in done.ledger.items()} == {"a": "CREATED", "b": "UNDONE"}
    with pytest.raises(KeyError, match="the ledger has no c"):
        Trial(script).undo(made, ["c"])
    assert Trial(load("def main(task): task.create('t', 'a', lambda intent: '1')")).undo(made).failure.reason == (
        "NOT_SUPPORTED"
    )
