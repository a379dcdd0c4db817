"""An object store's errors in words for people and reasons for programs."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

from wharfinger.script import Failed

_RESOURCE_EXHAUSTED = 8
_OS_ERROR = re.compile(r"\(os error (\d+)\)")
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_DENIED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.EOPNOTSUPP})
_IMPOSSIBLE = frozenset(
    {errno.ENAMETOOLONG, errno.EINVAL, errno.ELOOP, errno.EILSEQ, errno.EXDEV, errno.EMLINK, errno.ENOSYS}
)
"""What a file system will never do, however often it is asked."""

_NO_BUCKET = re.compile(r"NoSuchBucket|ContainerNotFound|specified bucket does not exist|bucketNotFound", re.IGNORECASE)
_STATUS = re.compile(r"(?:status code: |status: )(?:4(?!08|25|29)\d\d|501)|50[15] Not Implemented", re.IGNORECASE)


class Missing(Exception):
    """The store has no such object."""


class NoBucket(Failed):
    """The store's bucket does not exist, and so nothing in it does."""


@contextmanager
def told(store: str) -> Iterator[None]:
    """Turn what obstore and the system raise inside into Failed: STORE_FULL, STORE_REFUSED or STORE_UNAVAILABLE.

    Missing is raised for an object that is not there.
    """
    try:
        yield
    except (BaseError, OSError, ValueError, NotImplementedError) as error:
        raise _meaning(store, error) from error


def _meaning(store: str, error: Exception) -> Exception:
    text = str(error)
    number = error.errno if isinstance(error, OSError) and error.errno else _number(text)
    if number in _FULL:
        return _failed(store, "STORE_FULL", "has no room left", text, code=_RESOURCE_EXHAUSTED, retryable=True)
    if _NO_BUCKET.search(text):
        metadata = {"store": store, "cause": "no such bucket"}
        return NoBucket(f"store {store!r} has no such bucket", reason="STORE_REFUSED", metadata=metadata)
    if isinstance(error, FileNotFoundError):
        return Missing(store)
    if isinstance(error, (PermissionDeniedError, UnauthenticatedError, PermissionError)) or number in _DENIED:
        return _failed(store, "STORE_REFUSED", "refuses it", text)
    if number in _IMPOSSIBLE or _STATUS.search(text) or isinstance(error, (ValueError, NotImplementedError)):
        advice = "; choose a shorter name" if number == errno.ENAMETOOLONG else ""
        return _failed(store, "STORE_REFUSED", f"can't do it{advice}", text)
    return _failed(store, "STORE_UNAVAILABLE", "does not answer as it should", text, retryable=True)


def refusal(store: str, text: str, *, definite: bool = False, denied: bool = False) -> Failed:
    """Return what `text`, a store's answer, means: STORE_REFUSED if it is `definite`, else STORE_UNAVAILABLE."""
    if definite:
        return _failed(store, "STORE_REFUSED", "refuses it" if denied else "can't do it", text)
    return _failed(store, "STORE_UNAVAILABLE", "does not answer as it should", text, retryable=True)


def _failed(
    store: str, reason: str, what: str, text: str, *, code: int | None = None, retryable: bool = False
) -> Failed:
    cause = _cause(text)
    return Failed(
        f"store {store!r} {what}: {cause}",
        reason=reason,
        code=code,
        retryable=retryable,
        metadata={"store": store, "cause": cause},
    )


def _number(text: str) -> int | None:
    found = _OS_ERROR.search(text)
    return int(found[1]) if found else None


def _cause(text: str) -> str:
    """Return what counts of an obstore error: its first line without queries, which may hold signatures."""
    line = text.partition("Debug source")[0].strip().partition("\n")[0]
    line = re.sub(r"^Generic \w+ error: ", "", line)
    line = re.sub(r"\?[^\s\"'>]*", "", line).strip()
    return line if len(line) <= 300 else line[:299] + "…"
