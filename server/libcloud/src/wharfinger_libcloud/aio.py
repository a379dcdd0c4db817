"""Libcloud for asyncio: the same methods, awaited.

    async with aio.driver("ec2", key, secret, region="eu-west-1") as cloud:
        node = await cloud.create_node(name="web-1", size=size, image=image)

Each call runs in a thread, at most `workers` at once, on a driver object of its own: drivers are not thread safe. What
a call returns belongs to that driver object alone, so that `node.destroy()` works as ever. What a driver asks for when
it is made, and its login, are shared. `run` lends a driver for as long as a function works, which is faster where there
are many calls: its connections serve the next function too. What libcloud iterates over is iterated over with
`async for`, and no more of it is held than one piece.
"""

from __future__ import annotations

import functools
import importlib
import threading
from typing import Any, Literal, Self, overload

from libcloud.common.openstack_identity import OpenStackAuthenticationCache
from libcloud.compute.drivers.openstack import OpenStackNodeDriver

from wharfinger_libcloud.account import AsyncDriver
from wharfinger_libcloud.journal import TIMEOUT
from wharfinger_libcloud.typed import (
    TYPED,
    AsyncBackupDriver,
    AsyncBalancerDriver,
    AsyncContainerDriver,
    AsyncDNSDriver,
    AsyncNodeDriver,
    AsyncStorageDriver,
)

__all__ = [
    "KINDS",
    "AsyncBackupDriver",
    "AsyncBalancerDriver",
    "AsyncContainerDriver",
    "AsyncDNSDriver",
    "AsyncDriver",
    "AsyncNodeDriver",
    "AsyncStorageDriver",
    "driver",
]

KINDS = ("backup", "compute", "container", "dns", "loadbalancer", "storage")
"""The kinds of driver that libcloud has."""


class _Tokens(OpenStackAuthenticationCache):
    """Logins that all driver objects of one account share: without it each call would log in anew."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[Any, Any] = {}

    def __deepcopy__(self, memo: Any) -> Self:
        return self

    def get(self, key: Any) -> Any:
        """Return what is kept."""
        with self._lock:
            return self._kept.get(key)

    def put(self, key: Any, context: Any) -> None:
        """Keep it."""
        with self._lock:
            self._kept[key] = context

    def clear(self, key: Any) -> None:
        """Forget it."""
        with self._lock:
            self._kept.pop(key, None)


@overload
def driver(
    provider: Any,
    *arguments: Any,
    kind: Literal["storage"],
    workers: int = 16,
    request_timeout: float = TIMEOUT,
    **options: Any,
) -> AsyncStorageDriver: ...


@overload
def driver(
    provider: Any,
    *arguments: Any,
    kind: Literal["dns"],
    workers: int = 16,
    request_timeout: float = TIMEOUT,
    **options: Any,
) -> AsyncDNSDriver: ...


@overload
def driver(
    provider: Any,
    *arguments: Any,
    kind: Literal["loadbalancer"],
    workers: int = 16,
    request_timeout: float = TIMEOUT,
    **options: Any,
) -> AsyncBalancerDriver: ...


@overload
def driver(
    provider: Any,
    *arguments: Any,
    kind: Literal["container"],
    workers: int = 16,
    request_timeout: float = TIMEOUT,
    **options: Any,
) -> AsyncContainerDriver: ...


@overload
def driver(
    provider: Any,
    *arguments: Any,
    kind: Literal["backup"],
    workers: int = 16,
    request_timeout: float = TIMEOUT,
    **options: Any,
) -> AsyncBackupDriver: ...


@overload
def driver(
    provider: Any,
    *arguments: Any,
    kind: Literal["compute"] = "compute",
    workers: int = 16,
    request_timeout: float = TIMEOUT,
    **options: Any,
) -> AsyncNodeDriver: ...


@overload
def driver(
    provider: Any, *arguments: Any, kind: str, workers: int = 16, request_timeout: float = TIMEOUT, **options: Any
) -> AsyncDriver: ...


def driver(
    provider: Any,
    *arguments: Any,
    kind: str = "compute",
    workers: int = 16,
    request_timeout: float = TIMEOUT,
    **options: Any,
) -> AsyncDriver:
    """Return an account at `provider` whose methods are awaited.

    `provider` is libcloud's name ("ec2"), a driver class, or a function that makes a driver; `arguments` and `options`
    go to it. `kind` is libcloud's: compute, storage, dns, loadbalancer … `workers` calls run at once; each request of
    one ends within `request_timeout` seconds, or fails.

    Raises ValueError for less than one worker, and what libcloud raises for a provider that it does not know.
    """
    if workers < 1:
        raise ValueError(f"workers must be 1 or more, not {workers}")
    make = _class_of(kind, provider) if isinstance(provider, str) else provider
    if isinstance(make, type) and issubclass(make, OpenStackNodeDriver):
        options.setdefault("ex_auth_cache", _Tokens())
    made = functools.partial(make, *arguments, **options)
    return TYPED.get(kind, AsyncDriver)(made, workers, request_timeout, alike=isinstance(make, type))


def _class_of(kind: str, provider: str) -> Any:
    if kind not in KINDS:
        raise ValueError(f"there is no kind of driver {kind!r}; libcloud has {', '.join(KINDS)}")
    return importlib.import_module(f"libcloud.{kind}.providers").get_driver(provider)
