"""The ledger in memory refuses what the server refuses, in its words, and undoes in its order."""

import pytest

from wharfinger.testing import Trial, run


@pytest.mark.parametrize(
    ("body", "reason", "sentence"),
    [
        ("await task.create('t', 'a\\nb', made)", "KEY_INVALID", "is no key: 1 to 256 printable characters, no '~'"),
        ("await task.create('t', 'c', made, after=('c',))", "KEY_UNKNOWN", "c cannot come after itself"),
        (
            "await task.create('t', 'a', made); await task.adopt('t', 'a', 'i-2')",
            "KEY_REUSED",
            "the key a is used twice in one attempt; every thing needs a key of its own",
        ),
        (
            "[await task.create('t', k, made, after=p) for k, p in [('n', ()), ('k', 'n')]] and await task.remove('n')",
            "UNDO_FAILED",
            "n cannot be removed: k, which depends on it, is CREATED; remove that first",
        ),
        (
            "await task.adopt('t', 'a', 'i-1'); await task.remove('a')",
            "KEY_REUSED",
            "a is CREATED, not owned; it cannot be removed",
        ),
        ("await task.remove('a')", "KEY_UNKNOWN", "the ledger has no a; list the resources to see its keys"),
    ],
)
def test_what_the_server_refuses_is_refused_in_its_words(load, colour, body, reason, sentence):
    source = f"async def main(task):\n    {body}\nasync def undo(task, resource): ...\ndef made(_): return 'i-1'"
    done = run(load(source, colour))
    assert (done.failure.reason, sentence in done.failure.message) == (reason, True), done.failure


def test_another_attempt_adopts_nothing_else_under_a_key_that_has_a_thing(load, colour):
    first = run(load("async def main(task): await task.create('t', 'a', lambda intent: 'i-1')", colour))
    done = run(load("async def main(task): await task.adopt('t', 'a', 'i-2')", colour), after=first)
    assert done.failure.reason == "KEY_REUSED"
    assert done.failure.message == "a is i-1 already; adopt i-2 under a key of its own"


def test_what_is_refused_leaves_the_ledger_as_it_was(load, colour):
    done = run(
        load(
            """
            async def main(task):
                await task.create_many("t", ["a", "b"], lambda intents: {}, after=("b",))
            """,
            colour,
        )
    )
    assert done.failure.reason == "KEY_UNKNOWN"
    assert (done.ledger, done.records, done.history) == ({}, {}, [])


THREE = """
undone = []

async def main(task):
    await task.create("t", "net", lambda intent: "net")
    await task.create("t", "a", lambda intent: "a", after="net")
    await task.create("t", "b", lambda intent: "b", after="a")
    await task.create("t", "c", lambda intent: "c")

async def undo(task, resource):
    undone.append(resource.key)
    return SAYS
"""


def test_undo_goes_in_the_order_of_after_then_newest_first(load, colour):
    script = load(THREE.replace("SAYS", "None"), colour)
    Trial(script).undo(Trial(script).run())
    assert [key for key in script.undone if key != "c"] == ["b", "a", "net"]
    assert script.undone.index("c") < script.undone.index("a")


def test_only_some_keys_are_undone_and_a_child_that_is_left_keeps_its_parent(load, colour):
    script = load(THREE.replace("SAYS", "None"), colour)
    trial = Trial(script)
    made = trial.run()
    done = trial.undo(made, only=["a"])
    assert (script.undone, done.ledger["a"].state) == ([], "CREATED")
    done = trial.undo(done, only=["a", "b"])
    assert script.undone == ["b", "a"]
    assert {key: entry.state for key, entry in done.ledger.items()} == {
        "net": "CREATED",
        "a": "UNDONE",
        "b": "UNDONE",
        "c": "CREATED",
    }


def test_what_was_only_accepted_is_looked_at_before_its_parent_goes(load, colour):
    script = load(
        THREE.replace("SAYS", "ACCEPTED") + "\nasync def exists(task, resource): return resource.key not in undone",
        colour,
    )
    trial = Trial(script)
    done = trial.run()
    seen = []
    for _ in range(4):
        done = trial.undo(done)
        seen.append([entry.state for entry in done.ledger.values()])
    assert seen == [
        ["CREATED", "CREATED", "UNDOING", "UNDOING"],
        ["CREATED", "UNDOING", "UNDONE", "UNDONE"],
        ["UNDOING", "UNDONE", "UNDONE", "UNDONE"],
        ["UNDONE", "UNDONE", "UNDONE", "UNDONE"],
    ]
    assert script.undone[2:] == ["a", "net"]


def test_undo_finds_first_what_is_uncertain(load, colour):
    script = load(
        """
        async def main(task):
            await task.create("t", "a", lambda intent: 1 / 0)
        async def find(task, resource): return ["i-7"]
        async def undo(task, resource): seen.append(resource.external_id)
        seen = []
        """,
        colour,
    )
    done = Trial(script).undo(Trial(script).run())
    assert (script.seen, done.ledger["a"].state) == (["i-7"], "UNDONE")


def test_a_second_find_shows_what_the_first_did_not_as_evidence(load, colour):
    script = load(
        """
        async def main(task):
            await task.create("t", "a", lambda intent: 1 / 0)
        async def find(task, resource): return ["i-1", "i-2"]
        """,
        colour,
    )
    trial = Trial(script)
    done = trial.settle(trial.run())
    assert {key: (entry.state, entry.external_id) for key, entry in done.ledger.items()} == {
        "a": ("CREATED", "i-1"),
        "a~1": ("UNCERTAIN", "i-2"),
    }
