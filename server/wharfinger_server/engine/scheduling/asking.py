"""What a schedule asks for."""

from __future__ import annotations

from dataclasses import replace

import orjson

from wharfinger_server.domain.schedule import Schedule, Wanted
from wharfinger_server.engine.interface.id_checks import MOST_LABELS
from wharfinger_server.engine.interface.requests import Caller, CreateRequest, NewTask

LABEL = "schedule"
"""The label of a schedule's tasks, with the schedule's id."""


def key_of(schedule_id: str) -> str:
    """Return the concurrency key that the tasks of a schedule share where only one of them may run."""
    return f"schedule-{schedule_id}"


def caller_of(schedule: Schedule) -> Caller:
    """Return who asks for a schedule's tasks: who created it, and only in its project."""
    return Caller(schedule.creator, frozenset({schedule.project}))


def request_for(schedule: Schedule, request_id: str, *, validate_only: bool = False) -> CreateRequest:
    """Return the request for a task of a schedule."""
    wanted = schedule.wanted
    labels = dict(wanted.labels)
    if len(labels) < MOST_LABELS:
        labels.setdefault(LABEL, schedule.schedule_id)
    policy = wanted.policy
    if schedule.overlap.one_at_a_time:
        policy = replace(policy, concurrency_key=key_of(schedule.schedule_id))
    new = NewTask(
        script=wanted.script,
        executor=wanted.executor,
        script_version=wanted.script_version,
        params=orjson.loads(wanted.params),
        labels=labels,
        policy=policy,
    )
    return CreateRequest(schedule.project, new, request_id=request_id, validate_only=validate_only)


def wanted_of(new: NewTask, params: bytes) -> Wanted:
    """Return what is kept of the task that a schedule is to ask for; `params` are its canonical JSON."""
    return Wanted(new.script, new.executor, new.script_version, params.decode(), dict(new.labels), new.policy)
