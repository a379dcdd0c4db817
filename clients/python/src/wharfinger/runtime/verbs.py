"""The verbs of `task`, written once for both colours: they report to the session and call what the script gave.

The order of things here is what the ledger's promises rest on: the intent is durable before the call is made, the call
is never begun after its window, and whatever the call ends in is reported before the script goes on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from wharfinger.runtime import jsontext, reasons, removal
from wharfinger.runtime.calls import Calls
from wharfinger.runtime.endings import Stop, failure_of, said, trace_of
from wharfinger.runtime.limits import check_intent, check_memo, check_plan, check_whole, fault_of_id
from wharfinger.runtime.making import Making, as_resource, id_in
from wharfinger.runtime.protocol import Assignment, Entry, Failure, Intent, LeaseLost, Rejected, Removal, Session
from wharfinger.runtime.script_module import ScriptModule
from wharfinger.runtime.steady import steady
from wharfinger.runtime.steps import current
from wharfinger.script.errors import Cancelled, Failed, NotSent, Refused
from wharfinger.script.resource import Resource, ResourceType

Attributes = Mapping[str, str]
_DEFAULT_TYPE = ResourceType()
_TRIES = 10
"""How often a call is intended whose intent took so long to write that it could not be sent any more."""

_MISTAKES = (
    *(ArithmeticError, AssertionError, AttributeError, FileNotFoundError, ImportError, LookupError, NameError),
    *(NotImplementedError, TypeError),
)
"""Errors that are most often mistakes of the script, and not what befell a call that was under way."""

_Make = Callable[[list[Making], Callable[[Any], Any], float, Intent], Coroutine[Any, Any, None]]


class _TooLate(Exception):
    """The send window was over when the intent was written; `word` says so, and the ledger knows."""

    def __init__(self, word: NotSent) -> None:
        super().__init__(word.message)
        self.word = word


class Verbs:
    """What a running script may do. `owner` is the facade it is given; steps belong to it."""

    def __init__(
        self,
        script: ScriptModule,
        assignment: Assignment,
        session: Session,
        stop: Stop,
        calls: Calls,
        making: Callable[[Entry, Session, float], Making],
        clock: Callable[[], float] = steady,
    ) -> None:
        self.owner: object = self
        self._script = script
        self._session = session
        self._stop = stop
        self._calls = calls
        self._making = making
        self._clock = clock
        self._memos = dict(assignment.memos)
        self._entries = {entry.key: entry for entry in assignment.ledger}

    async def plan(self, keys: Iterable[str]) -> None:
        """Tell all keys the script means to make."""
        planned = _keys(keys, "plan")
        check_plan(planned)
        await self._session.plan(planned)

    async def create(
        self,
        type: str,  # noqa: A002 - the contract's word
        key: str,
        call: Callable[[Any], Any],
        *,
        profile: str = "",
        region: str = "",
        attributes: Attributes | None = None,
        after: Sequence[str] = (),
        undo_data: Any = None,
    ) -> str:
        """Make one thing, or return the id of what an earlier attempt made."""
        self._calls.check(call, f"the call that makes {key}")
        intent = self._intent(type, key, profile, region, attributes, after, undo_data)
        return (await self._until_sent([intent], call, self._make))[key]

    async def create_many(
        self,
        type: str,  # noqa: A002 - the contract's word
        keys: Sequence[str],
        call: Callable[[list[Any]], Any],
        *,
        profile: str = "",
        region: str = "",
        attributes: Attributes | Callable[[str], Attributes] | None = None,
        after: Sequence[str] = (),
        undo_data: Any = None,
    ) -> dict[str, str]:
        """Make several things in one call; only what does not exist yet is asked for."""
        self._calls.check(call, f"the call that makes {type}")
        keys = _keys(keys, "create_many")
        # The membership is part of the name: a group with other members is another request.
        group = f"{type}:{jsontext.digest(keys)[:16]}"
        intents = []
        for key in keys:
            facts = attributes(key) if callable(attributes) else attributes
            intents.append(self._intent(type, key, profile, region, facts, after, undo_data, group))
        made = await self._until_sent(intents, call, self._make_group)
        return {key: made[key] for key in keys}

    async def adopt(
        self,
        type: str,  # noqa: A002 - the contract's word
        key: str,
        external_id: str,
        *,
        profile: str = "",
        region: str = "",
        attributes: Attributes | None = None,
        after: Sequence[str] = (),
    ) -> str:
        """List what was there before; return its id."""
        if not id_in(external_id):
            raise TypeError(f"{key}: the id of what is adopted must be a non-empty str, not {external_id!r}")
        if fault := fault_of_id(external_id):
            raise ValueError(f"{key}: what is adopted has {fault}")
        intent = self._intent(type, key, profile, region, attributes, after, None)
        entry = await self._session.adopt(intent, external_id)
        self._entries[key] = entry
        return entry.external_id

    async def remove(self, key: str, call: Callable[[Resource], Any] | None = None) -> bool:
        """Take away what the script made, by `call` or by its `undo`; return whether it is gone for good."""
        if call is not None:
            self._calls.check(call, f"the call that removes {key}")
        elif self._script.undo is None:
            raise TypeError(f"remove({key!r}) needs a call: {self._script.name} has no `undo` to use instead")
        known = self._entries.get(key)
        window = self._rules(known.type if known else "").call_timeout
        entry = await self._session.removing(key, window)
        return await self._calls.unbroken(self._take_away(entry, call, window))

    async def once(self, key: str, call: Callable[[], Any]) -> Any:
        """Return the saved answer of `call`, calling it first if there is none."""
        saved = self._memos.get(key)
        if saved is None:
            self._calls.check(call, f"the call of once({key!r})")
            check_memo(key, b"")
            saved = jsontext.encode(await self._calls.call(call), f"once({key!r})", exact=False)
            check_memo(key, saved)
            await self._session.memo(key, saved)
            self._memos[key] = saved
        return json.loads(saved)

    # ------------------------------------------------------------------ intents

    def _intent(
        self,
        kind: str,
        key: str,
        profile: str,
        region: str,
        attributes: Attributes | None,
        after: Sequence[str],
        undo_data: Any,
        group: str = "",
    ) -> Intent:
        _keys([key], "create")
        if not isinstance(kind, str) or not kind:
            raise TypeError(f"{key}: the type must be a non-empty str, not {kind!r}")
        facts = dict(attributes or {})
        for name, value in facts.items():
            if not isinstance(name, str) or not isinstance(value, str):
                raise TypeError(f"{key}: attributes[{name!r}] is {value!r}; names and values must be str")
        after = (after,) if isinstance(after, str) else tuple(_keys(after, f"{key}: after"))
        undo_text = "" if undo_data is None else jsontext.canonical(undo_data, f"{key}: undo_data")
        rules = self._rules(kind)
        intent = Intent(
            key=key,
            type=kind,
            step=current(self.owner),
            group=group,
            profile=profile,
            region=region,
            attributes=facts,
            depends_on=after,
            undo_data=undo_text,
            idempotent=rules.idempotent,
            send_window=rules.send_window,
            call_timeout=rules.call_timeout,
            settling=rules.settling,
            temporary=rules.temporary,
        )
        check_intent(intent)
        digest = jsontext.request_digest(kind, profile, region, facts, after, undo_text, group)
        return replace(intent, request_digest=digest)

    async def _intend(self, intents: Sequence[Intent]) -> tuple[float, list[Entry]]:
        """Write the intents; return when that began, by our own clock, and the entries."""
        if self._stop.requested:
            raise Cancelled(self._stop.reason or "the task was asked to stop")
        begun = self._clock()
        entries = await self._session.intend(intents)
        self._entries.update({entry.key: entry for entry in entries})
        return begun, entries

    def _rules(self, kind: str) -> ResourceType:
        return self._script.resource_types.get(kind, _DEFAULT_TYPE)

    # ------------------------------------------------------------------ making

    async def _until_sent(self, intents: Sequence[Intent], call: Callable[[Any], Any], make: _Make) -> dict[str, str]:
        """Intend, and make what is missing; intend again what came too late to be sent. Return the ids by key.

        Raises NotSent where it came too late time after time.
        """
        made: dict[str, str] = {}
        for last in range(_TRIES - 1, -1, -1):
            if not intents:
                break
            begun, entries = await self._intend(intents)
            made |= {entry.key: entry.external_id for entry in entries if entry.state == "CREATED"}
            calls: dict[str, list[Making]] = {}
            for entry in entries:
                if entry.key not in made:
                    # One call has one token: parts that were undone since have another.
                    making = self._making(entry, self._session, intents[0].call_timeout)
                    calls.setdefault(entry.token, []).append(making)
            late: list[Making] = []
            word: NotSent | None = None
            while calls:
                makings = calls.pop(next(iter(calls)))
                try:
                    await self._calls.unbroken(make(makings, call, begun, intents[0]))
                    made |= {making.key: making.external_id for making in makings}
                except _TooLate as too_late:
                    word = too_late.word
                    late += makings
                except BaseException as error:
                    # Whatever was not begun by now never will be.
                    unsent = [*([] if makings[0].begun else [makings]), *calls.values()]
                    await self._calls.unbroken(self._never_sent(unsent, error), always=True)
                    raise
            if word is not None and not last:
                raise word
            keys = {making.key for making in late}
            intents = [intent for intent in intents if intent.key in keys]
        return made

    async def _never_sent(self, calls: Sequence[list[Making]], error: BaseException) -> None:
        """Report calls that are not sent because of what happened before it was their turn."""
        if isinstance(error, LeaseLost):
            return
        for makings in calls:
            why = f"the call that makes {_first(makings)} was not sent: {_why(error)}"
            await self._unsent(makings, NotSent(why, metadata=_about(makings)))

    async def _make(self, makings: list[Making], call: Callable[[Any], Any], begun: float, intent: Intent) -> None:
        [making] = makings
        answer = await self._send(makings, call, making, begun, intent)
        if making.external_id:
            return
        external_id = id_in(answer)
        fault = fault_of_id(external_id) or ("" if external_id else f"{_short(answer)}, not the id of what it made")
        if fault:
            why = f"the call that makes {making.key} returned {fault}"
            raise await self._doubt([making], why)
        await making.report(external_id)

    async def _make_group(
        self, makings: list[Making], call: Callable[[list[Any]], Any], begun: float, intent: Intent
    ) -> None:
        answer = await self._send(makings, call, list(makings), begun, intent)
        pending = {making.key: making for making in makings if not making.external_id}
        if answer is not None and not isinstance(answer, Mapping):
            why = f"the call that makes {intent.type} returned {_short(answer)}, not a dict of ids by key"
            raise await self._doubt(list(pending.values()), why)
        named = {key: id_in(made) for key, made in (answer or {}).items()}
        faults = {key: fault for key, made in named.items() if (fault := fault_of_id(made))}
        for key, making in list(pending.items()):
            if named.get(key) and key not in faults:
                await making.report(named[key])
                del pending[key]
        asked = {making.key for making in makings}
        strange = {key: made for key, made in named.items() if made and key not in asked}
        known = next((making for making in makings if making.external_id), None)
        for made in strange.values():
            if known is not None and not fault_of_id(made):  # as evidence of more than was asked for
                await known.report(made)
        doubt = None
        if pending:
            why = f"the answer of the call that makes {intent.type} did not name {', '.join(list(pending)[:5])}"
            if strange_id := next((faults[key] for key in pending if key in faults), ""):
                why = f"the call that makes {intent.type} returned {strange_id}"
            doubt = await self._doubt(list(pending.values()), why, unnamed=True)
        if strange:
            keys = ", ".join(str(key) for key in list(strange)[:5])
            raise Failed(f"the call that makes {intent.type} named {keys}, which it was not asked to make") from doubt
        if doubt is not None:
            raise doubt

    async def _send(
        self, makings: list[Making], call: Callable[[Any], Any], argument: Any, begun: float, intent: Intent
    ) -> Any:
        """Make the call and return its answer; whatever else it ends in is in the ledger when this raises."""
        for making in makings:
            making.begun = True
        late = self._clock() - begun - intent.send_window
        if late > 0:
            why = f"the ledger took so long to write the intent of {_first(makings)} that the call was not sent"
            word = NotSent(f"{why} ({late:.1f} s late)", metadata=_about(makings))
            raise _TooLate(await self._unsent(makings, word))
        try:
            return await self._calls.call(call, argument, timeout=intent.call_timeout)
        except LeaseLost:
            raise
        except Refused as refused:
            raise await self._refused(makings, refused) from refused
        except (Failed, Cancelled, Rejected) as word:
            await self._own_word(makings, word)
            raise
        except Exception as error:
            unknown = [making for making in makings if not making.external_id]
            if not unknown:
                raise
            if isinstance(error, _MISTAKES):
                self._tell_mistake(unknown, error)
            took = self._clock() - begun >= intent.call_timeout and isinstance(error, TimeoutError)
            why = (
                f"did not answer within {intent.call_timeout:g} s"
                if took
                else f"failed: {failure_of(error, self._script.module).message}"
            )
            raise await self._doubt(unknown, f"the call that makes {_first(unknown)} {why}") from error
        except BaseException as error:
            await self._note([m for m in makings if not m.external_id], failure_of(error, self._script.module))
            raise

    def _tell_mistake(self, makings: list[Making], error: Exception) -> None:
        """Log where the script seems to be wrong: the task tells so at once, however long it waits before it looks."""
        why = failure_of(error, self._script.module).message
        self._session.log(
            4,
            f"the call that makes {_first(makings)} raised {why}; it may have been sent by then, so it is looked for"
            " before the task goes on. Where a call fails before it sends anything, let it raise NotSent",
        )
        for line in trace_of(error):
            self._session.log(1, line)

    async def _own_word(self, makings: list[Making], word: Exception) -> None:
        """Report what the script, or the ledger, said inside of a call. Raises what the script sees of a NotSent."""
        unknown = [making for making in makings if not making.external_id]
        # One that is told already is of a call within this one; and where there is an id, something was sent.
        if isinstance(word, NotSent) and not word.told and len(unknown) == len(makings):
            raise await self._unsent(makings, word) from word
        await self._note(unknown, failure_of(word, self._script.module))

    async def _refused(self, makings: list[Making], refused: Refused) -> Exception:
        """Report a definite refusal, and return what the script gets to see."""
        metadata = {**refused.metadata, **({"terminated": "true"} if refused.terminated else {})}
        word = Failed(refused.message, reason=refused.reason, retryable=refused.retryable, metadata=metadata)
        failure = failure_of(word, self._script.module, step=current(self.owner))
        for making in makings:
            if not making.external_id:
                await self._session.refused(making.key, failure)
        return word

    async def _unsent(self, makings: list[Making], word: NotSent) -> NotSent:
        """Report that a call was not sent and never will be, and return what the script gets to see."""
        failure = failure_of(word, self._script.module, step=current(self.owner))
        await self._session.not_sent([making.key for making in makings], makings[0].number, failure)
        told = NotSent(
            word.message, reason=word.reason, retryable=word.retryable, metadata=word.metadata, code=word.code
        )
        told.told = True
        return told

    async def _doubt(self, makings: list[Making], why: str, *, unnamed: bool = False) -> Failed:
        """Report that nobody knows whether these exist, and return the error for the script."""
        await self._note(makings, Failure(reasons.UNKNOWN, "RESOURCE_UNCERTAIN", why), unnamed=unnamed)
        return Failed(f"in doubt: {why}", reason="RESOURCE_UNCERTAIN", metadata=_about(makings))

    async def _note(self, makings: list[Making], failure: Failure, *, unnamed: bool = False) -> None:
        for making in makings:
            await self._session.in_doubt(making.key, failure, unnamed=unnamed)

    # ------------------------------------------------------------------ taking away

    async def _take_away(self, entry: Entry, call: Callable[[Resource], Any] | None, window: float) -> bool:
        resource = as_resource(entry)
        answer: Any = None
        try:
            check_whole(entry.key, entry.external_id)
            if call is not None:
                answer = await self._calls.call(call, resource, timeout=window)
            elif self._script.undo is not None:
                answer = await self._calls.call(self._script.undo, self.owner, resource, timeout=window)
        except LeaseLost:
            raise
        except BaseException as error:
            how, failure = removal.of_error(error, self._script.module, step=current(self.owner))
            await self._session.removed(entry.key, entry.undo, how, failure)
            raise
        how = removal.of_answer(answer)
        await self._session.removed(entry.key, entry.undo, how)
        return how is Removal.COMPLETE


def _keys(keys: Iterable[str], what: str) -> list[str]:
    if isinstance(keys, str):
        raise TypeError(f"{what} takes several keys, not the one str {keys!r}")
    found = list(keys)
    for key in found:
        if not isinstance(key, str) or not key.strip():
            raise TypeError(f"{what}: a key must be a non-empty str, not {key!r}")
    return found


def _first(makings: Sequence[Making]) -> str:
    more = len(makings) - 1
    return makings[0].key + (f" and {more} more" if more else "")


def _about(makings: Sequence[Making]) -> dict[str, str]:
    return {"key": makings[0].key, "count": str(len(makings))} if makings else {}


def _why(error: BaseException) -> str:
    return f"{type(error).__name__}: {said(error)}".removesuffix(": ")


def _short(answer: Any) -> str:
    return "None" if answer is None else f"a {type(answer).__qualname__}"
