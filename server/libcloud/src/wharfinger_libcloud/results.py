"""What the result of a driver's method tells of what it made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from wharfinger_libcloud.answers import promised
from wharfinger_libcloud.calls import Call, id_of
from wharfinger_libcloud.reading import Made


@dataclass(frozen=True, slots=True)
class Result:
    """`things`: what a result is or holds; `whole`: it tells all that the call made, so that nothing is in doubt."""

    value: Any
    things: tuple[Made, ...] = ()
    whole: bool = False


def read_result(call: Call, value: Any) -> Result:
    """Return what the value that `call` returned tells."""
    kind = call.role.kind
    if kind == "attachment":
        made = Made(kind, id_of(call.of), driver=call.driver, of=call.of)
        return Result(value, (made,) if value is not False else (), value is not False)
    if kind == "association":
        return Result(value, whole=value is not False)
    several = list(value) if isinstance(value, (list, tuple)) else [value]
    right = promised(call.method)
    things = [made for one in several for made in _thing(call, one) if right is None or isinstance(one, right)]
    if right is None and not isinstance(value, (list, tuple)):
        whole = bool(things) or call.role.soft
    else:
        whole = bool(things) and len(things) == len(several)
    return Result(value, tuple(things), whole)


def _thing(call: Call, one: Any) -> Iterator[Made]:
    if one is None or isinstance(one, (bool, bytes, float)):
        return
    kind = call.role.kind
    if isinstance(one, dict):
        words = (f"{kind}_id", f"{kind}Id", "id", "keyName", "group_id", "uuid", "name")
        found = next((one[word] for word in words if isinstance(one.get(word), (str, int))), "")
        if found:
            yield Made(kind, str(found), _name(call, None), driver=call.driver, of=call.of)
        return
    known = id_of(one)
    if known:
        within = id_of(getattr(one, "zone", None)) if kind == "record" else ""
        yield Made(
            kind, known, _name(call, one), within, None if isinstance(one, (str, int)) else one, call.driver, call.of
        )


def _name(call: Call, one: Any) -> str:
    for attribute in ("name", "domain", "label"):
        value = getattr(one, attribute, None)
        if isinstance(value, str) and value:
            return value
    return call.names[0] if len(call.names) == 1 else ""
