"""The transport interface of the core, whose coroutines may suspend or block: the core can't tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol, TypeVar

from google.protobuf.message import Message

Q = TypeVar("Q", bound=Message)
A = TypeVar("A", bound=Message)
A_co = TypeVar("A_co", covariant=True)

# Calls on a channel that was replaced may end by themselves this long, in seconds, before it is closed.
RETIREMENT = 120.0


class Silence(Exception):
    """A stream said nothing for as long as was allowed. The stream is cancelled."""


class Stream(Protocol[A_co]):
    """An open server stream; `connection` is the number of the connection that it is on."""

    connection: int

    async def read(self, timeout: float) -> A_co | None:
        """Return the next message, None at the end.

        Raises:
            Silence: nothing came within `timeout` seconds.
            WharfingerError: the stream broke, or was refused.
        """
        ...

    def cancel(self) -> None:
        """End the stream from this side; nothing happens if it is over."""
        ...


class Transport(Protocol):
    """A connection to a server; `origin` is its address with `https://` or `http://` before it.

    It is `connected` once anything was heard from the server, `closed` once it was closed.

    Which call is made follows from the request; the `answer` is the type that it has.
    """

    server: str
    origin: str
    connected: bool
    closed: bool

    async def unary(self, request: Message, answer: type[A], timeout: float | None = None) -> A:
        """Return the answer of a call; `timeout` in seconds, None for the call's own. Raises WharfingerError."""
        ...

    async def unary_with_metadata(
        self, request: Message, answer: type[A], timeout: float | None = None
    ) -> tuple[A, Mapping[str, str]]:
        """Return the answer of a call and the metadata that came before and after it, as far as it is text."""
        ...

    def stream(self, request: Message, answer: type[A]) -> Stream[A]:
        """Open a server stream."""
        ...

    def exchange(self, kind: type[Q], requests: Iterator[Q], answer: type[A]) -> Stream[A]:
        """Open a stream of both directions; the requests are drawn as the connection takes them."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    def renew(self, connection: int) -> None:
        """Make the next calls on a new connection because that one seems dead, unless that happened already."""
        ...

    async def close(self) -> None:
        """Close the connection; open calls end."""
        ...
