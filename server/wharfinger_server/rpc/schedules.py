"""ScheduleService: translates, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from google.protobuf.empty_pb2 import Empty

from wharfinger.v1 import schedule_pb2, schedule_service_pb2, task_pb2
from wharfinger_server.config import Limits
from wharfinger_server.domain.schedule import Schedule
from wharfinger_server.engine.scheduling.schedules import Schedules
from wharfinger_server.rpc import names
from wharfinger_server.rpc.calls import Call
from wharfinger_server.rpc.messages.schedule import new_schedule, schedule_message
from wharfinger_server.rpc.messages.task import task_message
from wharfinger_server.rpc.pages import page


class ScheduleMethods:
    """The methods of ScheduleService."""

    def __init__(self, schedules: Schedules, limits: Limits) -> None:
        self._schedules = schedules
        self._response_bytes = limits.response_bytes

    async def create_schedule(
        self, request: schedule_service_pb2.CreateScheduleRequest, call: Call
    ) -> schedule_pb2.Schedule:
        """Create a schedule."""
        new = new_schedule(request, names.project_of(request.parent))
        return schedule_message(await self._schedules.create(call.caller, new))

    async def get_schedule(self, request: schedule_service_pb2.GetScheduleRequest, call: Call) -> schedule_pb2.Schedule:
        """Return a schedule."""
        return schedule_message(await self._schedules.get(call.caller, *names.schedule_of(request.name)))

    async def list_schedules(self, request: schedule_service_pb2.ListSchedulesRequest, call: Call) -> bytes:
        """Return a page of the schedules of a project."""
        project = names.project_of(request.parent)

        async def read(size: int) -> tuple[Sequence[Schedule], str]:
            """Read a page of that size."""
            return await self._schedules.list(call.caller, project, size, request.page_token)

        return await page(read, request.page_size, self._response_bytes, _schedule_bytes)

    async def pause_schedule(
        self, request: schedule_service_pb2.PauseScheduleRequest, call: Call
    ) -> schedule_pb2.Schedule:
        """Pause a schedule."""
        return schedule_message(await self._schedules.pause(call.caller, *names.schedule_of(request.name)))

    async def resume_schedule(
        self, request: schedule_service_pb2.ResumeScheduleRequest, call: Call
    ) -> schedule_pb2.Schedule:
        """Resume a schedule."""
        return schedule_message(await self._schedules.resume(call.caller, *names.schedule_of(request.name)))

    async def run_schedule(self, request: schedule_service_pb2.RunScheduleRequest, call: Call) -> task_pb2.Task:
        """Create a schedule's task now."""
        named = names.schedule_of(request.name)
        return task_message(await self._schedules.run(call.caller, *named, request.request_id))

    async def delete_schedule(self, request: schedule_service_pb2.DeleteScheduleRequest, call: Call) -> Empty:
        """Delete a schedule."""
        await self._schedules.delete(call.caller, *names.schedule_of(request.name))
        return Empty()


def _schedule_bytes(schedule: Schedule) -> bytes:
    return schedule_message(schedule).SerializeToString()
