"""What `wharfinger.aio.Client` can ask about the server: what it can run, and itself."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from wharfinger import models
from wharfinger._core.messages import convert, fields
from wharfinger._core.verbs import arriving
from wharfinger._core.verbs.paging import pages
from wharfinger.aio.connected import Connected
from wharfinger.v1 import access_service_pb2, executor_service_pb2, script_pb2


class Installed(Connected):
    """The verbs of scripts and executors, and what the server says of itself."""

    async def scripts(self) -> AsyncGenerator[models.Script, None]:
        """Tell the scripts that are installed, in the order of their names, broken ones too."""
        request = executor_service_pb2.ListScriptsRequest(page_size=1000)
        async for page in pages(self._transport, request, executor_service_pb2.ListScriptsResponse):
            for script in page.scripts:
                yield convert.script(script)

    async def script(self, name: str) -> models.Script:
        """Return the script of that name with its schemas. Raises NotFound, whose metadata has `similar` names."""
        request = fields.message(
            executor_service_pb2.GetScriptRequest, name=f"scripts/{fields.text('name', name).removeprefix('scripts/')}"
        )
        return convert.script(await self._transport.unary(request, script_pb2.Script))

    async def executors(self) -> AsyncGenerator[models.Executor, None]:
        """Tell the executors that are installed, in the order of their names."""
        request = executor_service_pb2.ListExecutorsRequest(page_size=1000)
        async for page in pages(self._transport, request, executor_service_pb2.ListExecutorsResponse):
            for executor in page.executors:
                yield convert.executor(executor)

    async def whoami(self) -> models.Caller:
        """Return who calls, as the server knows it, and what the credential opens. Raises Unauthenticated."""
        return convert.caller(
            await self._transport.unary(access_service_pb2.GetCallerRequest(), access_service_pb2.Caller)
        )

    async def server_info(self) -> models.ServerInfo:
        """Return what the server says of itself beside an answer; what it does not say is empty."""
        return await arriving.info(self._transport)

    async def wait_ready(self, timeout: float = 30.0) -> models.ServerInfo:
        """Return what the server says of itself as soon as it answers: for one that was just started.

        Raises `Unreachable` when it does not within `timeout` seconds.
        """
        return await arriving.wait_ready(self._transport, timeout)
