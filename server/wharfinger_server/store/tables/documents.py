"""Domain dataclasses as JSON documents: made from their type hints, so that a new field needs no code here.

A field that has its default is left out, and a field that is missing gets its default: an older document can be read
by a newer server.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import MISSING, Field, fields, is_dataclass
from decimal import Decimal
from enum import IntEnum
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

from wharfinger.ledger.costs import Cost
from wharfinger_prices.price import plain
from wharfinger_server.domain.estimate import CostItem, item_of, told_item

T = TypeVar("T")
Step = Callable[[Any], Any]


class Document(Generic[T]):
    """How a dataclass, or the part of it that `names` tells, becomes a dict of plain JSON values and back."""

    pack: Callable[[T], dict[str, Any]]
    """Returns the document of a value."""

    def __init__(self, cls: type[T], names: frozenset[str] | None = None) -> None:
        hints = get_type_hints(cls)
        self._cls = cls
        self._unpack: dict[str, Step | None] = {}
        packs: list[tuple[Field[Any], Step | None]] = []
        for member in fields(cls):  # type: ignore[arg-type]  # a dataclass, by contract
            if names is None or member.name in names:
                pack, self._unpack[member.name] = _steps(hints[member.name])
                packs.append((member, pack))
        self.pack = _packer(packs)

    def members(self, document: dict[str, Any]) -> dict[str, Any]:
        """Return the members that `document` holds, as keyword arguments; names not known here are left out."""
        steps = self._unpack
        unpacked = {}
        for name, form in document.items():
            if name in steps:
                step = steps[name]
                unpacked[name] = form if step is None else step(form)
        return unpacked

    def unpack(self, document: dict[str, Any]) -> T:
        """Return the value of `document`."""
        return self._cls(**self.members(document))


def _packer(members: list[tuple[Field[Any], Step | None]]) -> Callable[[Any], dict[str, Any]]:
    """Return the function that packs these members: written out and compiled, as dataclasses do it with theirs.

    It runs with every write of a task; a loop over the members takes three times as long.
    """
    known: dict[str, Any] = {"__name__": __name__}
    lines = ["def pack(value):", " document = {}"]
    for n, (member, step) in enumerate(members):
        default: Any = member.default
        factory: Any = member.default_factory
        known[f"step{n}"], known[f"default{n}"] = step, default
        lines.append(f" member = value.{member.name}")
        packed = "member" if step is None else f"step{n}(member)"
        if default is MISSING and factory is MISSING:
            lines.append(f" document[{member.name!r}] = {packed}")
        elif default is MISSING and is_dataclass(factory):
            lines += [f" packed = {packed}", f" if packed: document[{member.name!r}] = packed"]
        elif default is MISSING or (not default and default is not None):
            assert default is not MISSING or not factory(), f"the default of {member.name} is not empty"
            lines.append(f" if member: document[{member.name!r}] = {packed}")
        else:
            lines.append(f" if member != default{n}: document[{member.name!r}] = {packed}")
    lines.append(" return document")
    exec("\n".join(lines), known)  # noqa: S102  # of nothing but the names of our own dataclasses' fields
    made: Callable[[Any], dict[str, Any]] = known["pack"]
    return made


_DOCUMENTS: dict[type, Document[Any]] = {}


def document(cls: type[T]) -> Document[T]:
    """Return the document of the dataclass `cls`, made once."""
    if cls not in _DOCUMENTS:
        _DOCUMENTS[cls] = Document(cls)
    return _DOCUMENTS[cls]


_SIMPLE: dict[Any, tuple[Step | None, Step | None]] = {
    **dict.fromkeys((str, int, bool, float), (None, None)),
    Decimal: (plain, Decimal),
    # The ledger knows of a cost only what it sums up; what is kept is the line of the estimate.
    Cost: (told_item, item_of),
    CostItem: (told_item, item_of),
}


def _steps(hint: Any) -> tuple[Step | None, Step | None]:
    """Return how a value of the type `hint` is packed and unpacked; None: as it is.

    Raises TypeError for a type that has no form in a document.
    """
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (types.UnionType, Union):
        return _optional(next(a for a in arguments if a is not types.NoneType))
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    if isinstance(hint, type) and issubclass(hint, IntEnum):
        return int, {int(member): member for member in hint}.__getitem__  # half the cost of calling the class
    if is_dataclass(hint) and isinstance(hint, type):
        made = document(hint)
        return made.pack, made.unpack
    if origin in (tuple, list):
        return _sequence(origin, arguments[0])
    if origin is dict:
        return _mapping(*arguments)
    raise TypeError(f"{hint!r} has no form in a document")


def _optional(hint: Any) -> tuple[Step | None, Step | None]:
    pack, unpack = _steps(hint)
    return (
        pack and (lambda value: None if value is None else pack(value)),
        unpack and (lambda value: None if value is None else unpack(value)),
    )


def _sequence(kind: Any, hint: Any) -> tuple[Step, Step]:
    pack, unpack = _steps(hint)
    if pack is None or unpack is None:
        return list, kind
    return (lambda value: [pack(v) for v in value]), (lambda value: kind([unpack(v) for v in value]))


def _mapping(key: Any, hint: Any) -> tuple[Step, Step]:
    pack, unpack = (step or _same for step in _steps(hint))
    if key is str:
        return (lambda value: {k: pack(v) for k, v in value.items()}), (
            lambda value: {k: unpack(v) for k, v in value.items()}
        )
    # JSON has no number keys.
    pack_key, unpack_key = (step or _same for step in _steps(key))
    return (
        lambda value: [[pack_key(k), pack(v)] for k, v in value.items()],
        lambda value: {unpack_key(k): unpack(v) for k, v in value},
    )


def _same(value: Any) -> Any:
    return value
