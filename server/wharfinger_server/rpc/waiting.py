"""How long a call that waits may wait."""

from __future__ import annotations

from typing import Any

from wharfinger_server.domain.errors import invalid
from wharfinger_server.rpc.calls import Call
from wharfinger_server.rpc.messages.times import MICROSECONDS, duration_of

USUAL_WAIT = 30 * MICROSECONDS
# So that the answer of a long poll is on its way before the caller's deadline.
_ANSWER_TIME = 0.25


def wait_time(request: Any, call: Call) -> int:
    """Return the request's `timeout` in microseconds, no longer than until shortly before the call's deadline.

    Raises InvalidArgument for a timeout that can't be.
    """
    left = call.seconds_left()
    most = USUAL_WAIT if left is None else max(0, int((left - _ANSWER_TIME) * MICROSECONDS))
    if not request.HasField("timeout"):
        return most
    try:
        asked = duration_of(request.timeout)
    except ValueError as error:
        raise invalid("timeout", str(error)) from None
    return asked if left is None else min(asked, most)
