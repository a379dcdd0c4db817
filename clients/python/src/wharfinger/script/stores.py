"""The object store that a script opens by `task.store(name)`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from obstore.store import ObjectStore


class Store(Protocol):
    """One named store. `raw` is the obstore store: paths given to it are relative to the configured prefix.

    `root` is the same bucket, or the whole file system, without the prefix: `root` and `key(path)` say where an object
    is across stores of one provider. `url_scheme` is "file", "memory", "s3", "gs", "az" or "glance", `max_size` how
    large an object may be in bytes (None: no limit). An image service (glance) has no `raw` and no `root`.
    """

    @property
    def name(self) -> str:
        """The name that the operator gave it."""
        ...

    @property
    def raw(self) -> ObjectStore:
        """The obstore store below the prefix."""
        ...

    @property
    def root(self) -> ObjectStore:
        """The same bucket, or the whole file system, without the prefix."""
        ...

    @property
    def prefix(self) -> str:
        """The configured prefix."""
        ...

    @property
    def url_scheme(self) -> str:
        """Which kind it is: "file", "memory", "s3", "gs", "az" or "glance"."""
        ...

    @property
    def max_size(self) -> int | None:
        """How large an object may be in bytes; None: no limit."""
        ...

    @property
    def bucket(self) -> str:
        """The bucket or container; of a local store the folder."""
        ...

    @property
    def config(self) -> Mapping[str, str]:
        """The provider's options as they were configured, credentials among them."""
        ...

    @property
    def client(self) -> Mapping[str, Any]:
        """What was configured of connections: time limits, proxies, certificates."""
        ...

    @property
    def retry(self) -> Mapping[str, Any]:
        """What was configured of tries: `max_retries`, `retry_timeout`."""
        ...

    def key(self, path: str) -> str:
        """Return the path in `root` of the object that `raw` knows as `path`."""
        ...

    def same_provider(self, other: Store) -> bool:
        """Whether the provider itself can copy from the one to the other.

        That is so in one bucket at one endpoint with one set of credentials, in one memory store, and on one file
        system: then `obstore.copy(self.root, self.key(a), other.key(b))` moves no bytes through this process.
        """
        ...
