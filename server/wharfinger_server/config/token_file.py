"""The file of tokens that come and go while a server runs: what `wharfinger token` writes, and the server reads.

JSON: {"tokens": [{"id", "sha256", "creator", "projects", "role", "roles", "created", "expires", "revoked"}]}; times are
microseconds of the wall clock, 0 for never. It holds no token, only their SHA-256. Beside it the server keeps when each
was shown last, in FILE.used.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wharfinger_server.config.granted import Granted, granted

_SHA256 = re.compile(r"[0-9a-f]{64}")


class BadTokenFile(Exception):
    """The file can't be used; the message says why."""


@dataclass(frozen=True, slots=True)
class FiledToken:
    """One token of the file. Times are in microseconds, 0: never."""

    id: str
    sha256: str
    creator: str
    granted: Granted
    created: int = 0
    expires: int = 0
    revoked: int = 0


def read(path: Path) -> list[FiledToken]:
    """Return the tokens of a file, none where there is no file. Raises BadTokenFile."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode & 0o777
            if mode & 0o077:
                raise BadTokenFile(f"{path} is open to others (mode {mode:o}); run `chmod 600 {path}`")
            told = json.loads(file.read())
        return [_token(one) for one in told["tokens"]]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise BadTokenFile(f"{path} can't be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadTokenFile(f"{path} is no file of tokens: {error}") from error


def write(path: Path, tokens: Iterable[FiledToken]) -> None:
    """Write a file anew, in one step. Raises OSError."""
    told = [
        {
            "id": token.id,
            "sha256": token.sha256,
            "creator": token.creator,
            **token.granted.told(),
            "created": token.created,
            "expires": token.expires,
            "revoked": token.revoked,
        }
        for token in tokens
    ]
    _replace(path, {"tokens": told})


def read_used(path: Path) -> dict[str, int]:
    """Return when each token was shown last, by id; nothing where nobody wrote that down."""
    try:
        told = json.loads(_used(path).read_bytes())
        return {str(name): int(time) for name, time in told.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def write_used(path: Path, used: Mapping[str, int]) -> None:
    """Write down when each token was shown last. Raises OSError."""
    _replace(_used(path), dict(used))


def _used(path: Path) -> Path:
    return path.with_name(f"{path.name}.used")


def _replace(path: Path, told: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # its mode is 600
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(told, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _token(told: Mapping[str, Any]) -> FiledToken:
    digest = str(told["sha256"])
    if not _SHA256.fullmatch(digest):
        raise ValueError("a sha256 is not 64 hexadecimal digits")
    times = (int(told.get(name, 0)) for name in ("created", "expires", "revoked"))
    opened = granted(told["projects"], told["role"], told.get("roles"))
    return FiledToken(str(told["id"]), digest, str(told["creator"]), opened, *times)
