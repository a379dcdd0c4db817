"""Text that scripts made, fit for the wire."""

from __future__ import annotations


def clean(text: str) -> str:
    """Return `text` without the lone surrogates that UTF-8 can't carry; they become `?`."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
