"""The page for people: three files that come with the server, under headers that let it load nothing else."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

_FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:;"
    " form-action 'none'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'"
)
_HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    # Asked for each time, and sent only where it is another: a new server brings a new page.
    (b"cache-control", b"no-cache"),
    (b"vary", b"accept-encoding"),
)


@dataclass(frozen=True, slots=True)
class File:
    """A file of the page. `etag` is that of its content."""

    kind: str
    body: bytes
    packed: bytes
    etag: bytes


@cache
def file(path: str) -> File | None:
    """Return the file of a path, None where the page has none of it."""
    found = _FILES.get(path)
    if found is None:
        return None
    name, kind = found
    body = resources.files("wharfinger_server.gateway").joinpath("page_files", name).read_bytes()
    digest = hashlib.sha256(body).hexdigest()[:32]
    return File(kind, body, gzip.compress(body, mtime=0), f'"{digest}"'.encode())


def answer(asked: File, headers: Mapping[str, str]) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
    """Return the status, body and headers that answer a request for a file."""
    more = [*_HEADERS, (b"etag", asked.etag)]
    if headers.get("if-none-match", "").encode("latin-1") == asked.etag:
        return 304, b"", more
    if "gzip" in headers.get("accept-encoding", ""):
        return 200, asked.packed, [*more, (b"content-encoding", b"gzip")]
    return 200, asked.body, more
