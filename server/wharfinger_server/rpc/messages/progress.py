"""Progress, as a message."""

from __future__ import annotations

from wharfinger.ledger.progress import Progress
from wharfinger.v1 import task_pb2
from wharfinger_server.rpc.messages.text import clean
from wharfinger_server.rpc.messages.times import fill_duration, fill_time

_LARGEST = 2**63 - 1
_TEXT = 1000


def fill_progress(message: task_pb2.Progress, progress: Progress) -> None:
    """Set an empty `message` to the progress; never raises.

    What is stored may be from a server that checked less, and one strange number must not hide all tasks of a list.
    """
    message.step = clean(str(progress.step)[:_TEXT])
    message.done = _amount(progress.done)
    if progress.total is not None:
        message.total = _amount(progress.total)
    message.unit = clean(str(progress.unit)[:_TEXT])
    message.message = clean(str(progress.message)[:_TEXT])
    if progress.eta is not None:
        fill_duration(message.eta, progress.eta)
    if progress.update_time:
        fill_time(message.update_time, progress.update_time)


def _amount(value: object) -> int:
    return min(max(0, int(value)), _LARGEST) if isinstance(value, (int, float)) else 0
