"""Calls of the provider: a line of JSON each way, over a connection of its own."""

import asyncio
import json
import socket
import time

from wharfinger.script import ACCEPTED, NotSent, Refused, ResourceType

SEND_WINDOW, CALL_TIMEOUT, SETTLING = 1.5, 1.0, 0.5
RESOURCE_TYPES = {
    kind: ResourceType(
        idempotent=kind == "storm.token", send_window=SEND_WINDOW, call_timeout=CALL_TIMEOUT, settling=SETTLING
    )
    for kind in ("storm.token", "storm.tag")
}


def making(task, kind, intent):
    """Return the request that makes one."""
    return {
        "do": "make",
        "task": task.name,
        "key": intent.key,
        "token": intent.token,
        "idempotent": kind == "storm.token",
        # As signed requests have it: who is paused for long before it sends, sends in vain.
        "expires": time.clock_gettime(time.CLOCK_BOOTTIME) + CALL_TIMEOUT,
    }


async def ask(port, **request):
    """Send a request and return the answer."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError as error:
        raise NotSent(f"nobody listens: {error}") from error
    try:
        writer.write(json.dumps(request).encode() + b"\n")
        line = await reader.readline()
    finally:
        writer.close()
    return answered(line)


def ask_blocking(port, **request):
    """Send a request and return the answer, from a thread."""
    try:
        connection = socket.create_connection(("127.0.0.1", port), timeout=CALL_TIMEOUT)
    except OSError as error:
        raise NotSent(f"nobody listens: {error}") from error
    with connection, connection.makefile("rwb") as lines:
        lines.write(json.dumps(request).encode() + b"\n")
        lines.flush()
        return answered(lines.readline())


def answered(line):
    """Return the answer in a line. Raises Refused for a definite no, ConnectionError where there is none."""
    if not line:
        raise ConnectionError("the provider broke the connection")
    answer = json.loads(line)
    if "refused" in answer:
        raise Refused(answer["refused"], reason="NO_ROOM", retryable=True)
    if "terminated" in answer:
        raise Refused(answer["terminated"], reason="TERMINATED", terminated=True, retryable=True)
    return answer


def removed(answer):
    """Return what an undo says of the answer to a delete."""
    return ACCEPTED if answer.get("accepted") else None
