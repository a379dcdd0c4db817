"""Taking secrets out of what is kept of requests and answers."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlencode

HIDDEN = "***"
LIMIT = 4096
"""Characters kept of a body."""

# Idempotency tokens end in "token" too, and are what a lost thing is found by.
_OPEN = re.compile(r"^(client|idempotency)[-_]?token$", re.IGNORECASE)
_SECRET = re.compile(
    r"pass(word|wd|phrase)?$|secret|token|user_?data|credential|signature|authori[sz]ation|private|"
    r"api_?key|access_?key|key_?id$|metadata\.items|content|personality|customdata|sshkey|cookie",
    re.IGNORECASE,
)
_XML = re.compile(r"<(?P<tag>[\w:.-]+)(?P<rest>[^<>/]*)>(?P<value>[^<]*)</(?P=tag)>")


def is_secret(name: str) -> bool:
    """Return whether a field of this name may hold a secret."""
    return not _OPEN.match(name) and bool(_SECRET.search(name))


def redacted(text: str) -> str:
    """Return `text` (JSON, XML, a form, or nothing of these) without the values of secret fields, cut to LIMIT.

    What can't be read field by field is left out as a whole.
    """
    bare = text.strip()
    if not bare:
        return ""
    if bare[0] in "{[":
        try:
            return json.dumps(_clean(json.loads(bare)), ensure_ascii=False)[:LIMIT]
        except ValueError:
            return f"{len(text)} characters that are no JSON"
    if bare[0] == "<":
        return _XML.sub(_element, bare)[:LIMIT]
    if re.match(r"^[\w.%+-]+=", bare):
        return form(bare)[:LIMIT]
    return f"{len(text)} characters"


def form(text: str) -> str:
    """Return a query string or form without the values of secret fields."""
    pairs = parse_qsl(text, keep_blank_values=True)
    return urlencode([(name, HIDDEN if is_secret(name) else value) for name, value in pairs], safe="*")


def _element(match: re.Match[str]) -> str:
    if not is_secret(match["tag"].rpartition(":")[2]):
        return match[0]
    return f"<{match['tag']}>{HIDDEN}</{match['tag']}>"


def _clean(value: Any) -> Any:
    if isinstance(value, dict):
        # The login part of an OpenStack token request holds nothing else.
        return {
            name: HIDDEN if name == "auth" or (is_secret(str(name)) and not _is_number(one)) else _clean(one)
            for name, one in value.items()
        }
    return [_clean(one) for one in value] if isinstance(value, list) else value


def _is_number(value: Any) -> bool:
    return value is None or isinstance(value, (bool, int, float))
