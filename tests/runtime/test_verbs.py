"""The other verbs, and what a task may read."""

import time

import pytest

from wharfinger.script.context import Context
from wharfinger.testing import Trial, run


def test_once_calls_once_over_several_attempts(load, colour):
    script = load(
        """
        async def main(task):
            async def call():
                calls.append(1)
                return {"ip": ("10.0.0.1", None)}
            return {"first": await task.once("ip", call), "second": await task.once("ip", call)}
        calls = []
        """,
        colour,
    )
    first = run(script)
    again = run(script, after=first)
    saved = {"ip": ["10.0.0.1", None]}
    assert first.result == again.result == {"first": saved, "second": saved}
    assert script.calls == [1]


def test_once_keeps_an_answer_of_none(load, colour):
    script = load(
        """
        async def main(task):
            calls.append(await task.once("nothing", lambda: None))
            await task.once("nothing", lambda: calls.append("again"))
        calls = []
        """,
        colour,
    )
    run(script)
    assert script.calls == [None]


def test_once_keeps_whole_numbers_exact(load, colour):
    script = load(
        """
        async def main(task):
            return {"same": await task.once("id", lambda: 5123456789012345679) == 5123456789012345679}
        """,
        colour,
    )
    assert run(script).result == {"same": True}


def test_once_names_the_place_that_is_not_json(load, colour):
    script = load("async def main(task): await task.once('ip', lambda: {'a': [1, object()]})", colour)
    assert "once('ip').a[1] is a object" in run(script).failure.message


def test_once_that_raises_saves_nothing(load, colour):
    script = load("async def main(task): await task.once('ip', lambda: 1 / 0)", colour)
    done = run(script)
    assert done.failure.metadata["exception"] == "ZeroDivisionError"
    assert done.memos == {}


def test_adopted_things_are_listed_and_not_owned(load, colour):
    script = load(
        "async def main(task): return {'id': await task.adopt('net', 'net/1', 'n-1', attributes={'name': 'lan'})}",
        colour,
    )
    done = run(script)
    entry = done.ledger["net/1"]
    assert done.result == {"id": "n-1"}
    assert (entry.state, entry.owned, entry.attributes) == ("CREATED", False, {"name": "lan"})


def test_adopt_wants_an_id(load, colour):
    script = load("async def main(task): await task.adopt('net', 'net/1', '')", colour)
    assert "must be a non-empty str" in run(script).failure.message


REMOVE = """
async def main(task):
    await task.create("t", "k", lambda intent: "i-1", undo_data={"was": "off"}, after=["p"])
    async def call(resource):
        seen.append((resource.key, resource.external_id, resource.undo_data, resource.after))
        if task.params.get("broken"):
            raise OSError("it is locked")
    await task.remove("k", call)
seen = []
"""


def test_remove_takes_away_by_its_call(load, colour):
    script = load(REMOVE, colour)
    done = run(script)
    assert script.seen == [("k", "i-1", {"was": "off"}, ("p",))]
    assert done.ledger["k"].state == "UNDONE"
    assert [verb for verb, _ in done.history[-2:]] == ["removing", "removed"]


def test_a_removal_that_fails_is_written_and_raised(load, colour):
    done = run(load(REMOVE, colour), {"broken": True})
    assert done.ledger["k"].state == "UNDO_FAILED"
    assert "it is locked" in done.errors["k"].message
    assert done.failure.metadata == {"exception": "OSError"}


def test_remove_without_a_call_uses_the_scripts_undo(load, colour):
    script = load(
        """
        async def main(task):
            await task.create("t", "k", lambda intent: "i-1")
            await task.remove("k")
        async def undo(task, resource):
            seen.append((task.name, resource.external_id))
        seen = []
        """,
        colour,
    )
    assert run(script).ledger["k"].state == "UNDONE"
    assert script.seen == [("projects/test/tasks/t1", "i-1")]


def test_remove_without_call_and_undo_says_so(load, colour):
    done = run(load("async def main(task): await task.remove('k')", colour))
    assert "needs a call" in done.failure.message


def test_what_was_adopted_can_not_be_removed(load, colour):
    script = load(
        """
        async def main(task):
            await task.adopt("net", "net/1", "n-1")
            await task.remove("net/1", lambda resource: seen.append(resource))
        seen = []
        """,
        colour,
    )
    done = run(script)
    assert "not owned" in done.failure.message
    assert script.seen == []


def test_an_async_removal_has_the_types_call_timeout(load):
    script = load(
        """
        RESOURCE_TYPES = {"t": ResourceType(call_timeout=0.05)}
        async def main(task):
            await task.create("t", "k", lambda intent: "i-1")
            await task.remove("k", lambda resource: asyncio.sleep(30))
        """
    )
    begun = time.monotonic()
    done = run(script)
    assert time.monotonic() - begun < 5
    assert done.ledger["k"].state == "UNDO_FAILED"


def test_what_was_removed_may_be_made_again_with_another_token(load, colour):
    script = load(
        """
        async def main(task):
            for _ in range(2):
                await task.create("t", "k", lambda intent: tokens.append(intent.token) or "i-1")
                await task.remove("k", lambda resource: None)
        tokens = []
        """,
        colour,
    )
    done = run(script)
    assert done.result == {}
    assert len(set(script.tokens)) == 2


def test_a_plan_is_told(load, colour):
    assert run(load("async def main(task): await task.plan(f'k/{n}' for n in range(3))", colour)).plan == [
        "k/0",
        "k/1",
        "k/2",
    ]


def test_a_task_tells_its_facts(load, colour):
    script = load(
        """
        async def main(task):
            return {"name": task.name, "attempt": task.attempt, "creator": task.context.creator, "n": task.params["n"],
                    "settings": dict(task.settings), "cloud": dict(task.cloud("prod")), "cancelled": task.cancelled}
        """,
        colour,
    )
    trial = Trial(
        script,
        profiles={"prod": {"provider": "ec2"}},
        settings={"depth": 3},
        name="image.import",
        context=Context("p", creator="ann"),
    )
    assert trial.run({"n": 1}).result == {
        "name": "projects/test/tasks/t1",
        "attempt": 1,
        "creator": "ann",
        "n": 1,
        "settings": {"depth": 3},
        "cloud": {"provider": "ec2"},
        "cancelled": False,
    }


def test_an_unknown_profile_is_told_with_those_there_are(load, colour):
    script = load("async def main(task): task.cloud('staging')", colour)
    failure = Trial(script, profiles={"prod": {}, "dev": {}}).run().failure
    assert (failure.code, failure.reason) == (5, "UNKNOWN_PROFILE")
    assert "'staging'" in failure.message
    assert "dev, prod" in failure.message


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
def test_notify_writes_a_line_of_its_level(load, colour, level):
    done = run(load(f"async def main(task): task.notify('hello\\nworld', '{level}')", colour))
    number = ["debug", "info", "warning", "error"].index(level) + 1
    assert done.log == [(number, "hello"), (number, "world")]


def test_notify_takes_the_levels_of_logging(load):
    done = run(load("async def main(task): [task.notify('x', level) for level in (10, 20, 30, 40, 50)]"))
    assert [level for level, _ in done.log] == [1, 2, 3, 4, 4]


def test_notify_refuses_a_level_that_there_is_none_of(load):
    assert "no log level 'loud'" in run(load("async def main(task): task.notify('x', 'loud')")).failure.message


def test_params_are_an_instance_of_a_params_dataclass(load, colour):
    script = load(
        """
        from dataclasses import dataclass, field
        @dataclass
        class Disk:
            size: int
        @dataclass
        class Params:
            name: str
            disks: list[Disk] = field(default_factory=list)
            boot: Disk | None = None
        async def main(task):
            return {"sizes": [disk.size for disk in task.params.disks], "boot": task.params.boot.size}
        """,
        colour,
    )
    done = run(script, {"name": "a", "disks": [{"size": 5}], "boot": {"size": 2}})
    assert done.result == {"sizes": [5], "boot": 2}


def test_params_are_made_by_model_validate_where_there_is_one(load, colour):
    script = load(
        """
        class Params:
            @classmethod
            def model_validate(cls, values):
                made = cls()
                made.n = values["n"] * 2
                return made
            @classmethod
            def model_json_schema(cls):
                return {"type": "object"}
        async def main(task):
            return {"n": task.params.n}
        """,
        colour,
    )
    assert run(script, {"n": 4}).result == {"n": 8}


def test_params_that_the_class_refuses_are_told_before_main_runs(load, colour):
    script = load(
        """
        from dataclasses import dataclass
        @dataclass
        class Params:
            n: int
        async def main(task):
            print("ran")
        """,
        colour,
    )
    done = run(script, {"m": 4})
    assert (done.failure.code, done.failure.reason) == (3, "PARAMS_INVALID")
    assert "'m'" in done.failure.message
    assert done.log == []
