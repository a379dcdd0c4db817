"""All that is known of a task with which something is wrong, as lines for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.servers.cloud_oracle import Thing

from wharfinger.events import Event
from wharfinger.models import LedgerEntry, Task


def account(
    task: Task, entries: Sequence[LedgerEntry], things: Sequence[Thing], events: Sequence[Event], more: str = ""
) -> str:
    """Return all that is known of a task with which something is wrong."""
    return "\n".join(
        [
            f"--- {task.name}, {task.state.name}; {more}",
            f"params {dict(task.params)}",
            f"failure {task.failure}; of the rollback {task.rollback_failure}",
            *(
                f"attempt {a.epoch} {a.phase} {a.start_time} to {a.end_time}: {a.failure.message if a.failure else ''}"
                for a in task.attempts
            ),
            *(
                f"ledger {e.key} {e.type} {e.state.name} {e.external_id} generation {e.generation} epoch {e.epoch} "
                f"intent {e.intent_time} send by {e.send_by_time}: {e.failure.message if e.failure else ''}"
                for e in entries
            ),
            *(f"exists {t.kind} {t.id} {t.name} at {t.attached or '-'}" for t in things),
            *(f"event {_short(event)}" for event in events),
        ]
    )


def _short(event: Any) -> str:
    what = getattr(event, "resource", None)
    more = (
        f"{what.key} {what.state.name} {what.external_id} {what.failure.message if what.failure else ''}"
        if what is not None
        else getattr(event, "state", None) or getattr(event, "text", None) or getattr(event, "failure", "")
    )
    return f"{event.sequence} {event.time} epoch {event.attempt} {type(event).__name__} {more}"
