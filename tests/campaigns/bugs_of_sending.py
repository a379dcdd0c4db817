"""Bugs in what is said of calls that were not sent, and in how attempts go on that end in doubt: rules 21 to 23."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from typing import Any

from tests.campaigns.planting import Catalogue, Ground

from wharfinger.ledger import intents
from wharfinger.ledger.entry import Entry
from wharfinger.ledger.states import TaskState
from wharfinger.runtime import protocol, verbs
from wharfinger_server.domain.task import Task
from wharfinger_server.engine.execution.attempt import Attempt
from wharfinger_server.engine.lifecycle.lifecycle import Lifecycle

BUGS = Catalogue()


@BUGS.bug("21")
def no_intent_number(ground: Ground) -> None:
    """A word that a call was not sent closes whatever its attempt intends under the key now."""

    def spoiled(entry: Entry, epoch: int, number: int) -> bool:
        return entry.epoch == epoch and not entry.is_evidence

    ground.put(intents, "_is_call", spoiled)


@BUGS.bug("21")
def any_attempts_intent(ground: Ground) -> None:
    """A word that a call was not sent closes whatever anybody intends under the key."""
    ground.put(intents, "_is_call", lambda entry, epoch, number: not entry.is_evidence)


@BUGS.bug("21")
def not_sent_counts_from_the_live_attempt_only(ground: Ground) -> None:
    """What a fenced attempt says is dropped."""

    async def spoiled(self: Attempt, *said: Any) -> None:
        await self._write(lambda work: None)
        await right(self, *said)

    right = ground.put(Attempt, "not_sent", spoiled)


@BUGS.bug("21")
def said_by_a_watchdog(ground: Ground) -> None:
    """Something that counts the time says that the call was not sent, in the sender's place."""

    async def spoiled(self: Any, makings: Any, *what: Any) -> Any:
        async def bark() -> None:
            await asyncio.sleep(0.5)
            with contextlib.suppress(protocol.LeaseLost, protocol.Rejected):
                word = protocol.Failure(14, "NOT_SENT", "it takes long")
                await self._session.not_sent([making.key for making in makings], makings[0].number, word)

        dog = asyncio.ensure_future(bark())
        try:
            return await send(self, makings, *what)
        finally:
            dog.cancel()

    send = ground.put(verbs.Verbs, "_send", spoiled)


@BUGS.bug("21")
def not_sent_frees_the_token(ground: Ground) -> None:
    """What was not sent is made again under the next generation."""

    def spoiled(ledger: Any, *said: Any) -> list[Entry]:
        return [ledger.put(replace(entry, burnt=True)) for entry in right(ledger, *said)]

    right = ground.put(intents, "not_sent", spoiled)


@BUGS.bug("21")
def not_sent_leaves_the_key_used(ground: Ground) -> None:
    """The attempt may not intend the key again."""
    ground.put(intents, "free_again", lambda *_: [])


@BUGS.bug("21")
def not_sent_leaves_a_resting_task_where_it_is(ground: Ground) -> None:
    """A task at rest does not hear of it."""
    ground.put(Lifecycle, "closed_late", lambda self, work, error, epoch: work.task)


@BUGS.bug("21")
def not_sent_leaves_the_key_beside_it_used(ground: Ground) -> None:
    """The attempt may not intend a call of several again, of which a part is there already."""
    right = ground.put(intents, "free_again", lambda ledger, keys, used, *which: right(ledger, keys, keys, *which))


@BUGS.bug("22")
def said_of_a_part(ground: Ground) -> None:
    """A part of a group may be said not to have been sent, while the call goes on."""

    def spoiled(ledger: Any, keys: Any, epoch: int, number: int, error: Any, now: int) -> list[Entry]:
        mine = [e for e in ledger if e.key in keys and (e.epoch, e.number) == (epoch, number) and e.sought]
        return [
            ledger.put(replace(e, state=intents.EntryState.NOT_CREATED, error=error, update_time=now))
            for e in mine
            if not e.external_id
        ]

    ground.put(intents, "not_sent", spoiled)


@BUGS.bug("22")
def only_the_first_part_is_closed(ground: Ground) -> None:
    """Of a group whose call was not sent, the others stay in doubt."""

    def spoiled(ledger: Any, keys: Any, *said: Any) -> list[Entry]:
        before = {entry.key: entry for entry in ledger}
        closed = right(ledger, keys, *said)
        for entry in closed[1:]:
            ledger.put(before[entry.key])
        return closed[:1]

    right = ground.put(intents, "not_sent", spoiled)


@BUGS.bug("23")
def in_doubt_is_a_failure(ground: Ground) -> None:
    """What ended in doubt waits for a person though it was found since."""

    def spoiled(self: Task, error: Any, now: int, *, resumable: bool = False) -> bool:
        return bool(right(self, error, now))

    right = ground.put(Task, "failed", spoiled)


@BUGS.bug("23")
def whatever_fails_is_a_loss(ground: Ground) -> None:
    """A definite failure is tried again too."""

    def spoiled(self: Task, error: Any, now: int, *, resumable: bool = False) -> bool:
        if not resumable:
            return bool(right(self, error, now))
        self.losses += 1
        return self._attempt_ended(error, now, again=self.losses < self.policy.losses)

    right = ground.put(Task, "failed", spoiled)


@BUGS.bug("23")
def doubt_without_end(ground: Ground) -> None:
    """What ends in doubt is not counted."""

    def spoiled(self: Task, error: Any, now: int, *, resumable: bool = False) -> bool:
        if resumable and error.reason == "RESOURCE_UNCERTAIN":
            return self._attempt_ended(error, now, again=True)
        return bool(right(self, error, now, resumable=resumable))

    right = ground.put(Task, "failed", spoiled)


@BUGS.bug("23")
def doubt_wins_over_a_cancel(ground: Ground) -> None:
    """A task that was cancelled runs again because its attempt ended in doubt."""

    def spoiled(self: Task, error: Any, now: int, *, resumable: bool = False) -> bool:
        if resumable and error.reason == "RESOURCE_UNCERTAIN" and self.state is TaskState.CANCELLING:
            self.state = TaskState.RUNNING
        return bool(right(self, error, now, resumable=resumable))

    right = ground.put(Task, "failed", spoiled)


@BUGS.bug("23")
def doubt_wins_over_the_time(ground: Ground) -> None:
    """An attempt whose time was up is lost, and goes on, because it ended in doubt."""
    ground.put(Attempt, "_cause", lambda self, error: error)
