"""The operator's `[image]` table, read and checked."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from wharfinger.script import Failed

_FAILED_PRECONDITION = 9
_TIME = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h)?\s*")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]i?)?b?\s*", re.IGNORECASE)
_POWER = {"k": 1, "m": 2, "g": 3, "t": 4}


@dataclass(frozen=True, slots=True)
class Settings:
    """What `[image]` says.

    `allow_sources` are the HOST:PORT that may be read from though they are not public, and `allow_targets` those that
    `image.export` may write to by a URL. `max_size` is how many bytes an
    image may have. `connect_timeout` and `idle_timeout` are seconds: to connect to a source, and without a byte of it.
    `retries` is how often in a row one attempt asks a source again that broke off and brought nothing new.
    `export_folders` are the folders that `image.export` may write into, and below. `ca_file` has certificates, in PEM,
    that sources and targets are trusted by beside those of the system; `proxy` is the URL of an HTTP proxy, with user
    and password if need be, that they are reached through.
    """

    allow_sources: frozenset[str] = frozenset()
    allow_targets: frozenset[str] = frozenset()
    max_size: int = 100 * 1024**3
    connect_timeout: float = 10.0
    idle_timeout: float = 30.0
    retries: int = 4
    export_folders: tuple[Path, ...] = ()
    ca_file: Path | None = None
    proxy: str = ""


def read(table: Mapping[str, Any]) -> Settings:
    """Return the settings in `table`. Raises Failed (SETTINGS_INVALID), naming the first option that is wrong."""
    known = {field.name for field in fields(Settings)}
    values: dict[str, Any] = {}
    for name, value in table.items():
        if name not in known:
            raise _invalid(name, f"there is no such option; there are {', '.join(sorted(known))}")
        try:
            values[name] = _READERS[name](value)
        except (TypeError, ValueError) as error:
            raise _invalid(name, f"{value!r} is not {error}") from None
    return Settings(**values)


def _invalid(name: str, why: str) -> Failed:
    message = f"[image] {name}: {why}; correct the server's configuration"
    return Failed(message, reason="SETTINGS_INVALID", code=_FAILED_PRECONDITION, metadata={"option": f"image.{name}"})


def _texts(value: Any) -> list[str]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(one, str) for one in value):
        raise TypeError("a list of strings")
    return list(value)


def _sources(value: Any) -> frozenset[str]:
    for one in _texts(value):
        host, colon, port = one.rpartition(":")
        if not (host and colon and port.isdigit() and int(port) < 65536):
            raise ValueError('a list of HOST:PORT such as "127.0.0.1:8000"')
    return frozenset(one.lower() for one in value)


def _folders(value: Any) -> tuple[Path, ...]:
    folders = tuple(Path(one) for one in _texts(value))
    if not all(folder.is_absolute() for folder in folders):
        raise ValueError('a list of whole paths such as "/srv/exports"')
    return folders


def _certificates(value: Any) -> Path:
    if not isinstance(value, str) or not Path(value).is_absolute():
        raise ValueError('the whole path of a file such as "/etc/ssl/inside.pem"')
    try:
        ssl.create_default_context(cafile=value)
    except OSError as error:  # those of ssl are some
        raise ValueError(f"a file of certificates in PEM that can be read: {error.strerror or error}") from None
    return Path(value)


def _proxy(value: Any) -> str:
    wrong = ValueError('the URL of a proxy such as "http://proxy.example.com:3128"')
    try:
        parts = urlsplit(value)
        sound = parts.scheme == "http" and parts.hostname and parts.path in ("", "/") and not parts.query
        _ = parts.port
    except (AttributeError, TypeError, ValueError):
        raise wrong from None
    if not sound:
        raise wrong
    return str(value)


def _seconds(value: Any) -> float:
    match = _TIME.fullmatch(str(value))
    if isinstance(value, bool) or match is None or not float(match[1]) > 0:
        raise ValueError('a time such as "30s"')
    return float(match[1]) * _SECONDS[match[2] or "s"]


def _size(value: Any) -> int:
    match = _SIZE.fullmatch(str(value))
    if isinstance(value, bool) or match is None or not float(match[1]) > 0:
        raise ValueError('a size such as "20 GiB"')
    unit = (match[2] or "").lower()
    return int(float(match[1]) * (1024 if unit.endswith("i") else 1000) ** (_POWER[unit[0]] if unit else 0))


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not str(value).isdecimal():
        raise ValueError("a whole number, 0 or more")
    return int(value)


_READERS: dict[str, Callable[[Any], Any]] = {
    "allow_sources": _sources,
    "allow_targets": _sources,
    "max_size": _size,
    "connect_timeout": _seconds,
    "idle_timeout": _seconds,
    "retries": _whole,
    "export_folders": _folders,
    "ca_file": _certificates,
    "proxy": _proxy,
}
