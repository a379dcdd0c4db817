"""Nothing that the domain holds is lost or altered in the database."""

from __future__ import annotations

import asyncio
import types
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from decimal import Context, Decimal
from enum import IntEnum
from typing import Any, Union, get_args, get_origin, get_type_hints

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.store.making import draft, encode, intend, new_task

from wharfinger.ledger.costs import Cost
from wharfinger.ledger.ledger import Entry
from wharfinger.ledger.progress import Progress
from wharfinger_prices.price import Contract, Money, Price, Tier
from wharfinger_server.domain.estimate import CostItem
from wharfinger_server.domain.task import Lease, Task
from wharfinger_server.store.store import Draft, InlineRunner, SteadyClock, Store, UnitOfWork
from wharfinger_server.store.tables import codec

# PostgreSQL's text holds anything but NUL; lone surrogates are no text.
TEXT = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=12)
NUMBER = st.integers(0, 2**62)
AMOUNT = st.integers(-(10**30), 10**30).map(lambda n: Decimal(n).scaleb(-18, Context(prec=40)))


PRICES = st.builds(
    Price,
    *[TEXT] * 5,
    st.none() | AMOUNT,
    TEXT,
    TEXT,
    st.booleans(),
    st.lists(st.builds(Tier, AMOUNT, AMOUNT), max_size=2).map(tuple),
    NUMBER,
    NUMBER,
    TEXT,
    st.none() | st.builds(Contract, AMOUNT, TEXT),
)
MONEY = st.builds(Money, TEXT, AMOUNT)
LINES = st.builds(CostItem, TEXT, AMOUNT, st.none() | PRICES, TEXT, TEXT, st.none() | MONEY, st.booleans())


def values(hint: Any) -> st.SearchStrategy[Any]:  # noqa: PLR0911  # one for each kind of type
    """Return the values that a field of type `hint` may have."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (types.UnionType, Union):
        return st.none() | values(next(a for a in arguments if a is not types.NoneType))
    if origin is tuple:
        return st.lists(values(arguments[0]), max_size=3).map(tuple)
    if origin is list:
        return st.lists(values(arguments[0]), max_size=3)
    if origin is dict:
        return st.dictionaries(values(arguments[0]), values(arguments[1]), max_size=3)
    if hint in (Cost, CostItem):
        return LINES
    if isinstance(hint, type) and issubclass(hint, IntEnum):
        return st.sampled_from(hint)
    if is_dataclass(hint):
        return built(hint)
    return {str: TEXT, int: NUMBER, bool: st.booleans(), bytes: st.binary(max_size=20), Decimal: AMOUNT}[hint]


def built(cls: Any, **given_: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return values of a dataclass with every field filled in."""
    hints = get_type_hints(cls)
    if cls is Lease:
        given_ = {"expire_time": st.integers(1, 2**62)}  # a lease ends some time
    return st.builds(cls, **({member.name: values(hints[member.name]) for member in fields(cls)} | given_))


TASKS = built(Task, plan=st.lists(TEXT, max_size=3).map(tuple) | st.integers(0, 400).map(lambda n: ("key" * 10,) * n))
ENTRIES = built(Entry)


@pytest.mark.lengthy
@given(TASKS)
def test_a_task_comes_back_from_its_row_as_it_was(task: Task) -> None:
    back = codec.task_of(codec.task_row(task), "store", codec.large_documents(task))
    assert replace(back, uid=task.uid) == task


@given(ENTRIES)
def test_an_entry_comes_back_from_its_row_as_it_was(entry: Entry) -> None:
    assert codec.entry_of(codec.entry_row(1, entry)) == entry


@given(built(Progress))
def test_progress_comes_back_as_it_was(progress: Progress) -> None:
    task = new_task(progress=progress)
    assert codec.task_of(codec.task_row(task), "store").progress == progress


def test_a_document_of_defaults_is_small() -> None:
    status = dict(zip(codec.STATUS_COLUMNS, codec.status_row(new_task()), strict=True))["status"]
    assert orjson.loads(status) == {"script_version": "1"}


def test_what_a_newer_server_added_to_a_document_is_ignored() -> None:
    task = new_task()
    row = list(codec.task_row(task))
    at = codec.TASK_COLUMNS.index("status")
    row[at] = orjson.dumps(orjson.loads(row[at]) | {"mood": "sunny"})
    assert replace(codec.task_of(tuple(row), "store"), uid="") == task


IN_DATABASE = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)


class Inline:
    """A store on the calling thread, and a loop for its coroutines."""

    def __init__(self, url: str, runner: asyncio.Runner) -> None:
        self.store = Store.open(url, encode=encode, runner=InlineRunner(), steady=SteadyClock("late", lambda: 1 << 62))
        self.run = runner.run


@pytest.fixture
def inline(url: str) -> Iterator[Inline]:
    with asyncio.Runner() as runner:
        opened = Inline(url, runner)
        yield opened
        runner.run(opened.store.close())


def test_a_created_task_is_read_back_whole(inline: Inline) -> None:
    store = inline.store

    @IN_DATABASE
    @given(TASKS)
    def check(task: Task) -> None:
        spec = replace(task.spec, request_id="")
        inline.run(create(replace(task, id=0, task_id="", spec=spec, lease=None)))

    async def create(task: Task) -> None:
        made = await store.create(Draft(task))
        assert made.uid == store.uid(made.id)
        assert await store.task_by_id(made.id) == made
        assert made is task

    check()


def test_a_changed_task_is_read_back_whole(inline: Inline) -> None:
    store, run = inline.store, inline.run
    task = run(store.create(draft()))
    fixed = ["id", "uid", "project", "task_id", "create_time", "spec"]  # what a task is asked to do never changes

    @IN_DATABASE
    @given(TASKS)
    def check(other: Task) -> None:
        def become(work: UnitOfWork) -> Task:
            for member in fields(Task):
                if member.name not in fixed:
                    setattr(work.task, member.name, getattr(other, member.name))
            return work.task

        changed = run(store.change(task.id, become))
        assert run(store.task_by_id(task.id)) == changed
        assert replace(other, **{name: getattr(changed, name) for name in fixed}) == changed

    check()


def test_a_ledger_is_read_back_whole(inline: Inline) -> None:
    store, run = inline.store, inline.run
    task = run(store.create(draft()))
    run(store.change(task.id, intend("first")))

    @IN_DATABASE
    @given(ENTRIES)
    def check(entry: Entry) -> None:
        entry = replace(entry, base="only", key="only")
        run(store.change(task.id, lambda work: work.ledger("only").put(entry) and None))
        assert run(store.change(task.id, lambda work: work.ledger("only").get("only"))) == entry
        stored = {found.key: found for found in run(store.entries(task.id, -1, 10))}
        assert stored["only"] == entry
        assert set(stored) == {"only", "first"}

    check()


async def test_long_params_and_long_plans_leave_the_hot_row(store: Store) -> None:
    params = orjson.dumps({"text": "x" * 100_000})
    plan = tuple(f"node/{n}" for n in range(5_000))
    task = await store.create(draft(params=params))
    changed = await store.change(task.id, lambda work: (setattr(work.task, "plan", plan), work.task)[1])
    found = await store.task_by_id(task.id)
    assert (found.spec.params, found.plan) == (params, plan) == (changed.spec.params, changed.plan)
    row = codec.status_row(found)
    assert sum(len(value) for value in row if isinstance(value, bytes)) < 1000
    shorter = await store.change(task.id, lambda work: (setattr(work.task, "plan", plan[:2]), work.task)[1])
    assert await store.task_by_id(task.id) == shorter
    assert shorter.plan == plan[:2]
