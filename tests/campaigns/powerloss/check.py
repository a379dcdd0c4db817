"""After a power cut: the real store opens what is left, and everything that was answered is there."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from wharfinger.ledger.entry import Counts, Entry
from wharfinger_server.domain.task import Task
from wharfinger_server.rpc.messages.event import encode_event
from wharfinger_server.store.store import InlineRunner, Store

MANY = 100_000


def check(folder: Path, answers: Sequence[str]) -> tuple[int, list[str]]:
    """Return how many answers were lost, and everything that is wrong."""
    path = folder / "wharfinger.db"
    if not path.exists() and answers:
        return len(answers), ["there is no database any more"]
    try:
        store = Store.open(f"sqlite:///{path}", encode=encode_event, runner=InlineRunner())
    except Exception as error:  # noqa: BLE001 - whatever stops the server from starting is the finding
        return len(answers), [f"the store does not open: {error!r}"]
    try:
        lost, wrongs = asyncio.run(_held(store, answers))
    finally:
        store._database.close()
    with sqlite3.connect(path) as database:
        [[verdict]] = database.execute("PRAGMA integrity_check(1)").fetchall()
    database.close()
    if verdict != "ok":
        wrongs.append(f"integrity_check: {verdict}")
    return lost, wrongs


async def _held(store: Store, answers: Sequence[str]) -> tuple[int, list[str]]:
    found: dict[str, tuple[Task, dict[str, Entry]]] = {}
    wrongs: list[str] = []
    for name in {answer.split()[1] for answer in answers}:
        task = await store.task("default", name)
        if task is not None:
            entries = {entry.key: entry for entry in await store.entries(task.id, 0, MANY)}
            found[name] = (task, entries)
            wrongs += await _whole(store, task, entries)
    missing = [answer for answer in answers if not _true(answer.split(), found)]
    return len(missing), wrongs + [f"lost: {answer}" for answer in missing]


def _true(said: list[str], found: dict[str, tuple[Task, dict[str, Entry]]]) -> bool:
    """Whether the database bears out what was said."""
    what, name, *facts = said
    if name not in found:
        return False
    task, entries = found[name]
    if what == "made":
        key, token = facts
        return key in entries and entries[key].token == token
    if what == "ended":
        return task.state.name == facts[0] and task.last_sequence >= int(facts[1])
    return True


async def _whole(store: Store, task: Task, entries: dict[str, Entry]) -> list[str]:
    """Return how a task contradicts itself: a commit is there whole, or not at all."""
    counts = Counts()
    for entry in entries.values():
        counts.add(entry, 1)
    wrongs = []
    if {s: n for s, n in task.counts.owned.items() if n} != counts.owned:
        wrongs.append(f"{task.task_id}: its counts are not those of its entries")
    events = [event.sequence for event in await store.events(task.id, 0, MANY)]
    if events != list(range(1, task.last_sequence + 1)):
        wrongs.append(f"{task.task_id}: it has the events {events} of {task.last_sequence}")
    return wrongs
