"""A script package whose `find` and `undo` do what they should not: raise, hang, answer nonsense."""

from __future__ import annotations

ASYNC = '''
import asyncio
from pathlib import Path

from wharfinger.script import Failed, ResourceType

RESOURCE_TYPES = {"lie.thing": ResourceType(idempotent=True, send_window=0.4, call_timeout=0.4, settling=0.0)}
PARAMS_SCHEMA = {"type": "object"}
HELD = "held"


def how(task, verb, key):
    """Return how `verb` is to behave for `key`: what a file of that name says, "" if there is none."""
    place = Path(task.params["folder"]) / f"{verb}-{key}"
    return place.read_text() if place.exists() else ""


async def main(task):
    async def call(intent):
        if intent.key in task.params.get("lose", ()):
            raise ConnectionResetError("the answer was lost")
        return f"id-{intent.key}"

    lost = None
    for key in task.params.get("adopt", ()):
        await task.adopt("lie.thing", key, f"id-{key}")
    for key in task.params["keys"]:
        try:
            await task.create("lie.thing", key, call, after=task.params.get("after", {}).get(key, ()))
        except Failed as failed:
            if "KEY_REUSED" in failed.reason:
                raise
            lost = failed
    raise lost or Failed("it was to fail", reason="AS_ASKED")


async def find(task, resource):
    said = how(task, "find", resource.key)
    if said == "raise":
        raise LookupError("the list can't be read")
    if said == "hang":
        await asyncio.sleep(1000)
    answers = {"none": None, "text": "id-1", "number": [7], "blank": [" "], "dict": {"id": "id-1"}}
    return answers[said] if said in answers else said.split(",") if said else []


async def undo(task, resource):
    said = how(task, "undo", resource.key)
    if said == "raise":
        raise PermissionError(f"nobody may take {resource.external_id} away")
    if said == "exit":
        raise SystemExit(3)
    if said == "hang":
        await asyncio.sleep(1000)
    while said == "deaf":
        try:
            await asyncio.sleep(3)
            break
        except asyncio.CancelledError:
            pass
'''

PLAIN = """
import time

from wharfinger.script import Failed, ResourceType

RESOURCE_TYPES = {"lie.thing": ResourceType(send_window=0.4, call_timeout=0.4, settling=0.0)}
PARAMS_SCHEMA = {"type": "object"}


def main(task):
    for key in task.params["keys"]:
        task.create("lie.thing", key, lambda intent: f"id-{intent.key}")
    raise Failed("it was to fail", reason="AS_ASKED")


def undo(task, resource):
    time.sleep(task.params["seconds"])
"""
