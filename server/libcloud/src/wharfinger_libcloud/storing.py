"""Requests to object stores: the path names the thing, and a PUT's answer says nothing more."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import parse_qsl, unquote, urlsplit

from wharfinger_libcloud.reading import Asked, Made

# S3's and Swift's requests about a part of a thing, or about how it is kept.
_ASIDE = frozenset({"acl", "cors", "lifecycle", "partNumber", "policy", "tagging", "uploads", "versioning", "website"})
_SWIFT = re.compile(r"^/v1(\.0)?/[^/]+(?=/)")


def of_store(asked: Asked, url: str) -> Asked:
    """Return the request as one to an object store: "container" `NAME`, or "object" `NAME/KEY`."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    name, _, key = unquote(_SWIFT.sub("", parts.path).lstrip("/")).partition("/")
    if not name or _ASIDE & set(query):
        return replace(asked, thing="request", names=(), ids=())
    whole = f"{name}/{key}" if key else name
    gone = asked.method == "DELETE" and "uploadId" not in query
    return replace(asked, thing="object" if key else "container", names=(key or name,), ids=(whole,) if gone else ())


def stored(asked: Asked, url: str) -> list[Made]:
    """Return what a request that was answered well has made; a POST ends an upload in parts."""
    if asked.thing not in ("container", "object") or asked.method not in ("PUT", "POST"):
        return []
    path = unquote(_SWIFT.sub("", urlsplit(url).path).strip("/"))
    return [Made(asked.thing, path, asked.names[0])]
