"""Ledger entries as `find`, `undo` and `remove` get them, and what a script declares of the things it makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ResourceType:
    """What is known of creating one kind of thing. All times are seconds.

    `idempotent`: the provider honours the token, so that a repeated call can't make a second thing. `send_window`: the
    call is begun at most this long after its intent was reported. `call_timeout`: how long the call may take; an async
    call is cancelled then, a plain one should hand it to its client. `settling`: how long after the call what it made
    can be listed at the latest. Too small a `call_timeout` or `settling` makes `find` miss what still lands.
    `temporary`: it is of use only while the task is at work, and so it is undone when the task is cancelled, whatever
    `on_cancel` says of the rest.
    """

    idempotent: bool = False
    send_window: float = 10.0
    call_timeout: float = 120.0
    settling: float = 30.0
    temporary: bool = False

    def __post_init__(self) -> None:
        """Raises ValueError naming the first window that is no positive number (`settling` may be 0)."""
        for name, least in (("send_window", 0.001), ("call_timeout", 0.001), ("settling", 0.0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value < float("inf"):
                raise ValueError(f"{name} must be a number of seconds, {least:g} or more, not {value!r}")


@dataclass(frozen=True, slots=True)
class Resource:
    """One ledger entry.

    `state` is the API's word ("INTENDED", "CREATED" …), `external_id` empty while nobody knows one. `token` was sent as
    idempotency token or put on the thing as a tag: search for it. `group` is not empty for a part of a call that makes
    several: they share the token. `undo_data` is what the script gave to `create`.
    """

    key: str
    type: str
    state: str
    token: str
    generation: int = 1
    external_id: str = ""
    owned: bool = True
    step: str = ""
    group: str = ""
    profile: str = ""
    region: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    undo_data: Any = None
