"""What `wharfinger.aio.Client` can ask about schedules: tasks that are asked for at times. Experimental."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from google.protobuf import empty_pb2

from wharfinger import models
from wharfinger._core.messages import build, convert, fields
from wharfinger._core.messages.ids import new_request_id
from wharfinger._core.verbs import asking
from wharfinger._core.verbs.paging import pages
from wharfinger.aio.connected import Connected
from wharfinger.requests import NewSchedule
from wharfinger.v1 import schedule_pb2, schedule_service_pb2, task_pb2


class Schedules(Connected):
    """The verbs of schedules, which are named by their id in the project, or by their full name."""

    async def create_schedule(self, schedule_id: str, new: NewSchedule) -> models.Schedule:
        """Create a schedule; when this returns, it is durable and will fire.

        Raises:
            InvalidArgument: a line of cron that never fires, params that don't match; `violations` says which.
            AlreadyExists: a schedule of that id exists, or the request id was used for another request.
            Unreachable: no answer; its `request_id` allows to ask again without making a second one.
        """
        request = build.schedule_request(self._project, schedule_id, new)
        return convert.schedule(await asking.once(self._transport, request, schedule_pb2.Schedule))

    async def schedule(self, name: str) -> models.Schedule:
        """Return a schedule. Raises NotFound."""
        request = fields.message(schedule_service_pb2.GetScheduleRequest, name=build.schedule_name(self._project, name))
        return convert.schedule(await self._transport.unary(request, schedule_pb2.Schedule))

    async def schedules(self) -> AsyncGenerator[models.Schedule, None]:
        """Tell the schedules of the project, in the order of their names."""
        request = schedule_service_pb2.ListSchedulesRequest(parent=f"projects/{self._project}", page_size=1000)
        async for page in pages(self._transport, request, schedule_service_pb2.ListSchedulesResponse):
            for schedule in page.schedules:
                yield convert.schedule(schedule)

    async def pause_schedule(self, name: str) -> models.Schedule:
        """Let a schedule fire no more until it is resumed; its tasks go on. Raises NotFound."""
        request = fields.message(
            schedule_service_pb2.PauseScheduleRequest, name=build.schedule_name(self._project, name)
        )
        return convert.schedule(await self._transport.unary(request, schedule_pb2.Schedule))

    async def resume_schedule(self, name: str) -> models.Schedule:
        """Let a paused schedule fire again, from its next instant on. Raises NotFound."""
        request = fields.message(
            schedule_service_pb2.ResumeScheduleRequest, name=build.schedule_name(self._project, name)
        )
        return convert.schedule(await self._transport.unary(request, schedule_pb2.Schedule))

    async def run_schedule(self, name: str, *, request_id: str = "") -> models.Task:
        """Create a schedule's task now, and return it; its instants stay as they are.

        Raises as `Client.submit`; NotFound where there is no such schedule.
        """
        request = fields.message(
            schedule_service_pb2.RunScheduleRequest,
            name=build.schedule_name(self._project, name),
            request_id=request_id or new_request_id(),
        )
        return convert.task(await asking.once(self._transport, request, task_pb2.Task))

    async def delete_schedule(self, name: str) -> None:
        """Delete a schedule; its tasks stay. Raises NotFound."""
        request = fields.message(
            schedule_service_pb2.DeleteScheduleRequest, name=build.schedule_name(self._project, name)
        )
        await self._transport.unary(request, empty_pb2.Empty)
