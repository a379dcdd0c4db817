"""Tells which settings are credentials, so that they are guarded and never shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_SECRET_KEY = re.compile(
    r"passw|passphrase|secret|token|credential|private|(access|account|api)_?key|^sas|signature|^key$", re.IGNORECASE
)
_URL_PASSWORD = re.compile(r"(://[^:/@\s]*:)[^@/\s]+(@)")
HIDDEN = "(hidden)"


def is_secret(key: str, value: object) -> bool:
    """Whether the setting `key` holds a credential: by its name, or because its value is a URL with a password."""
    in_url = isinstance(value, str) and _URL_PASSWORD.search(value)
    return bool(value and (_SECRET_KEY.search(key) or in_url))


def shown(key: str, value: Any) -> Any:
    """Return `value` fit to be printed: credentials are replaced, at any depth."""
    if isinstance(value, Mapping):
        return {name: shown(name, inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [shown(key, inner) for inner in value]
    if isinstance(value, str) and _URL_PASSWORD.search(value):
        return shown_url(value)
    return HIDDEN if is_secret(key, value) else value


def secrets_in(table: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of every credential in `table`."""
    for key, value in table.items():
        where = (*path, key)
        if isinstance(value, Mapping):
            yield from secrets_in(value, where)
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                if isinstance(inner, Mapping):
                    yield from secrets_in(inner, (*where, str(index)))
        elif is_secret(key, value):
            yield where


def shown_url(url: str) -> str:
    """Return a URL without the password in it."""
    return _URL_PASSWORD.sub(rf"\g<1>{HIDDEN}\g<2>", url)
