"""Lists that the server tells a page at a time."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, TypeVar

from google.protobuf.message import Message

from wharfinger._core.connection.transport import Transport

A = TypeVar("A", bound=Message)


async def pages(transport: Transport, request: Any, answer: type[A]) -> AsyncGenerator[A, None]:
    """Tell the answers to a List call, to the last page; `request` is for the first, and is changed for the others."""
    while True:
        page: Any = await transport.unary(request, answer)
        yield page
        request.page_token = page.next_page_token
        if not request.page_token:
            return
