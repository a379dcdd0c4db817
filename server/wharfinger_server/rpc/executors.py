"""ExecutorService: translates, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from wharfinger.v1 import executor_pb2, executor_service_pb2, script_pb2
from wharfinger_server.config import Limits
from wharfinger_server.domain.errors import invalid
from wharfinger_server.engine.interface.page_tokens import place_start, place_token
from wharfinger_server.engine.use_cases.listing import ExecutorShown, Listing, ScriptShown
from wharfinger_server.rpc import names
from wharfinger_server.rpc.calls import Call
from wharfinger_server.rpc.messages.plugin import executor_message, script_message
from wharfinger_server.rpc.pages import page

USUAL_PAGE = 100


class _Named(Protocol):
    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=_Named)


class ExecutorMethods:
    """The methods of ExecutorService. What is installed does not change while the server runs, so pages go by name."""

    def __init__(self, listing: Listing, limits: Limits) -> None:
        self._listing = listing
        self._limits = limits

    async def list_executors(self, request: executor_service_pb2.ListExecutorsRequest, call: Call) -> bytes:
        """Return a page of executors."""
        return await self._page("executors", self._listing.executors(), request, call, _encoding_for(call))

    async def get_executor(self, request: executor_service_pb2.GetExecutorRequest, call: Call) -> executor_pb2.Executor:
        """Return an executor."""
        shown = self._listing.executor(names.plugin_of(request.name, "executors"))
        return executor_message(shown, counted=_sees_all(call))

    async def list_scripts(self, request: executor_service_pb2.ListScriptsRequest, call: Call) -> bytes:
        """Return a page of scripts."""
        return await self._page("scripts", self._listing.scripts(), request, call, _script_bytes)

    async def get_script(self, request: executor_service_pb2.GetScriptRequest, call: Call) -> script_pb2.Script:
        """Return a script."""
        return script_message(self._listing.script(names.plugin_of(request.name, "scripts")))

    async def _page(
        self,
        collection: str,
        items: Sequence[T],
        request: executor_service_pb2.ListExecutorsRequest | executor_service_pb2.ListScriptsRequest,
        call: Call,
        encode: Callable[[T], bytes],
    ) -> bytes:
        names.check_optional_project(request.parent, call.caller)
        if request.page_size < 0:
            raise invalid("page_size", f"{request.page_size} is negative; 0 asks for the usual {USUAL_PAGE}")
        after = place_start(request.page_token, collection)
        rest = [item for item in items if item.name > after]

        async def read(size: int) -> tuple[Sequence[T], str]:
            here = rest[:size]
            return here, place_token(here[-1].name, collection) if len(rest) > size else ""

        size = min(request.page_size or USUAL_PAGE, self._limits.max_page_size)
        return await page(read, size, self._limits.response_bytes, encode)


def _sees_all(call: Call) -> bool:
    """Whether the caller may know how much of the tasks of all projects there is."""
    return call.caller.projects is None


def _encoding_for(call: Call) -> Callable[[ExecutorShown], bytes]:
    counted = _sees_all(call)
    return lambda executor: executor_message(executor, counted=counted).SerializeToString()


def _script_bytes(script: ScriptShown) -> bytes:
    return script_message(script).SerializeToString()
