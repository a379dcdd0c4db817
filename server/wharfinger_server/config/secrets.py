"""Tells which settings are credentials, so that they are guarded and never shown."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

_SECRET_KEY = re.compile(
    r"passw|passphrase|secret|token|credential|private|(access|account|api)_?key|^sas|signature|^key$", re.IGNORECASE
)
_URL_PASSWORD = re.compile(r"(://[^:/@\s]*:)([^@/\s]+)(@)")
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


def secret_values(value: Any, key: str = "") -> Iterator[str]:
    """Yield every credential in a table, or in the value of `key`: what it is itself, or names in the environment.

    Of a URL it is the password. What a command prints is known only to who runs the command.
    """
    if isinstance(value, Mapping):
        if is_secret(key, value) and isinstance(value.get("env"), str):
            yield from filter(None, [os.environ.get(value["env"])])
        for name, inner in value.items():
            # Beside a secret a key is only its name: of an account, or of the secret.
            if name != "key" or not value.get("secret"):
                yield from secret_values(inner, name)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from secret_values(inner, key)
    elif isinstance(value, str) and (found := _URL_PASSWORD.search(value)):
        yield found[2]
    elif isinstance(value, str) and is_secret(key, value):
        yield value


def shown_url(url: str) -> str:
    """Return a URL without the password in it."""
    return _URL_PASSWORD.sub(rf"\g<1>{HIDDEN}\g<3>", url)
