"""A schedule: what a caller asks for, and what is shown of it."""

from __future__ import annotations

from google.protobuf.duration_pb2 import Duration

from wharfinger.v1 import schedule_pb2, schedule_service_pb2
from wharfinger_server.domain.errors import invalid
from wharfinger_server.domain.schedule import Firing, Overlap, Schedule
from wharfinger_server.engine.scheduling.schedules import NewSchedule
from wharfinger_server.rpc.messages.failure import fill_failure
from wharfinger_server.rpc.messages.params import fill_struct_json
from wharfinger_server.rpc.messages.policy import fill_policy
from wharfinger_server.rpc.messages.task import new_task
from wharfinger_server.rpc.messages.times import duration_of, fill_duration, fill_time


def new_schedule(request: schedule_service_pb2.CreateScheduleRequest, project: str) -> NewSchedule:
    """Return the schedule that the caller wishes. Raises InvalidArgument, naming the field at fault."""
    message = request.schedule
    try:
        overlap = Overlap(message.overlap)
    except ValueError:
        raise invalid("schedule.overlap", f"is no value of OverlapPolicy: {message.overlap}") from None
    return NewSchedule(
        project=project,
        schedule_id=request.schedule_id,
        task=new_task(message.task, "schedule.task"),
        cron=message.cron,
        every=_duration("every", message.every),
        time_zone=message.time_zone,
        overlap=overlap,
        catch_up=_duration("catch_up_window", message.catch_up_window),
        jitter=_duration("jitter", message.jitter),
        paused=message.paused,
        request_id=request.request_id,
        validate_only=request.validate_only,
    )


def _duration(field: str, message: Duration) -> int:
    try:
        return duration_of(message)
    except ValueError as error:
        raise invalid(f"schedule.{field}", str(error)) from None


def schedule_message(schedule: Schedule) -> schedule_pb2.Schedule:
    """Return the schedule as it is shown."""
    timing, wanted = schedule.timing, schedule.wanted
    message = schedule_pb2.Schedule(
        name=schedule.name,
        uid=schedule.uid,
        time_zone=timing.time_zone,
        overlap=int(schedule.overlap or Overlap.SKIP),  # type: ignore[arg-type]
        paused=schedule.paused,
        creator=schedule.creator,
        fired_count=schedule.fired,
        skipped_count=schedule.skipped,
    )
    message.task.script, message.task.executor = wanted.script, wanted.executor
    message.task.script_version = wanted.script_version
    message.task.labels.update(wanted.labels)
    fill_struct_json(message.task.params, wanted.params.encode())
    fill_policy(message.task.policy, wanted.policy)
    if timing.every:
        fill_duration(message.every, timing.every)
    else:
        message.cron = timing.cron
    fill_duration(message.catch_up_window, schedule.catch_up_window)
    if schedule.jitter:
        fill_duration(message.jitter, schedule.jitter)
    fill_time(message.create_time, schedule.create_time)
    fill_time(message.update_time, schedule.update_time)
    if schedule.next_instant:
        fill_time(message.next_time, schedule.next_instant)
    if schedule.last is not None:
        _fill_firing(message.last_firing, schedule, schedule.last)
    return message


def _fill_firing(message: schedule_pb2.ScheduleFiring, schedule: Schedule, firing: Firing) -> None:
    fill_time(message.instant_time, firing.instant)
    message.overlapped = firing.overlapped
    if firing.task:
        message.task = f"projects/{schedule.project}/tasks/{firing.task}"
    if firing.error is not None:
        fill_failure(message.failure, firing.error)
