"""What a call shows of who makes it."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class Credentials(Protocol):
    """What a call shows; asked for only what matters, for most servers of one machine ask for nothing."""

    @property
    def token(self) -> str:
        """The bearer token, "" for none."""
        ...

    @property
    def certificate(self) -> bytes:
        """The client certificate in PEM, b"" for none."""
        ...


class Shown(NamedTuple):
    """Credentials that are at hand."""

    token: str = ""
    certificate: bytes = b""
