"""What a caller asked for with a task: it never changes."""

from __future__ import annotations

from dataclasses import dataclass, field

from wharfinger.ledger.costs import Sums
from wharfinger_server.domain.policy import Policy


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """What a caller asked for, as it was accepted.

    `expected`: the hourly sums of its estimate, None where nothing was estimated. `sealed` are the places in `params`
    (JSON pointers) whose values are kept apart. `request_digest` is that of all that the caller chose, "" without a
    `request_id`.

    A field that is a column of the store by name is kept there; any other needs a default and nothing else.
    """

    script: str
    creator: str
    params: bytes = b"{}"
    sealed: tuple[str, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    expected: Sums | None = None
    policy: Policy = field(default_factory=Policy)
    request_id: str = ""
    request_digest: str = ""
    traceparent: str = ""
