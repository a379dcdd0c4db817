"""The line in the server's log that says how a task came to rest."""

from __future__ import annotations

import logging

from wharfinger_server.domain.task import Task
from wharfinger_server.domain.timing import SECOND

log = logging.getLogger(__name__)


def log_rest(task: Task) -> None:
    """Log, at info, how a task that rests stands: state, attempts, seconds since its creation, what is left over."""
    if not log.isEnabledFor(logging.INFO):  # asked first: this is on the way of every task
        return
    error = task.rollback_error or task.error
    log.info(
        "task at rest",
        extra={
            "task": task.name,
            "state": task.state.name,
            "attempts": task.runs,
            "seconds": round((task.end_time - task.create_time) / SECOND, 3),
            "left_over": task.counts.open if task.state.half_done else 0,
            **({"reason": error.reason} if error else {}),
        },
    )
