"""Bugs in how things are made: rules 1 to 5, the fence, and what is told before it is durable."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

from tests.campaigns.planting import Catalogue, Ground

from wharfinger.ledger import evidence, finding, ids, intents
from wharfinger.ledger.entries import Entries
from wharfinger.ledger.entry import Entry
from wharfinger.ledger.states import EntryState
from wharfinger.ledger.used_keys import UsedKeys
from wharfinger.runtime import making, protocol, verbs
from wharfinger_server.engine.execution import attempt
from wharfinger_server.engine.lifecycle import lifecycle
from wharfinger_server.store.commit.batch import Batch
from wharfinger_server.store.commit.writer import Writer

BUGS = Catalogue()


@BUGS.bug("2")
def no_token(ground: Ground) -> None:
    """Calls are sent under a name that nobody wrote down."""
    numbers = itertools.count()

    def spoiled(self: Any, *arguments: Any, **options: Any) -> None:
        init(self, *arguments, **options)
        self.token = f"own-{next(numbers)}"

    init = ground.put(making.Making, "__init__", spoiled)


@BUGS.bug("an intent is durable before its call")
def intent_after_the_call(ground: Ground) -> None:
    """The intent is only made up, and written when the answer is there."""
    waiting: dict[tuple[Any, str], Any] = {}

    async def made_up(self: Any, intents_: Any) -> Any:
        entries = []
        for intent in intents_:
            waiting[(self._session, intent.key)] = intent
            known = self._entries.get(intent.key)
            if known is not None and known.state == "CREATED":
                entries.append(known)
                continue
            token = ids.token("uid", intent.group or intent.key, 1)
            entries.append(protocol.Entry(intent.key, intent.type, "INTENDED", 1, token))
        return self._clock(), entries

    async def report(self: Any, external_id: str) -> None:
        intent = waiting.pop((self._session, self.key), None)
        if intent is not None:
            [entry] = await self._session.intend([intent])
            self.generation = entry.generation
        await told(self, external_id)

    ground.put(verbs.Verbs, "_intend", made_up)
    told = ground.put(making.Making, "report", report)


@BUGS.bug("4, fencing")
def lease_epoch_unchecked(ground: Ground) -> None:
    """A report is taken whoever holds the lease."""
    ground.put(attempt, "guard", lambda work, epoch: None)
    ground.put(lifecycle, "guard", lambda work, epoch: None)


@BUGS.bug("10")
def intents_own_epoch_unchecked(ground: Ground) -> None:
    """Late evidence fills whatever the key waits for now, though another attempt means to make that."""

    def spoiled(ledger: Any, entry: Entry, generation: int, external_id: str, epoch: int, now: int) -> Any:
        return report(ledger, entry, entry.generation, external_id, entry.epoch, now)

    report = ground.put(evidence, "report", spoiled)


@BUGS.bug("1")
def send_by_ignored(ground: Ground) -> None:
    """A worker sends however late it is."""

    async def spoiled(self: Any, makings: Any, call: Any, argument: Any, begun: float, intent: Any) -> Any:
        return await send(self, makings, call, argument, self._clock(), intent)

    send = ground.put(verbs.Verbs, "_send", spoiled)


@BUGS.bug("1")
def settling_counted_from_the_intent(ground: Ground) -> None:
    """Settling leaves out the time in which a call may be sent and be on its way."""

    def spoiled(ledger: Any, intent: Any, *arguments: Any) -> Entry:
        entry = write(ledger, intent, *arguments)
        return ledger.put(replace(entry, settle_time=ledger.steady + intent.settling))

    write = ground.put(intents, "_write", spoiled)


@BUGS.bug("2")
def token_by_attempt(ground: Ground) -> None:
    """A token is another one in every attempt."""

    def spoiled(ledger: Any, intent: Any, before: Any, generation: int, epoch: int, *more: Any) -> Entry:
        entry = write(ledger, intent, before, generation, epoch, *more)
        return ledger.put(replace(entry, token=f"{entry.token}-{epoch}"))

    write = ground.put(intents, "_write", spoiled)


@BUGS.bug("2")
def token_not_of_the_key(ground: Ground) -> None:
    """All keys of a task share one token."""
    ground.put(ids, "token", lambda uid, key, generation: f"{uid}-{generation}")


@BUGS.bug("2")
def token_not_of_the_generation(ground: Ground) -> None:
    """What was undone is made again under the token that the cloud knows as used up."""

    def spoiled(uid: str, key: str, generation: int) -> str:
        return str(token(uid, key, 1))

    token = ground.put(ids, "token", spoiled)


@BUGS.bug("2")
def generation_raised_by_find(ground: Ground) -> None:
    """What `find` concluded not to be there frees the token."""

    def spoiled(ledger: Entries, key: str, *arguments: Any) -> Any:
        changed = found(ledger, key, *arguments)
        return [
            ledger.put(replace(entry, burnt=True)) if entry.state is EntryState.NOT_CREATED else entry
            for entry in changed
        ]

    found = ground.put(finding, "found", spoiled)


@BUGS.bug("3")
def unnamed_part_is_not_created(ground: Ground) -> None:
    """A part of a group that the answer does not name is believed not to exist."""

    def spoiled(ledger: Any, key: str, epoch: int, error: Any, now: int, *, unnamed: bool) -> Any:
        entry = in_doubt(ledger, key, epoch, error, now, unnamed=unnamed)
        if entry is not None and unnamed:
            return ledger.put(replace(entry, state=EntryState.NOT_CREATED))
        return entry

    in_doubt = ground.put(intents, "in_doubt", spoiled)


@BUGS.bug("4")
def other_request_accepted(ground: Ground) -> None:
    """Another request under the same key is taken for the same."""

    def spoiled(ledger: Any, intent: Any, epoch: int, *more: Any) -> Entry:
        entry = ledger.get(intent.key)
        if entry is not None and entry.request_digest:
            entry = ledger.entries[intent.key] = replace(entry, request_digest=intent.request_digest)
        return intend(ledger, intent, epoch, *more)

    intend = ground.put(intents, "intend", spoiled)


@BUGS.bug("4")
def key_twice_in_one_attempt(ground: Ground) -> None:
    """Nobody minds a key that is used twice."""
    ground.put(UsedKeys, "use", lambda self, keys: None)


@BUGS.bug("5")
def adopted_intent_is_foreign(ground: Ground) -> None:
    """What the ledger once intended is not ours any more, once it is adopted."""

    def spoiled(*arguments: Any) -> Entry:
        ledger = arguments[0]
        return ledger.put(replace(adopt(*arguments), owned=False))

    adopt = ground.put(intents, "adopt", spoiled)


@BUGS.bug("nothing is shown before it is durable")
def event_before_commit(ground: Ground) -> None:
    """Watchers hear of a batch before it is committed."""
    writers: dict[int, Writer] = {}

    def made(self: Writer, database: Any, *arguments: Any) -> None:
        init(self, database, *arguments)
        writers[id(database)] = self

    def told_first(self: Batch, operations: Any) -> None:
        run(self, operations)
        tell(writers[id(self._database)], self.committed)

    init = ground.put(Writer, "__init__", made)
    run = ground.put(Batch, "run", told_first)
    tell = ground.put(Writer, "_tell", lambda self, committed: None)
