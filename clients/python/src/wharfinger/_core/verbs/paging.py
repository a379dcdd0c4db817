"""Lists that the server tells a page at a time."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, TypeVar

from wharfinger._core.connection.methods import Method
from wharfinger._core.connection.transport import Transport

A = TypeVar("A")


async def pages(transport: Transport, method: Method[Any, A], request: Any) -> AsyncGenerator[A, None]:
    """Tell the answers to a List call, to the last page; `request` is for the first, and is changed for the others."""
    while True:
        page: Any = await transport.unary(method, request)
        yield page
        request.page_token = page.next_page_token
        if not request.page_token:
            return
