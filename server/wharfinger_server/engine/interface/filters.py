"""Filters: comparisons joined by AND, such as `state = FAILED AND labels.env = "prod"`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import fields as fields_of
from datetime import UTC, datetime
from typing import Any, cast

from wharfinger.ledger.states import EntryState, TaskState
from wharfinger_server.domain.errors import InvalidArgument, Violation
from wharfinger_server.domain.near_names import did_you_mean
from wharfinger_server.domain.task import Task
from wharfinger_server.domain.task_spec import TaskSpec
from wharfinger_server.domain.timing import microseconds
from wharfinger_server.store.values import Condition, Operator
from wharfinger_server.store.values import Field as StoredField

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<op><=|>=|!=|=|<|>|:)|(?P<word>[A-Za-z0-9_.:+\-/*@]+))""", re.VERBOSE
)
# Where a field stands a colon is an operator, and not part of a time.
_FIELD = re.compile(r"\s*(?P<word>[A-Za-z0-9_.+\-/*@]+)")
LONGEST_FILTER = 4096
EQUALITY = frozenset({"=", "!="})
ORDER = EQUALITY | {"<", "<=", ">", ">="}
OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison of a filter: a field ("label" for `labels.KEY`), an operator, and the value as it is kept."""

    field: str
    op: str
    value: Any


@dataclass(frozen=True, slots=True)
class Field:
    """A field that can be compared: by which operators, and how its value is read from the filter's text."""

    operators: frozenset[str]
    read: Callable[[str], Any]


def _state_of(states: type[TaskState | EntryState]) -> Callable[[str], int]:
    def read(text: str) -> int:
        name = text.removeprefix("TASK_STATE_").removeprefix("LEDGER_ENTRY_STATE_").upper()
        if name not in states.__members__:
            raise ValueError(f"{text!r} is no state; the states are {', '.join(states.__members__)}")
        return int(states[name])

    return read


def read_time(text: str) -> int:
    """Return an RFC 3339 time as microseconds since the epoch; a time without a zone is UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f'{text!r} is no time such as "2026-11-01T00:00:00Z"') from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return microseconds(moment.timestamp())


def _read_switch(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(f"{text!r} is neither true nor false")
    return text == "true"


_FIXED = {
    "script": Field(EQUALITY, str),
    "executor": Field(EQUALITY, str),
    "creator": Field(EQUALITY, str),
    "create_time": Field(ORDER, read_time),
}
TASK_FIELDS: Mapping[str, Field] = {"state": Field(EQUALITY, _state_of(TaskState)), **_FIXED}
"""What ListTasks filters by, besides `labels.KEY`."""
FEED_FIELDS: Mapping[str, Field] = _FIXED
"""What WatchTasks filters by, besides `labels.KEY`: only what never changes."""
_SPEC = {member.name for member in fields_of(TaskSpec)}
_FED = {name: operator.attrgetter(f"spec.{name}" if name in _SPEC else name) for name in FEED_FIELDS}
LEDGER_FIELDS: Mapping[str, Field] = {
    "state": Field(EQUALITY, _state_of(EntryState)),
    "type": Field(EQUALITY, str),
    "profile": Field(EQUALITY, str),
    "region": Field(EQUALITY, str),
    "owned": Field(EQUALITY, _read_switch),
}
"""What ListLedgerEntries filters by."""


def parse(text: str, fields: Mapping[str, Field], *, labels: bool = True) -> tuple[Comparison, ...]:
    """Return a filter's comparisons. Raises InvalidArgument INVALID_FILTER that names the place and the choices."""
    if len(text) > LONGEST_FILTER:
        raise _wrong(f"a filter has at most {LONGEST_FILTER} characters")
    if "\0" in text:
        raise _wrong("it holds a NUL character, which nothing that can be filtered by has", text.index("\0"))
    tokens = _tokens(text)
    conditions = []
    while tokens:
        if len(tokens) < 3:
            raise _wrong(f"it ends after {tokens[-1][1]!r}; a comparison is FIELD OPERATOR VALUE")
        (kind, name), (middle, op), (_, value) = tokens[:3]
        if kind != "word" or middle != "op":
            raise _wrong(f"{name} {op} {value} is no comparison; write FIELD OPERATOR VALUE")
        conditions.append(_condition(name, op, value, fields, labels=labels))
        tokens = tokens[3:]
        if tokens:
            if tokens[0] != ("word", "AND"):
                raise _wrong(f"AND was expected before {tokens[0][1]!r}; only comparisons joined by AND are understood")
            tokens = tokens[1:]
            if not tokens:
                raise _wrong("it ends after AND")
    return tuple(conditions)


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    at = 0
    while text[at:].strip():
        match = (_FIELD.match(text, at) if len(tokens) % 4 == 0 else None) or _TOKEN.match(text, at)
        if match is None:
            start = len(text) - len(text[at:].lstrip())
            raise _wrong(f"{text[start:].strip()[:20]!r} at character {start} is not understood", start)
        kind = match.lastgroup or ""
        value = match.group(kind)
        if kind == "text":
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        tokens.append((kind, value))
        at = match.end()
    return tokens


def _condition(name: str, op: str, value: str, fields: Mapping[str, Field], *, labels: bool) -> Comparison:
    if labels and name.startswith("labels.") and len(name) > len("labels."):
        if op not in EQUALITY:
            raise _wrong(f"labels are compared by = and !=, not {op}")
        return Comparison("label", op, (name.removeprefix("labels."), value))
    field = fields.get(name)
    if field is None:
        known = [*fields, *(["labels.KEY"] if labels else [])]
        hint = did_you_mean(name, known, f"the fields are {', '.join(known)}")
        raise _wrong(f"there is no field {name!r} to filter by here; {hint}")
    if op not in field.operators:
        raise _wrong(f"{name} is compared by {', '.join(sorted(field.operators))}, not {op}")
    try:
        return Comparison(name, op, field.read(value))
    except ValueError as error:
        raise _wrong(f"{name}: {error}") from None


def _wrong(why: str, position: int | None = None) -> InvalidArgument:
    metadata = {} if position is None else {"position": str(position)}
    return InvalidArgument("INVALID_FILTER", f"filter: {why}", metadata, (Violation("filter", why),))


def matches(conditions: tuple[Comparison, ...], task: Task) -> bool:
    """Whether a task fulfils all `conditions` (of FEED_FIELDS and labels)."""
    for condition in conditions:
        value = condition.value
        if condition.field == "label":
            key, wanted = value
            if (task.spec.labels.get(key) == wanted) != (condition.op == "="):
                return False
        elif not OPERATORS[condition.op](_FED[condition.field](task), value):
            return False
    return True


def stored(comparisons: tuple[Comparison, ...]) -> tuple[Condition, ...]:
    """Return comparisons of TASK_FIELDS as the store takes them."""
    return tuple(Condition(cast(StoredField, c.field), cast(Operator, c.op), c.value) for c in comparisons)
