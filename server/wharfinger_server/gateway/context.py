"""The stand-in for grpc.aio.ServicerContext: what our handlers ask of a call, for one that did not come by gRPC."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NoReturn

import grpc

from wharfinger_server.gateway.codes import End, Ended, Metadata


class WebContext:
    """One call. `write` sends a message of a stream; `timeout` is what the caller gives it, in seconds, None for ever.

    Metadata are the request's headers as text. There are no client certificates here, whatever the caller showed.
    """

    def __init__(
        self, headers: Metadata, peer: str, timeout: float | None, write: Callable[[bytes], Awaitable[None]]
    ) -> None:
        self._headers = headers
        self._peer = peer
        self._until = None if timeout is None else time.monotonic() + timeout
        self.write = write
        self.initial: Metadata = ()
        self.trailers: Metadata = ()

    def invocation_metadata(self) -> Metadata:
        """Return the request's headers."""
        return self._headers

    def time_remaining(self) -> float | None:
        """Return the seconds until the deadline, None without one."""
        return None if self._until is None else max(0.0, self._until - time.monotonic())

    def auth_context(self) -> Mapping[str, Sequence[bytes]]:
        """Return what the connection proves of the caller: nothing."""
        return {}

    def peer(self) -> str:
        """Return the caller's address."""
        return self._peer

    def done(self) -> bool:
        """Whether the call is over: a caller that hangs up cancels what does it, so never while that runs."""
        return False

    async def send_initial_metadata(self, metadata: Metadata) -> None:
        """Set what goes ahead of the answer."""
        self.initial = tuple(metadata)

    def set_trailing_metadata(self, metadata: Metadata) -> None:
        """Set what follows the answer."""
        self.trailers = tuple(metadata)

    async def abort(self, code: grpc.StatusCode, details: str = "", trailing_metadata: Metadata = ()) -> NoReturn:
        """End the call with an error."""
        raise Ended(End(code, details, tuple(trailing_metadata)))
