"""AccessService: translates, and nothing else."""

from __future__ import annotations

from wharfinger.v1 import access_service_pb2 as v1
from wharfinger_server.rpc.calls import Call
from wharfinger_server.rpc.messages.text import clean


class AccessMethods:
    """What callers are told of themselves."""

    async def get_caller(self, _: v1.GetCallerRequest, call: Call) -> v1.Caller:
        """Return who calls."""
        caller = call.caller
        roles = caller.roles or {}
        return v1.Caller(
            creator=clean(caller.creator),
            identity=v1.CallerIdentity.Value(f"CALLER_IDENTITY_{caller.how.upper()}"),
            all_projects=caller.projects is None,
            projects=sorted(caller.projects or ()),
            role=v1.Role.Value(f"ROLE_{caller.role.name}"),
            project_roles={name: v1.Role.Value(f"ROLE_{role.name}") for name, role in roles.items()},
        )
