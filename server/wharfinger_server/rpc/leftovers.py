"""The call of TaskService about what half-done tasks of all projects left behind."""

from __future__ import annotations

from wharfinger.v1 import task_service_pb2 as v1
from wharfinger_server.domain.errors import Unimplemented
from wharfinger_server.engine.use_cases.leftovers import Group, Grouping, Leftovers
from wharfinger_server.rpc import names
from wharfinger_server.rpc.calls import Call
from wharfinger_server.rpc.messages.price import fill_leftover
from wharfinger_server.rpc.messages.text import clean

_GROUPINGS = {
    v1.LEFTOVER_GROUPING_UNSPECIFIED: Grouping.PROJECT,
    v1.LEFTOVER_GROUPING_PROJECT: Grouping.PROJECT,
    v1.LEFTOVER_GROUPING_SCRIPT: Grouping.SCRIPT,
    v1.LEFTOVER_GROUPING_PROVIDER: Grouping.PROVIDER,
    v1.LEFTOVER_GROUPING_AGE: Grouping.AGE,
}


class LeftoverMethods:
    """Sums of leftovers."""

    def __init__(self, leftovers: Leftovers) -> None:
        self._leftovers = leftovers

    async def summarize_leftovers(
        self, request: v1.SummarizeLeftoversRequest, call: Call
    ) -> v1.SummarizeLeftoversResponse:
        """Sum up what half-done tasks left behind."""
        by = _GROUPINGS.get(request.group_by)
        if by is None:
            why = f"group_by: {request.group_by} is a grouping that this server does not know"
            raise Unimplemented("NOT_SUPPORTED", why, {"feature": "group_by"})
        groups, total = await self._leftovers.sums(call.caller, names.project_or_all(request.parent), by)
        message = v1.SummarizeLeftoversResponse()
        for key, group in groups.items():
            _fill(message.groups.add(key=clean(key)), group)
        _fill(message.total, total)
        return message


def _fill(message: v1.LeftoverGroup, group: Group) -> None:
    message.task_count = group.tasks
    message.alive_count = group.alive
    fill_leftover(message.cost, group.cost)
