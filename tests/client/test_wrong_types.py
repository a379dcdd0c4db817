"""A value of the wrong type is refused before it is sent, by the name of its field."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

import wharfinger
from wharfinger import InvalidArgument, LeftoverPolicy, NewTask, Policy, aio

Verb = Callable[[Any], Any]


@pytest.mark.parametrize(
    ("field", "verb"),
    [
        ("task.params", lambda c: c.submit("a.b", ["a"])),
        ("task.params", lambda c: c.submit("a.b", "text")),
        ("task.params", lambda c: c.submit("a.b", 7)),
        ("task.params.a", lambda c: c.submit("a.b", {"a": object()})),
        ("task.params.a", lambda c: c.submit("a.b", {"a": "\ud800"})),
        ("task.params", lambda c: c.submit("a.b", {"\ud800": 1})),
        ("task.labels.n", lambda c: c.submit("a.b", labels={"n": 1})),
        ("task.labels", lambda c: c.submit("a.b", labels={1: "n"})),
        ("task.labels", lambda c: c.submit("a.b", labels=["n"])),
        ("task.labels.n", lambda c: c.submit("a.b", labels={"n": None})),
        ("task.script", lambda c: c.submit(None)),
        ("task.script", lambda c: c.submit("\ud800")),
        ("task.script_version", lambda c: c.submit("a.b", script_version=1.0)),
        ("task.executor", lambda c: c.submit("a.b", executor=["thread"])),
        ("task_id", lambda c: c.submit("a.b", task_id=7)),
        ("request_id", lambda c: c.submit("a.b", request_id=7)),
        ("validate_only", lambda c: c.submit("a.b", validate_only="yes")),
        ("task.policy", lambda c: c.submit("a.b", policy="keep")),
        ("task.policy", lambda c: c.submit("a.b", policy=["keep"])),
        ("task.policy.max_attempts", lambda c: c.submit("a.b", policy={"max_attempts": "3"})),
        ("task.policy.max_attempts", lambda c: c.submit("a.b", policy={"max_attempts": 2**40})),
        ("task.policy.total_timeout", lambda c: c.submit("a.b", policy={"total_timeout": "5m"})),
        ("task.policy.total_timeout", lambda c: c.submit("a.b", policy={"total_timeout": float("inf")})),
        ("task.policy.not_before_time", lambda c: c.submit("a.b", policy={"not_before_time": "tomorrow"})),
        ("task.policy.not_before_time", lambda c: c.submit("a.b", policy=Policy(not_before_time=datetime(2026, 1, 1)))),  # noqa: DTZ001
        ("task.policy.max_hourly_cost", lambda c: c.submit("a.b", policy={"max_hourly_cost": "3 USD"})),
        ("task.policy.on_failure", lambda c: c.submit("a.b", policy={"on_failure": ["keep"]})),
        ("task.policy.allow_unpriced", lambda c: c.submit("a.b", policy={"allow_unpriced": "no"})),
        ("tasks[1]", lambda c: c.submit_many([NewTask("a.b"), "a.b"])),
        ("tasks[0].task.params", lambda c: c.submit_many([NewTask("a.b", [1])])),
        ("task.script", lambda c: c.estimate(7)),
        ("task.params", lambda c: c.estimate("a.b", ["x"])),
        ("name", lambda c: c.handle(7)),
        ("name", lambda c: c.get(None)),
        ("reason", lambda c: c.cancel("t", 7)),
        ("etag", lambda c: c.delete("t", etag=7)),
        ("only[0]", lambda c: c.rollback("t", only=[7])),
        ("only", lambda c: c.rollback("t", only=7)),
        ("retain", lambda c: c.rollback_plan("t", retain="node/1")),
        ("script_version", lambda c: c.resume("t", script_version=2)),
        ("external_id", lambda c: c.resolve("t", "k", "CREATED", external_id=7)),
        ("verdict", lambda c: c.resolve("t", "k", 7)),
        ("key", lambda c: c.resolve("t", 7, "CREATED")),
        ("filter", lambda c: c.list({"state": "FAILED"})),
        ("page_size", lambda c: c.list(page_size="10")),
        ("after_sequence", lambda c: c.events("t", "1")),
        ("after_sequence", lambda c: c.watch("t", "1")),
        ("resume_token", lambda c: c.watch_project(resume_token="abc")),
        ("filter", lambda c: c.ledger("t", 7)),
        ("name", lambda c: c.script(7)),
        ("provider", lambda c: c.price(7, "x")),
        ("at", lambda c: c.price("a", "x", at="now")),
        ("filter", lambda c: c.prices(7)),
        ("name", lambda c: c.catalog(7)),
        ("url", lambda c: c.import_catalog(url=7)),
        ("reason", lambda c: c.activate_catalog("active", reason=7)),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_by_the_name_of_its_field(field: str, verb: Verb) -> None:
    def once() -> None:
        with wharfinger.Client("127.0.0.1:1") as client:
            next(verb(client))

    with pytest.raises(InvalidArgument) as caught:
        once()
    assert [violation.field for violation in caught.value.violations] == [field]
    assert str(caught.value).startswith(f"{field}: ")

    async def again() -> None:
        told = verb(aio.Client("127.0.0.1:1"))
        await (anext(told) if hasattr(told, "__anext__") else told)

    with pytest.raises(InvalidArgument) as caught:
        asyncio.run(again())
    assert [violation.field for violation in caught.value.violations] == [field]


def test_what_would_be_right_is_told() -> None:
    with wharfinger.Client("127.0.0.1:1") as client:
        for verb, told in (
            (lambda: client.submit("a.b", ["a"]), "task.params: is a list; give a mapping of names to values"),
            (lambda: client.submit("a.b", labels={"n": 1}), "task.labels.n: is a whole number (1); give text"),
            (lambda: client.cancel("t", ["x"]), "reason: is a list; give text"),
            (lambda: client.submit("a.b", policy={"max_attempts": "3"}), "max_attempts: is text ('3'); give a whole"),
        ):
            with pytest.raises(InvalidArgument) as caught:
                verb()
            assert told in str(caught.value)


def test_each_wish_has_one_spelling() -> None:
    from wharfinger._core.messages import build

    assert build.policy({"on_failure": "ROLL_BACK"}) == build.policy(Policy(on_failure=LeftoverPolicy.ROLL_BACK))
    for other in ("rollback", "roll_back", "UNSPECIFIED"):
        with pytest.raises(InvalidArgument, match=f"is text \\('{other}'\\); give KEEP or ROLL_BACK"):
            build.policy({"on_failure": other})
