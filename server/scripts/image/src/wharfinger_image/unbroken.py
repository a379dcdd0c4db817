"""Work that goes to its end though its caller is cancelled meanwhile: half of it would leave what nobody lists."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def unbroken(work: Coroutine[Any, Any, T]) -> T:
    """Return, or raise, what `work` does; a cancellation is raised once it has ended."""
    inner = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not inner.done():
        try:
            await asyncio.wait((inner,))
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        if not inner.cancelled():
            inner.exception()  # taken note of
        raise cancelled
    return inner.result()
