"""Named object stores, reached through `obstore`, which is imported when the first store is opened.

An opened store is kept and shared by all tasks of the process: it holds connections and may be used from any thread or
loop. Memory stores live as long as the process and are for tests and trials.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wharfinger.runtime.store_options import StoreOptions, read
from wharfinger.runtime.store_prices import StorePrice
from wharfinger.runtime.text import clean
from wharfinger.runtime.wrong_option import WrongOption
from wharfinger.script import stores as contract
from wharfinger.script.errors import Failed

if TYPE_CHECKING:
    from obstore.store import MemoryStore, ObjectStore


@dataclass(frozen=True, eq=False, slots=True)
class Store:
    """One named store; `prefix`, `url_scheme` and `max_size` are as in `wharfinger.script.Store`."""

    name: str
    _raw: ObjectStore | None
    prefix: str
    url_scheme: str
    max_size: int | None
    _options: StoreOptions = field(repr=False)
    _roots: list[ObjectStore] = field(default_factory=list, repr=False)

    @property
    def raw(self) -> ObjectStore:
        """The obstore store below the prefix. Raises Failed (NOT_SUPPORTED) for an image service, which has none."""
        if self._raw is None:
            why = f"store {self.name!r} is an image service: it keeps images, and no other objects"
            raise Failed(why, reason="NOT_SUPPORTED", metadata={"feature": f"objects in {self.url_scheme} stores"})
        return self._raw

    @property
    def root(self) -> ObjectStore:
        """The same bucket, or the whole file system, without the prefix."""
        if not self.prefix:
            return self.raw
        # Opened when it is first asked for: few need it, and a client with its connections is not cheap.
        if not self._roots:
            self._roots.append(_root(self._options))
        return self._roots[0]

    @property
    def bucket(self) -> str:
        """The bucket or container; of a local store the folder."""
        return self._options.place

    @property
    def config(self) -> Mapping[str, str]:
        """The provider's options as they were configured, credentials among them."""
        return self._options.config

    @property
    def client(self) -> Mapping[str, Any]:
        """What was configured of connections: time limits, proxies, certificates."""
        return self._options.client

    @property
    def retry(self) -> Mapping[str, Any]:
        """What was configured of tries: `max_retries`, `retry_timeout`."""
        return self._options.retry

    def key(self, path: str) -> str:
        """Return the path in `root` of the object that `raw` knows as `path`."""
        return f"{self.prefix}/{path}" if self.prefix else path

    def same_provider(self, other: contract.Store) -> bool:
        """Whether the provider itself can copy from the one to the other; see `wharfinger.script.Store`."""
        assert isinstance(other, Store)
        mine, its = self._options, other._options  # noqa: SLF001  # its own class's
        if mine.scheme != its.scheme or mine.scheme == "glance":
            return False
        if mine.scheme == "memory":
            return self.raw is other.raw
        if mine.scheme == "file":
            return Path(mine.place).stat().st_dev == Path(its.place).stat().st_dev
        return mine.place == its.place and mine.config == its.config


_lock = threading.Lock()
_opened: dict[tuple[str, str], Store] = {}
_memory: dict[str, MemoryStore] = {}
# Connections and the threads behind them do not survive a fork.
os.register_at_fork(after_in_child=_opened.clear)


def open_store(name: str, configured: Mapping[str, Mapping[str, Any]]) -> Store:
    """Return the store of the table `configured[name]`; a local folder is made if it is missing.

    Raises Failed: UNKNOWN_STORE, listing the names there are; STORE_MISCONFIGURED, naming the option; STORE_UNAVAILABLE
    where a local folder can't be made.
    """
    table = _table(name, configured)
    identity = (name, json.dumps(table, sort_keys=True, default=str))
    with _lock:
        store = _opened.get(identity)
        if store is None:
            store = _opened[identity] = _open(name, table)
    return store


def price_of(name: str, configured: Mapping[str, Mapping[str, Any]]) -> StorePrice:
    """Return how the store of the table `configured[name]` is billed; nothing is opened or made.

    Raises Failed: UNKNOWN_STORE, STORE_MISCONFIGURED.
    """
    try:
        return read(_table(name, configured)).price
    except WrongOption as error:
        raise _misconfigured(name, str(error), option=error.option) from None


def _table(name: str, configured: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    table = configured.get(name)
    if table is None:
        names = ", ".join(sorted(configured)) or "none"
        raise Failed(
            f"there is no store {name!r}; configured for this project: {names}",
            reason="UNKNOWN_STORE",
            metadata={"store": str(name)},
        )
    return table


def _open(name: str, table: Mapping[str, Any]) -> Store:
    try:
        options = read(table)
        return _store(name, options)
    except WrongOption as error:
        raise _misconfigured(name, str(error), option=error.option) from None
    except ImportError as error:
        raise _misconfigured(name, f"object stores need the extra `wharfinger[stores]`: {error}") from error
    except OSError as error:
        why = f"store {name!r}: the folder can't be used: {error.strerror or error}"
        raise Failed(why, reason="STORE_UNAVAILABLE", metadata={"store": name, "cause": str(error)}) from error
    except Exception as error:  # obstore's errors for a value it does not take
        lines = str(error).splitlines()
        why = clean(lines[0] if lines else type(error).__name__, 500)
        raise _misconfigured(name, why, cause=why) from error


def _misconfigured(name: str, why: str, **metadata: str) -> Failed:
    return Failed(f"[stores.{name}] {why}", reason="STORE_MISCONFIGURED", metadata={"store": name, **metadata})


def _store(name: str, options: StoreOptions) -> Store:
    prefix = options.prefix
    raw: ObjectStore | None = None
    if options.scheme == "memory":
        from obstore.store import MemoryStore

        raw = _memory.setdefault(options.place or name, MemoryStore())
    elif options.scheme == "file":
        from obstore.store import LocalStore

        folder = Path(options.place, prefix)
        folder.mkdir(parents=True, exist_ok=True)
        folder = folder.resolve()
        raw, prefix = LocalStore(folder), str(folder).strip("/")
    elif options.scheme != "glance":
        raw = _bucket(options, prefix)
    return Store(name, raw, prefix, options.scheme, options.max_size, options)


def _root(options: StoreOptions) -> ObjectStore:
    from obstore.store import LocalStore

    return LocalStore() if options.scheme == "file" else _bucket(options, "")


def _bucket(options: StoreOptions, prefix: str) -> ObjectStore:
    from obstore.store import AzureStore, GCSStore, S3Store

    kinds: dict[str, Any] = {"s3": S3Store, "gs": GCSStore, "az": AzureStore}
    store: ObjectStore = kinds[options.scheme](
        options.place,
        prefix=prefix or None,
        config=options.config,
        client_options=options.client,
        retry_config=options.retry or None,
    )
    return store
