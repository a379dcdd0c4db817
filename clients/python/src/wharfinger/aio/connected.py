"""What the clients of asyncio have in common: a connection and a project."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self

from wharfinger._core.connection import settings
from wharfinger._core.connection.asynchronous import AsyncTransport
from wharfinger._core.connection.transport import Transport


class Connected:
    """A connection to a server, and the project that is asked for."""

    _transport: Transport
    _project: str

    def __init__(
        self,
        server: str | None = None,
        *,
        project: str | None = None,
        token: str | None = None,
        tls: bool | None = None,
        ca: str | Path | bytes | None = None,
        cert: str | Path | bytes | None = None,
        key: str | Path | bytes | None = None,
    ) -> None:
        chosen = settings.resolve(server, project, token, tls=tls, ca=ca, cert=cert, key=key)
        self._project = chosen.project
        self._transport = AsyncTransport(chosen)

    @classmethod
    def again(cls, server: str, project: str) -> Self:
        """Return a client for what came out of a pickle; what else it needs is taken from the environment."""
        client = cls.__new__(cls)
        client._project = project  # noqa: SLF001  # its own class's
        client._transport = AsyncTransport.again(settings.resolve(server, project))  # noqa: SLF001
        return client

    def __repr__(self) -> str:
        return f"<wharfinger.aio.Client of {self.server}, project {self._project}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a client has a connection and can't be pickled; make a new one where it is needed")

    @property
    def server(self) -> str:
        """The server's address."""
        return self._transport.server

    @property
    def origin(self) -> str:
        """The server's address as a URL, which says whether the connection is encrypted: of https or of http."""
        return self._transport.origin

    @property
    def project(self) -> str:
        """The plain name of the project that tasks belong to."""
        return self._project

    @property
    def closed(self) -> bool:
        """Whether it was closed, and asks nothing any more."""
        return self._transport.closed

    async def close(self) -> None:
        """Close the connection. Watches end with an error."""
        await self._transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
